import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.evaluate.conformal import conformal_cutoff, conformity_scores, group_weights, prediction_sets

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def covered(n_groups, coverage, *, at_least=False, spread=0.0, n_rounds=4000, seed=0):
    """Return how often the score of a clip of a new group is within the cutoff, of 1 to 8 clips a group."""
    rng = np.random.default_rng(seed)
    within = []
    for _ in range(n_rounds):
        sizes = rng.integers(1, 9, size=n_groups)
        groups = np.arange(n_groups).repeat(sizes)
        raw = spread * rng.standard_normal(n_groups)[groups] + rng.standard_normal(len(groups))
        scores = 1 / (1 + np.exp(-raw))
        cutoff = conformal_cutoff(scores, coverage, weights=group_weights(groups), at_least=at_least)
        new = 1 / (1 + math.exp(-(spread * rng.standard_normal() + rng.standard_normal())))
        within.append(new <= cutoff.value)
    return float(np.mean(within))


# ---------------------------------------------------------------- how often the truth is among them


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 2.0])
def test_clips_of_new_groups_are_covered_as_often_as_asked(spread):
    assert 0.885 < covered(24, 0.9, spread=spread) < 0.94
    assert covered(24, 0.9, spread=spread, at_least=True) > 0.89


@pytest.mark.slow
def test_of_groups_of_one_clip_neither_more_nor_fewer_are_covered_than_asked():
    rng = np.random.default_rng(0)
    within = [rng.uniform() <= conformal_cutoff(rng.uniform(size=30), 0.9).value for _ in range(8000)]

    assert np.mean(within) == pytest.approx(0.9, abs=0.01)


@pytest.mark.slow
def test_a_naive_quantile_over_clips_covers_too_few_where_clips_come_in_groups():
    rng = np.random.default_rng(0)
    within = []
    for _ in range(4000):
        level = 3 * rng.standard_normal(11)
        sizes = [40, *[1] * 9]
        scores = level[:10].repeat(sizes) + rng.standard_normal(49)
        new = level[10] + rng.standard_normal()
        naive = np.quantile(scores, 0.9)
        ours = conformal_cutoff(scores, 0.9, weights=group_weights(np.arange(10).repeat(sizes)))
        within.append((new <= naive, new <= ours.value))
    naive, ours = np.mean(within, axis=0)

    assert naive < 0.85
    assert ours == pytest.approx(0.9, abs=0.02)


def test_with_one_clip_a_group_the_next_higher_score_is_that_of_the_textbook():
    scores = np.random.default_rng(0).uniform(size=32)

    cutoff = conformal_cutoff(scores, 0.9, at_least=True)

    assert cutoff.value == np.sort(scores)[math.ceil(33 * 0.9) - 1]


@pytest.mark.slow
@given(SCORES, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_more_coverage_never_makes_a_set_smaller(scores, one, other):
    low, high = sorted((one, other))
    array = np.array(scores)

    assert conformal_cutoff(array, low).value <= conformal_cutoff(array, high).value + 1e-12


@given(SCORES, st.floats(0.01, 0.99))
def test_what_is_interpolated_is_never_above_the_next_higher_score(scores, coverage):
    array = np.array(scores)

    assert conformal_cutoff(array, coverage).value <= conformal_cutoff(array, coverage, at_least=True).value


def test_a_group_of_many_clips_counts_no_more_than_one_of_few():
    few = conformal_cutoff(np.array([0.1, 0.9, 0.9]), 0.3, weights=group_weights(["a", "b", "b"]))
    many = conformal_cutoff(np.array([0.1, *[0.9] * 50]), 0.3, weights=group_weights(["a", *["b"] * 50]))

    assert few.value == pytest.approx(many.value)
    assert few.n_groups == many.n_groups == 2


# ---------------------------------------------------------------- too few


@pytest.mark.parametrize(
    ("n", "coverage", "is_enough"), [(9, 0.9, True), (8, 0.9, False), (19, 0.95, True), (0, 0.5, False)]
)
def test_with_too_few_groups_all_labels_are_given_and_a_note_says_so(n, coverage, is_enough):
    cutoff = conformal_cutoff(np.linspace(0, 0.5, n), coverage)

    assert math.isfinite(cutoff.value) == is_enough
    assert (cutoff.note == "") == is_enough
    if not is_enough:
        assert "all labels are given" in cutoff.note
        assert prediction_sets(np.array([[1.0, 0.0]]), cutoff).all()


def test_the_note_names_what_is_needed_and_what_there_is():
    assert "needs 19 groups of validation clips, and there is 1 group of" in conformal_cutoff(np.zeros(1), 0.95).note
    assert "needs 19 groups of validation clips, and there are none:" in conformal_cutoff(np.zeros(0), 0.95).note


# ---------------------------------------------------------------- the sets


def test_a_set_holds_what_is_as_likely_as_the_cutoff_and_nothing_else():
    cutoff = conformal_cutoff(np.linspace(0.1, 0.9, 9), 0.5)

    assert prediction_sets(np.array([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [0.1, 0.0, 0.9]]), cutoff).tolist() == [
        [True, True, False],
        [False, False, False],
        [False, False, True],
    ]


def test_scores_are_of_the_truth():
    assert conformity_scores(np.array([[0.75, 0.25], [0.5, 0.5]]), np.array([1, 0])).tolist() == [0.75, 0.5]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("coverage", [0.0, 1.0, -1.0, 90.0, math.nan])
def test_a_coverage_out_of_range_is_named(coverage):
    with pytest.raises(SettingError, match=r"is not between 0 and 1: write 0\.9"):
        conformal_cutoff(np.zeros(3), coverage)


@pytest.mark.parametrize(
    ("scores", "weights"),
    [([math.nan, 0.1], None), ([0.1, 0.2], [1.0]), ([[0.1]], None), ([0.1], [0.0]), ([math.inf], None)],
)
def test_scores_and_weights_that_cannot_be_are_named(scores, weights):
    with pytest.raises(SettingError, match="score"):
        conformal_cutoff(np.array(scores), 0.9, weights=None if weights is None else np.array(weights))


def test_probabilities_that_are_none_are_named():
    with pytest.raises(SettingError, match="NaN"):
        prediction_sets(np.array([[math.nan, 1.0]]), conformal_cutoff(np.zeros(20), 0.9))
