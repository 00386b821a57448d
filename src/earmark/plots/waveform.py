"""The waveform: amplitude over time."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from earmark.audio import FloatArray
from earmark.plots.columns import MAX_COLUMNS
from earmark.plots.drawing import Reach
from earmark.plots.theme import Theme
from earmark.plots.time_axis import set_time_axis

_MARGIN = 1.06
_DOTTED_UP_TO = 60  # samples: with more, dots would hide the line


@dataclass(frozen=True, kw_only=True)
class WaveformDrawing:
    """A waveform, as the lowest and the highest value of each column.

    Attributes:
        time_s: Where each column stands, in seconds, shape (n_columns,).
        low: The lowest sample of each column.
        high: The highest; where each column is one sample, they are equal.
        start_s: Where the sound begins, in seconds.
        end_s: Where it ends.
        colour_label: There are no colours.
        heading: What is drawn.
        remark: How it was made.
        label: What the vertical axis says.
    """

    time_s: npt.NDArray[np.float64]
    low: FloatArray
    high: FloatArray
    start_s: float
    end_s: float
    colour_label: None = None
    heading: str = "waveform"
    remark: str = ""
    label: str = "amplitude"

    def draw(self, axes: Axes, theme: Theme, *, n_ticks: int = 9) -> None:
        """Draw on axes, and set their scales, limits, ticks and labels."""
        reach = _MARGIN * (float(max(-self.low.min(), self.high.max())) or 1.0)
        if self.low is self.high:
            dot = "o" if len(self.low) <= _DOTTED_UP_TO else ""
            axes.plot(self.time_s, self.low, color=theme.line, linewidth=0.8, marker=dot, markersize=3, clip_on=not dot)
        else:
            # The edge keeps a column visible whose samples are all alike.
            axes.fill_between(
                self.time_s, self.low, self.high, facecolor=theme.line, edgecolor=theme.line, linewidth=0.5
            )
        axes.axhline(0.0, color=theme.pale, linewidth=0.5, zorder=0.5)
        set_time_axis(axes, self.start_s, self.end_s, n_ticks=n_ticks)
        axes.set_ylim(-reach, reach)
        axes.yaxis.set_major_locator(MaxNLocator(min(n_ticks, 7), steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda amplitude, _: f"{amplitude:g}".replace("-", "\u2212")))
        axes.set_ylabel(self.label)

    def relative(self) -> Self:
        """Return the waveform scaled to its own greatest amplitude, which then is 1."""
        peak = max(-self.low.min(), self.high.max()) or np.float32(1)
        low = self.low / peak
        high = low if self.low is self.high else self.high / peak
        return replace(self, low=low, high=high, label="amplitude (1 = greatest of each clip)")

    @property
    def reach(self) -> Reach:
        """Where time ends."""
        return Reach(end_s=self.end_s)

    def reaching(self, reach: Reach) -> Self:
        """Return it with a time axis that goes so far."""
        return replace(self, end_s=reach.end_s)


def waveform_drawing(
    waveform: FloatArray, sample_rate: int, *, start_s: float = 0.0, n_columns: int = MAX_COLUMNS
) -> WaveformDrawing:
    """Return a waveform ready to be drawn.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Samples a second.
        start_s: Where it begins, in seconds.
        n_columns: How many columns there may be. A longer waveform becomes an envelope, in which no sample is lost.
    """
    n_samples = len(waveform)
    end_s = start_s + n_samples / sample_rate
    if n_samples <= 2 * n_columns:
        time_s = start_s + np.arange(n_samples) / sample_rate
        return WaveformDrawing(time_s=time_s, low=waveform, high=waveform, start_s=start_s, end_s=end_s)
    low, high, centres = envelope(waveform, n_columns)
    return WaveformDrawing(time_s=start_s + centres / sample_rate, low=low, high=high, start_s=start_s, end_s=end_s)


def envelope(waveform: FloatArray, n_columns: int) -> tuple[FloatArray, FloatArray, npt.NDArray[np.float64]]:
    """Return the lowest and the highest sample of each of `n_columns` stretches, and where their middles are.

    Args:
        waveform: Sound, shape (n_samples,), at least `n_columns` samples.
        n_columns: How many stretches.

    Returns:
        Lowest and highest, shape (n_columns,), and the middles, in samples. A stretch takes in the last sample before
        it, as the line through the samples does: neighbours always touch.

    >>> low, high, _ = envelope(np.array([0, 1, 5, 4, -2, 3], dtype=np.float32), 3)
    >>> low, high
    (array([ 0.,  1., -2.], dtype=float32), array([1., 5., 4.], dtype=float32))
    """
    edges = np.linspace(0, len(waveform), n_columns + 1).astype(np.int64)
    starts, before = edges[:-1], np.maximum(edges[:-1] - 1, 0)
    low = np.minimum(np.minimum.reduceat(waveform, starts), waveform[before])
    high = np.maximum(np.maximum.reduceat(waveform, starts), waveform[before])
    return low, high, (edges[:-1] + edges[1:] - 1) / 2
