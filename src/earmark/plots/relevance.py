"""What mattered for a decision, over the features that it was made from."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from earmark.audio import FloatArray
from earmark.errors import SettingError
from earmark.plots.drawing import add_colour_bar
from earmark.plots.image import ImageDrawing
from earmark.plots.theme import Theme, dress, new_figure, theme_of, write

SIZE = (10.0, 6.6)  # inches
_BAR = 0.02  # width of a colour bar, of that of the axes
_HOT = ("#f0a03c", "#c2533c")
_LOW, _HIGH = 2.0, 99.8  # percentiles of features at the ends of the colours
_BRIGHTEST = 99.5  # percentile of the relevance that has the full colour


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a network saw of a clip, and what stands on its axes.

    Attributes:
        features: Shape (n_bins, n_columns), at least two columns.
        times_s: The middle of each column, (n_columns,), in seconds, evenly spaced; None where columns are no times.
        frequencies_hz: The middle of each bin, (n_bins,), in Hz; None where bins have no frequencies, or not all.
        top_hz: Where the frequency axis ends, in Hz.
        scale: How the bins are spaced.
        name: What the features are called, such as ``log-mel``.
    """

    features: FloatArray
    times_s: FloatArray | None = None
    frequencies_hz: FloatArray | None = None
    top_hz: float = 0.0
    scale: Literal["mel", "linear", "number"] = "number"
    name: str = "features"


def plot_relevance(
    seen: Seen,
    relevance: FloatArray,
    *,
    kept: FloatArray | None = None,
    title: str | None = None,
    remark: str = "",
    dark: bool = False,
    size: tuple[float, float] = SIZE,
) -> Figure:
    """Draw features, and below them the same in grey with what mattered in colour.

    Args:
        seen: The features with their axes.
        relevance: How much each value matters, (n_bins, n_columns), at least 0.
        kept: A mask (n_bins, n_columns) from 0 to 1, such as that of what can be heard: its half is outlined.
        title: What stands above.
        remark: What stands beside it.
        dark: Whether to draw light on dark.
        size: Width and height, in inches.

    Raises:
        SettingError: The shapes differ, there are fewer than two columns, or values are not finite.

    >>> values = np.random.default_rng(0).random((8, 20), dtype=np.float32)
    >>> figure = plot_relevance(Seen(features=values), values)
    >>> [axes.get_ylabel() for axes in figure.axes[::2]]
    ['bin', 'bin']
    """
    _check(seen, relevance, kept)
    theme = theme_of(dark=dark)
    figure = new_figure(*size, theme)
    places = figure.add_gridspec(2, 2, width_ratios=(1, _BAR))
    drawing = _drawing(seen)
    axes = figure.add_subplot(places[0, 0])
    image = _draw(axes, drawing, seen, theme)
    add_colour_bar(figure, figure.add_subplot(places[0, 1]), [image], seen.name, theme)
    axes.set_xlabel("")
    write(axes.set_title("", loc="left", color=theme.ink, fontsize=11), title or seen.name, inches=0.6 * size[0])
    write(axes.set_title("", loc="right", color=theme.pale, fontsize=8), remark, inches=0.35 * size[0])
    below = figure.add_subplot(places[1, 0])
    under = _draw(below, drawing, seen, theme)
    under.set_cmap(_greys(theme))
    below.set_facecolor(theme.paper)
    hot = _lay_over(below, under, _even(relevance, seen), dark=dark)
    if kept is not None:
        _outline(below, under, _even(kept, seen), theme)
    add_colour_bar(figure, figure.add_subplot(places[1, 1]), [hot], "relevance (1 = greatest)", theme)
    words = "in colour: what speaks for the class" + ("; outlined: what is kept as sound" if kept is not None else "")
    write(below.set_title("", loc="left", color=theme.pale, fontsize=8), words, inches=0.9 * size[0])
    return figure


def _check(seen: Seen, relevance: FloatArray, kept: FloatArray | None) -> None:
    shape = seen.features.shape
    for name, array in (("features", seen.features), ("relevance", relevance), ("kept", kept)):
        if array is None:
            continue
        if array.shape != shape or array.ndim != 2 or array.shape[1] < 2:  # noqa: PLR2004 - bins and columns
            raise SettingError(
                f"{name} must be of the shape (n_bins, n_columns) with at least 2 columns, all alike, not {array.shape}"
            )
        if not np.isfinite(array).all():
            raise SettingError(f"{name} has values that are not finite (NaN or infinite)")


def _drawing(seen: Seen) -> ImageDrawing:
    values = _even(seen.features, seen)
    low, high = np.percentile(values, [_LOW, _HIGH]).tolist()
    n_bins, n_columns = seen.features.shape
    times = np.arange(n_columns) if seen.times_s is None else seen.times_s
    half = float(times[1] - times[0]) / 2
    bottom, top = _ends(seen) if seen.frequencies_hz is not None else (-0.5, n_bins - 0.5)
    is_number = seen.frequencies_hz is None
    return ImageDrawing(
        values=values,
        left_s=float(times[0]) - half,
        right_s=float(times[-1]) + half,
        start_s=max(0.0, float(times[0]) - half),
        end_s=float(times[-1]),
        bottom=bottom,
        top=top,
        lowest=-0.5 if is_number else 0.0,
        highest=n_bins - 0.5 if is_number else max(seen.top_hz, top),
        scale="number" if is_number or seen.scale == "number" else seen.scale,
        low=low,
        high=max(high, low + 1e-6),
        unit="linear",
        heading=seen.name,
        remark="",
        colour_label=seen.name,
    )


def _draw(axes: Axes, drawing: ImageDrawing, seen: Seen, theme: Theme) -> AxesImage:
    dress(axes, theme)
    image = drawing.draw(axes, theme)
    if seen.frequencies_hz is None:
        axes.set_ylabel("bin")
    if seen.times_s is None:
        axes.set_xlabel("column")
        axes.xaxis.set_major_locator(MaxNLocator(9, integer=True))
        axes.xaxis.set_major_formatter(ScalarFormatter())
    return image


def _lay_over(axes: Axes, under: AxesImage, relevance: FloatArray, *, dark: bool) -> AxesImage:
    """Draw relevance over an image: colour and opacity both grow with it."""
    greatest = float(np.percentile(relevance, _BRIGHTEST)) or float(relevance.max()) or 1.0
    colours = _heat(dark=dark)
    return axes.imshow(
        np.clip(relevance / greatest, 0.0, 1.0),
        aspect="auto",
        origin="lower",
        extent=under.get_extent(),
        transform=axes.transLimits + axes.transAxes,
        cmap=colours,
        vmin=0.0,
        vmax=1.0,
        interpolation="antialiased",
    )


def _outline(axes: Axes, under: AxesImage, mask: FloatArray, theme: Theme) -> None:
    left, right, bottom, top = under.get_extent()
    n_rows, n_columns = mask.shape
    if n_rows < 2 or not 0 < float((mask > 0.5).mean()) < 1:  # noqa: PLR2004 - a line wants two rows, and a half
        return
    x = left + (np.arange(n_columns) + 0.5) * (right - left) / n_columns
    y = axes.yaxis.get_transform().inverted().transform(bottom + (np.arange(n_rows) + 0.5) * (top - bottom) / n_rows)
    axes.contour(x, y, mask, levels=[0.5], colors=[theme.ink], linewidths=0.7)


def _even(values: FloatArray, seen: Seen) -> FloatArray:
    """Return values in rows that are evenly spaced on the axis: bins of HTK's mel scale are not, on Slaney's."""
    if seen.frequencies_hz is None or len(values) < 2:  # noqa: PLR2004 - one bin is even
        return values
    place = _place(seen.frequencies_hz, seen.scale)
    rows = np.linspace(place[0], place[-1], len(place))
    at = np.interp(rows, place, np.arange(len(place)))
    before = np.minimum(at.astype(int), len(place) - 2)
    part = (at - before).astype(np.float32)[:, None]
    even: FloatArray = values[before] * (1 - part) + values[before + 1] * part
    return even


def _ends(seen: Seen) -> tuple[float, float]:
    """Return the lower edge of the first bin and the upper edge of the last, in Hz."""
    from earmark.features.mel import mel_to_hz  # noqa: PLC0415 - it brings torch

    if seen.frequencies_hz is None or len(seen.frequencies_hz) < 2:  # noqa: PLR2004 - one bin has no neighbour
        return 0.0, max(seen.top_hz, 1.0)
    place = _place(seen.frequencies_hz, seen.scale)
    half = (place[-1] - place[0]) / (len(place) - 1) / 2
    ends = np.maximum([place[0] - half, place[-1] + half], 0.0)
    low, high = (mel_to_hz(ends) if seen.scale == "mel" else ends).tolist()
    return float(low), float(high)


def _place(frequencies_hz: FloatArray, scale: str) -> npt.NDArray[np.float64]:
    from earmark.features.mel import hz_to_mel  # noqa: PLC0415 - it brings torch

    return hz_to_mel(frequencies_hz) if scale == "mel" else frequencies_hz.astype(np.float64)


def _greys(theme: Theme) -> Colormap:
    return LinearSegmentedColormap.from_list("paper-to-ink", [theme.paper, theme.pale, theme.ink])


def _heat(*, dark: bool) -> Colormap:
    warm, hot = _HOT[::-1] if dark else _HOT
    anchors = [(0.0, to_rgba(warm, 0.0)), (0.15, to_rgba(warm, 0.35)), (0.5, to_rgba(warm, 0.8)), (1.0, to_rgba(hot))]
    return LinearSegmentedColormap.from_list("nothing-to-hot", anchors)
