"""The geometry of the figures; the templates draw them as SVG, whose colours follow the reader's light or dark page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from earmark.report.results import EpochRow

WIDTH, HEIGHT = 420, 250  # of a chart, in the units of its own SVG
LEFT, RIGHT, TOP, BOTTOM = 46, 406, 24, 216  # where lines are drawn
_N_TICKS = 5

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark on an axis.

    Attributes:
        at: Where, in the units of the chart.
        text: What it says.
    """

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One curve.

    Attributes:
        kind: ``train`` or ``validation``.
        path: The `d` of an SVG path.
        dots: Points without a neighbour, which a path would not show.
        best: Where the best epoch is on it; None if nowhere.
    """

    kind: str
    path: str
    dots: tuple[Point, ...]
    best: Point | None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart over epochs.

    Attributes:
        title: What is drawn.
        description: The same in words, for who cannot see it.
        x_ticks: Marks below.
        y_ticks: Marks at the left.
        lines: The curves.
        best: The mark of the best epoch; None if there is none.
    """

    title: str
    description: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    best: Tick | None


def draw_curves(epochs: Sequence[EpochRow], *, best_epoch: int) -> tuple[Chart, ...]:
    """Return the charts of loss and accuracy over epochs; none without epochs.

    Args:
        epochs: What happened in each epoch.
        best_epoch: The epoch whose weights were kept.
    """
    if not epochs:
        return ()
    losses = [(row.epoch, row.train_loss, row.validation_loss) for row in epochs]
    accuracies = [(row.epoch, row.train_accuracy, row.validation_accuracy) for row in epochs]
    highest = max(
        (value for row in losses for value in row[1:] if value is not None and math.isfinite(value)), default=1.0
    )
    return (
        _chart("Loss", losses, best_epoch, y_end=highest or 1.0, percent=False),
        _chart("Accuracy", accuracies, best_epoch, y_end=1.0, percent=True),
    )


def nice_steps(end: float, *, n: int = _N_TICKS) -> list[float]:
    """Return at most `n` + 1 round numbers from 0 to `end`, evenly spaced.

    >>> nice_steps(2.3)
    [0.0, 0.5, 1.0, 1.5, 2.0]
    """
    rough = end / n
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [round(index * step, 12) for index in range(math.floor(end / step + 1e-9) + 1)]


def _chart(
    title: str, rows: Sequence[tuple[int, float, float | None]], best_epoch: int, *, y_end: float, percent: bool
) -> Chart:
    first, last = rows[0][0], rows[-1][0]
    lines = tuple(
        _line(kind, [(row[0], row[column]) for row in rows], best_epoch, first, last, y_end)
        for column, kind in ((1, "train"), (2, "validation"))
    )
    is_known = first <= best_epoch <= last
    return Chart(
        title=title,
        description=_describe(title, rows, best_epoch, percent=percent),
        x_ticks=tuple(Tick(at=_x(epoch, first, last), text=str(epoch)) for epoch in _epoch_ticks(first, last)),
        y_ticks=tuple(
            Tick(at=_y(value, y_end), text=f"{100 * value:.0f} %" if percent else f"{value:g}")
            for value in nice_steps(y_end)
        ),
        lines=lines,
        best=Tick(at=_x(best_epoch, first, last), text=f"epoch {best_epoch}") if is_known else None,
    )


def _line(
    kind: str, values: Sequence[tuple[int, float | None]], best_epoch: int, first: int, last: int, y_end: float
) -> Line:
    stretches: list[list[Point]] = [[]]
    best = None
    for epoch, value in values:
        if value is None or not math.isfinite(value):  # a gap in the line: no validation part, or a loss that diverged
            stretches.append([])
            continue
        point = (_x(epoch, first, last), _y(value, y_end))
        stretches[-1].append(point)
        if epoch == best_epoch:
            best = point
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in points) for points in stretches if len(points) > 1)
    dots = tuple(points[0] for points in stretches if len(points) == 1)
    return Line(kind=kind, path=path, dots=dots, best=best)


def _describe(title: str, rows: Sequence[tuple[int, float, float | None]], best_epoch: int, *, percent: bool) -> str:
    def number(value: float | None) -> str:
        if value is None or not math.isfinite(value):
            return "no number"
        return f"{100 * value:.1f} %" if percent else f"{value:.3f}"

    (_, train_first, validation_first), (last, train_last, validation_last) = rows[0], rows[-1]
    text = f"{title} over {last} epochs: training from {number(train_first)} to {number(train_last)}"
    if validation_first is not None:
        text += f", validation from {number(validation_first)} to {number(validation_last)}"
    best = next((row[2] for row in rows if row[0] == best_epoch), None)
    return f"{text}; {number(best)} at the epoch kept, {best_epoch}." if best is not None else f"{text}."


def _epoch_ticks(first: int, last: int) -> list[int]:
    steps = [round(step) for step in nice_steps(last) if step == round(step) and step > first]
    return [first, *(steps or ([last] if last > first else []))]


def _x(epoch: int, first: int, last: int) -> float:
    share = 0.5 if first == last else (epoch - first) / (last - first)
    return round(LEFT + share * (RIGHT - LEFT), 1)


def _y(value: float, end: float) -> float:
    return round(BOTTOM - min(value / end, 1.0) * (BOTTOM - TOP), 1)
