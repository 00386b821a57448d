"""What a classifier listens to, class by class: relevance over frequency, and over time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from earmark.audio import FloatArray
from earmark.errors import SettingError
from earmark.plots.frequency_axis import Scale, set_frequency_axis
from earmark.plots.theme import Theme, dress, new_figure, theme_of, write

_WRONG = "#c2533c"
_N_COLUMNS = 2
_WIDTH, _HEIGHT, _HEAD = 10.0, 1.9, 0.9  # inches, of a row of classes
_MOST_CLASSES = 60


@dataclass(frozen=True, kw_only=True)
class Curves:
    """What speaks for one class.

    Attributes:
        label: The class.
        right: Over clips that were rightly taken for it: a share a bin or a stretch; None where there are no clips.
        wrong: Over clips that were wrongly taken for it.
        n_right: How many clips the first is the mean of.
        n_wrong: How many clips the second is the mean of.
    """

    label: str
    right: npt.NDArray[np.float64] | None
    wrong: npt.NDArray[np.float64] | None
    n_right: int
    n_wrong: int


def plot_profiles(
    curves: Sequence[Curves],
    *,
    frequencies_hz: FloatArray | None = None,
    top_hz: float = 0.0,
    scale: Scale | None = None,
    over: str = "bin",
    title: str | None = None,
    dark: bool = False,
) -> Figure:
    """Draw the mean relevance of each class over frequency or over time, one panel a class, all with the same axes.

    Args:
        curves: What speaks for each class.
        frequencies_hz: The middle of each bin, in Hz, rising; None where the values are not over frequency.
        top_hz: Where the frequency axis ends, in Hz.
        scale: How frequencies are spaced.
        over: What the horizontal axis is called where it is not frequency.
        title: What stands above.
        dark: Whether to draw light on dark.

    Raises:
        SettingError: There are no classes, or the curves differ in length from the axis.

    >>> curve = Curves(label="dog", right=np.full(4, 0.25), wrong=None, n_right=3, n_wrong=0)
    >>> plot_profiles([curve], over="time").axes[0].get_title(loc="left")
    'dog'
    """
    n_values = {len(each) for one in curves for each in (one.right, one.wrong) if each is not None}
    if len(n_values) != 1 or (frequencies_hz is not None and n_values != {len(frequencies_hz)}):
        raise SettingError("curves to draw must be there, and all as long as the axis below them")
    theme = theme_of(dark=dark)
    shown = curves[:_MOST_CLASSES]
    n_rows = math.ceil(len(shown) / _N_COLUMNS)
    figure = new_figure(_WIDTH, _HEAD + _HEIGHT * n_rows, theme)
    places = figure.add_gridspec(n_rows, _N_COLUMNS)
    highest = max(float(each.max()) for one in shown for each in (one.right, one.wrong) if each is not None)
    for place, one in enumerate(shown):
        axes = figure.add_subplot(places[place // _N_COLUMNS, place % _N_COLUMNS])
        dress(axes, theme, size=7.5)
        axes.set_ylim(0.0, 105 * (highest or 1.0))
        _draw(axes, one, frequencies_hz, theme)
        if frequencies_hz is not None:
            set_frequency_axis(axes, side="x", scale=scale or "linear", low_hz=0.0, high_hz=top_hz, n_ticks=7)
        else:
            axes.set_xlabel(over)
        if place < len(shown) - _N_COLUMNS:
            axes.set_xlabel("")
        axes.set_ylabel("share (%)")
        write(axes.set_title("", loc="left", color=theme.ink, fontsize=9), one.label, inches=2.0)
        words = f"{one.n_right} right" + (f", {one.n_wrong} wrong (red)" if one.n_wrong else "")
        axes.set_title(words, loc="right", color=theme.pale, fontsize=7.5)
    if title:
        write(figure.suptitle("", color=theme.ink, fontsize=11, x=0.02, ha="left"), title, inches=_WIDTH - 0.4)
    return figure


def _draw(axes: Axes, one: Curves, frequencies_hz: FloatArray | None, theme: Theme) -> None:
    for values, colour, is_right in ((one.right, theme.line, True), (one.wrong, _WRONG, False)):
        if values is None:
            continue
        places = (np.arange(len(values)) + 0.5) / len(values) * 100 if frequencies_hz is None else frequencies_hz
        if is_right:
            axes.fill_between(places, 100 * values, color=colour, alpha=0.25, linewidth=0)
        axes.plot(places, 100 * values, color=colour, linewidth=1.2)
