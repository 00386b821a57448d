import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.log_spectrogram import LogSpectrogram, LogSpectrogramSettings

pytestmark = pytest.mark.filterwarnings("ignore:n_fft=")  # librosa tells of short signals


def librosa_decibel(spectrum, chosen):
    return librosa.power_to_db(np.abs(spectrum) ** 2, ref=1.0, amin=1e-10, top_db=chosen.top_db)


@pytest.mark.slow
@given(
    n_samples=st.integers(1, 9000),
    n_fft=st.integers(2, 2100),
    hop_samples=st.integers(1, 1024),
    centre=st.booleans(),
    top_db=st.sampled_from([None, 0.0, 30.0, 80.0]),
    gain=st.sampled_from([1e-6, 1e-3, 0.3]),
)
@settings(max_examples=60, deadline=None)
def test_the_numbers_are_librosas(in_double, librosa_spectrum, n_samples, n_fft, hop_samples, centre, top_db, gain):
    chosen = LogSpectrogramSettings(
        n_fft=n_fft, hop_samples=max(hop_samples, n_samples // 60), centre=centre, top_db=top_db
    )
    waveform = gain * np.random.default_rng(n_fft).standard_normal(n_samples)
    expected = librosa_decibel(librosa_spectrum(waveform, chosen), chosen)
    features = in_double(LogSpectrogram(chosen))(torch.from_numpy(waveform)[None])
    assert features.shape == (1, n_fft // 2 + 1, expected.shape[1])
    np.testing.assert_allclose(features[0], expected, atol=1e-5)


@given(n_samples=st.integers(1, 9000), n_fft=st.integers(2, 2100), centre=st.booleans())
@settings(max_examples=30, deadline=None)
def test_in_single_precision_the_loudest_forty_db_are_librosas(librosa_spectrum, n_samples, n_fft, centre):
    chosen = LogSpectrogramSettings(n_fft=n_fft, hop_samples=max(100, n_samples // 60), centre=centre)
    waveform = (0.1 * np.random.default_rng(n_fft).standard_normal(n_samples)).astype(np.float32)
    features = LogSpectrogram(chosen)(torch.from_numpy(waveform)[None])[0].numpy()
    expected = librosa_decibel(librosa_spectrum(waveform.astype(np.float64), chosen), chosen)
    loud = expected > expected.max() - 40
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[loud], expected[loud], atol=1e-3)


def test_top_db_looks_at_each_segment_by_itself():
    loud = 0.1 * torch.randn(1, 22050, generator=torch.Generator().manual_seed(0))
    features = LogSpectrogram(LogSpectrogramSettings(top_db=20.0))(torch.cat([loud, 1e-2 * loud]))
    assert features[1].max() < features[0].min()
    torch.testing.assert_close(features[0] - features[1], torch.full((1025, 44), 40.0), rtol=0, atol=1e-3)


def test_silence_is_the_least_power_everywhere():
    assert torch.equal(LogSpectrogram()(torch.zeros(1, 5000)), torch.full((1, 1025, 10), -100.0))


@pytest.mark.parametrize("change", [{"top_db": -1.0}, {"top_db": float("nan")}, {"hop_samples": 0}, {"n_fft": 1}])
def test_settings_that_cannot_be_are_refused(change):
    (name,) = change
    with pytest.raises(SettingError, match=f"{name} must be at least"):
        LogSpectrogramSettings(**change)
