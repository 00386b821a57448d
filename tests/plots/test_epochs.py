import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.plots.epochs import FoldCurves, chosen_epochs, plot_epochs


def curves(n_epochs, shift=0.0, **others):
    epochs = np.arange(1, n_epochs + 1)
    return FoldCurves(
        **{
            "train_loss": list(2 / epochs + shift),
            "validation_loss": list(3 / epochs + shift),
            "train_accuracy": list(1 - 0.9 / epochs),
            "validation_accuracy": list(0.8 - 0.7 / epochs),
            **others,
        }
    )


def medians(axes):
    """Return the place and the height of each median that is drawn: the only wide lines."""
    lines = [line for line in axes.lines if line.get_linewidth() == 2.0]
    return [(float(np.mean(line.get_xdata())), float(line.get_ydata()[0])) for line in lines]


def test_each_epoch_has_a_box_of_training_and_one_of_validation():
    folds = [curves(4, shift) for shift in (0.0, 0.1, 0.5)]
    loss, accuracy = plot_epochs(folds, title="cnn").axes
    assert loss.get_title(loc="left") == "cnn"
    assert [text.get_text() for text in accuracy.get_xticklabels()] == ["1", "2", "3", "4"]
    places, heights = zip(*medians(loss), strict=True)
    assert heights == pytest.approx([2.1, 1.1, 2 / 3 + 0.1, 0.6, 3.1, 1.6, 1.1, 0.85])
    assert places[:4] == pytest.approx([-0.2, 0.8, 1.8, 2.8])
    assert places[4:] == pytest.approx([0.2, 1.2, 2.2, 3.2])
    assert dict(zip(places, [y for _, y in medians(accuracy)], strict=True))[places[0]] == pytest.approx(10.0)


def test_whiskers_reach_to_the_lowest_and_the_highest_fold():
    loss, _ = plot_epochs([curves(1, shift) for shift in (0, 0.01, 0.02, 0.03, 5.0)]).axes
    assert max(float(np.max(line.get_ydata())) for line in loss.lines if len(line.get_ydata())) == pytest.approx(8.0)


def test_folds_that_stopped_early_leave_the_later_boxes_to_the_others():
    loss, accuracy = plot_epochs([curves(2), curves(3, 1.0)]).axes
    assert medians(loss)[2][1] == pytest.approx(2 / 3 + 1)
    assert accuracy.get_xlabel() == "epoch (boxes over 2 folds of 2 to 3 epochs)"


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_what_is_no_number_is_left_out(missing):
    loss, accuracy = plot_epochs([curves(2, train_loss=[1.0, missing], validation_accuracy=[None, missing])]).axes
    assert [y for _, y in medians(loss)][:1] == [1.0]
    assert len(medians(loss)) == 3
    assert len(medians(accuracy)) == 2


@given(st.integers(1, 2000))
def test_the_first_and_the_last_epoch_are_drawn_and_never_more_than_twenty(n_epochs):
    chosen = chosen_epochs(n_epochs)
    assert (chosen[0], chosen[-1]) == (1, n_epochs)
    assert len(chosen) == min(20, n_epochs)
    gaps = np.diff(chosen)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


@pytest.mark.slow
def test_many_epochs_and_a_long_title_stay_readable(drawn_texts):
    figure = plot_epochs([curves(1000), curves(990)], title="a network with a name $x$ " * 20)
    words = [(text, box) for text, box in drawn_texts(figure) if text.isdecimal()]
    assert [text for text, _ in words if text in {"1", "1000"}] == ["1", "1000"]
    inside = [
        figure.bbox.padded(1).contains(*corner) for _, box in drawn_texts(figure) for corner in (box.min, box.max)
    ]
    assert all(inside)
    epochs = [box for text, box in words if text != "0" and box.y0 < figure.bbox.height * 0.08]
    assert len(epochs) == 20
    assert not any(one.overlaps(other) for one, other in pairwise(epochs))


@pytest.mark.parametrize("folds", [[], [curves(0)]])
def test_without_an_epoch_there_is_nothing_to_draw(folds):
    with pytest.raises(SettingError, match="no fold was trained in epochs"):
        plot_epochs(folds)


def test_dark_paper_is_dark():
    assert sum(plot_epochs([curves(1)], dark=True).get_facecolor()[:3]) < 0.5
