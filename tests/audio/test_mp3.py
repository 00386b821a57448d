import io
import struct

import numpy as np
import pytest
import soundfile

from earmark.audio.mp3 import tag_length
from earmark.audio.read import read_info, read_sound
from earmark.errors import AudioError

pytestmark = pytest.mark.slow  # many small pictures or runs; `make test` has them

ID3 = b"ID3\x04\0\0" + bytes([0, 0, 10, 0]) + bytes(1280)
RATES_HZ = [8000, 11025, 16000, 22050, 32000, 44100, 48000]
TAILS = {
    "ID3v1": b"TAG" + b"x" * 125,
    "APE": b"APETAGEX" + struct.pack("<IIII", 2000, 3000, 1, 0xA0000000) + bytes(3008),
    "zeros": bytes(5000),
    "noise": np.random.default_rng(5).bytes(5000),
}


def mp3(seconds=4.0, sample_rate=44100, n_channels=1):
    """Return an MP3 of variable bit rate with a length header."""
    stream = io.BytesIO()
    time_s = np.arange(round(seconds * sample_rate)) / sample_rate
    noise = np.random.default_rng(0).standard_normal(len(time_s))
    loudness = np.where(time_s < 1, 0.001, 0.2)  # the frames get bigger, so that a guess from the first ones is wrong
    waveform = np.stack([0.3 * np.sin(2000 * time_s) + loudness * noise] * n_channels, axis=1)
    soundfile.write(stream, waveform, sample_rate, format="MP3")
    return stream.getvalue()


def frame_starts(encoded):
    """Return where frames begin, found by the sync word and rate of the first frame: a second, cruder way."""
    first = encoded[:2]
    rate_bits = encoded[2] & 0x0C
    starts, place = [], 0
    while place < len(encoded):
        assert encoded[place : place + 2] == first
        assert encoded[place + 2] & 0x0C == rate_bits
        starts.append(place)
        place = encoded.find(first, place + 20)
        while place >= 0 and encoded[place + 2] & 0x0C != rate_bits:
            place = encoded.find(first, place + 1)
        if place < 0:
            break
    return starts


def without_length_header(encoded):
    return encoded[frame_starts(encoded)[1] :]


@pytest.fixture
def read(tmp_path):
    def read_bytes(encoded, **stretch):
        path = tmp_path / "sound.mp3"
        path.write_bytes(encoded)
        waveform, _ = read_sound(path, **stretch)
        if not stretch:
            assert read_info(path).n_frames == len(waveform)
        return waveform

    return read_bytes


@pytest.mark.slow
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("sample_rate", RATES_HZ)
def test_a_whole_mp3_keeps_its_length(read, sample_rate, n_channels):
    assert len(read(mp3(2.0, sample_rate, n_channels))) == 2 * sample_rate


@pytest.mark.parametrize("seconds", [1 / 44100, 0.01, 0.03, 0.1])
def test_a_very_short_mp3_is_read(read, seconds):
    assert len(read(mp3(seconds))) == round(seconds * 44100)


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.999, 0.9, 0.5, 0.1])
@pytest.mark.parametrize("sample_rate", [22050, 44100])
def test_a_truncated_mp3_is_refused_without_a_word_on_stderr(read, capfd, sample_rate, part):
    encoded = mp3(sample_rate=sample_rate)
    with pytest.raises(AudioError, match="truncated: its header promises"):
        read(encoded[: int(part * len(encoded))])
    assert capfd.readouterr() == ("", "")


def test_an_mp3_without_its_last_byte_is_truncated(read):
    with pytest.raises(AudioError, match="truncated"):
        read(mp3()[:-1])


def test_a_truncated_mp3_is_refused_by_info_too(tmp_path):
    path = tmp_path / "cut.mp3"
    path.write_bytes(mp3()[:-2000])
    with pytest.raises(AudioError, match="truncated"):
        read_info(path)


@pytest.mark.parametrize("sample_rate", [22050, 44100])
def test_an_mp3_without_a_length_header_is_read_to_its_end(read, sample_rate):
    encoded = mp3(sample_rate=sample_rate)
    whole = read(encoded)
    waveform = read(without_length_header(encoded))
    lag = 576  # what the encoder puts before the sound, and the length header would have told to leave out
    errors = [np.abs(waveform[n : n + len(whole)] - whole).max() for n in range(lag - 60, lag + 1)]
    assert len(waveform) >= len(whole)
    assert min(errors) < 1e-6


def test_an_mp3_without_a_length_header_that_ends_inside_a_frame_loses_that_frame_only(read):
    encoded = without_length_header(mp3())
    assert len(read(encoded)) - len(read(encoded[:-1])) == 1152


@pytest.mark.slow
@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS.keys())
@pytest.mark.parametrize("sample_rate", [22050, 44100])
def test_tags_and_rubbish_behind_the_frames_change_nothing_and_print_nothing(read, capfd, sample_rate, tail):
    encoded = mp3(sample_rate=sample_rate)
    np.testing.assert_array_equal(read(encoded + tail), read(encoded))
    assert len(read(without_length_header(encoded) + tail)) == len(read(without_length_header(encoded)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("head", [ID3, ID3 + ID3, bytes(3000), b"rubbish"], ids=["ID3", "ID3 twice", "zeros", "text"])
def test_tags_and_rubbish_before_the_frames_change_nothing(read, head):
    encoded = mp3()
    np.testing.assert_array_equal(read(head + encoded), read(encoded))


@pytest.mark.parametrize("between", [b"", ID3], ids=["at once", "ID3"])
def test_two_mp3_one_behind_the_other_are_both_read(read, between):
    encoded = mp3(2.0)
    assert len(read(encoded + between + encoded)) >= 4 * 44100


def test_an_mp3_damaged_in_the_middle_is_refused_without_a_word_on_stderr(read, capfd):
    encoded = bytearray(mp3())
    encoded[8000:12000] = np.random.default_rng(1).bytes(4000)
    with pytest.raises(AudioError, match=r"damaged: .* are no MP3 frames"):
        read(bytes(encoded))
    assert capfd.readouterr() == ("", "")


def test_a_large_hole_is_found_where_no_length_is_promised(read):
    encoded = without_length_header(mp3())
    with pytest.raises(AudioError, match="damaged"):
        read(encoded[:10000] + bytes(300_000) + encoded[10000:])


def test_frames_damaged_inside_print_nothing(read, capfd):
    encoded = bytearray(mp3())
    generator = np.random.default_rng(1)
    starts = {place + offset for place in frame_starts(bytes(encoded)) for offset in range(4)}
    for place in set(generator.integers(5000, len(encoded) - 100, 500).tolist()) - starts:
        encoded[place] = generator.integers(255)
    try:
        read(bytes(encoded))
    except AudioError as error:
        assert "damaged" in error.reason  # noqa: PT017 - damage inside a frame may or may not be told from sound
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("head", [b"ID3\x04\0\0\0\0\0\0", b"\xff\xfb\x90\xc4", b""], ids=["ID3", "sync", "nothing"])
def test_noise_named_mp3_is_refused_without_a_word_on_stderr(read, capfd, head):
    with pytest.raises(AudioError):
        read(head + np.random.default_rng(3).bytes(50_000))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("n_wrong", [-100, -1, 1])
def test_a_count_of_frames_that_is_a_little_wrong_does_not_lose_sound(read, n_wrong):
    encoded = mp3()
    place = encoded.find(b"Xing") + 8
    (n_frames,) = struct.unpack_from(">I", encoded, place)
    waveform = read(encoded[:place] + struct.pack(">I", n_frames + n_wrong) + encoded[place + 4 :])
    assert len(waveform) >= 4 * 44100


def test_a_vbri_header_counts_and_is_no_sound(read):
    encoded = mp3()
    second = frame_starts(encoded)[1]
    (n_frames,) = struct.unpack_from(">I", encoded, encoded.find(b"Xing") + 8)
    vbri = encoded[:4] + bytes(32) + b"VBRI" + struct.pack(">HHHII", 1, 0, 75, len(encoded), n_frames)
    encoded = vbri.ljust(second, b"\0") + encoded[second:]
    np.testing.assert_array_equal(read(encoded), read(encoded[second:]))
    with pytest.raises(AudioError, match="truncated"):
        read(encoded[:-3000])


@pytest.mark.slow
@pytest.mark.parametrize("has_length_header", [True, False])
@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 44100])
def test_a_stretch_of_an_mp3_equals_the_slice_of_the_whole_and_prints_nothing(
    read, capfd, sample_rate, has_length_header
):
    encoded = mp3(sample_rate=sample_rate)
    encoded = encoded if has_length_header else without_length_header(encoded)
    whole = read(encoded)
    anywhere = np.random.default_rng(0).integers(len(whole), size=20).tolist()
    for start in [1, 100, 1152, *anywhere, len(whole) - 1000, len(whole) - 1]:
        stretch = read(encoded, start_s=start / sample_rate, duration_s=1000 / sample_rate)
        expected = whole[start : start + 1000]
        assert len(stretch) == len(expected)
        np.testing.assert_allclose(stretch, expected, atol=1e-6)
    assert capfd.readouterr() == ("", "")


def test_the_length_of_a_tag_is_read_from_seven_bits_a_byte():
    assert tag_length(b"ID3\x04\0\0\0\0\x0a\0") == 10 + 1280
    assert tag_length(b"ID3\x04\0\x10\0\0\x0a\0") == 20 + 1280
    assert tag_length(b"xxID3\x04\0\0\0\0\0\x05", 2) == 15
    assert tag_length(b"ID3\x04") == 0
    assert tag_length(b"RIFF\0\0\0\0WAVE") == 0


@pytest.mark.parametrize("third", [0x04, 0xF4, 0x9C], ids=["free bit rate", "no bit rate", "no sample rate"])
def test_a_frame_header_that_gives_no_length_is_passed_over(read, third):
    encoded = mp3()
    np.testing.assert_array_equal(read(b"\xff\xfb" + bytes([third]) + encoded), read(encoded))
