import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.log_mel import LogMel, LogMelSettings

# librosa tells of short signals and empty filters
pytestmark = pytest.mark.filterwarnings("ignore:n_fft=", "ignore:Empty filters")

RANDOM_SETTINGS = st.builds(
    lambda n_fft, n_mels, **others: LogMelSettings(n_fft=n_fft, n_mels=min(n_mels, n_fft // 2 + 1), **others),
    sample_rate=st.sampled_from([8000, 22050, 44100]),
    n_fft=st.integers(2, 2100),
    hop_samples=st.integers(100, 1024),
    centre=st.booleans(),
    n_mels=st.integers(1, 128),
    fmin_hz=st.floats(0, 2000),
    fmax_hz=st.one_of(st.none(), st.floats(2500, 4000)),
    mel_scale=st.sampled_from(["slaney", "htk"]),
    mel_norm=st.sampled_from(["slaney", None]),
    top_db=st.sampled_from([None, 0.0, 30.0, 80.0]),
)


def to_decibel(power, chosen):
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=chosen.top_db)


def noise(n_samples, seed=0, gain=0.1):
    return (gain * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


@pytest.mark.slow
@given(chosen=RANDOM_SETTINGS, n_samples=st.integers(1, 9000), gain=st.sampled_from([1e-6, 1e-3, 0.3]))
@settings(max_examples=60, deadline=None)
def test_the_numbers_are_librosas(in_double, librosa_mel, chosen, n_samples, gain):
    waveform = noise(n_samples, gain=gain).astype(np.float64)
    features = in_double(LogMel(chosen))(torch.from_numpy(waveform)[None])
    expected = to_decibel(librosa_mel(waveform, chosen), chosen)
    assert features.shape == (1, *expected.shape)
    # What is left is the rounding of the filters.
    np.testing.assert_allclose(features[0], expected, atol=1e-5)


@given(chosen=RANDOM_SETTINGS, n_samples=st.integers(1, 9000))
@settings(max_examples=30, deadline=None)
def test_in_single_precision_the_loudest_forty_db_are_librosas(librosa_mel, chosen, n_samples):
    waveform = noise(n_samples)
    features = LogMel(chosen)(torch.from_numpy(waveform)[None])[0].numpy()
    expected = to_decibel(librosa_mel(waveform.astype(np.float64), chosen), chosen)
    loud = expected > expected.max() - 40
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[loud], expected[loud], atol=1e-3)


@pytest.mark.slow
def test_a_segment_of_float32_agrees_with_librosa(librosa_mel):
    waveform, chosen = noise(66150), LogMelSettings()
    features = LogMel()(torch.from_numpy(waveform)[None])
    assert features.dtype == torch.float32
    assert features.shape == (1, 64, 130)
    np.testing.assert_allclose(features[0], to_decibel(librosa_mel(waveform, chosen), chosen), atol=2e-4)


def test_top_db_looks_at_each_segment_by_itself():
    loud, quiet = torch.from_numpy(noise(22050)), torch.from_numpy(noise(22050, seed=1, gain=1e-5))
    features = LogMel()(torch.stack([loud, quiet]))
    assert features[1].max() < features[0].max() - 75
    assert torch.equal(features[1], LogMel()(quiet[None])[0])


def test_silence_is_the_least_power_everywhere():
    assert torch.equal(LogMel()(torch.zeros(1, 5000)), torch.full((1, 64, 10), -100.0))


@pytest.mark.parametrize("change", [{"top_db": -1.0}, {"top_db": float("nan")}, {"hop_samples": 0}, {"n_mels": 1026}])
def test_settings_that_cannot_be_are_refused(change):
    (name,) = change
    with pytest.raises(SettingError, match=f"{name} must be at"):
        LogMelSettings(**change)
