import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audio.resample import resample
from earmark.errors import SettingError


def tone(sample_rate, frequency_hz=440.0, seconds=1.0):
    time_s = np.arange(round(seconds * sample_rate)) / sample_rate
    return np.sin(2 * np.pi * frequency_hz * time_s).astype(np.float32)


@pytest.mark.parametrize("from_rate", [8000, 11025, 44100, 48000, 96000, 192000])
def test_a_tone_stays_the_same_tone_and_stays_in_place(from_rate):
    resampled = resample(tone(from_rate), from_rate=from_rate, to_rate=22050)
    assert resampled.dtype == np.float32
    np.testing.assert_allclose(resampled[2000:-2000], tone(22050)[2000:-2000], atol=1e-4)


def test_what_the_lower_rate_cannot_hold_is_filtered_out():
    resampled = resample(tone(44100, frequency_hz=15000.0), from_rate=44100, to_rate=22050)
    assert np.abs(resampled[2000:-2000]).max() < 1e-4


@pytest.mark.slow
@settings(deadline=None)
@given(
    n_samples=st.integers(1, 3000),
    from_rate=st.sampled_from([8000, 22050, 44100, 48000]),
    to_rate=st.integers(4000, 50000),
)
def test_the_length_is_rounded_up_and_the_sound_stays_finite(n_samples, from_rate, to_rate):
    resampled = resample(np.ones(n_samples, np.float32), from_rate=from_rate, to_rate=to_rate)
    assert resampled.shape == (int(np.ceil(n_samples * to_rate / from_rate)),)
    assert np.isfinite(resampled).all()


def test_equal_rates_change_nothing():
    waveform = tone(8000)
    assert resample(waveform, from_rate=8000, to_rate=8000) is waveform


@pytest.mark.parametrize("rates", [(0, 8000), (8000, 0), (-1, 8000)])
def test_a_rate_below_one_is_refused(rates):
    with pytest.raises(SettingError, match="whole number of Hz"):
        resample(tone(8000), from_rate=rates[0], to_rate=rates[1])


@pytest.mark.slow
@pytest.mark.parametrize("rates", [(44100, 22050), (22050, 44100), (48000, 22050)])
def test_librosa_agrees(rates):
    librosa = pytest.importorskip("librosa")
    waveform = np.random.default_rng(0).standard_normal(10_001).astype(np.float32)
    expected = librosa.resample(waveform, orig_sr=rates[0], target_sr=rates[1], res_type="soxr_hq")
    np.testing.assert_allclose(resample(waveform, from_rate=rates[0], to_rate=rates[1]), expected, atol=1e-6)
