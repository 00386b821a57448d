"""Loss and accuracy over the epochs of several trainings: a box an epoch, over the folds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from earmark.errors import SettingError
from earmark.plots.theme import Theme, dress, new_figure, theme_of, write

_SIZE = (10.0, 7.0)  # inches
_MOST_BOXES = 20
_WIDTH, _APART = 0.34, 0.2  # of boxes, and from the middle of an epoch to that of a box, where epochs are 1 apart
_VALIDATION = "#c2533c"

Curve = Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class FoldCurves:
    """How the training of one fold went, a value an epoch; None or NaN where there is none.

    Attributes:
        train_loss: On the training part.
        validation_loss: On the validation part.
        train_accuracy: On the training part, in 0..1.
        validation_accuracy: On the validation part, in 0..1.
    """

    train_loss: Curve
    validation_loss: Curve
    train_accuracy: Curve
    validation_accuracy: Curve


def plot_epochs(folds: Sequence[FoldCurves], *, title: str | None = None, dark: bool = False) -> Figure:
    """Draw loss and accuracy of training and validation over epochs, as boxes over the folds.

    Loss and accuracy of the training part are those of segments as they were met, those of validation of whole clips.
    A box runs from the lower to the upper quartile with the median in it, and its whiskers to the lowest and highest
    fold. Of many epochs about twenty are drawn, the first and the last among them. Where folds stopped early, the
    boxes behind are of those that went on.

    Args:
        folds: The curves of each fold.
        title: What stands above.
        dark: Whether to draw light on dark.

    Raises:
        SettingError: No fold has an epoch.

    >>> one = FoldCurves(
    ...     train_loss=[2, 1], validation_loss=[2, 1.5], train_accuracy=[0.2, 0.8], validation_accuracy=[0.1, 0.6]
    ... )
    >>> [axes.get_ylabel() for axes in plot_epochs([one, one]).axes]
    ['loss', 'accuracy (%)']
    """
    n_epochs = max((len(fold.train_loss) for fold in folds), default=0)
    if not n_epochs:
        raise SettingError("there is nothing to draw: no fold was trained in epochs")
    theme = theme_of(dark=dark)
    figure = new_figure(*_SIZE, theme)
    loss, accuracy = figure.subplots(2, 1, sharex=True)
    shown = chosen_epochs(n_epochs)
    _boxes(loss, shown, [fold.train_loss for fold in folds], [fold.validation_loss for fold in folds], theme)
    train_accuracy = [_hundredfold(fold.train_accuracy) for fold in folds]
    _boxes(accuracy, shown, train_accuracy, [_hundredfold(fold.validation_accuracy) for fold in folds], theme)
    loss.set_ylabel("loss")
    accuracy.set_ylabel("accuracy (%)")
    accuracy.set_xlabel(_epoch_label(folds))
    loss.set_ylim(bottom=0)
    accuracy.set_ylim(0, 102)
    for axes in (loss, accuracy):
        dress(axes, theme)
        axes.grid(visible=True, axis="y", color=theme.pale, alpha=0.25, linewidth=0.6)
    keys = [
        Patch(facecolor=theme.line, label="training, per segment"),
        Patch(facecolor=_VALIDATION, label="validation, per clip"),
    ]
    loss.legend(handles=keys, loc="upper right", fontsize=9, labelcolor=theme.ink, frameon=False, ncols=2)
    if title:
        heading = loss.set_title(" ", loc="left", fontsize=11, color=theme.ink)
        write(heading, title, inches=_SIZE[0] - 1.2)
    return figure


def chosen_epochs(n_epochs: int) -> list[int]:
    """Return which of so many epochs are drawn: all, or about twenty, with the first and the last.

    >>> chosen_epochs(4), chosen_epochs(100)[:4], len(chosen_epochs(100))
    ([1, 2, 3, 4], [1, 6, 11, 17], 20)
    """
    if n_epochs <= _MOST_BOXES:
        return list(range(1, n_epochs + 1))
    return sorted({round(float(epoch)) for epoch in np.linspace(1, n_epochs, _MOST_BOXES)})


def _boxes(axes: Axes, shown: Sequence[int], train: Sequence[Curve], validation: Sequence[Curve], theme: Theme) -> None:
    places = np.arange(len(shown))
    for curves, colour, side in ((train, theme.line, -1), (validation, _VALIDATION, 1)):
        values = [_finite(curves, epoch) for epoch in shown]
        drawn = [(place, found) for place, found in zip(places, values, strict=True) if found]
        if not drawn:
            continue
        axes.boxplot(
            [found for _, found in drawn],
            positions=[float(place) + side * _APART for place, _ in drawn],
            widths=_WIDTH,
            whis=(0, 100),
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": colour, "edgecolor": colour, "alpha": 0.4, "linewidth": 0.8},
            medianprops={"color": colour, "linewidth": 2.0},
            whiskerprops={"color": colour, "linewidth": 1.0},
            capprops={"color": colour, "linewidth": 1.0},
        )
    axes.set_xticks(places, [str(epoch) for epoch in shown])
    axes.set_xlim(-0.7, len(shown) - 0.3)


def _finite(curves: Sequence[Curve], epoch: int) -> list[float]:
    values = [curve[epoch - 1] for curve in curves if len(curve) >= epoch]
    return [float(value) for value in values if value is not None and math.isfinite(value)]


def _hundredfold(curve: Curve) -> list[float | None]:
    return [None if value is None else 100 * value for value in curve]


def _epoch_label(folds: Sequence[FoldCurves]) -> str:
    lengths = sorted(len(fold.train_loss) for fold in folds)
    ends = f"{lengths[0]}" if lengths[0] == lengths[-1] else f"{lengths[0]} to {lengths[-1]}"
    folds_told = "one fold" if len(folds) == 1 else f"{len(folds)} folds"
    return f"epoch (boxes over {folds_told} of {ends} epochs)"
