import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.features.mfcc import Mfcc
from earmark.features.statistics import Statistics, StatisticsSettings, delta


def noise(n_samples, seed=0):
    generator = np.random.default_rng(seed)
    loudness = np.abs(generator.standard_normal(n_samples // 2000 + 1)).repeat(2000)[:n_samples]
    return (0.1 * loudness * generator.standard_normal(n_samples)).astype(np.float32)


def test_the_statistics_of_a_clip_are_those_of_librosas_mfcc_and_delta():
    waveform = noise(66150)
    mfcc = librosa.feature.mfcc(y=waveform.astype(np.float64), sr=22050, n_mfcc=20)
    slope = librosa.feature.delta(mfcc)
    expected = np.concatenate([mfcc.mean(1), mfcc.std(1), mfcc.min(1), mfcc.max(1), slope.std(1)])
    statistics = Statistics()(torch.from_numpy(waveform)[None])
    assert statistics.shape == (1, 100, 1)
    np.testing.assert_allclose(statistics[0, :, 0], expected, atol=2e-3)


@given(n_frames=st.integers(9, 60), n_bins=st.integers(1, 4), seed=st.integers(0, 1000))
@settings(deadline=None)
def test_the_delta_is_librosas(n_frames, n_bins, seed):
    features = np.random.default_rng(seed).normal(0, 100, (2, n_bins, n_frames))
    expected = librosa.feature.delta(features)
    np.testing.assert_allclose(delta(torch.from_numpy(features)), expected, atol=1e-10)


@pytest.mark.parametrize(("n_frames", "width"), [(3, 3), (4, 3), (5, 5), (6, 5), (7, 7), (8, 7)])
def test_the_delta_of_few_frames_takes_the_largest_odd_width_that_fits(n_frames, width):
    features = np.random.default_rng(0).normal(0, 100, (1, 3, n_frames))
    expected = librosa.feature.delta(features, width=width)
    np.testing.assert_allclose(delta(torch.from_numpy(features)), expected, atol=1e-10)


@pytest.mark.parametrize("n_frames", [1, 2])
def test_the_delta_of_fewer_than_three_frames_is_zero(n_frames):
    assert torch.equal(delta(torch.rand(2, 3, n_frames)), torch.zeros(2, 3, n_frames))


def test_one_sample_has_finite_statistics():
    statistics = Statistics()(torch.ones(1, 1))
    mean, deviation, lowest, highest, slope = statistics.reshape(5, 20)
    assert torch.isfinite(statistics).all()
    assert torch.equal(mean, Mfcc(StatisticsSettings())(torch.ones(1, 1))[0, :, 0])
    assert torch.equal(lowest, highest)
    assert not deviation.any()
    assert not slope.any()


def test_the_number_of_coefficients_is_a_setting():
    assert Statistics(StatisticsSettings(n_mfcc=7))(torch.zeros(2, 5000)).shape == (2, 35, 1)
