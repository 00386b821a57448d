import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.shift import PowerShiftSettings, TimeShiftSettings, shift_power, shift_time
from earmark.errors import SettingError

COUNT = np.arange(1, 11, dtype=np.float32)


def shifted(shift_s, fill, sample_rate=10):
    settings = TimeShiftSettings(shift_s_low=shift_s, shift_s_high=shift_s, fill=fill, sample_rate=sample_rate)
    return shift_time(COUNT[None], np.random.default_rng(0), settings)[0].tolist()


@pytest.mark.parametrize(
    ("shift_s", "circular", "silence"),
    [
        (0.2, [9, 10, 1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (-0.3, [4, 5, 6, 7, 8, 9, 10, 1, 2, 3], [4, 5, 6, 7, 8, 9, 10, 0, 0, 0]),
        (1.0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0] * 10),
        (-1.2, [3, 4, 5, 6, 7, 8, 9, 10, 1, 2], [0] * 10),
        (99.9, [2, 3, 4, 5, 6, 7, 8, 9, 10, 1], [0] * 10),
    ],
)
def test_seconds_are_seconds_and_later_is_positive(shift_s, circular, silence):
    assert shifted(shift_s, "circular") == circular
    assert shifted(shift_s, "silence") == silence


@given(st.floats(-3, 3), st.integers(1, 100))
def test_the_sample_rate_says_how_far_a_second_is(shift_s, sample_rate):
    assert shifted(shift_s, "circular", sample_rate) == np.roll(COUNT, round(shift_s * sample_rate)).tolist()


def test_a_shift_in_a_circle_loses_no_sample():
    batch = np.random.default_rng(1).standard_normal((20, 500)).astype(np.float32)
    changed = shift_time(batch, np.random.default_rng(0), TimeShiftSettings(sample_rate=1000))
    assert (np.sort(changed) == np.sort(batch)).all()


def test_what_comes_in_is_one_of_two_things():
    with pytest.raises(SettingError, match="fill must be 'circular' or 'silence', not 'zeros'"):
        TimeShiftSettings(fill="zeros")


def test_a_spectrogram_is_moved_in_time_and_not_in_pitch():
    power = np.arange(24, dtype=np.float32).reshape(1, 2, 12)
    settings = PowerShiftSettings(share_low=0.25, share_high=0.25)
    assert (shift_power(power, np.random.default_rng(0), settings) == np.roll(power, 3, axis=2)).all()


def test_a_spectrogram_comes_to_begin_anywhere():
    power = np.tile(np.arange(5, dtype=np.float32), (4000, 1, 1))
    first = shift_power(power, np.random.default_rng(0), PowerShiftSettings())[:, 0, 0]
    assert np.bincount(first.astype(int)) == pytest.approx([800] * 5, abs=120)
