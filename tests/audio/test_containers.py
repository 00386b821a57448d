import io

import numpy as np
import pytest
import soundfile

from earmark.audio.read import read_info, read_sound
from earmark.errors import AudioError

ID3 = b"ID3\x04\0\0" + bytes([0, 0, 10, 0]) + bytes(1280)


def encoded(container):
    stream = io.BytesIO()
    soundfile.write(stream, 0.1 * np.sin(np.arange(8000)), 8000, format=container)
    return stream.getvalue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sound.bin"


@pytest.mark.parametrize("container", ["WAV", "FLAC", "OGG", "MP3", "AIFF", "AU", "RF64"])
def test_a_format_is_told_by_the_content(path, container):
    path.write_bytes(encoded(container))
    assert read_info(path).container == container


def test_a_flac_behind_an_id3_tag_is_read(path):
    path.write_bytes(ID3 + encoded("FLAC"))
    assert len(read_sound(path)[0]) == 8000


def test_an_id3_tag_without_sound_is_refused(path):
    path.write_bytes(ID3)
    with pytest.raises(AudioError, match="no MP3 frames follow its ID3 tag"):
        read_sound(path)


@pytest.mark.parametrize("head", [b"RIFF\x24\0\0\0AVI LIST", b"FORM\0\0\0\x24" + b"8SVXVHDR", b"caff\0\1\0\0desc"])
def test_containers_of_other_things_are_refused(path, head):
    path.write_bytes(head + bytes(100))
    with pytest.raises(AudioError, match="earmark reads WAV"):
        read_sound(path)


@pytest.mark.parametrize("container", ["CAF", "W64", "VOC", "SVX"])
def test_formats_whose_promises_are_not_checked_are_refused(path, container):
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(100), 8000, format=container, subtype="PCM_16")
    path.write_bytes(stream.getvalue())
    with pytest.raises(AudioError, match="earmark reads WAV"):
        read_sound(path)


@pytest.mark.parametrize(
    "head", [b"R", b"RIFF", b"RIFF\0\0\0\0", b"fLaC", b"OggS", b".snd", b"FORM", b"\xff\xfb", b"\xff\xfb\x90", b"ID3"]
)
def test_a_file_of_a_few_bytes_is_an_audio_error(path, head):
    path.write_bytes(head)
    with pytest.raises(AudioError):
        read_sound(path)


def test_a_wav_of_an_unknown_encoding_is_an_audio_error(path):
    content = bytearray(encoded("WAV"))
    content[20:22] = b"\x61\x01"  # Windows Media inside a WAV
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"libsndfile: .*convert it"):
        read_sound(path)
