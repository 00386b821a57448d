"""Named numbers as bars, the longest first: what each group of features is worth."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from earmark.errors import SettingError
from earmark.plots.theme import dress, legible, new_figure, shorten, theme_of, write

_BAR_HEIGHT = 0.24  # inches
_WIDTH, _REST = 7.5, 1.2  # inches
_MOST_LETTERS = 30  # of a name


def plot_bars(
    values: Mapping[str, float],
    *,
    label: str,
    title: str | None = None,
    deviations: Mapping[str, float] | None = None,
    n_most: int = 20,
    dark: bool = False,
) -> Figure:
    """Draw the greatest of some named numbers as bars, one below the other.

    Args:
        values: The numbers by name.
        label: What they are, with their unit.
        title: What stands above.
        deviations: By name, how far each may be off: drawn as a line at the end of its bar.
        n_most: How many are drawn at most.
        dark: Whether to draw light on dark.

    Raises:
        SettingError: There are none, or some are not finite.

    >>> figure = plot_bars({"mfcc_00": 0.1, "mfcc_03": 0.7}, label="share")
    >>> [float(bar.get_width()) for bar in figure.axes[0].patches]
    [0.7, 0.1]
    """
    if not values or n_most < 1 or not np.isfinite(list(values.values())).all():
        raise SettingError("bars are drawn of one finite number at least: there is none, or some are not finite")
    theme = theme_of(dark=dark)
    falling = sorted(values.items(), key=lambda item: -item[1])
    greatest = [(name, value) for name, value in falling[:n_most] if value] or falling[:1]
    figure = new_figure(_WIDTH, _REST + _BAR_HEIGHT * len(greatest), theme)
    axes = figure.add_subplot()
    dress(axes, theme)
    places = np.arange(len(greatest))
    off = [deviations.get(name, 0.0) for name, _ in greatest] if deviations else None
    lines = {"ecolor": theme.pale, "elinewidth": 1.0}
    axes.barh(places, [value for _, value in greatest], height=0.7, color=theme.line, xerr=off, error_kw=lines)
    axes.axvline(0.0, color=theme.pale, linewidth=0.7)
    axes.set_ylim(len(greatest) - 0.4, -0.6)
    axes.set_yticks(places, [shorten(legible(name), _MOST_LETTERS) for name, _ in greatest], parse_math=False)
    axes.set_xlabel(label)
    n_left = len(values) - len(greatest)
    remark = f"{n_left} more are shorter, or nothing" if n_left else ""
    axes.set_title(remark, loc="right", color=theme.pale, fontsize=8)
    if title:
        write(axes.set_title("", loc="left", color=theme.ink, fontsize=11), title, inches=_WIDTH - 2.0)
    return figure
