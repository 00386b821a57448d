from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.frames import PowerSpectrum, check_frame_settings

pytestmark = pytest.mark.filterwarnings("ignore:n_fft=")  # librosa tells of short signals

RANDOM_FRAMES = st.fixed_dictionaries(
    {"n_fft": st.integers(2, 2100), "hop_samples": st.integers(1, 1500), "centre": st.booleans()}
)


def noise(n_samples, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, n_samples)


@given(sizes=RANDOM_FRAMES, n_samples=st.integers(1, 9000))
@settings(max_examples=60, deadline=None)
def test_the_power_is_librosas(in_double, librosa_spectrum, sizes, n_samples):
    sizes["hop_samples"] = max(sizes["hop_samples"], n_samples // 60)
    waveform = noise(n_samples)
    expected = np.abs(librosa_spectrum(waveform, SimpleNamespace(**sizes))).T ** 2
    exact = in_double(PowerSpectrum(**sizes))(torch.from_numpy(waveform)[None])[0]
    np.testing.assert_allclose(exact, expected, rtol=0, atol=1e-9 * expected.max() + 1e-12)
    rounded = PowerSpectrum(**sizes)(torch.from_numpy(waveform.astype(np.float32))[None])[0]
    assert rounded.dtype == torch.float32
    np.testing.assert_allclose(rounded, expected, rtol=0, atol=5e-6 * expected.max() + 1e-12)


@given(sizes=RANDOM_FRAMES, n_samples=st.integers(1, 9000), n=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_the_number_of_frames_and_bins_follows_from_the_lengths(sizes, n_samples, n):
    n_fft, hop_samples = sizes["n_fft"], sizes["hop_samples"] = sizes["n_fft"], max(sizes["hop_samples"], 100)
    padded = n_samples + 2 * (n_fft // 2) if sizes["centre"] else max(n_samples, n_fft)
    shape = PowerSpectrum(**sizes)(torch.zeros(n, n_samples)).shape
    assert shape == (n, 1 + (padded - n_fft) // hop_samples, n_fft // 2 + 1)


@pytest.mark.parametrize(("n_samples", "n_frames"), [(1, 1), (511, 1), (512, 2), (513, 2), (66150, 130)])
def test_a_centred_frame_stands_at_every_hop(n_samples, n_frames):
    assert PowerSpectrum(n_fft=2048, hop_samples=512)(torch.zeros(1, n_samples)).shape[1] == n_frames


def test_an_odd_transform_has_one_frame_less_at_multiples_of_the_hop():
    odd = PowerSpectrum(n_fft=5, hop_samples=10)
    assert odd(torch.zeros(1, 30)).shape[1] == 3
    assert odd(torch.zeros(1, 31)).shape[1] == 4


def test_frames_that_are_not_centred_stay_within_the_waveform():
    front_end = PowerSpectrum(n_fft=100, hop_samples=30, centre=False)
    waveform = torch.from_numpy(noise(189)).float()[None]  # frames at 0, 30 and 60, up to sample 160
    changed = waveform.clone()
    changed[:, 160:] = 5.0
    assert front_end(waveform).shape[1] == 3
    assert torch.equal(front_end(waveform), front_end(changed))


def test_a_waveform_shorter_than_a_frame_is_filled_up_with_zeros_behind():
    front_end = PowerSpectrum(n_fft=100, hop_samples=30, centre=False)
    waveform = torch.from_numpy(noise(40)).float()[None]
    filled = torch.nn.functional.pad(waveform, (0, 60))
    assert torch.equal(front_end(waveform), front_end(filled))


@pytest.mark.parametrize("centre", [True, False])
def test_silence_has_no_power_at_all(centre):
    assert not PowerSpectrum(n_fft=64, hop_samples=16, centre=centre)(torch.zeros(2, 300)).any()


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("n_samples", [7, 40])
def test_the_gradient_is_exact_though_the_squares_are_taken_in_place(centre, n_samples):
    front_end = PowerSpectrum(n_fft=15, hop_samples=6, centre=centre).double()
    waveform = torch.from_numpy(noise(2 * n_samples).reshape(2, -1)).requires_grad_()
    assert torch.autograd.gradcheck(front_end, waveform)


@given(n=st.integers(2, 5), n_samples=st.integers(1, 5000))
@settings(max_examples=20, deadline=None)
def test_a_batch_gives_what_its_segments_give(n, n_samples):
    batch = torch.from_numpy(noise(n * n_samples).reshape(n, -1)).float()
    front_end = PowerSpectrum(n_fft=512, hop_samples=256)
    alone = torch.cat([front_end(one[None]) for one in batch])
    torch.testing.assert_close(front_end(batch), alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_rate": 0}, "sample_rate must be at least 1, not 0"),
        ({"n_fft": 1}, "n_fft must be at least 2, not 1"),
        ({"hop_samples": 0}, "hop_samples must be at least 1, not 0"),
        ({"hop_samples": -512}, "hop_samples must be at least 1, not -512"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, words):
    with pytest.raises(SettingError, match=words):
        check_frame_settings(**{"sample_rate": 22050, "n_fft": 2048, "hop_samples": 512} | change)


def test_the_least_settings_are_taken():
    check_frame_settings(sample_rate=1, n_fft=2, hop_samples=1)
    assert PowerSpectrum(n_fft=2, hop_samples=1)(torch.ones(1, 1)).shape == (1, 2, 2)
