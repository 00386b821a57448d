import dataclasses

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.mfcc import Mfcc, MfccSettings
from earmark.features.statistics import Statistics, StatisticsSettings, summarise

FEATURES = st.builds(
    lambda n_bins, n_frames, seed: np.random.default_rng(seed).normal(0, 100, (2, n_bins, n_frames)),
    n_bins=st.integers(1, 4),
    n_frames=st.integers(9, 60),
    seed=st.integers(0, 1000),
)


def noise(n_samples, seed=0):
    generator = np.random.default_rng(seed)
    loudness = np.abs(generator.standard_normal(n_samples // 2000 + 1)).repeat(2000)[:n_samples]
    return (0.1 * loudness * generator.standard_normal(n_samples)).astype(np.float32)


@pytest.mark.slow
def test_the_statistics_of_a_clip_are_those_of_librosas_mfcc_and_delta():
    waveform = noise(66150)
    mfcc = librosa.feature.mfcc(y=waveform.astype(np.float64), sr=22050, n_mfcc=20)
    slope = librosa.feature.delta(mfcc)
    expected = np.concatenate([mfcc.mean(1), mfcc.std(1), mfcc.min(1), mfcc.max(1), slope.std(1)])
    statistics = Statistics()(torch.from_numpy(waveform)[None])
    assert statistics.shape == (1, 100, 1)
    np.testing.assert_allclose(statistics[0, :, 0], expected, atol=2e-3)


@pytest.mark.slow
@given(features=FEATURES)
@settings(deadline=None)
def test_a_summary_is_what_numpy_and_librosa_say_of_each_bin(features):
    slope = librosa.feature.delta(features, mode="interp")
    expected = [features.mean(2), features.std(2), features.min(2), features.max(2), slope.std(2)]
    summary = summarise(torch.from_numpy(features))
    assert summary.shape == (2, 5 * features.shape[1], 1)
    np.testing.assert_allclose(summary[..., 0], np.concatenate(expected, axis=1), atol=1e-9)


def test_a_summary_of_one_frame_is_that_frame_and_no_spread():
    summary = summarise(torch.tensor([[[2.0], [-7.0]]]))
    assert summary.flatten().tolist() == [2.0, -7.0, 0.0, 0.0, 2.0, -7.0, 2.0, -7.0, 0.0, 0.0]


def test_one_sample_has_finite_statistics():
    statistics = Statistics()(torch.ones(1, 1))
    mean, deviation, lowest, highest, slope = statistics.reshape(5, 20)
    assert torch.isfinite(statistics).all()
    assert torch.equal(mean, Mfcc(MfccSettings(n_mfcc=20))(torch.ones(1, 1))[0, :, 0])
    assert torch.equal(lowest, highest)
    assert not deviation.any()
    assert not slope.any()


def test_the_number_of_coefficients_is_a_setting():
    assert Statistics(StatisticsSettings(n_mfcc=7))(torch.zeros(2, 5000)).shape == (2, 35, 1)


def test_every_setting_reaches_the_coefficients():
    changed = StatisticsSettings(
        n_fft=512, hop_samples=100, centre=False, n_mels=40, fmin_hz=50.0, fmax_hz=8000.0, mel_scale="htk", top_db=20.0
    )
    waveform = torch.from_numpy(noise(9000))[None]
    same = MfccSettings(**dataclasses.asdict(changed))
    assert torch.equal(Statistics(changed)(waveform), summarise(Mfcc(same)(waveform)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_mfcc": 129}, "n_mfcc must be from 1 to n_mels, which is 128, not 129"),
        ({"n_mels": 19}, "n_mfcc must be from 1 to n_mels, which is 19, not 20"),
        ({"top_db": -1.0}, "top_db must be at least 0"),
        ({"hop_samples": 0}, "hop_samples must be at least 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, words):
    with pytest.raises(SettingError, match=words):
        StatisticsSettings(**change)
