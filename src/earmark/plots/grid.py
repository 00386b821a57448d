"""A data set at a glance: one clip a class, side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from earmark._util.progress import NoProgress, Progress
from earmark.audio.read import read_sound
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, listed
from earmark.errors import AudioError, DataError, SettingError
from earmark.plots.catalogue import PLOTS, CellDrawing
from earmark.plots.drawing import Drawing, Reach, add_colour_bar, draw_on
from earmark.plots.spectrograms import ImageSettings
from earmark.plots.theme import Theme, dress, new_figure, theme_of, width_of, write

_CLIP_S = 30.0
_CELL_COLUMNS, _CELL_ROWS = 320, 160
_UNEQUAL = 4  # the longest clip by the shortest: in one time axis the shortest would be a stroke

# Inches. The margins are set by hand: with hundreds of cells, matplotlib's search for them takes minutes.
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.8, 0.3, 0.66, 0.5
_BAR_ROOM, _BAR_WIDTH = 1.05, 0.14
_GAP_X, _GAP_Y = 0.16, 0.32
_PAGE_WIDTH, _CELL_WIDTHS, _CELL_HEIGHT = 14.0, (1.6, 3.2), 0.66
_OWN_TIME = "time (each cell as long as its clip)"


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Where the cells of a grid are, in inches."""

    n_cells: int
    n_columns: int
    has_bar: bool

    @property
    def n_rows(self) -> int:
        return -(-self.n_cells // self.n_columns)

    @property
    def cell(self) -> tuple[float, float]:
        narrowest, widest = _CELL_WIDTHS
        width = min(max(_PAGE_WIDTH / self.n_columns, narrowest), widest)
        return width, _CELL_HEIGHT * width

    @property
    def size(self) -> tuple[float, float]:
        (width, height), bar = self.cell, _BAR_ROOM if self.has_bar else 0.0
        return (
            _LEFT + self.n_columns * (width + _GAP_X) - _GAP_X + bar + _RIGHT,
            _TOP + self.n_rows * (height + _GAP_Y) - _GAP_Y + _BOTTOM,
        )

    def place(self, number: int) -> tuple[float, float, float, float]:
        """Return left, bottom, width and height of a cell, as shares of the page."""
        (page_width, page_height), (width, height) = self.size, self.cell
        row, column = divmod(number, self.n_columns)
        left = _LEFT + column * (width + _GAP_X)
        bottom = page_height - _TOP - height - row * (height + _GAP_Y)
        return left / page_width, bottom / page_height, width / page_width, height / page_height

    def bar_place(self) -> tuple[float, float, float, float]:
        """Return where the colour bar goes: beside all cells, but no longer than a hand."""
        (page_width, page_height), length = self.size, min(4.0, self.size[1] - _TOP - _BOTTOM)
        left = page_width - _RIGHT - _BAR_ROOM + 0.25
        return (
            left / page_width,
            (page_height - _TOP - length) / page_height,
            _BAR_WIDTH / page_width,
            length / page_height,
        )

    def is_leftmost(self, number: int) -> bool:
        return number % self.n_columns == 0

    def is_lowest(self, number: int) -> bool:
        return number + self.n_columns >= self.n_cells


def plot_grid(
    dataset: Dataset,
    kind: str = "mel",
    *,
    title: str | None = None,
    dark: bool = False,
    start_s: float = 0.0,
    duration_s: float | None = None,
    progress: Progress | None = None,
) -> tuple[Figure, tuple[AudioError, ...]]:
    """Draw one clip of each class in a grid, with the names of the classes.

    The first clip of a class that can be read is drawn; a class without one has an empty cell with its name. Each clip
    is measured by its own loudest point, so that quiet ones are seen. Clips share their axes; where the longest is more
    than four times the shortest, each cell is as long as its clip.

    Args:
        dataset: The data set.
        kind: A name in `earmark.plots.catalogue.PLOTS` other than ``all``.
        title: What stands above, such as the name of the data set.
        dark: Whether to draw light on dark.
        start_s: Where to begin in each clip, in seconds.
        duration_s: How much of each clip to draw, in seconds; None for 30 at most.
        progress: What is told of the progress; None for nothing.

    Returns:
        The figure, and the clips that could not be read before one was found.

    Raises:
        SettingError: There is no such kind, or no such grid.
        DataError: The data set is empty, or none of its clips can be read.
    """
    if not 0 <= start_s < math.inf:
        raise SettingError(f"start_s must be at least 0, not {start_s:g}")
    if duration_s is not None and not 0 < duration_s < math.inf:
        raise SettingError(f"duration_s must be above 0, or None for {_CLIP_S:g} at most, not {duration_s:g}")
    cell = PLOTS[kind].cell
    if cell is None:
        raise SettingError(f"a grid shows one kind of plot a class, not {kind!r}: choose one of {_kinds_of_cells()}")
    if not dataset.n:
        raise DataError("the data set has no clips: there is nothing to draw")
    stretch = (start_s, _CLIP_S if duration_s is None else duration_s)
    drawings, bad = _draw_classes(dataset, cell, stretch, progress or NoProgress())
    if not any(drawings):
        first = "; ".join(f"{error.path} ({error.reason})" for error in bad[:3])
        raise DataError(f"none of the {len(bad)} clips can be read: {first}")
    start = start_s if PLOTS[kind].has_time else None
    return _page(dataset.labels, drawings, theme_of(dark=dark), title=title, start_s=start), tuple(bad)


def _kinds_of_cells() -> str:
    return listed((name for name, kind in PLOTS.items() if kind.cell), n_shown=len(PLOTS))


def _draw_classes(
    dataset: Dataset, cell: CellDrawing, stretch: tuple[float, float], progress: Progress
) -> tuple[list[Drawing | None], list[AudioError]]:
    """Return a drawing for each class, and what could not be read."""
    bad: list[AudioError] = []
    clips: dict[str, list[Clip]] = {label: [] for label in dataset.labels}
    for clip in dataset:
        clips[clip.label].append(clip)
    progress.start("classes", len(clips))
    drawings = []
    for label in dataset.labels:
        drawings.append(_first_that_can_be_read(clips[label], cell, stretch, bad))
        progress.advance(label)
    return drawings, bad


def _first_that_can_be_read(
    clips: Sequence[Clip], cell: CellDrawing, stretch: tuple[float, float], bad: list[AudioError]
) -> Drawing | None:
    start_s, duration_s = stretch
    size = ImageSettings(start_s=start_s, n_columns=_CELL_COLUMNS, n_rows=_CELL_ROWS)
    for clip in clips:
        held_s = math.inf if clip.duration_s is None else clip.duration_s - start_s
        try:
            waveform, sample_rate = read_sound(
                clip.path, start_s=clip.start_s + start_s, duration_s=min(duration_s, held_s)
            )
            return cell(waveform, sample_rate, size)
        except AudioError as error:
            bad.append(error)
        except SettingError as error:  # a stretch that cannot be, in one row of a table, or samples that are too large
            bad.append(AudioError(clip.path, str(error)))
    return None


def choose_n_columns(n_cells: int) -> int:
    """Return how many columns a grid has: about as many as rows or a few more, with as few empty places as can be.

    >>> [choose_n_columns(n_cells) for n_cells in (1, 3, 10, 50)]
    [1, 3, 5, 10]
    """
    squarest = math.ceil(math.sqrt(n_cells))
    return min(range(squarest, min(squarest + 3, n_cells) + 1), key=lambda n_columns: (-n_cells % n_columns, n_columns))


def _page(
    labels: Sequence[str], drawings: Sequence[Drawing | None], theme: Theme, *, title: str | None, start_s: float | None
) -> Figure:
    """Return the figure; `start_s` is where time begins, None where there is no time axis."""
    relative = [drawing.relative() if drawing else None for drawing in drawings]
    found = [drawing for drawing in relative if drawing]
    first = found[0]
    lengths_s = [] if start_s is None else [drawing.reach.end_s - start_s for drawing in found]
    shares_time = not lengths_s or max(lengths_s) <= _UNEQUAL * min(lengths_s)
    layout = _Layout(
        n_cells=len(labels), n_columns=choose_n_columns(len(labels)), has_bar=first.colour_label is not None
    )
    figure = new_figure(*layout.size, theme, arrange=False)
    reach = _common_reach(found)
    axis_labels, images = ("", ""), []
    for number, (label, drawing) in enumerate(zip(labels, relative, strict=True)):
        axes = figure.add_axes(layout.place(number))
        if drawing is None:
            _leave_empty(axes, theme)
        else:
            own_end_s = reach.end_s if shares_time else drawing.reach.end_s
            image = draw_on(axes, drawing.reaching(replace(reach, end_s=own_end_s)), theme, n_ticks=3, size=7.5)
            images += [image] if image else []
            axis_labels = (axes.get_xlabel(), axes.get_ylabel())
            _trim(axes, layout, number, has_x=shares_time)
        own_length = drawing.reach.end_s - start_s if drawing and start_s is not None and not shares_time else None
        _put_name(axes, label, own_length, theme, inches=layout.cell[0])
    if images:
        add_colour_bar(figure, figure.add_axes(layout.bar_place()), images, first.colour_label, theme)
    _put_words(figure, layout, theme, title, first.heading, axis_labels if shares_time else (_OWN_TIME, axis_labels[1]))
    return figure


def _common_reach(drawings: Sequence[Drawing]) -> Reach:
    reaches = [drawing.reach for drawing in drawings]
    return Reach(
        end_s=max(reach.end_s for reach in reaches),
        highest_hz=max(reach.highest_hz for reach in reaches),
        value=max(reach.value for reach in reaches),
    )


def _put_name(axes: Axes, label: str, length_s: float | None, theme: Theme, *, inches: float) -> None:
    """Write the name of a class above its cell, and the length of the clip if it is given."""
    room = inches
    if length_s is not None:
        words = axes.set_title(f"{length_s:.3g} s", loc="right", color=theme.pale, fontsize=7.5, pad=3)
        room -= width_of(words) + _GAP_X
    write(axes.set_title("", loc="left", color=theme.ink, fontsize=8.5, pad=3), label, inches=room)


def _trim(axes: Axes, layout: _Layout, number: int, *, has_x: bool) -> None:
    """Leave numbers only where no cell of the same axis is to the left or below."""
    axes.set_xlabel("")
    axes.set_ylabel("")
    axes.tick_params(
        labelleft=layout.is_leftmost(number), labelbottom=has_x and layout.is_lowest(number), bottom=has_x, pad=2
    )


def _leave_empty(axes: Axes, theme: Theme) -> None:
    dress(axes, theme)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(
        0.5, 0.5, "no clip that\ncan be read", color=theme.pale, fontsize=8, ha="center", va="center",
        transform=axes.transAxes,
    )  # fmt: skip


def _put_words(
    figure: Figure, layout: _Layout, theme: Theme, title: str | None, heading: str, axis_labels: tuple[str, str]
) -> None:
    width, height = layout.size
    bar_width = _BAR_ROOM if layout.has_bar else 0.0
    middle_x, middle_y = (_LEFT + width - _RIGHT - bar_width) / 2 / width, (_BOTTOM + height - _TOP) / 2 / height
    figure.text(middle_x, 0.08 / height, axis_labels[0], color=theme.ink, fontsize=9, ha="center", va="bottom")
    figure.text(
        0.12 / width, middle_y, axis_labels[1], color=theme.ink, fontsize=9, ha="left", va="center", rotation="vertical"
    )
    top = 1 - 0.17 / height
    words = figure.text(_LEFT / width, top, "", color=theme.ink, fontsize=12, fontweight="bold", va="top")
    room = width - _LEFT - _RIGHT
    if title:
        kind = figure.text(1 - _RIGHT / width, top, heading, color=theme.pale, fontsize=8, ha="right", va="top")
        room -= width_of(kind) + _GAP_X
    write(words, title or heading, inches=room)
