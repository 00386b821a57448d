import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.spectrogram import Spectrogram, SpectrogramSettings
from earmark.plots.columns import Framing, choose_framing, feature_columns


def noise(n_samples, seed=0):
    return np.random.default_rng(seed).standard_normal(n_samples).astype(np.float32)


def front_end_of(framing):
    return Spectrogram(SpectrogramSettings(n_fft=framing.n_fft, hop_samples=framing.hop_samples))


def whole(waveform, framing):
    with torch.inference_mode():
        return front_end_of(framing)(torch.from_numpy(waveform)[None])[0].numpy()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)  # a new length of transform is planned first
@given(
    n_samples=st.integers(1, 6000),
    n_fft=st.integers(2, 300),
    hop_samples=st.integers(1, 400),
    n_columns=st.integers(1, 60),
    loudest=st.booleans(),
)
def test_block_by_block_gives_the_frames_of_the_whole(n_samples, n_fft, hop_samples, n_columns, loudest):
    waveform = noise(n_samples)
    framing = Framing(sample_rate=1000, n_fft=n_fft, hop_samples=hop_samples, n_columns=n_columns)
    frames = whole(waveform, framing)
    columns = feature_columns(waveform, front_end_of(framing), framing, loudest=loudest)

    shared = framing.n_shared(n_samples)
    assert framing.n_frames(n_samples) == frames.shape[1]
    starts = range(0, frames.shape[1], shared)
    reduce = np.max if loudest else np.mean
    expected = np.stack([reduce(frames[:, start : start + shared], axis=1) for start in starts], axis=1)
    assert expected.shape[1] <= n_columns
    np.testing.assert_allclose(columns.values[:, : expected.shape[1]], expected, rtol=1e-4, atol=1e-4 * frames.max())


@given(
    n_samples=st.integers(1, 10**7),
    n_fft=st.integers(2, 5000),
    hop_samples=st.integers(1, 10**5),
    n_columns=st.integers(1, 2000),
)
def test_the_columns_cover_the_sound(n_samples, n_fft, hop_samples, n_columns):
    framing = Framing(sample_rate=1000, n_fft=n_fft, hop_samples=hop_samples, n_columns=n_columns)
    n_frames, shared = framing.n_frames(n_samples), framing.n_shared(n_samples)
    last_centre = (n_frames - 1) * hop_samples
    assert 0 <= last_centre <= n_samples
    assert -(-n_frames // shared) <= n_columns


@pytest.mark.parametrize("n_samples", [1, 99, 100, 101, 149, 151, 1000])
def test_the_edges_of_the_columns_are_where_their_frames_are(n_samples):
    framing = Framing(sample_rate=100, n_fft=64, hop_samples=100, n_columns=50)
    columns = feature_columns(noise(n_samples), front_end_of(framing), framing)
    width_s = (columns.right_s - columns.left_s) / columns.values.shape[1]
    assert columns.left_s == pytest.approx(-0.5)  # the first frame is centred on the first sample
    assert width_s == pytest.approx(1.0)
    assert columns.right_s >= n_samples / 100 - 1e-9


def test_a_click_in_a_long_sound_is_not_lost():
    waveform = np.zeros(2_000_000, dtype=np.float32)
    waveform[1_234_567] = 1.0
    framing = choose_framing(len(waveform), 22050, n_columns=100)
    values = feature_columns(waveform, front_end_of(framing), framing).values
    loud = np.flatnonzero(values.max(axis=0) > 0.3)
    assert len(loud) >= 1
    assert abs(loud.mean() - 1_234_567 / 2_000_000 * values.shape[1]) <= 1


def test_samples_that_are_too_large_are_refused():
    framing = Framing(sample_rate=1000, n_fft=16, hop_samples=8)
    with pytest.raises(SettingError, match="too large"):
        feature_columns(np.full(100, 1e25, dtype=np.float32), front_end_of(framing), framing)


@given(n_samples=st.integers(1, 10**9), sample_rate=st.integers(1, 400_000), n_columns=st.integers(100, 2000))
def test_the_choice_leaves_no_sound_between_frames_and_suits_the_rate(n_samples, sample_rate, n_columns):
    framing = choose_framing(n_samples, sample_rate, n_columns=n_columns)
    assert framing.n_fft >= 256
    assert framing.n_fft == 256 or 0.06 < framing.n_fft / sample_rate < 0.14
    assert 1 <= framing.hop_samples <= framing.n_fft // 2
    assert -(-framing.n_frames(n_samples) // framing.n_shared(n_samples)) <= n_columns


@pytest.mark.parametrize(("rate", "n_fft"), [(8000, 1024), (16000, 2048), (22050, 2048), (44100, 4096), (96000, 8192)])
def test_frames_last_about_93_ms_at_any_rate(rate, n_fft):
    assert choose_framing(5 * rate, rate).n_fft == n_fft


@pytest.mark.parametrize("seconds", [20, 30, 47, 100, 3600])
@pytest.mark.parametrize("n_columns", [320, 600, 1000])
def test_a_sound_of_any_length_fills_nearly_all_columns(seconds, n_columns):
    n_samples = 22050 * seconds
    framing = choose_framing(n_samples, 22050, n_columns=n_columns)
    n_filled = -(-framing.n_frames(n_samples) // framing.n_shared(n_samples))
    assert 0.8 * n_columns < n_filled <= n_columns


def test_what_is_given_is_kept():
    framing = choose_framing(10**6, 22050, n_fft=300, hop_samples=7)
    assert (framing.n_fft, framing.hop_samples) == (300, 7)


def test_a_short_sound_fills_more_than_a_few_columns():
    framing = choose_framing(2205, 22050)
    assert framing.n_frames(2205) > 500
