import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.equaliser import EqualiserSettings, NoiseFloorSettings, equalise, raise_noise_floor
from earmark.errors import SettingError


def curves_db(n_items, n_bins, **values):
    power = np.ones((n_items, n_bins, 3), np.float32)
    equal = equalise(power, np.random.default_rng(0), EqualiserSettings(**values))
    assert (equal == equal[:, :, :1]).all()  # the same in all frames
    return 10 * np.log10(equal[:, :, 0].astype(float))


@given(st.floats(0, 40), st.integers(2, 12), st.integers(1, 80))
def test_the_curve_stays_within_its_limits(gain_db, n_points, n_bins):
    curves = curves_db(20, n_bins, gain_db=gain_db, n_points=n_points)
    assert np.abs(curves).max() <= gain_db + 1e-4


def test_the_curve_uses_its_limits_and_lifts_as_often_as_it_lowers():
    curves = curves_db(500, 64, gain_db=6.0)
    assert curves.min() < -5.5
    assert curves.max() > 5.5
    assert abs(curves.mean()) < 0.2
    assert (np.ptp(curves, axis=1) > 0.5).all()


def test_the_curve_is_smooth_and_follows_its_points():
    curves = curves_db(200, 101, gain_db=6.0, n_points=5)
    steps = np.abs(np.diff(curves, axis=1))
    assert steps.max() < 12 * np.pi / 2 / 25 * 1.01  # the steepest that a half cosine over 25 bins can be
    turns = np.diff(np.sign(np.diff(curves, axis=1)), axis=1) != 0
    assert (turns.sum(axis=1) <= 4).all()
    assert turns.sum(axis=1).mean() > 1


def test_every_item_has_a_curve_of_its_own():
    assert abs(np.corrcoef(curves_db(2, 2000, n_points=500))[0, 1]) < 0.25


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"gain_db": -1.0}, "gain_db must be from 0 to 120, not -1"),
        ({"gain_db": float("nan")}, "gain_db must be"),
        ({"n_points": 1}, "n_points must be at least 2, not 1"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(values, message):
    with pytest.raises(SettingError, match=message):
        EqualiserSettings(**values)


# ---------------------------------------------------------------- the floor


@pytest.mark.parametrize("floor_db", [-40.0, 0.0, 20.0])
def test_the_floor_is_as_far_below_the_mean_power_as_asked_for(floor_db):
    power = np.random.default_rng(1).exponential(7.0, (2, 64, 400)).astype(np.float32)
    power[1] *= 1e-6
    raised = raise_noise_floor(
        power, np.random.default_rng(0), NoiseFloorSettings(floor_db_low=floor_db, floor_db_high=floor_db)
    )
    added = raised.astype(float) - power
    measured_db = 10 * np.log10(added.mean(axis=(1, 2)) / power.mean(axis=(1, 2)))
    np.testing.assert_allclose(measured_db, floor_db, atol=0.1)


def test_the_floor_varies_as_the_power_of_noise_does_and_is_nowhere_negative():
    power = np.full((1, 64, 400), 3.0, np.float32)
    added = raise_noise_floor(power, np.random.default_rng(0), NoiseFloorSettings(floor_db_high=0, floor_db_low=0)) - 3
    assert added.min() >= 0
    assert added.std() == pytest.approx(added.mean(), rel=0.03)  # as is so of an exponential distribution alone
    assert np.median(added) == pytest.approx(np.log(2) * added.mean(), rel=0.03)


def test_silence_has_no_floor():
    assert not raise_noise_floor(np.zeros((2, 3, 4), np.float32), np.random.default_rng(0), NoiseFloorSettings()).any()
