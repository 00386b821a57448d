import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar
from scipy.special import softmax as oracle_softmax
from sklearn.metrics import log_loss

from earmark.errors import SettingError
from earmark.evaluate.calibration import expected_calibration_error, fit_temperature, softmax

LOGITS = arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(2, 4)), elements=st.floats(-20, 20, width=16))


def drawn(n, *, temperature, n_classes=5, seed=0):
    """Draw logits and classes whose probabilities are softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = 4 * rng.standard_normal((n, n_classes))
    probabilities = softmax(logits / temperature)
    y = (rng.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    return logits, np.minimum(y, n_classes - 1)


@given(LOGITS)
def test_the_softmax_is_that_of_scipy(logits):
    np.testing.assert_allclose(softmax(logits), oracle_softmax(logits, axis=-1), atol=1e-12)


def test_the_softmax_of_huge_logits_does_not_overflow():
    assert softmax(np.array([1e4, 0.0, -1e4], dtype=np.float32)).tolist() == [1, 0, 0]


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5, 8.0])
def test_the_temperature_that_made_the_data_is_found(temperature):
    assert fit_temperature(*drawn(5000, temperature=temperature)) == pytest.approx(temperature, rel=0.08)


def test_the_log_loss_is_lowest_where_scipy_finds_it():
    logits, y = drawn(200, temperature=2.5)

    def loss(log_temperature):
        return log_loss(y, softmax(logits / math.exp(log_temperature)), labels=range(5))

    expected = minimize_scalar(loss, bounds=(math.log(0.05), math.log(20)), method="bounded", options={"xatol": 1e-8})
    assert fit_temperature(logits, y) == pytest.approx(math.exp(expected.x), rel=1e-4)


@settings(max_examples=60)
@given(LOGITS, st.data())
def test_no_other_temperature_does_better_unless_nothing_is_wrong(logits, data):
    n, n_classes = logits.shape
    y = np.array(data.draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n)))
    found = fit_temperature(logits, y)
    assert 0.05 - 1e-9 <= found <= 20 + 1e-9
    if (logits[np.arange(n), y] < logits.max(axis=1)).any():
        losses = [
            -np.log(np.maximum(softmax(logits / t)[np.arange(n), y], 1e-300)).mean()
            for t in (found, *np.geomspace(0.05, 20, 40))
        ]
        assert losses[0] <= min(losses[1:]) + 1e-6


@pytest.mark.parametrize("n", [1, 10, 1000])
def test_without_a_mistake_confidence_stops_at_what_so_many_successes_support(n):
    logits = np.tile([0.5, 0.0, -0.5], (n, 1))
    temperature = fit_temperature(logits, np.zeros(n, dtype=int))
    assert temperature < 1
    assert softmax(logits / temperature).max() == pytest.approx((n + 1) / (n + 2), abs=1e-4)


def test_without_a_mistake_a_network_that_is_sure_already_is_left_alone():
    assert fit_temperature(np.array([[9.0, 0.0], [0.0, 9.0]]), np.array([0, 1])) == 1


def test_a_network_that_is_always_wrong_is_made_as_unsure_as_allowed():
    assert fit_temperature(np.array([[9.0, 0.0], [0.0, 9.0]]), np.array([1, 0])) == pytest.approx(20)


@pytest.mark.parametrize(
    ("logits", "y"),
    [(np.zeros((0, 3)), np.array([])), (np.zeros((4, 3)), np.array([0, 1, 2, 0])), (np.ones((2, 1)), np.array([0, 0]))],
    ids=["no data", "no preference", "one class"],
)
def test_where_nothing_can_be_learnt_the_temperature_is_1(logits, y):
    assert fit_temperature(logits, y) == 1


@pytest.mark.parametrize(
    ("logits", "y", "message"),
    [
        ([[np.nan, 0.0]], [0], "1 of 1 rows of logits"),
        ([[np.inf, 0.0]], [0], "1 of 1 rows of logits"),
        ([[1.0, 0.0]], [2], "out of range"),
        ([[1.0, 0.0]], [0, 1], "2 numbers where 1"),
    ],
)
def test_logits_and_classes_that_cannot_be_are_refused(logits, y, message):
    with pytest.raises(SettingError, match=message):
        fit_temperature(np.array(logits), np.array(y))


def test_the_calibration_error_computed_by_hand():
    # Bin of 0.75: three of four right, gap 0. Bin of 0.95: one of two right, gap 0.45 with a weight of 2 / 6.
    probabilities = np.array([[0.75, 0.25]] * 4 + [[0.05, 0.95]] * 2)
    assert expected_calibration_error(probabilities, np.array([0, 0, 0, 1, 1, 0])) == pytest.approx(0.15)


def test_gaps_of_one_bin_cancel_and_gaps_of_two_do_not():
    probabilities, y = np.array([[0.6, 0.4], [0.9, 0.1]]), np.array([0, 1])  # gaps +0.4 and -0.9
    assert expected_calibration_error(probabilities, y, n_bins=1) == pytest.approx(0.25)
    assert expected_calibration_error(probabilities, y, n_bins=10) == pytest.approx(0.65)


def test_a_bin_holds_its_upper_edge():
    # 0.5 belongs to the first of two bins and 0.75 to the second: the gaps do not cancel.
    probabilities, y = np.array([[0.5, 0.5], [0.75, 0.25]]), np.array([0, 1])
    assert expected_calibration_error(probabilities, y, n_bins=2) == pytest.approx((0.5 + 0.75) / 2)


def test_certainty_and_its_opposite_fall_into_bins():
    assert expected_calibration_error(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([0, 1])) == 0


def test_fitting_the_temperature_calibrates():
    logits, y = drawn(4000, temperature=3.0)
    before = expected_calibration_error(softmax(logits), y)
    after = expected_calibration_error(softmax(logits / fit_temperature(logits, y)), y)
    assert before > 0.1
    assert after < 0.03


def test_no_predictions_have_no_calibration_error():
    assert math.isnan(expected_calibration_error(np.zeros((0, 2)), np.array([])))
