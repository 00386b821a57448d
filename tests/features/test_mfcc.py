import librosa
import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.mfcc import Mfcc, MfccSettings

# librosa tells of short signals and empty filters
pytestmark = pytest.mark.filterwarnings("ignore:n_fft=", "ignore:Empty filters")

RANDOM_SETTINGS = st.builds(
    lambda n_fft, n_mels, n_mfcc, **others: MfccSettings(
        n_fft=n_fft,
        n_mels=min(n_mels, n_fft // 2 + 1),
        n_mfcc=min(n_mfcc, n_mels, n_fft // 2 + 1),
        **others,
    ),
    sample_rate=st.sampled_from([8000, 22050, 44100]),
    n_fft=st.integers(2, 4096),
    hop_samples=st.integers(100, 2000),
    centre=st.booleans(),
    n_mels=st.integers(1, 128),
    n_mfcc=st.integers(1, 40),
    fmin_hz=st.floats(0, 2000),
    fmax_hz=st.one_of(st.none(), st.floats(2500, 4000)),
    mel_scale=st.sampled_from(["slaney", "htk"]),
    mel_norm=st.sampled_from(["slaney", None]),
    top_db=st.sampled_from([None, 0.0, 30.0, 80.0]),
    n_deltas=st.integers(0, 2),
    lifter=st.one_of(st.just(0.0), st.floats(0.5, 60.0)),
)


def librosa_mfcc(mel, chosen):
    """Return librosa's coefficients of its own mel spectrogram, and their changes over time."""
    decibel = librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=chosen.top_db)
    mfcc = librosa.feature.mfcc(S=decibel, n_mfcc=chosen.n_mfcc, lifter=chosen.lifter)
    n_frames = mfcc.shape[1]
    width = min(9, n_frames if n_frames % 2 else n_frames - 1)  # librosa refuses fewer frames than its width
    orders = range(1, chosen.n_deltas + 1)
    changes = [
        librosa.feature.delta(mfcc, width=width, order=order) if width >= 3 else np.zeros_like(mfcc) for order in orders
    ]
    return np.concatenate([mfcc, *changes])


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
    expected = librosa.feature.mfcc(y=waveform, sr=22050, n_mfcc=13)  # the call that everybody writes
    assert features.shape == (1, 13, 130)
    assert expected.min() < -267
    assert expected.max() - expected.min() > 191 + 267
    np.testing.assert_allclose(features[0], expected, atol=2e-3)


@pytest.mark.data
def test_coefficients_of_real_sounds_agree_with_librosa(shared_data):
    for path in sorted((shared_data / "esc10" / "audio").glob("*.ogg"))[::100]:
        waveform, sample_rate = soundfile.read(path, dtype="float32", frames=66150)
        features = Mfcc(MfccSettings(sample_rate=sample_rate))(torch.from_numpy(waveform)[None])
        expected = librosa.feature.mfcc(y=waveform, sr=sample_rate, n_mfcc=13)
        np.testing.assert_allclose(features[0], expected, atol=2e-3)


@pytest.mark.slow
@given(chosen=RANDOM_SETTINGS, n_samples=st.integers(1, 20000), seed=st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_the_numbers_are_librosas(in_double, librosa_mel, chosen, n_samples, seed):
    # In double precision: in float32, bands near the floor of -80 dB carry the rounding of the Fourier transform.
    waveform = music(n_samples, seed).astype(np.float64)
    features = in_double(Mfcc(chosen))(torch.from_numpy(waveform)[None])[0].numpy()
    expected = librosa_mfcc(librosa_mel(waveform, chosen), chosen)
    assert features.shape == expected.shape
    # What is left is the rounding of filters and cosines, which a lifter raises with everything else.
    np.testing.assert_allclose(features, expected, atol=1e-4 * (1 + chosen.lifter / 2))


@pytest.mark.slow
@given(n_deltas=st.integers(0, 2), lifter=st.sampled_from([0.0, 22.0]), seed=st.integers(0, 20))
@settings(max_examples=20, deadline=None)
def test_in_single_precision_they_are_librosas_too(librosa_mel, n_deltas, lifter, seed):
    chosen = MfccSettings(n_deltas=n_deltas, lifter=lifter)
    waveform = music(22050, seed)
    features = Mfcc(chosen)(torch.from_numpy(waveform)[None])[0].numpy()
    expected = librosa_mfcc(librosa_mel(waveform.astype(np.float64), chosen), chosen)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, atol=5e-3 * (1 + lifter / 2))


@pytest.mark.parametrize("n_deltas", [0, 1, 2])
def test_deltas_follow_the_coefficients_along_the_bins(n_deltas):
    features = Mfcc(MfccSettings(n_mfcc=20, n_deltas=n_deltas))(torch.from_numpy(music(22050))[None])
    assert features.shape == (1, 20 * (1 + n_deltas), 44)
    assert torch.equal(features[:, :20], Mfcc(MfccSettings(n_mfcc=20))(torch.from_numpy(music(22050))[None]))


@pytest.mark.slow
@pytest.mark.parametrize("centre", [True, False])
def test_nothing_stays_behind_when_it_is_moved_to_another_device(centre):
    front_end = Mfcc(MfccSettings(n_deltas=2, lifter=22.0, centre=centre)).to("meta")
    assert front_end(torch.zeros(2, 66150, device="meta")).device.type == "meta"


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
        ({"n_mels": 12}, "n_mfcc must be from 1 to n_mels, which is 12, not 13"),
        ({"n_deltas": 3}, "n_deltas must be 0, 1 or 2, not 3"),
        ({"n_deltas": -1}, "n_deltas must be 0, 1 or 2, not -1"),
        ({"lifter": -22.0}, "lifter must be at least 0, not -22"),
        ({"lifter": float("nan")}, "lifter must be at least 0, not nan"),
        ({"lifter": float("inf")}, "lifter must be at least 0, not inf"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, words):
    with pytest.raises(SettingError, match=words):
        MfccSettings(**change)
