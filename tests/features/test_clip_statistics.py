import copy
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import librosa
import numpy as np
import pytest
import torch

from earmark.errors import DataError, MissingExtraError, SettingError
from earmark.features.clip_statistics import ClipStatistics, ClipStatisticsSettings

OF_EACH = {"mean": np.mean, "deviation": np.std, "min": np.min, "max": np.max}


def music(n_samples, seed=0):
    """Make chords that begin anew every half second, over some noise."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(n_samples) / 22050
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in generator.uniform(100, 3000, 5))
    return (0.1 * chord * np.exp(-4 * (time_s % 0.5)) + 0.001 * generator.standard_normal(n_samples)).astype(np.float32)


def of(waveform, **chosen):
    """Return the statistics of one clip by name."""
    front_end = ClipStatistics(ClipStatisticsSettings(**chosen))
    values = front_end(torch.from_numpy(waveform)[None])[0, :, 0]
    return dict(zip(front_end.names, values.tolist(), strict=True))


def by_librosa(waveform, sample_rate, n_fft, hop_samples, n_contrast):
    """Return the features as anybody would ask librosa for them, each from the waveform."""
    frames = {"n_fft": n_fft, "hop_length": hop_samples}
    whole = {"y": waveform, "sr": sample_rate, **frames}
    feature = librosa.feature
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa tells of short signals
        rows = {
            "centroid_hz": feature.spectral_centroid(**whole),
            "bandwidth_hz": feature.spectral_bandwidth(**whole),
            "rolloff_hz": feature.spectral_rolloff(**whole),
            "flatness": feature.spectral_flatness(y=waveform, **frames),
            "zero_crossing_rate": feature.zero_crossing_rate(waveform, frame_length=n_fft, hop_length=hop_samples),
            "rms": feature.rms(y=waveform, frame_length=n_fft, hop_length=hop_samples),
        }
        mfcc, chroma = feature.mfcc(**whole, n_mfcc=20), feature.chroma_stft(**whole)
        contrast = feature.spectral_contrast(**whole, n_bands=n_contrast - 1)
    rows |= {f"mfcc_{index:02d}": row for index, row in enumerate(mfcc)}
    rows |= {f"chroma_{index:02d}": row for index, row in enumerate(chroma)}
    rows |= {f"contrast_{index}_db": row for index, row in enumerate(contrast)}
    return rows


@pytest.mark.parametrize(
    ("n_samples", "sample_rate", "n_fft", "hop_samples", "n_contrast"),
    [(66150, 22050, 2048, 512, 7), (30000, 8000, 512, 128, 6), (5000, 44100, 1024, 300, 7), (600, 22050, 2048, 512, 7)],
)
def test_every_value_is_what_librosa_gives(n_samples, sample_rate, n_fft, hop_samples, n_contrast):
    waveform = music(n_samples)
    values = of(waveform, sample_rate=sample_rate, n_fft=n_fft, hop_samples=hop_samples)
    rows = by_librosa(waveform, sample_rate, n_fft, hop_samples, n_contrast)
    expected = {f"{name}_{which}": OF_EACH[which](row) for name, row in rows.items() for which in OF_EACH}
    others = {f"mfcc_{index:02d}_delta_deviation" for index in range(20)} | {"tempo_bpm"}
    assert set(values) == set(expected) | others
    for name, value in expected.items():
        # A bandwidth of thousands of Hz is the root of a sum of squares, in single precision.
        assert values[name] == pytest.approx(value, rel=2e-4, abs=2e-3), name


def test_the_deviation_of_the_slopes_is_librosas():
    waveform = music(66150)
    slopes = librosa.feature.delta(librosa.feature.mfcc(y=waveform, sr=22050, n_mfcc=20)).std(axis=-1)
    values = of(waveform)
    for index, slope in enumerate(slopes):
        assert values[f"mfcc_{index:02d}_delta_deviation"] == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(("n_frames", "width"), [(4, 3), (6, 5), (8, 7), (10, 9)])
def test_the_slope_of_few_frames_is_taken_over_as_many_as_fit(n_frames, width):
    waveform = music(512 * (n_frames - 1) + 1)
    mfcc = librosa.feature.mfcc(
        S=librosa.power_to_db(librosa.feature.melspectrogram(y=np.pad(waveform, 1024), center=False))
    )
    slope = librosa.feature.delta(mfcc, width=width)[3].std()
    assert of(waveform)["mfcc_03_delta_deviation"] == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("n_samples", [1, 2, 511, 512])
def test_of_fewer_than_three_frames_the_slope_is_zero(n_samples):
    values = of(music(n_samples))
    assert {value for name, value in values.items() if name.endswith("delta_deviation")} == {0.0}


def test_the_tempo_is_that_of_a_click_track_and_librosas():
    waveform = 1e-4 * np.random.default_rng(0).standard_normal(10 * 22050).astype(np.float32)
    for beat in range(20):
        waveform[beat * 11025 : beat * 11025 + 200] += 0.5
    tempo_bpm = of(waveform)["tempo_bpm"]
    assert tempo_bpm == pytest.approx(120, abs=4)
    assert tempo_bpm == pytest.approx(librosa.feature.tempo(y=waveform, sr=22050)[0])


@pytest.mark.parametrize("n_samples", [1, 2048, 22050])
def test_silence_has_no_tempo_no_loudness_and_finite_values(n_samples):
    values = of(np.zeros(n_samples, dtype=np.float32))
    assert (
        values["tempo_bpm"] == values["rms_max"] == values["zero_crossing_rate_max"] == values["centroid_hz_max"] == 0
    )
    assert np.isfinite(list(values.values())).all()


@pytest.mark.slow
@pytest.mark.parametrize("sample_rate", [2000, 2001, 12800, 12801, 16000, 96000])
@pytest.mark.parametrize("n_fft", [None, 2048, 2047])
def test_any_rate_and_window_give_finite_values_from_one_sample_on(sample_rate, n_fft):
    n_fft = n_fft or -(-sample_rate // 200)
    n_mels = min(64, n_fft // 2 + 1)
    chosen = {"sample_rate": sample_rate, "n_fft": n_fft, "n_mels": n_mels, "n_mfcc": min(20, n_mels)}
    for waveform in (music(1), music(1500), np.zeros(300, dtype=np.float32), np.ones(300, dtype=np.float32)):
        assert np.isfinite(list(of(waveform, **chosen).values())).all()


@pytest.mark.parametrize("gain", [1e-30, 1e-9, 1.0, 30.0])
def test_soft_and_overdriven_clips_have_finite_values(gain):
    assert np.isfinite(list(of((gain * music(5000)).astype(np.float32)).values())).all()


def test_each_value_has_a_name_of_its_own():
    names = ClipStatistics().names
    assert len(names) == len(set(names)) == 201
    assert {"mfcc_00_mean", "mfcc_19_max", "rolloff_hz_deviation", "contrast_6_db_min", "chroma_11_mean"} <= set(names)
    assert names[-1] == "tempo_bpm"


def test_many_threads_give_what_one_gives():
    front_end = ClipStatistics()
    clips = [torch.from_numpy(music(9000, seed))[None] for seed in range(6)]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(front_end, clips))
    for clip, values in zip(clips, together, strict=True):
        assert torch.equal(front_end(clip), values)


def test_it_can_be_copied_and_takes_a_waveform_that_needs_a_gradient():
    front_end = copy.deepcopy(ClipStatistics())
    values = front_end(torch.from_numpy(music(3000))[None].requires_grad_())
    assert not values.requires_grad
    assert values.dtype == torch.float32


def test_an_empty_batch_gives_none():
    assert ClipStatistics()(torch.zeros(0, 3000)).shape == (0, 201, 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_samples_that_are_not_finite_are_refused(value):
    waveform = torch.zeros(2, 3000)
    waveform[1, 7] = value
    with pytest.raises(DataError, match="some of its samples are not finite"):
        ClipStatistics()(waveform)


def test_without_librosa_the_extra_that_brings_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'earmark\[librosa\]'"):
        ClipStatistics()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_rate": 1999}, "sample_rate must be at least 2000, not 1999"),
        ({"n_fft": 110, "n_mels": 20}, r"n_fft must be at least 111 \(sample_rate / 200\), not 110"),
        ({"hop_samples": 0}, "hop_samples must be at least 1, not 0"),
        ({"hop_samples": 44}, r"hop_samples must be from 45 \(2 ms\) to 22050 \(one second\), not 44"),
        ({"hop_samples": 22051}, r"hop_samples must be from 45 \(2 ms\) to 22050 \(one second\), not 22051"),
        ({"n_mfcc": 129}, "n_mfcc must be from 1 to n_mels, which is 128, not 129"),
        ({"n_mels": 1026}, r"n_mels must be at most 1025 .*, not 1026"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(SettingError, match=f"^{message}$"):
        ClipStatisticsSettings(**change)
