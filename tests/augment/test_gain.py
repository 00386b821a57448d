import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.gain import GainSettings, change_gain, change_power_gain

SOUND = np.random.default_rng(1).standard_normal((50, 400)).astype(np.float32)


@given(st.floats(-60, 60))
def test_the_gain_that_is_asked_for_is_the_gain_that_is_measured(gain_db):
    settings = GainSettings(gain_db_low=gain_db, gain_db_high=gain_db)
    changed = change_gain(SOUND, np.random.default_rng(0), settings)
    measured_db = 20 * np.log10(np.abs(changed) / np.abs(SOUND))
    np.testing.assert_allclose(measured_db, gain_db, atol=1e-4)


def test_the_gain_of_power_is_that_of_the_waveform_before_it():
    settings = GainSettings(gain_db_low=7.0, gain_db_high=7.0)
    power = change_power_gain((SOUND**2)[:, None], np.random.default_rng(0), settings)
    louder = change_gain(SOUND, np.random.default_rng(0), settings)
    np.testing.assert_allclose(power[:, 0], louder**2, rtol=1e-5)


@pytest.mark.parametrize("change", [change_gain, lambda batch, *rest: change_power_gain(batch[:, None], *rest)[:, 0]])
def test_every_item_has_a_gain_of_its_own_within_the_range(change):
    gains = change(np.ones((500, 3), np.float32), np.random.default_rng(0), GainSettings())
    assert (gains == gains[:, :1]).all()
    assert len(np.unique(gains[:, 0])) > 400
    per_decade = 20 if change is change_gain else 10
    gains_db = per_decade * np.log10(gains[:, 0])
    assert -10.001 < gains_db.min() < -9.5
    assert 9.5 < gains_db.max() < 10.001


def test_nothing_is_clipped():
    settings = GainSettings(gain_db_low=20.0, gain_db_high=20.0)
    assert change_gain(np.ones((1, 1), np.float32), np.random.default_rng(0), settings).item() == pytest.approx(10.0)
