import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.spectrogram import Spectrogram, SpectrogramSettings, power_to_magnitude

pytestmark = pytest.mark.filterwarnings("ignore:n_fft=")  # librosa tells of short signals


@pytest.mark.slow
@given(
    n_samples=st.integers(1, 9000),
    n_fft=st.integers(2, 2100),
    hop_samples=st.integers(1, 1024),
    centre=st.booleans(),
    quantity=st.sampled_from(["magnitude", "power"]),
)
@settings(max_examples=60, deadline=None)
def test_the_numbers_are_librosas(in_double, librosa_spectrum, n_samples, n_fft, hop_samples, centre, quantity):
    chosen = SpectrogramSettings(
        n_fft=n_fft, hop_samples=max(hop_samples, n_samples // 60), centre=centre, quantity=quantity
    )
    waveform = np.random.default_rng(n_fft).uniform(-1, 1, n_samples)
    expected = np.abs(librosa_spectrum(waveform, chosen)) ** {"magnitude": 1, "power": 2}[quantity]
    exact = in_double(Spectrogram(chosen))(torch.from_numpy(waveform)[None])
    assert exact.shape == (1, n_fft // 2 + 1, expected.shape[1])
    np.testing.assert_allclose(exact[0], expected, rtol=0, atol=1e-9 * expected.max() + 1e-12)
    rounded = Spectrogram(chosen)(torch.from_numpy(waveform.astype(np.float32))[None])
    assert rounded.dtype == torch.float32
    np.testing.assert_allclose(rounded[0], expected, rtol=0, atol=5e-6 * expected.max() + 1e-12)


def test_a_sine_has_a_magnitude_of_a_quarter_of_the_transform():
    sine = torch.sin(2 * torch.pi * 64 / 2048 * torch.arange(22050))
    magnitude = Spectrogram()(sine[None])[0, :, 10]
    assert magnitude.argmax() == 64
    assert magnitude[64] == pytest.approx(2048 / 4, rel=1e-4)


@pytest.mark.parametrize("quantity", ["magnitude", "power"])
def test_silence_has_a_finite_gradient(quantity):
    waveform = torch.zeros(1, 300, requires_grad=True)
    features = Spectrogram(SpectrogramSettings(n_fft=64, hop_samples=16, quantity=quantity))(waveform)
    assert features.max() < 1e-18
    features.sum().backward()
    assert torch.isfinite(waveform.grad).all()


@given(st.floats(1e-30, 1e30))
def test_the_magnitude_is_the_root_of_the_power(power):
    assert power_to_magnitude(torch.tensor([power], dtype=torch.float64)).item() == pytest.approx(power**0.5, rel=1e-14)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": "loudness"}, "quantity must be 'magnitude' or 'power', not 'loudness'"),
        ({"hop_samples": 0}, "hop_samples must be at least 1, not 0"),
        ({"n_fft": 1}, "n_fft must be at least 2, not 1"),
        ({"sample_rate": 0}, "sample_rate must be at least 1, not 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, words):
    with pytest.raises(SettingError, match=words):
        SpectrogramSettings(**change)
