import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from earmark.evaluate.ranking import rank_scores


def rows(seed, n=40, n_classes=3, *, n_levels=None):
    """Return probabilities (in a few levels, so that many are equal) and true classes that all occur."""
    rng = np.random.default_rng(seed)
    table = rng.random((n, n_classes)) if n_levels is None else rng.integers(0, n_levels, (n, n_classes)) / n_levels
    return table, np.arange(n) % n_classes


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([None, 2, 5]), st.integers(2, 4))
def test_areas_and_precisions_are_those_of_scikit_learn(seed, n_levels, n_classes):
    table, y = rows(seed, n_classes=n_classes, n_levels=n_levels)

    area, precision = rank_scores(table, y, np.arange(len(y)), np.ones((1, len(y))))

    for index in range(n_classes):
        assert area[0, index] == pytest.approx(roc_auc_score(y == index, table[:, index]), abs=1e-6)
        assert precision[0, index] == pytest.approx(average_precision_score(y == index, table[:, index]), abs=1e-6)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([None, 3]))
def test_a_group_that_counts_twice_is_as_good_as_its_rows_written_twice(seed, n_levels):
    table, y = rows(seed, n_levels=n_levels)
    group = np.arange(len(y)) // 4
    weights = np.random.default_rng(seed).integers(0, 4, (3, group.max() + 1))

    area, precision = rank_scores(table, y, group, weights)

    for row, weight in enumerate(weights):
        written = np.repeat(np.arange(len(y)), weight[group])
        for index in range(3):
            hits = y[written] == index
            if hits.any() and not hits.all():
                again = roc_auc_score(hits, table[written, index]), average_precision_score(hits, table[written, index])
                assert (area[row, index], precision[row, index]) == pytest.approx(again, abs=1e-6)
            else:
                assert np.isnan(area[row, index])


def test_a_class_without_a_row_has_no_ranking_and_one_that_is_everything_no_area():
    area, precision = rank_scores(np.full((3, 2), 0.5), np.zeros(3, dtype=int), np.arange(3), np.ones((1, 3)))

    assert np.isnan(area).all()
    assert precision[0, 0] == 1
    assert np.isnan(precision[0, 1])


def test_equal_probabilities_are_worth_half():
    area, precision = rank_scores(np.full((8, 2), 0.5), np.arange(8) % 2, np.arange(8), np.ones((1, 8)))
    assert area.tolist() == [[0.5, 0.5]]
    assert precision.tolist() == [[0.5, 0.5]]
