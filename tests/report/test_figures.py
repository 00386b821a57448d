import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.report.figures import BOTTOM, LEFT, RIGHT, TOP, draw_curves, nice_steps
from earmark.report.results import EpochRow


def rows(*losses):
    return [
        EpochRow(epoch=n, train_loss=loss, train_accuracy=0.5, validation_loss=loss / 2, validation_accuracy=0.75)
        for n, loss in enumerate(losses, 1)
    ]


def test_a_curve_runs_over_the_whole_width_and_height():
    loss, accuracy = draw_curves(rows(2.0, 1.0, 0.5), best_epoch=2)
    assert loss.lines[0].path == f"M{LEFT} {TOP}L{(LEFT + RIGHT) / 2:g} {(TOP + BOTTOM) / 2:g}L{RIGHT} 168"
    assert accuracy.lines[1].path.startswith(f"M{LEFT} {BOTTOM - 0.75 * (BOTTOM - TOP):g}")


def test_the_best_epoch_is_marked_on_axis_and_line():
    loss, _ = draw_curves(rows(2.0, 1.0, 0.5), best_epoch=2)
    assert (loss.best.at, loss.best.text) == ((LEFT + RIGHT) / 2, "epoch 2")
    assert loss.lines[1].best == ((LEFT + RIGHT) / 2, 168)


def test_no_best_epoch_means_no_mark():
    assert all(chart.best is None for chart in draw_curves(rows(2.0, 1.0), best_epoch=0))


def test_a_history_of_one_epoch_is_dots():
    loss, accuracy = draw_curves(rows(2.0), best_epoch=1)
    assert [line.path for chart in (loss, accuracy) for line in chart.lines] == [""] * 4
    assert loss.lines[0].dots == (((LEFT + RIGHT) / 2, TOP),)
    assert [tick.text for tick in loss.x_ticks] == ["1"]


def test_without_epochs_there_is_nothing_to_draw():
    assert draw_curves([], best_epoch=0) == ()


@pytest.mark.parametrize("gap", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_a_gap(gap):
    loss, _ = draw_curves(rows(2.0, 1.0, gap, 1.5), best_epoch=2)
    assert loss.lines[0].path.count("M") == 1
    assert len(loss.lines[0].dots) == 1
    assert "nan" not in loss.lines[0].path
    assert max(float(tick.text) for tick in loss.y_ticks) <= 2.0


def test_training_without_validation_draws_one_line():
    alone = [replace(row, validation_loss=None, validation_accuracy=None) for row in rows(2.0, 1.0)]
    loss, _ = draw_curves(alone, best_epoch=2)
    assert loss.lines[0].path
    assert not loss.lines[1].path
    assert "validation" not in loss.description


def test_a_loss_of_zero_is_drawn_too():
    loss, _ = draw_curves(rows(0.0, 0.0), best_epoch=1)
    assert loss.lines[0].path == f"M{LEFT} {BOTTOM}L{RIGHT} {BOTTOM}"


def test_a_chart_is_told_in_words():
    loss, accuracy = draw_curves(rows(2.0, 1.0), best_epoch=2)
    assert loss.description == (
        "Loss over 2 epochs: training from 2.000 to 1.000, validation from 1.000 to 0.500; 0.500 at the epoch kept, 2."
    )
    assert "75.0 % at the epoch kept, 2." in accuracy.description


@given(st.floats(1e-9, 1e9))
def test_steps_are_few_even_and_within_the_range(end):
    steps = nice_steps(end)
    assert steps[0] == 0
    assert 2 <= len(steps) <= 6
    assert steps[-1] <= end * (1 + 1e-6)
    gaps = [right - left for left, right in itertools.pairwise(steps)]
    assert max(gaps) == pytest.approx(min(gaps))


@pytest.mark.slow
@given(st.integers(1, 400))
def test_marks_of_epochs_are_whole_rising_and_few(n_epochs):
    loss, _ = draw_curves(rows(*[1.0] * n_epochs), best_epoch=1)
    marks = [int(tick.text) for tick in loss.x_ticks]
    assert marks == sorted(set(marks))
    assert marks[0] == 1
    assert marks[-1] <= n_epochs
    assert len(marks) <= 7
