import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.spectrum import Spectrum, SpectrumSettings


def noise(n_samples, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(n_samples)


def expected(waveform, quantity):
    magnitude = np.abs(np.fft.rfft(waveform))
    return {"magnitude": magnitude, "power": magnitude**2, "decibel": librosa.amplitude_to_db(magnitude, top_db=None)}[
        quantity
    ]


@pytest.mark.slow
@given(n_samples=st.integers(1, 5000), seed=st.integers(0, 100))
@pytest.mark.parametrize("quantity", ["magnitude", "power", "decibel"])
@settings(deadline=None, max_examples=30)
def test_the_numbers_are_numpys(quantity, n_samples, seed):
    waveform = noise(n_samples, seed)
    spectrum = Spectrum(SpectrumSettings(quantity=quantity))(torch.from_numpy(waveform)[None])
    assert spectrum.shape == (1, n_samples // 2 + 1, 1)
    np.testing.assert_allclose(spectrum[0, :, 0], expected(waveform, quantity), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("quantity", ["magnitude", "power"])
def test_thirty_seconds_of_float32_agree_within_a_millionth_of_the_strongest(quantity):
    waveform = noise(661500)
    spectrum = Spectrum(SpectrumSettings(quantity=quantity))(torch.from_numpy(waveform).float()[None])[0, :, 0]
    right = expected(waveform, quantity)
    np.testing.assert_allclose(spectrum, right, atol=1e-6 * right.max())


def test_a_tone_stands_at_its_frequency():
    time_s = torch.arange(22050) / 22050
    spectrum = Spectrum()(torch.sin(2 * torch.pi * 440 * time_s)[None])
    assert spectrum.flatten().argmax() == 440  # of one second, bin k is k Hz


def test_silence_is_the_least_power():
    decibel = Spectrum(SpectrumSettings(quantity="decibel"))(torch.zeros(1, 100))
    assert torch.equal(decibel, torch.full((1, 51, 1), -100.0))


@pytest.mark.parametrize("quantity", ["magnitude", "power", "decibel"])
def test_silence_has_a_finite_gradient(quantity):
    waveform = torch.zeros(1, 100, requires_grad=True)
    Spectrum(SpectrumSettings(quantity=quantity))(waveform).sum().backward()
    assert torch.isfinite(waveform.grad).all()


@pytest.mark.parametrize("quantity", ["", "Power", "decibels", "dB"])
def test_an_unknown_quantity_is_answered_with_those_that_are_known(quantity):
    with pytest.raises(SettingError, match=rf"^there is no quantity called '{quantity}': .*known: decibel, magnitude"):
        SpectrumSettings(quantity=quantity)


def test_a_sample_rate_of_zero_is_refused():
    with pytest.raises(SettingError, match=r"^sample_rate must be at least 1, not 0$"):
        SpectrumSettings(sample_rate=0)
