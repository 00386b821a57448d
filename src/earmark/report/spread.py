"""The geometry of what differs from fold to fold: boxes of scores, and curves of every fold in one chart."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from earmark.report.figures import BOTTOM, LEFT, RIGHT, TOP, Chart, draw_curves
from earmark.report.results import EpochRow, FoldResults

_MOST_EPOCHS = 12  # boxes beside one another that can still be told apart


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box plot of some values on a scale from 0 to 1.

    Attributes:
        name: What the values are of.
        values: The values, each with what it is of.
        low: The least of them.
        first: The lower quartile.
        middle: The median.
        third: The upper quartile.
        high: The greatest.
    """

    name: str
    values: tuple[tuple[str, float], ...]
    low: float
    first: float
    middle: float
    third: float
    high: float

    @property
    def description(self) -> str:
        """The same in words."""
        return (
            f"{self.name}: median {100 * self.middle:.1f} %, from {100 * self.low:.1f} to {100 * self.high:.1f} %, "
            f"half of them between {100 * self.first:.1f} and {100 * self.third:.1f} %"
        )


@dataclass(frozen=True, kw_only=True)
class EpochBox:
    """A box at an epoch, in the units of its chart.

    Attributes:
        x: Its middle.
        low: The y of the least value.
        first: The y of the lower quartile.
        middle: The y of the median.
        third: The y of the upper quartile.
        high: The y of the greatest value.
    """

    x: float
    low: float
    first: float
    middle: float
    third: float
    high: float


@dataclass(frozen=True, kw_only=True)
class FoldChart:
    """A chart over epochs with a box of all folds at some of them.

    Attributes:
        chart: Its axes, and its words.
        boxes: The boxes of the validation parts.
        half_width: Half the width of a box.
    """

    chart: Chart
    boxes: tuple[EpochBox, ...]
    half_width: float


def make_box(name: str, values: Mapping[str, float]) -> Box | None:
    """Return the box of some values; None where there is none.

    Args:
        name: What the values are of.
        values: Each by what it is of.

    >>> box = make_box("accuracy", {"fold 1": 0.5, "fold 2": 0.75, "fold 3": 1.0})
    >>> box.first, box.middle, box.high
    (0.625, 0.75, 1.0)
    """
    known = {key: value for key, value in values.items() if math.isfinite(value)}
    if not known:
        return None
    low, first, middle, third, high = np.percentile(list(known.values()), (0, 25, 50, 75, 100)).tolist()
    return Box(name=name, values=tuple(known.items()), low=low, first=first, middle=middle, third=third, high=high)


def fold_boxes(folds: Sequence[FoldResults], *, network: str) -> list[Box]:
    """Return the boxes of the accuracy over folds: that of the network, and that of the baseline."""
    ours = make_box(network, {f"fold {fold.fold}": fold.accuracy for fold in folds})
    theirs = make_box(
        "the baseline",
        {f"fold {fold.fold}": fold.baseline_accuracy for fold in folds if fold.baseline_accuracy is not None},
    )
    return [box for box in (ours, theirs) if box is not None]


def draw_folds(folds: Sequence[FoldResults]) -> tuple[FoldChart, ...]:
    """Return the charts of loss and accuracy over the epochs, as boxes over the folds that were trained so long."""
    longest = max((fold.epochs for fold in folds), key=len, default=())
    if not longest:
        return ()
    losses = [_values(fold.epochs, "loss") for fold in folds]
    accuracies = [_values(fold.epochs, "accuracy") for fold in folds]
    # The axes are those of the largest value that any fold has, so that no box leaves the chart.
    highest = max((value for values in losses for value in values if math.isfinite(value)), default=1.0)
    axes = draw_curves(
        [replace(row, train_loss=highest, validation_loss=None, validation_accuracy=None) for row in longest],
        best_epoch=0,
    )
    return tuple(
        _with_boxes(replace(chart, lines=(), best=None), values, y_end=end)
        for chart, values, end in zip(axes, (losses, accuracies), (highest or 1.0, 1.0), strict=True)
    )


def _values(epochs: Sequence[EpochRow], what: str) -> list[float]:
    """Return the values of the validation part, or of training where there is none."""
    values = [(getattr(row, f"validation_{what}"), getattr(row, f"train_{what}")) for row in epochs]
    return [float(own if other is None else other) for other, own in values]


def _with_boxes(chart: Chart, values: Sequence[Sequence[float]], *, y_end: float) -> FoldChart:
    n_epochs = max(map(len, values))
    boxes = []
    told: list[tuple[int, float, int]] = []  # epoch, median, folds
    for epoch in _shown_epochs(n_epochs):
        here = [fold[epoch - 1] for fold in values if len(fold) >= epoch and math.isfinite(fold[epoch - 1])]
        if here:
            quartiles = np.percentile(here, (0, 25, 50, 75, 100)).tolist()
            low, first, middle, third, high = (
                round(BOTTOM - min(q / y_end, 1.0) * (BOTTOM - TOP), 1) for q in quartiles
            )
            share = 0.5 if n_epochs == 1 else (epoch - 1) / (n_epochs - 1)
            x = round(LEFT + share * (RIGHT - LEFT), 1)
            boxes.append(EpochBox(x=x, low=low, first=first, middle=middle, third=third, high=high))
            told.append((epoch, quartiles[2], len(here)))
    return FoldChart(
        chart=replace(chart, description=_describe(chart.title, told)),
        boxes=tuple(boxes),
        half_width=round(min(9.0, 0.3 * (RIGHT - LEFT) / max(len(boxes), 1)), 1),
    )


def _shown_epochs(n_epochs: int) -> list[int]:
    """Return the first epoch and others evenly spaced, so few that their boxes can be told apart.

    >>> _shown_epochs(50)
    [1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
    """
    step = 1
    while n_epochs / step > _MOST_EPOCHS:
        step = {1: 2, 2: 5}.get(step, step + 5)
    return [epoch for epoch in range(1, n_epochs + 1) if epoch == 1 or epoch % step == 0]


def _describe(title: str, told: Sequence[tuple[int, float, int]]) -> str:
    if not told:
        return f"{title}: no number in any fold."
    (first, begins, _), (last, comes_to, n_folds) = told[0], told[-1]
    as_text = ("{:.1%}" if title == "Accuracy" else "{:.3f}").format
    return (
        f"{title} of the validation parts, as boxes over the folds: the median goes from {as_text(begins)} in epoch "
        f"{first} to {as_text(comes_to)} in epoch {last}, which {n_folds} folds reached."
    )
