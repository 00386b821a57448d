import io

import numpy as np
import pytest
import soundfile

from earmark.audio.read import read_info, read_sound
from earmark.audio.write import CONTAINERS, SUBTYPES, encode_sound, write_sound
from earmark.errors import SettingError, StorageError


def tone(seconds=1.0, sample_rate=22050):
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * sample_rate)) / sample_rate)).astype(np.float32)


@pytest.mark.parametrize("suffix", sorted(CONTAINERS))
def test_what_is_written_is_read_back(tmp_path, suffix):
    path = tmp_path / "new folder" / f"tone{suffix}"
    write_sound(path, tone(), 22050)
    info = read_info(path)
    waveform, sample_rate = read_sound(path)
    assert (info.container, info.n_channels, len(waveform), sample_rate) == (CONTAINERS[suffix], 1, 22050, 22050)
    assert np.corrcoef(waveform, tone())[0, 1] > 0.99


@pytest.mark.parametrize("container", ["WAV", "FLAC", "AIFF", "AU"])
def test_sixteen_bits_are_kept(container):
    waveform, _ = soundfile.read(io.BytesIO(encode_sound(tone(), 22050, container=container)))
    np.testing.assert_allclose(waveform, tone(), atol=2**-15)


def test_an_mp3_is_much_smaller_than_a_wav():
    assert len(encode_sound(tone(5.0), 22050, container="MP3")) < 0.3 * len(encode_sound(tone(5.0), 22050))


@pytest.mark.parametrize("container", sorted(SUBTYPES))
def test_samples_beyond_one_are_clipped_and_not_wrapped(container):
    loud = np.repeat(np.array([0.0, 3.0, -3.0, 0.0], np.float32), 2000)
    waveform, _ = soundfile.read(io.BytesIO(encode_sound(loud, 22050, container=container)))
    assert np.median(waveform[2500:3500]) > 0.7
    assert np.median(waveform[4500:5500]) < -0.7


@pytest.mark.parametrize(("sample_rate", "expected"), [(22050, 22050), (10000, 11025), (4000, 8000), (96000, 48000)])
def test_an_mp3_of_a_rate_that_mp3_does_not_have_is_resampled(sample_rate, expected):
    encoded = encode_sound(tone(1.0, sample_rate), sample_rate, container="MP3")
    waveform, rate = soundfile.read(io.BytesIO(encoded))
    assert (len(waveform), rate) == (expected, expected)


@pytest.mark.slow
def test_ten_minutes_of_vorbis_are_written():
    encoded = encode_sound(np.zeros(600 * 44100, np.float32), 44100, container="OGG")
    assert soundfile.info(io.BytesIO(encoded)).frames == 600 * 44100


def test_an_unknown_container_or_suffix_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(SettingError, match="did you mean 'WAV'"):
        encode_sound(tone(), 22050, container="WAVE")
    with pytest.raises(SettingError, match=r"'\.flak'.*did you mean '\.flac'"):
        write_sound(tmp_path / "a.flak", tone(), 22050)
    with pytest.raises(SettingError, match="suffix"):
        write_sound(tmp_path / "a", tone(), 22050)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("waveform", [np.zeros(0), np.zeros((10, 2)), np.array([0.0, np.nan]), np.array([np.inf])])
def test_a_waveform_that_cannot_be_written_is_refused_and_nothing_is_left(tmp_path, waveform):
    with pytest.raises(SettingError, match="waveform"):
        write_sound(tmp_path / "a.wav", waveform.astype(np.float32), 22050)
    assert list(tmp_path.iterdir()) == []


def test_a_rate_below_one_is_refused():
    with pytest.raises(SettingError, match="sample_rate is 0"):
        encode_sound(tone(), 0)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    write_sound(path, tone(), 22050)
    before = path.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", fail)
    with pytest.raises(StorageError, match="no space left"):
        write_sound(path, 0 * tone(), 22050)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
