import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.mel import check_mel_settings, hz_to_mel, mel_filters, mel_to_hz

GOOD = {"sample_rate": 22050, "n_fft": 2048, "n_mels": 64, "fmin_hz": 0.0, "fmax_hz": None}


@pytest.mark.parametrize("mel_scale", ["slaney", "htk"])
@given(frequency_hz=st.floats(0, 96000))
@settings(deadline=None)  # the first call imports librosa
def test_the_scale_is_librosas_and_converts_back(mel_scale, frequency_hz):
    mel = hz_to_mel(frequency_hz, mel_scale)
    assert mel == pytest.approx(librosa.hz_to_mel(frequency_hz, htk=mel_scale == "htk"), rel=1e-12)
    assert mel_to_hz(mel, mel_scale) == pytest.approx(frequency_hz, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("mel_scale", ["slaney", "htk"])
def test_the_scale_keeps_the_shape_of_its_input(mel_scale):
    assert hz_to_mel([[1.0, 2.0, 3000.0]], mel_scale).shape == (1, 3)
    assert hz_to_mel(5.0, mel_scale).shape == ()
    assert mel_to_hz(5.0, mel_scale).shape == ()


@pytest.mark.slow
@given(
    sample_rate=st.sampled_from([8000, 22050, 44100, 192000]),
    n_fft=st.integers(2, 4096),
    n_mels=st.integers(1, 256),
    fmin_hz=st.floats(0, 1000),
    span_hz=st.floats(1, 3000),
    mel_scale=st.sampled_from(["slaney", "htk"]),
    mel_norm=st.sampled_from(["slaney", None]),
)
@settings(deadline=None)
def test_the_filters_are_librosas(sample_rate, n_fft, n_mels, fmin_hz, span_hz, mel_scale, mel_norm):
    n_mels = min(n_mels, n_fft // 2 + 1)
    sizes = {"n_fft": n_fft, "n_mels": n_mels}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa tells of empty filters
        expected = librosa.filters.mel(
            sr=sample_rate, fmin=fmin_hz, fmax=fmin_hz + span_hz, htk=mel_scale == "htk", norm=mel_norm, **sizes
        )
    forms = {"mel_scale": mel_scale, "mel_norm": mel_norm}
    filters = mel_filters(sample_rate=sample_rate, fmin_hz=fmin_hz, fmax_hz=fmin_hz + span_hz, **forms, **sizes)
    assert filters.dtype == np.float32
    np.testing.assert_allclose(filters, expected, rtol=3e-7, atol=1e-9)


def test_the_filters_have_equal_areas():
    # In bins of 1.3 Hz, so that the corners between bins do not matter.
    filters = mel_filters(sample_rate=22050, n_fft=16384, n_mels=20)
    areas = filters.sum(axis=1) * 22050 / 16384
    np.testing.assert_allclose(areas, 1.0, rtol=1e-3)


@pytest.mark.parametrize("mel_scale", ["slaney", "htk"])
def test_filters_without_a_norm_have_the_height_one(mel_scale):
    filters = mel_filters(sample_rate=22050, n_fft=16384, n_mels=20, mel_scale=mel_scale, mel_norm=None)
    heights = filters.max(axis=1)
    assert (heights <= 1).all()
    np.testing.assert_allclose(heights, 1.0, atol=0.03)  # a corner may lie half a bin aside


def test_the_narrowest_span_that_is_taken_gives_finite_filters():
    top_hz = 4000.0
    filters = mel_filters(sample_rate=22050, n_fft=2048, n_mels=1025, fmin_hz=top_hz * (1 - 2e-9), fmax_hz=top_hz)
    assert np.isfinite(filters).all()


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
        ({"fmin_hz": np.nextafter(400.0, 0), "fmax_hz": 400.0}, "below fmax_hz, which is 400"),
        ({"mel_scale": "bark"}, "mel_scale must be 'slaney' or 'htk', not 'bark'"),
        ({"mel_scale": None}, "mel_scale must be 'slaney' or 'htk', not None"),
        ({"mel_norm": "l1"}, "mel_norm must be 'slaney' or None, not 'l1'"),
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
