import librosa
import numpy as np
import pytest

from earmark.explain.axes import axes_of
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe


def axes(front_end, n_bins, n_frames, **settings):
    return axes_of(Recipe(front_end=front_end, settings=FRONT_ENDS[front_end].settings(**settings)), n_bins, n_frames)


@pytest.mark.parametrize("front_end", ["mel", "log-mel", "pcen"])
@pytest.mark.parametrize("htk", [False, True])
def test_mel_bands_lie_where_librosa_has_them(front_end, htk):
    found = axes(front_end, 40, 9, n_mels=40, fmin_hz=50.0, mel_scale="htk" if htk else "slaney")

    expected = librosa.mel_frequencies(n_mels=42, fmin=50.0, fmax=11025.0, htk=htk)[1:-1]
    np.testing.assert_allclose(found.frequencies_hz, expected, rtol=1e-4)
    assert (found.scale, found.top_hz) == ("mel", 11025.0)


def test_the_bins_of_a_spectrogram_lie_where_librosa_has_them():
    found = axes("log-spectrogram", 1025, 9)

    np.testing.assert_allclose(found.frequencies_hz, librosa.fft_frequencies(sr=22050, n_fft=2048), rtol=1e-5)
    assert found.scale == "linear"


def test_a_spectrum_has_frequencies_and_no_times():
    found = axes("spectrum", 501, 1)

    assert found.times_s is None
    assert found.frequencies_hz[[0, -1]].tolist() == [0.0, 11025.0]
    assert found.is_heard


def test_frames_are_where_librosa_has_them_centred_or_not():
    centred, from_start = axes("log-mel", 64, 20), axes("log-mel", 64, 20, centre=False)

    expected = librosa.frames_to_time(np.arange(20), sr=22050, hop_length=512)
    np.testing.assert_allclose(centred.times_s, expected, rtol=1e-5)
    np.testing.assert_allclose(from_start.times_s, expected + 1024 / 22050, rtol=1e-5)


def test_a_sample_of_a_thinned_out_waveform_stands_where_it_stood():
    found = axes("waveform", 1, 1000, decimation=8)

    assert found.times_s[999] == pytest.approx(8 * 999 / 22050)
    assert found.frequencies_hz is None


def test_of_a_stack_only_the_bands_have_frequencies():
    found = axes("stack", 13 + 40, 20, n_mels=40)

    assert np.isnan(found.frequencies_hz[:13]).all()
    assert np.isfinite(found.frequencies_hz[13:]).all()
    assert found.scale == "number"
    assert found.bin_names[12] == "bin_12"


def test_two_coefficients_have_no_frequency_at_all():
    found = axes("mfcc", 13, 20)

    assert found.frequencies_hz is None
    assert found.bin_names[3] == "mfcc_03"
    assert len(set(found.groups)) == 13


def test_statistics_of_one_coefficient_are_one_group():
    found = axes("statistics", 100, 1)

    assert found.bin_names[:2] == ("mfcc_00_mean", "mfcc_01_mean")
    assert found.bin_names[-1] == "mfcc_19_delta_deviation"
    assert sorted(set(found.groups)) == [f"mfcc_{index:02d}" for index in range(20)]
    assert not found.is_heard


def test_the_statistics_of_librosa_keep_their_names():
    found = axes("clip-statistics", 181, 1)

    assert found.bin_names[-1] == "tempo_bpm"
    assert found.groups.count("mfcc_00") == 5
    assert found.groups.count("centroid_hz") == 4


@pytest.mark.parametrize(("front_end", "n_bins"), [("picture", 75), ("given", 13)])
def test_what_did_not_come_from_sound_here_has_neither_times_nor_frequencies(front_end, n_bins):
    found = axes(front_end, n_bins, 50)

    assert found.times_s is None
    assert found.frequencies_hz is None
    assert len(found.bin_names) == n_bins


def test_given_statistics_are_named():
    assert axes("given", 65, 1, summary=True).groups[:2] == ("bin_00", "bin_01")
    assert len(set(axes("given", 65, 1, summary=True).groups)) == 13
