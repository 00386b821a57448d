import math

import pytest

from earmark.report.figures import BOTTOM, LEFT, RIGHT, TOP
from earmark.report.results import EpochRow, FoldResults
from earmark.report.spread import draw_folds, fold_boxes, make_box


def fold(number, accuracies, *, baseline=0.5, validated=True):
    epochs = tuple(
        EpochRow(
            epoch=n,
            train_loss=1.0 / n,
            train_accuracy=value,
            validation_loss=2.0 / n if validated else None,
            validation_accuracy=value if validated else None,
        )
        for n, value in enumerate(accuracies, 1)
    )
    return FoldResults(
        fold=number,
        n_clips=4,
        accuracy=accuracies[-1] if accuracies else 0.5,
        baseline_accuracy=baseline,
        environment={},
        epochs=epochs,
        clips=(),
    )


def test_boxes_of_folds_hold_the_network_and_the_baseline():
    ours, theirs = fold_boxes([fold(1, [0.5]), fold(2, [1.0])], network="cnn")
    assert (ours.name, ours.low, ours.middle, ours.high) == ("cnn", 0.5, 0.75, 1.0)
    assert theirs.middle == 0.5
    assert "median 75.0 %" in ours.description


def test_without_a_baseline_there_is_one_box():
    assert len(fold_boxes([fold(1, [0.5], baseline=None)], network="cnn")) == 1


def test_what_is_no_number_is_in_no_box():
    assert make_box("a", {"fold 1": math.nan}) is None
    assert make_box("a", {"fold 1": math.nan, "fold 2": 0.5}).middle == 0.5


@pytest.mark.parametrize("n_epochs", [1, 2, 12, 13, 150, 1001])
def test_boxes_over_epochs_are_few_and_lie_in_the_chart(n_epochs):
    folds = [fold(k, [min(1.0, 0.3 + n / n_epochs / k) for n in range(n_epochs)]) for k in (1, 2, 3)]
    for each in draw_folds(folds):
        assert 1 <= len(each.boxes) <= 13
        for box in each.boxes:
            assert LEFT <= box.x <= RIGHT
            assert TOP - 1 <= box.high <= box.third <= box.middle <= box.first <= box.low <= BOTTOM
        assert each.chart.lines == ()


def test_folds_that_ended_earlier_are_not_in_later_boxes():
    _, accuracy = draw_folds([fold(1, [0.2, 0.4, 0.6]), fold(2, [0.0])])
    assert [box.low == box.high for box in accuracy.boxes] == [False, True, True]
    assert "in epoch 3, which 1 folds reached" in accuracy.chart.description


def test_without_a_validation_part_training_is_drawn_and_without_epochs_nothing():
    _, accuracy = draw_folds([fold(1, [0.25, 0.5], validated=False)])
    assert accuracy.boxes[1].middle == pytest.approx(BOTTOM - 0.5 * (BOTTOM - TOP))
    assert draw_folds([fold(1, [])]) == ()


def test_a_loss_that_diverged_breaks_no_chart():
    rows = [
        EpochRow(epoch=1, train_loss=math.nan, train_accuracy=0.1, validation_loss=math.nan, validation_accuracy=0.1)
    ]
    one = fold(1, [0.1])
    diverged = FoldResults(**{**{name: getattr(one, name) for name in one.__dataclass_fields__}, "epochs": tuple(rows)})
    loss, accuracy = draw_folds([diverged])
    assert loss.boxes == ()
    assert len(accuracy.boxes) == 1
