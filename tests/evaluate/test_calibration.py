import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar
from scipy.special import softmax as oracle_softmax
from sklearn.metrics import log_loss

from earmark.errors import SettingError, StorageError
from earmark.evaluate.calibration import (
    METHODS,
    Calibration,
    expected_calibration_error,
    fit_calibration,
    fit_temperature,
    held_out_probabilities,
    softmax,
)
from earmark.evaluate.clips import mean_probabilities

LOGITS = arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(2, 4)), elements=st.floats(-20, 20, width=16))


def drawn(n, *, temperature, n_classes=5, seed=0):
    """Draw logits and classes whose probabilities are softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    logits = 4 * rng.standard_normal((n, n_classes))
    probabilities = softmax(logits / temperature)
    y = (rng.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    return logits, np.minimum(y, n_classes - 1)


@pytest.mark.slow
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


@pytest.mark.slow
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


# ---------------------------------------------------------------- clips of several segments


@pytest.mark.slow
def test_the_temperature_makes_the_mean_over_segments_right_and_not_each_segment():
    rng = np.random.default_rng(3)
    clips, y = drawn(400, temperature=2.0, n_classes=3, seed=3)
    logits = clips.repeat(4, axis=0) + 3 * rng.standard_normal((1600, 3))
    clip_index = np.arange(400).repeat(4)

    found = fit_temperature(logits, y, clip_index=clip_index)

    def loss(temperature):
        return log_loss(y, mean_probabilities(softmax(logits / temperature), clip_index), labels=range(3))

    grid = np.exp(np.linspace(math.log(0.05), math.log(20), 100))
    assert loss(found) <= min(map(loss, grid)) + 1e-6
    assert found != pytest.approx(fit_temperature(logits, y.repeat(4)), rel=0.05)


def test_the_order_of_the_segments_changes_nothing():
    logits, y = drawn(60, temperature=2.0)
    clip_index, order = np.arange(20).repeat(3), np.random.default_rng(0).permutation(60)

    one = fit_calibration(logits, y[:20], clip_index=clip_index, method="per-class")
    other = fit_calibration(logits[order], y[:20], clip_index=clip_index[order], method="per-class")

    assert one.temperature == pytest.approx(other.temperature, rel=1e-6)
    np.testing.assert_allclose(one.biases, other.biases, atol=1e-6)


def test_a_clip_without_segments_is_named():
    with pytest.raises(SettingError, match=r"1 of 3 clips have no segment \(such as clip 1\)"):
        fit_temperature(np.zeros((3, 2)), np.array([0, 1, 0]), clip_index=np.array([0, 2, 2]))


def test_where_nothing_is_wrong_groups_are_the_trials_and_not_clips():
    logits = np.tile([0.5, 0.0], (40, 1))
    groups = np.arange(40) // 10

    found = fit_calibration(logits, np.zeros(40, dtype=int), groups=[str(group) for group in groups])

    assert found.apply(logits).max() == pytest.approx(5 / 6, abs=1e-4)


# ---------------------------------------------------------------- biases a class


def lopsided(n, seed=0, n_classes=4):
    """Draw logits of a network that says class 0 too seldom, and the others too surely."""
    logits, y = drawn(n, temperature=2.0, n_classes=n_classes, seed=seed)
    return logits - 3 * np.eye(n_classes)[0], y


@pytest.mark.slow
def test_biases_are_found_where_there_are_clips_enough():
    logits, y = lopsided(4000)

    found = fit_calibration(logits, y)

    assert found.method == "per-class"
    assert found.temperature == pytest.approx(2.0, rel=0.1)
    assert found.biases[0] - np.mean(found.biases[1:]) == pytest.approx(1.5, abs=0.15)
    assert found.log_losses["per-class"] < found.log_losses["temperature"] < found.log_losses["none"]


def test_the_slopes_of_the_loss_are_those_of_the_minimum():
    logits, y = lopsided(120)
    clip_index = np.arange(40).repeat(3)
    found = fit_calibration(logits, y[:40], clip_index=clip_index, method="per-class")

    def loss(values):
        likely = mean_probabilities(softmax(logits / math.exp(values[0]) + values[1:]), clip_index)
        return -np.log(likely[np.arange(40), y[:40]]).sum() + 2 * np.square(values[1:]).sum()

    best = np.array([math.log(found.temperature), *found.biases])
    for step in 0.01 * np.vstack([np.eye(5), -np.eye(5)]):
        assert loss(best + step) >= loss(best) - 1e-4


@pytest.mark.slow
def test_thirty_clips_are_not_learnt_by_heart():
    chosen = [fit_calibration(*drawn(30, temperature=2.0, n_classes=10, seed=seed)).method for seed in range(12)]

    assert chosen.count("per-class") <= 2


def test_few_clips_draw_biases_towards_nothing():
    many = fit_calibration(*lopsided(2000), method="per-class")
    few = fit_calibration(*lopsided(8), method="per-class")

    assert max(map(abs, few.biases)) < max(map(abs, many.biases))


def test_auto_never_splits_a_group_between_fitting_and_judging():
    """One group of clips that are all alike is best learnt by heart: seen from outside, a bias does harm."""
    logits, y = drawn(12, temperature=1.0, n_classes=3, seed=1)
    copies, same = logits.repeat(50, axis=0), y.repeat(50)
    groups = [str(group) for group in np.arange(12).repeat(50)]

    assert fit_calibration(copies, same).method == "per-class"
    assert fit_calibration(copies, same, groups=groups).method != "per-class"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_probabilities_and_goes_through_json_and_back(method):
    logits, y = drawn(40, temperature=2.0)

    found = fit_calibration(logits, y, method=method)

    assert found.method in METHODS[1:]
    np.testing.assert_allclose(found.apply(logits).sum(axis=1), 1)
    assert Calibration.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found
    np.testing.assert_allclose(found.undo(found.apply(logits)), softmax(logits), atol=1e-9)


def test_none_leaves_everything_as_it_is():
    logits, y = lopsided(50)

    found = fit_calibration(logits, y, method="none")

    np.testing.assert_array_equal(found.apply(logits), softmax(logits))


def test_a_damaged_calibration_is_named():
    with pytest.raises(StorageError, match="this is no calibration"):
        Calibration.from_json({"method": "temperature"})


def test_what_little_there_is_to_calibrate_on_is_said():
    logits, y = drawn(30, temperature=1.0)

    nothing = fit_calibration(logits[:0], y[:0])
    one_class = fit_calibration(logits, np.zeros(30, dtype=int))
    absent = fit_calibration(logits, y % 2, method="per-class")

    assert (nothing.method, nothing.temperature, set(nothing.biases)) == ("none", 1.0, {0.0})
    assert "no validation clips" in nothing.notes[0]
    assert "all of one class" in one_class.notes[0]
    assert "3 of 5 classes have no validation clip" in absent.notes[0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"method": "temprature"}, "did you mean 'temperature'"),
        ({"groups": ["a"]}, "1 groups for 30 clips"),
        ({"logits": np.full((30, 5), np.nan)}, "30 of 30 rows of logits have NaN"),
        ({"y": np.full(30, 9)}, "out of range"),
    ],
)
def test_bad_input_of_a_calibration_is_named(changes, told):
    logits, y = drawn(30, temperature=1.0)

    with pytest.raises(SettingError, match=told):
        fit_calibration(**{"logits": logits, "y": y, **changes})


# ---------------------------------------------------------------- as if they were new


def test_no_clip_changes_what_is_said_of_it_by_its_own_class():
    """A label of the first group is turned: what is said of that group must not move, and of others it must."""
    logits, y = drawn(40, temperature=2.0)
    groups = [str(group) for group in np.arange(40) // 2]
    turned = y.copy()
    turned[1] = (y[1] + 1) % 5  # the first of a group says in which fold it is

    one, other = (held_out_probabilities(logits, each, groups=groups, method="temperature") for each in (y, turned))
    same_fold = np.all(one == other, axis=1)

    assert same_fold[:2].all()
    assert not same_fold.all()


@pytest.mark.slow
def test_what_is_said_of_clips_as_new_is_about_as_sure_as_it_is_right_and_what_was_fitted_is_surer():
    gaps = []
    for seed in range(25):
        logits, y = drawn(12, temperature=1.0, n_classes=3, seed=seed)
        fitted = fit_calibration(logits, y, method="temperature").apply(logits)
        as_new = held_out_probabilities(logits, y, method="temperature")
        rows = np.arange(12)
        gaps.append(np.log(fitted[rows, y]).mean() - np.log(as_new[rows, y]).mean())

    assert np.mean(gaps) > 0.01


def test_one_group_alone_is_judged_by_what_was_fitted_to_it():
    logits, y = drawn(10, temperature=2.0)

    found = held_out_probabilities(logits, y, groups=["a"] * 10, method="temperature")

    np.testing.assert_allclose(found, fit_calibration(logits, y, groups=["a"] * 10, method="temperature").apply(logits))


def test_a_method_that_is_still_to_be_chosen_is_named():
    with pytest.raises(SettingError, match="there is no calibration 'auto'"):
        held_out_probabilities(*drawn(5, temperature=1.0), method="auto")
