"""Which class was taken for which: a confusion matrix as a picture."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from earmark.errors import SettingError
from earmark.plots.theme import Theme, new_figure, theme_of, width_of, write

_CELLS = (0.26, 0.62)  # inches: of many classes, and of few
_PAGE = 7.5  # inches: what the cells of a moderate number of classes fill
_MOST_LABEL = 2.2  # inches of a class's name
_LEFT, _TOP, _RIGHT, _BOTTOM = 0.55, 0.75, 0.3, 0.5
_WRONG = "#c2533c"
_MIDDLE_GREY = 0.55  # of a cell's lightness: above it words are dark


def plot_confusion(
    confusion: npt.ArrayLike, labels: list[str] | tuple[str, ...], *, title: str | None = None, dark: bool = False
) -> Figure:
    """Draw a confusion matrix: a row for each true class, in it a column for each class that it was taken for.

    A cell has the count, and the more colour the larger its share of the row: one colour for what is right, another
    for what is wrong. Cells without a count are empty.

    Args:
        confusion: Counts, shape (n_classes, n_classes): rows are true classes, columns predicted ones.
        labels: The name of each class.
        title: What stands above.
        dark: Whether to draw light on dark.

    Raises:
        SettingError: The matrix does not fit the labels, or holds what is no count.

    >>> figure = plot_confusion([[3, 1], [0, 4]], ["dog", "rain"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['3', '1', '4']
    """
    counts = np.asarray(confusion)
    n = len(labels)
    if not n or counts.shape != (n, n):
        raise SettingError(f"{n} labels do not fit a confusion matrix of the shape {counts.shape}")
    if not np.issubdtype(counts.dtype, np.integer) or counts.min() < 0:
        raise SettingError("a confusion matrix holds counts: whole numbers from 0")
    theme = theme_of(dark=dark)
    cell = float(np.clip(_PAGE / n, *_CELLS))
    size = min(9.0, 30 * cell)  # points, of names
    label_room = _widest(labels, size, theme)
    width, height = _LEFT + label_room + n * cell + _RIGHT, _TOP + n * cell + label_room + _BOTTOM
    width = max(width, 4.0)
    figure = new_figure(width, height, theme, arrange=False)
    left, bottom = _LEFT + label_room, _BOTTOM + label_room
    axes = figure.add_axes((left / width, bottom / height, n * cell / width, n * cell / height))
    axes.imshow(_colours(counts, theme), interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    _draw_lines(axes, n, theme)
    _write_counts(axes, counts, cell, theme)
    for place, label in enumerate(labels):
        middle = (place + 0.5) * cell
        row = figure.text((left - 0.08) / width, (bottom + n * cell - middle) / height, " ", ha="right", va="center")
        column = figure.text((left + middle) / width, (bottom - 0.08) / height, " ", ha="center", va="top")
        for text in (row, column):
            text.set(color=theme.ink, fontsize=size)
            write(text, label, inches=_MOST_LABEL)
        column.set_rotation(90)
    middle = bottom + n * cell / 2
    figure.text(0.12 / width, middle / height, "true class", rotation=90, va="center", color=theme.pale, fontsize=9)
    across = (left + n * cell / 2) / width
    figure.text(across, 0.12 / height, "taken for", ha="center", va="bottom", color=theme.pale, fontsize=9)
    n_right, n_all = int(np.trace(counts)), int(counts.sum())
    heading = figure.text(0.12 / width, 1 - 0.2 / height, " ", va="top", color=theme.ink, fontsize=11)
    write(heading, title or "confusion", inches=width - 0.24)
    told = f"{n_right} of {n_all} right" + (f", {100 * n_right / n_all:.1f} %" if n_all else "")
    figure.text(0.12 / width, 1 - 0.45 / height, told, va="top", color=theme.pale, fontsize=9)
    return figure


def _widest(labels: list[str] | tuple[str, ...], size: float, theme: Theme) -> float:
    """Return how much room the names need, in inches."""
    page = new_figure(1, 1, theme, arrange=False)
    widest = 0.0
    for label in labels:
        text: Text = page.text(0, 0, " ", fontsize=size)
        write(text, label, inches=_MOST_LABEL)
        widest = max(widest, width_of(text))
    return widest + 0.1


def _colours(counts: npt.NDArray[np.integer], theme: Theme) -> npt.NDArray[np.float64]:
    """Return the colour of each cell, (n_classes, n_classes, 3)."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    is_right = np.eye(len(counts), dtype=bool)
    shares = np.where(is_right, shares, np.sqrt(shares))  # errors are few: let two be told from one
    strength = np.where(shares > 0, 0.1 + 0.9 * shares, 0.0)[..., None]
    full = np.where(is_right[..., None], np.array(to_rgb(theme.line)), np.array(to_rgb(_WRONG)))
    mixed: npt.NDArray[np.float64] = (1 - strength) * np.array(to_rgb(theme.paper)) + strength * full
    return mixed


def _draw_lines(axes: Axes, n: int, theme: Theme) -> None:
    for place in range(n + 1):
        strong = place in {0, n}
        width, alpha = (0.8, 1.0) if strong else (0.4, 0.35)
        axes.axhline(place - 0.5, color=theme.pale, linewidth=width, alpha=alpha, clip_on=False)
        axes.axvline(place - 0.5, color=theme.pale, linewidth=width, alpha=alpha, clip_on=False)


def _write_counts(axes: Axes, counts: npt.NDArray[np.integer], cell: float, theme: Theme) -> None:
    colours = _colours(counts, theme)
    n_digits = len(str(int(counts.max())))
    size = min(10.0, 32 * cell, 90 * cell / n_digits)  # points: as large as the cell allows
    for row, column in np.argwhere(counts > 0).tolist():
        lightness = float(colours[row, column] @ (0.299, 0.587, 0.114))
        ink = "#1d2733" if lightness > _MIDDLE_GREY else "#ffffff"
        axes.text(column, row, str(int(counts[row, column])), ha="center", va="center", fontsize=size, color=ink)
