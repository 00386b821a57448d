import io

import numpy as np
import pytest
import soundfile

from earmark.audio.read import read_info, read_sound
from earmark.errors import AudioError


def ogg(seconds=3.0, subtype="VORBIS", sample_rate=48000, seed=0):
    stream = io.BytesIO()
    noise = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * sample_rate))
    soundfile.write(stream, noise, sample_rate, format="OGG", subtype=subtype)
    return stream.getvalue()


@pytest.fixture
def read(tmp_path):
    def read_bytes(encoded):
        path = tmp_path / "sound.ogg"
        path.write_bytes(encoded)
        read_info(path)
        return read_sound(path)[0]

    return read_bytes


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_whole_ogg_is_read(read, subtype):
    assert len(read(ogg(subtype=subtype))) == 3 * 48000


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("part", [0.999, 0.9, 0.5, 0.2])
def test_an_ogg_cut_anywhere_is_truncated(read, subtype, part):
    encoded = ogg(subtype=subtype)
    with pytest.raises(AudioError, match="truncated"):
        read(encoded[: int(part * len(encoded))])


def test_an_ogg_without_its_last_byte_is_truncated(read):
    with pytest.raises(AudioError, match="ends inside an Ogg page"):
        read(ogg()[:-1])


def test_an_ogg_cut_between_pages_is_truncated(read):
    encoded = ogg()
    with pytest.raises(AudioError, match="not marked as the end of the stream"):
        read(encoded[: encoded.rfind(b"OggS")])


@pytest.mark.parametrize("n_left", [1, 10, 26, 27, 28])
def test_an_ogg_cut_inside_the_header_of_its_last_page_is_truncated(read, n_left):
    encoded = ogg()
    with pytest.raises(AudioError, match="ends inside an Ogg page"):
        read(encoded[: encoded.rfind(b"OggS") + 3 + n_left])


@pytest.mark.parametrize("rubbish", [bytes(5000), b"TAG" + bytes(125), b"ends here"])
def test_bytes_behind_the_last_page_do_no_harm(read, rubbish):
    assert len(read(ogg() + rubbish)) == 3 * 48000


def test_an_ogg_whose_end_was_overwritten_with_zeros_is_refused(read):
    encoded = ogg(seconds=12)
    with pytest.raises(AudioError, match=r"truncated|damaged"):
        read(encoded[: len(encoded) // 4] + bytes(3 * len(encoded) // 4))


def test_the_mark_within_the_sound_of_a_page_is_not_taken_for_a_page(read):
    encoded = bytearray(ogg())
    last = encoded.rfind(b"OggS")
    encoded[last + 400 : last + 404] = b"OggS"
    with pytest.raises(AudioError, match="the checksum of its last Ogg page is wrong"):  # and not "truncated"
        read(bytes(encoded))


def test_a_page_damaged_in_the_middle_is_refused(read):
    encoded = bytearray(ogg())
    middle = len(encoded) // 2
    encoded[middle : middle + 50] = bytes(50)
    with pytest.raises(AudioError, match="truncated or damaged"):
        read(bytes(encoded))


def test_an_ogg_of_one_sample_is_read(read):
    assert len(read(ogg(seconds=1 / 48000))) == 1


@pytest.mark.slow
@pytest.mark.data
def test_real_ogg_files_are_never_called_truncated(shared_data):
    paths = sorted(shared_data.rglob("*.ogg"))[::16]
    assert len(paths) >= 40
    for path in paths:
        waveform, _ = read_sound(path)
        assert len(waveform) == read_info(path).n_frames
