import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.mel import check_mel_settings, hz_to_mel, mel_filters, mel_to_hz

GOOD = {"sample_rate": 22050, "n_fft": 2048, "n_mels": 64, "fmin_hz": 0.0, "fmax_hz": None}


@given(st.floats(0, 96000))
@settings(deadline=None)  # the first call imports librosa
def test_the_scale_is_librosas_and_converts_back(frequency_hz):
    mel = hz_to_mel(frequency_hz)
    assert mel == pytest.approx(librosa.hz_to_mel(frequency_hz), rel=1e-12)
    assert mel_to_hz(mel) == pytest.approx(frequency_hz, rel=1e-12, abs=1e-9)


def test_the_scale_keeps_the_shape_of_its_input():
    assert hz_to_mel([[1.0, 2.0, 3000.0]]).shape == (1, 3)
    assert mel_to_hz(5.0).shape == ()


@given(
    sample_rate=st.sampled_from([8000, 22050, 44100, 192000]),
    n_fft=st.integers(2, 4096),
    n_mels=st.integers(1, 256),
    fmin_hz=st.floats(0, 1000),
    span_hz=st.floats(1, 3000),
)
@settings(deadline=None)
def test_the_filters_are_librosas(sample_rate, n_fft, n_mels, fmin_hz, span_hz):
    n_mels = min(n_mels, n_fft // 2 + 1)
    sizes = {"n_fft": n_fft, "n_mels": n_mels}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa tells of empty filters
        expected = librosa.filters.mel(sr=sample_rate, fmin=fmin_hz, fmax=fmin_hz + span_hz, **sizes)
    filters = mel_filters(sample_rate=sample_rate, fmin_hz=fmin_hz, fmax_hz=fmin_hz + span_hz, **sizes)
    assert filters.dtype == np.float32
    np.testing.assert_allclose(filters, expected, rtol=3e-7, atol=1e-9)


def test_the_filters_have_equal_areas():
    # In bins of 1.3 Hz, so that the corners between bins do not matter.
    filters = mel_filters(sample_rate=22050, n_fft=16384, n_mels=20)
    areas = filters.sum(axis=1) * 22050 / 16384
    np.testing.assert_allclose(areas, 1.0, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_rate": 0}, "sample_rate must be at least 1, not 0"),
        ({"n_fft": 1}, "n_fft must be at least 2, not 1"),
        ({"n_mels": 0}, "n_mels must be at least 1, not 0"),
        ({"hop_samples": 0}, "hop_samples must be at least 1, not 0"),
        ({"n_mels": 1026}, "n_mels must be at most 1025"),
        ({"fmax_hz": 11025.5}, "fmax_hz must be above 0 and at most 11025"),
        ({"fmax_hz": 0.0}, "fmax_hz must be above 0"),
        ({"fmax_hz": float("nan")}, "fmax_hz must be above 0"),
        ({"fmin_hz": -1.0}, "fmin_hz must be at least 0"),
        ({"fmin_hz": float("nan")}, "fmin_hz must be at least 0"),
        ({"fmin_hz": 11025.0}, "fmin_hz must be at least 0 and below fmax_hz, which is 11025, not 11025"),
        ({"fmin_hz": 500.0, "fmax_hz": 400.0}, "below fmax_hz, which is 400, not 500"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, words):
    with pytest.raises(SettingError, match=words):
        check_mel_settings(**GOOD | change)


@pytest.mark.parametrize(
    "change", [{"n_fft": 2, "n_mels": 2}, {"n_mels": 1025}, {"fmax_hz": 11025.0}, {"sample_rate": 1}]
)
def test_settings_at_the_edge_are_taken(change):
    check_mel_settings(**GOOD | change)
