"""Features over time as an image: time to the right, frequency or number upwards, and colours for values."""

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from earmark.audio import FloatArray
from earmark.plots.drawing import Reach
from earmark.plots.frequency_axis import Scale, set_frequency_axis
from earmark.plots.theme import Theme
from earmark.plots.time_axis import set_time_axis


@dataclass(frozen=True, kw_only=True)
class ImageDrawing:
    """Values over time.

    Attributes:
        values: Shape (n_rows, n_columns), the lowest row first. Rows are evenly spaced on the axis that is drawn.
        left_s: Where the first column begins, in seconds.
        right_s: Where the last column ends.
        start_s: Where the axis begins, in seconds.
        end_s: Where it ends.
        bottom: The lower edge of the first row, in the unit of the axis: Hz, or the number of a coefficient.
        top: The upper edge of the last row.
        lowest: Where the vertical axis begins.
        highest: Where it ends.
        scale: How the vertical axis is spaced; ``number`` counts coefficients.
        low: The value of the first colour.
        high: The value of the last colour.
        unit: What `relative` does: ``db`` counts down from the loudest, ``linear`` divides by it, ``signed`` has
            colours for both signs and stays as it is.
        heading: What is drawn.
        remark: How it was made.
        colour_label: What the colours say, with its unit.
    """

    values: FloatArray
    left_s: float
    right_s: float
    start_s: float
    end_s: float
    bottom: float
    top: float
    lowest: float
    highest: float
    scale: Scale | Literal["number"]
    low: float
    high: float
    unit: Literal["db", "linear", "signed"]
    heading: str
    remark: str
    colour_label: str

    def draw(self, axes: Axes, theme: Theme, *, n_ticks: int = 9) -> AxesImage:
        """Draw on axes, and set their scales, limits, ticks and labels."""
        colours = theme.signed if self.unit == "signed" else theme.colours
        axes.set_facecolor(colours(0.5 if self.unit == "signed" else 0.0))
        if self.scale == "number":
            axes.yaxis.set_major_locator(MaxNLocator(min(n_ticks, 7), integer=True))
            axes.set_ylabel("coefficient")
        else:
            set_frequency_axis(
                axes, side="y", scale=self.scale, low_hz=self.lowest, high_hz=self.highest, n_ticks=n_ticks
            )
        axes.set_ylim(self.lowest, self.highest)
        set_time_axis(axes, self.start_s, self.end_s, n_ticks=n_ticks)
        # The rows are even on the axis already. Given in data, releases of matplotlib differ in whether they bend an
        # image to a scale (3.11 does); so it is given behind the scale, where nothing bends it.
        bottom, top = axes.yaxis.get_transform().transform(np.array([self.bottom, self.top]))
        return axes.imshow(
            self.values,
            aspect="auto",
            origin="lower",
            extent=(self.left_s, self.right_s, bottom, top),
            transform=axes.transLimits + axes.transAxes,
            cmap=colours,
            vmin=self.low,
            vmax=self.high,
            interpolation="nearest" if self.scale == "number" else "antialiased",
        )

    def relative(self) -> Self:
        """Return the image measured by its own loudest point; signed values stay as they are."""
        if self.unit == "db":
            label = "power (dB re loudest of each clip)"
            return replace(self, values=self.values - self.high, low=self.low - self.high, high=0.0, colour_label=label)
        if self.unit == "linear":
            label = f"{self.colour_label} (1 = greatest of each clip)"
            return replace(self, values=self.values / self.high, low=0.0, high=1.0, colour_label=label)
        return self

    @property
    def reach(self) -> Reach:
        """Where time, frequency and colours end."""
        return Reach(end_s=self.end_s, highest_hz=0.0 if self.scale == "number" else self.highest, value=self.high)

    def reaching(self, reach: Reach) -> Self:
        """Return it with axes and colours that go so far."""
        return replace(
            self,
            end_s=reach.end_s,
            highest=self.highest if self.scale == "number" else reach.highest_hz,
            low=-reach.value if self.unit == "signed" else self.low,
            high=reach.value,
        )


def even_rows(values: FloatArray, n_rows: int) -> tuple[FloatArray, int]:
    """Return values in no more than `n_rows` rows, of neighbours the greatest, and how many rows became one.

    >>> even_rows(np.array([[1], [3], [2]], dtype=np.float32), 2)
    (array([[3.],
           [2.]], dtype=float32), 2)
    """
    n_shared = -(-len(values) // n_rows)
    return np.maximum.reduceat(values, np.arange(0, len(values), n_shared), axis=0), n_shared


def octave_rows(values: FloatArray, bin_hz: float, edges_hz: npt.NDArray[np.float64]) -> FloatArray:
    """Return values in rows between frequencies that may be spaced in any way.

    A row with bins in it takes the greatest of them; a row between two bins lies on the line between these.

    Args:
        values: Shape (n_bins, n_columns), bin k at ``k * bin_hz``; at least two bins.
        bin_hz: From one bin to the next, in Hz.
        edges_hz: The edges of the rows, rising, shape (n_rows + 1,), in Hz, within the bins.

    Returns:
        Shape (n_rows, n_columns).
    """
    n_bins = len(values)
    place = np.sqrt(edges_hz[:-1] * edges_hz[1:]) / bin_hz  # (n_rows,)
    before = np.clip(place.astype(np.int64), 0, n_bins - 2)
    part = (place - before).astype(np.float32)[:, np.newaxis]
    rows: FloatArray = values[before] * (1 - part) + values[before + 1] * part
    first = np.ceil(edges_hz / bin_hz).astype(np.int64)  # the first bin in each row
    for row in np.flatnonzero(first[1:] > first[:-1]):
        rows[row] = values[first[row] : first[row + 1]].max(axis=0)
    return rows
