import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.evaluate.thresholds import choose_thresholds


def drawn(n, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, size=n)
    logits = rng.standard_normal((n, n_classes)) + 1.5 * np.eye(n_classes)[y]
    shares = np.exp(logits)
    return shares / shares.sum(axis=1, keepdims=True), y


def f1_score(is_so, called):
    return 2 * (is_so & called).sum() / (is_so.sum() + called.sum())


@pytest.mark.slow
@given(st.integers(0, 50), st.integers(1, 40))
def test_no_other_threshold_has_a_higher_f1(seed, n):
    probabilities, y = drawn(n, seed=seed)

    found = choose_thresholds(probabilities, y, fewest=1)

    for place in set(y.tolist()):
        is_so, scores = y == place, probabilities[:, place]
        best = max(f1_score(is_so, scores >= value) for value in scores)
        assert f1_score(is_so, scores >= found.values[place]) == pytest.approx(best)


def test_classes_with_few_clips_share_one_threshold():
    probabilities, y = drawn(60)
    y[y == 2] = 0
    y[0] = 2

    found = choose_thresholds(probabilities, y)

    is_so = np.eye(3, dtype=bool)[y].ravel()
    best = max(f1_score(is_so, probabilities.ravel() >= value) for value in probabilities.ravel())
    assert found.is_own == (True, True, False)
    assert f1_score(is_so, probabilities.ravel() >= found.values[2]) == pytest.approx(best)


def test_without_clips_it_is_a_half():
    assert choose_thresholds(np.zeros((0, 2)), np.zeros(0, dtype=int)).values == (0.5, 0.5)


def test_equal_probabilities_are_called_together():
    found = choose_thresholds(np.array([[0.5, 0.5]] * 4), np.array([0, 1, 1, 1]), fewest=1)

    assert found.values == (0.25, 0.25)


def test_what_is_no_probability_is_named():
    with pytest.raises(SettingError, match="NaN"):
        choose_thresholds(np.array([[np.nan, 1.0]]), np.array([0]))
