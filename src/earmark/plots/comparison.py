"""Several classifiers side by side: the accuracy of each fold, their mean, and the interval of all clips together."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from earmark.errors import SettingError
from earmark.plots.theme import Theme, dress, new_figure, theme_of, width_of, write

_WIDTH, _ROW = 9.0, 0.46  # inches
_TOP, _BOTTOM, _MOST_NAME, _GAP = 0.75, 0.62, 2.6, 0.15
_RIGHT = 1.75  # inches: room for the numbers
_SPREAD = 0.16  # of the points of one row, up and down


@dataclass(frozen=True, kw_only=True)
class ComparedScores:
    """A row of the picture.

    Attributes:
        name: What is compared.
        folds: The accuracy of each fold, in 0..1.
        accuracy: That of all clips together, in 0..1.
        low: The lower end of its interval; None where it is not known.
        high: The upper end; None where `low` is.
    """

    name: str
    folds: Sequence[float]
    accuracy: float
    low: float | None
    high: float | None


def plot_comparison(rows: Sequence[ComparedScores], *, title: str | None = None, dark: bool = False) -> Figure:
    """Draw one row a classifier: a point for each fold, a stroke at their mean, and the interval of all clips as a bar.

    Args:
        rows: What is compared, from above.
        title: What stands above.
        dark: Whether to draw light on dark.

    Raises:
        SettingError: There is nothing to compare, or a row has no fold.

    >>> scores = ComparedScores(name="svm", folds=[0.8, 0.9], accuracy=0.85, low=0.8, high=0.9)
    >>> plot_comparison([scores]).axes[0].get_xlabel()
    'clips right (%)'
    """
    if not rows or not all(len(row.folds) for row in rows):
        raise SettingError("there is nothing to draw: each row needs the accuracy of one fold at least")
    theme = theme_of(dark=dark)
    height = _TOP + len(rows) * _ROW + _BOTTOM
    figure = new_figure(_WIDTH, height, theme, arrange=False)
    left = _write_names(figure, rows, height, theme)
    place = (left / _WIDTH, _BOTTOM / height, (_WIDTH - left - _RIGHT) / _WIDTH, len(rows) * _ROW / height)
    axes = figure.add_axes(place)
    for number, row in enumerate(rows):
        _draw_row(axes, len(rows) - 1 - number, row, theme)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_xlim(*_reach(rows))
    axes.set_yticks([])
    axes.set_xlabel("clips right (%)")
    dress(axes, theme)
    axes.grid(visible=True, axis="x", color=theme.pale, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    heading = figure.text(0.12 / _WIDTH, 1 - 0.2 / height, " ", va="top", color=theme.ink, fontsize=11)
    write(heading, title or "comparison", inches=_WIDTH - 0.24)
    legend = "points: folds   stroke: their mean   bar: 95 % interval of all clips, over groups"
    figure.text(0.12 / _WIDTH, 1 - 0.45 / height, legend, va="top", color=theme.pale, fontsize=9)
    return figure


def _write_names(figure: Figure, rows: Sequence[ComparedScores], height: float, theme: Theme) -> float:
    """Write the names, and the numbers at the right, and return where the axes may begin, in inches."""
    names = []
    for number, row in enumerate(rows):
        middle = (height - _TOP - (number + 0.5) * _ROW) / height
        text = figure.text(0, middle, " ", va="center", ha="right", fontsize=9.5, color=theme.ink)
        write(text, row.name, inches=_MOST_NAME)
        names.append(text)
        told = f"{100 * row.accuracy:.1f}"
        if row.low is not None and row.high is not None:
            told += f" ({100 * row.low:.1f} to {100 * row.high:.1f})"
        figure.text(1 - (_RIGHT - _GAP) / _WIDTH, middle, told, va="center", fontsize=9, color=theme.ink)
    room = max(width_of(text) for text in names) + 0.12
    for text in names:
        text.set_x(room / _WIDTH)
    return room + _GAP


def _draw_row(axes: Axes, level: int, row: ComparedScores, theme: Theme) -> None:
    if row.low is not None and row.high is not None:
        reach = (100 * row.low, 100 * row.high)
        axes.hlines(level, *reach, color=theme.line, alpha=0.3, linewidth=11, zorder=1)
    n = len(row.folds)
    # A little up and down, so that folds of the same score are both seen.
    levels = [level + _SPREAD * (2 * place / (n - 1) - 1 if n > 1 else 0) for place in range(n)]
    folds = [100 * value for value in row.folds]
    axes.scatter(folds, levels, s=20, color=theme.line, edgecolor=theme.paper, linewidth=0.6, zorder=3)
    mean = sum(folds) / n
    axes.vlines(mean, level - 0.32, level + 0.32, color=theme.ink, linewidth=2.0, zorder=2)


def _reach(rows: Sequence[ComparedScores]) -> tuple[float, float]:
    """Return the ends of the axis: a little beyond what is drawn, but not beyond what can be."""
    drawn = [
        100 * value for row in rows for value in (*row.folds, row.low, row.high, row.accuracy) if value is not None
    ]
    room = max(2.0, 0.06 * (max(drawn) - min(drawn)))
    return max(-1.0, min(drawn) - room), min(101.0, max(drawn) + room)
