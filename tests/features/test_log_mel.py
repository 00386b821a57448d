import warnings

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.log_mel import LogMel, LogMelSettings


def librosa_log_mel(waveform, chosen):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa tells of short signals and empty filters
        power = librosa.feature.melspectrogram(
            y=waveform,
            sr=chosen.sample_rate,
            n_fft=chosen.n_fft,
            hop_length=chosen.hop_samples,
            n_mels=chosen.n_mels,
            fmin=chosen.fmin_hz,
            fmax=chosen.fmax_hz,
        )
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=chosen.top_db)


def noise(n_samples, seed=0, gain=0.1):
    return (gain * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


@given(
    n_samples=st.integers(1, 9000),
    n_fft=st.integers(2, 2100),
    hop_samples=st.integers(1, 1024),
    n_mels=st.integers(1, 128),
    sample_rate=st.sampled_from([8000, 22050, 44100]),
    fmin_hz=st.floats(0, 2000),
    fmax_hz=st.one_of(st.none(), st.floats(2500, 4000)),
    top_db=st.sampled_from([None, 0.0, 30.0, 80.0]),
    gain=st.sampled_from([1e-6, 1e-3, 0.3]),
)
@settings(max_examples=60, deadline=None)
def test_the_numbers_are_librosas(n_samples, n_fft, hop_samples, n_mels, sample_rate, fmin_hz, fmax_hz, top_db, gain):
    chosen = LogMelSettings(
        sample_rate=sample_rate,
        n_fft=n_fft,
        hop_samples=max(hop_samples, n_samples // 100),
        n_mels=min(n_mels, n_fft // 2 + 1),
        fmin_hz=fmin_hz,
        fmax_hz=fmax_hz,
        top_db=top_db,
    )
    # In double precision, where both are exact: what is left is the rounding of the filters.
    waveform = noise(n_samples, gain=gain).astype(np.float64)
    features = LogMel(chosen).double()(torch.from_numpy(waveform)[None])
    expected = librosa_log_mel(waveform, chosen)
    assert features.shape[1:] == expected.shape
    # The window of the module was rounded to float32, which leaks a little into empty bands.
    np.testing.assert_allclose(features[0].numpy(), expected, atol=2e-3)


def test_a_segment_of_float32_agrees_with_librosa():
    waveform = noise(66150)
    features = LogMel()(torch.from_numpy(waveform)[None])
    assert features.dtype == torch.float32
    assert features.shape == (1, 64, 130)
    np.testing.assert_allclose(features[0], librosa_log_mel(waveform, LogMelSettings()), atol=2e-4)


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
