import warnings

import librosa
import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.mfcc import Mfcc, MfccSettings


def librosa_mfcc(waveform, chosen):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa tells of short signals and empty filters
        return librosa.feature.mfcc(
            y=waveform,
            sr=chosen.sample_rate,
            n_mfcc=chosen.n_mfcc,
            n_fft=chosen.n_fft,
            hop_length=chosen.hop_samples,
            n_mels=chosen.n_mels,
            fmin=chosen.fmin_hz,
            fmax=chosen.fmax_hz,
        )


def music(n_samples, seed=0):
    """Make chords with a decay over some noise, so that the coefficients span what music gives."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(n_samples) / 22050
    chord = sum(np.sin(2 * np.pi * hz * time_s) / hz * 100 for hz in generator.uniform(100, 6000, 12))
    noise = 10 ** generator.uniform(-5, -1) * generator.standard_normal(n_samples)
    return (0.3 * chord * np.exp(-3 * (time_s % 0.5)) + noise).astype(np.float32)


def test_coefficients_of_some_hundred_agree_with_librosa():
    waveform = music(66150, seed=2)
    features = Mfcc()(torch.from_numpy(waveform)[None])
    expected = librosa_mfcc(waveform, MfccSettings())
    assert features.shape == (1, 13, 130)
    assert expected.min() < -267
    assert expected.max() - expected.min() > 191 + 267
    np.testing.assert_allclose(features[0], expected, atol=2e-3)


@pytest.mark.data
def test_coefficients_of_real_sounds_agree_with_librosa(shared_data):
    for path in sorted((shared_data / "esc10" / "audio").glob("*.ogg"))[::100]:
        waveform, sample_rate = soundfile.read(path, dtype="float32", frames=66150)
        chosen = MfccSettings(sample_rate=sample_rate)
        features = Mfcc(chosen)(torch.from_numpy(waveform)[None])
        np.testing.assert_allclose(features[0], librosa_mfcc(waveform, chosen), atol=2e-3)


@given(
    n_samples=st.integers(1, 20000),
    n_fft=st.integers(2, 4096),
    hop_samples=st.integers(100, 2000),
    n_mels=st.integers(1, 128),
    n_mfcc=st.integers(1, 40),
    sample_rate=st.sampled_from([8000, 22050, 44100]),
    fmin_hz=st.floats(0, 2000),
    fmax_hz=st.one_of(st.none(), st.floats(2500, 4000)),
    seed=st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_the_numbers_are_librosas(n_samples, n_fft, hop_samples, n_mels, n_mfcc, sample_rate, fmin_hz, fmax_hz, seed):
    n_mels = min(n_mels, n_fft // 2 + 1)
    chosen = MfccSettings(
        sample_rate=sample_rate,
        n_fft=n_fft,
        hop_samples=hop_samples,
        n_mels=n_mels,
        n_mfcc=min(n_mfcc, n_mels),
        fmin_hz=fmin_hz,
        fmax_hz=fmax_hz,
    )
    # In double precision: in float32, bands near the floor of -80 dB carry the rounding of the Fourier transform.
    waveform = music(n_samples, seed).astype(np.float64)
    front_end = Mfcc(chosen).double()
    # The window too: rounded to float32 it lets a loud sound leak into all bands, 140 dB below it.
    front_end.log_mel.window = torch.hann_window(n_fft, periodic=True, dtype=torch.float64)
    features = front_end(torch.from_numpy(waveform)[None])[0].numpy()
    expected = librosa_mfcc(waveform, chosen)
    assert features.shape == expected.shape
    np.testing.assert_allclose(features, expected, atol=5e-4)


@given(st.integers(1, 5), st.integers(1, 9000))
@settings(max_examples=20, deadline=None)
def test_a_batch_gives_what_its_segments_give(n, n_samples):
    batch = torch.from_numpy(np.stack([music(n_samples, seed) for seed in range(n)]))
    mfcc = Mfcc()
    torch.testing.assert_close(mfcc(batch), torch.cat([mfcc(one[None]) for one in batch]), rtol=0, atol=5e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_mfcc": 129}, "n_mfcc must be from 1 to n_mels, which is 128, not 129"),
        ({"n_mfcc": 0}, "n_mfcc must be from 1"),
        ({"hop_samples": 0}, "hop_samples must be at least 1"),
        ({"n_fft": 128}, "n_mels must be at most 65"),
        ({"top_db": -1.0}, "top_db must be at least 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, words):
    with pytest.raises(SettingError, match=words):
        MfccSettings(**change)
