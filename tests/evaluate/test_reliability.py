import json

import numpy as np
import pytest
from scipy.stats import binomtest

from earmark.errors import SettingError
from earmark.evaluate.calibration import expected_calibration_error
from earmark.evaluate.reliability import reliability


def drawn(n=300, seed=0):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([0.4] * 4, size=n)
    return shares, rng.integers(0, 4, size=n)


def test_bins_count_each_clip_once_and_add_up_to_the_whole():
    probabilities, y = drawn()

    found = reliability(probabilities, y)

    full = [each for each in found.bins if each.n]
    assert sum(each.n for each in full) == found.n == 300
    assert sum(each.n * each.accuracy for each in full) / 300 == pytest.approx(found.accuracy)
    assert sum(each.n * each.confidence for each in full) / 300 == pytest.approx(found.confidence)
    assert all(each.low < each.confidence <= each.high for each in full)


def test_the_error_is_that_of_the_bins():
    probabilities, y = drawn()

    found = reliability(probabilities, y, n_bins=15)

    by_hand = sum(each.n * abs(each.accuracy - each.confidence) for each in found.bins if each.n) / found.n
    assert found.expected_calibration_error == pytest.approx(by_hand)
    assert found.expected_calibration_error == expected_calibration_error(probabilities, y)


def test_intervals_are_the_exact_ones():
    probabilities, y = np.tile([0.75, 0.25], (20, 1)), np.array([0] * 15 + [1] * 5)

    (only,) = (each for each in reliability(probabilities, y).bins if each.n)

    expected = binomtest(15, 20).proportion_ci(0.95, method="exact")
    assert (only.accuracy_low, only.accuracy_high) == pytest.approx((expected.low, expected.high))


def test_clips_of_one_group_are_one_trial():
    probabilities, y = np.tile([0.75, 0.25], (20, 1)), np.array([0] * 15 + [1] * 5)

    (apart,) = (each for each in reliability(probabilities, y).bins if each.n)
    (together,) = (each for each in reliability(probabilities, y, groups=["a", "b"] * 10).bins if each.n)

    assert together.n_groups == 2
    assert together.accuracy_high - together.accuracy_low > apart.accuracy_high - apart.accuracy_low


def test_an_empty_bin_says_nothing():
    empty = reliability(np.array([[0.75, 0.25]]), np.array([0])).bins[0]

    assert (empty.n, empty.confidence, empty.accuracy, empty.accuracy_low) == (0, None, None, None)


@pytest.mark.parametrize(
    ("sure", "share", "told"),
    [
        (0.95, 0.6, "It is surer than it is right: 95.0 % sure on average, 60.0 % right."),
        (0.6, 0.95, "It is right more often than it is sure: 60.0 %"),
        (0.8, 0.8, "It is about as sure as it is right"),
    ],
)
def test_a_sentence_says_whether_it_is_too_sure(sure, share, told):
    y = np.array([0] * round(200 * share) + [1] * round(200 * (1 - share)))

    assert told in reliability(np.tile([sure, 1 - sure], (200, 1)), y).sentence()


def test_it_goes_through_json():
    value = json.loads(json.dumps(reliability(*drawn()).to_json(), allow_nan=False))

    assert len(value["bins"]) == 10
    assert value["bins"][9]["high"] == 1.0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"probabilities": np.zeros((0, 4)), "y": np.zeros(0, dtype=int)}, "there are no clips"),
        ({"n_bins": 0}, "n_bins is 0"),
        ({"groups": ["a"]}, "1 groups for 300 clips"),
        ({"probabilities": np.full((300, 4), np.nan)}, "300 of 300 rows of probabilities have NaN"),
        ({"y": np.full(300, 4)}, "out of range"),
    ],
)
def test_bad_input_is_named(changes, told):
    probabilities, y = drawn()

    with pytest.raises(SettingError, match=told):
        reliability(**{"probabilities": probabilities, "y": y, **changes})
