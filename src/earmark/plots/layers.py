"""What is in a convolutional network: its first filters, and the maps of a layer, as heat maps."""

import math

import numpy as np
from matplotlib.figure import Figure

from earmark.audio import FloatArray
from earmark.errors import SettingError
from earmark.plots.drawing import add_colour_bar
from earmark.plots.theme import new_figure, theme_of, write

_MOST = 64  # filters, or maps
_N_COLUMNS = 8
_WIDTH, _HEAD, _GAP = 10.0, 0.7, 0.18  # inches
_LEAST_HEIGHT, _MOST_HEIGHT = 0.35, 1.4  # of a tile in inches
_PERCENTILE = 99.5
_N_AXES_FILTERS, _N_AXES_MAPS = 4, 3


def plot_filters(filters: FloatArray, *, title: str | None = None, dark: bool = False) -> Figure:
    """Draw learned filters, in one scale of colours; the channels of a filter stand below one another.

    Frequency goes up and time to the right, as in the features. Of more than 64 filters the strongest are drawn.

    Args:
        filters: Weights (n_filters, n_channels, n_rows, n_columns).
        title: What stands above.
        dark: Whether to draw light on dark.

    Raises:
        SettingError: They have another shape, or are not finite.

    >>> len(plot_filters(np.ones((5, 1, 3, 3), dtype=np.float32)).axes[0].images)
    5
    """
    _check("filters", filters, _N_AXES_FILTERS)
    strength = np.square(filters).sum(axis=(1, 2, 3))
    chosen = np.sort(np.argsort(-strength, kind="stable")[:_MOST])
    n_channels = filters.shape[1]
    gap = np.full((1, filters.shape[3]), np.nan, dtype=np.float32)
    tiles = []
    for one in filters[chosen]:
        rows = [part for channel in one[::-1] for part in (channel, gap)][:-1]  # the first channel on top
        tiles.append(np.concatenate(rows))
    reach = float(np.abs(filters).max()) or 1.0
    words = f"{len(chosen)} of {len(filters)} filters, {filters.shape[2]} bins x {filters.shape[3]} frames"
    if n_channels > 1:
        words += f", {n_channels} channels below one another"
    return _grid(tiles, chosen.tolist(), (-reach, reach), "weight", title, words, dark=dark, signed=True)


def plot_maps(maps: FloatArray, *, title: str | None = None, dark: bool = False) -> Figure:
    """Draw what a layer gives for one segment: one heat map a channel, all in one scale of colours.

    Frequency goes up and time to the right. Of more than 64 channels the liveliest are drawn, by their deviation.

    Args:
        maps: Shape (n_channels, n_rows, n_columns).
        title: What stands above.
        dark: Whether to draw light on dark.

    Raises:
        SettingError: They have another shape, or are not finite.
    """
    _check("maps", maps, _N_AXES_MAPS)
    chosen = np.sort(np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:_MOST])
    tiles = list(maps[chosen])
    signed = bool((maps < 0).any())
    high = float(np.percentile(np.abs(maps), _PERCENTILE)) or float(np.abs(maps).max()) or 1.0
    words = f"{len(chosen)} of {len(maps)} channels, {maps.shape[1]} x {maps.shape[2]} places"
    limits = (-high if signed else 0.0, high)
    return _grid(tiles, chosen.tolist(), limits, "activation", title, words, dark=dark, signed=signed)


def _check(name: str, values: FloatArray, n_axes: int) -> None:
    if values.ndim != n_axes or not values.size:
        raise SettingError(f"{name} must have {n_axes} axes and at least one value, not the shape {values.shape}")
    if not np.isfinite(values).all():
        raise SettingError(f"{name} has values that are not finite (NaN or infinite)")


def _grid(
    tiles: list[FloatArray],
    numbers: list[int],
    limits: tuple[float, float],
    label: str,
    title: str | None,
    words: str,
    *,
    dark: bool,
    signed: bool,
) -> Figure:
    theme = theme_of(dark=dark)
    n_columns = min(_N_COLUMNS, len(tiles))
    n_rows = math.ceil(len(tiles) / n_columns)
    n_high, n_wide = tiles[0].shape
    tile_width = _WIDTH / (_N_COLUMNS + 1)
    tile_height = float(np.clip(tile_width * n_high / n_wide, _LEAST_HEIGHT, _MOST_HEIGHT))
    width = max((tile_width + _GAP) * n_columns + 1.2, 5.0)
    figure = new_figure(width, _HEAD + n_rows * (tile_height + _GAP), theme)
    places = figure.add_gridspec(1, 2, width_ratios=(1.0, 0.02))
    axes = figure.add_subplot(places[0, 0])
    axes.set_axis_off()
    # One pair of axes for all, in inches: dozens would take seconds to arrange.
    images = []
    for place, (tile, number) in enumerate(zip(tiles, numbers, strict=True)):
        left, top = place % n_columns * (tile_width + _GAP), place // n_columns * (tile_height + _GAP) + _GAP
        image = axes.imshow(
            np.ma.masked_invalid(tile),
            aspect="auto",
            origin="lower",
            extent=(left, left + tile_width, top + tile_height, top),
            cmap=theme.signed if signed else theme.colours,
            vmin=limits[0],
            vmax=limits[1],
            interpolation="nearest",
        )
        axes.text(left, top - 0.03, str(number), fontsize=6, color=theme.pale, va="bottom")
        images.append(image)
    axes.set_xlim(0, n_columns * (tile_width + _GAP))
    axes.set_ylim(n_rows * (tile_height + _GAP), 0)
    add_colour_bar(figure, figure.add_subplot(places[0, 1]), images, label, theme)
    heading = figure.suptitle("", color=theme.ink, fontsize=11, x=0.02, ha="left")
    write(heading, f"{title}: {words}" if title else words, inches=width - 0.3)
    return figure
