import io
import struct

import numpy as np
import pytest
import soundfile

from earmark.audio.read import read_info, read_sound
from earmark.errors import AudioError

RAMP = np.arange(1000) / 2000
UNKNOWN = 0xFFFFFFFF
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf58.29.100\0"


def wav(*, data_size=None, riff_size=None, form=b"RIFF", ds64=None, before=b"", after=b""):
    """Return a WAV file of 1000 samples with the sizes in its header as given."""
    order = ">" if form == b"RIFX" else "<"
    samples = (RAMP * 32768).astype(f"{order}i2").tobytes()
    body = b"WAVE"
    if ds64 is not None:
        body += b"ds64" + struct.pack("<IQQQI", 28, *ds64, 0)
    body += b"fmt " + struct.pack(f"{order}IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + before
    body += b"data" + struct.pack(f"{order}I", len(samples) if data_size is None else data_size) + samples + after
    return form + struct.pack(f"{order}I", len(body) if riff_size is None else riff_size) + body


def written(container, subtype=None):
    stream = io.BytesIO()
    soundfile.write(stream, RAMP, 8000, format=container, subtype=subtype)
    return stream.getvalue()


def with_size(encoded, place, size, order):
    return encoded[:place] + struct.pack(f"{order}I", size) + encoded[place + 4 :]


@pytest.fixture
def read(tmp_path):
    def read_bytes(encoded):
        path = tmp_path / "sound"
        path.write_bytes(encoded)
        waveform, _ = read_sound(path)
        assert read_info(path).n_frames == len(waveform)
        return waveform

    return read_bytes


def test_a_whole_wav_is_read(read):
    np.testing.assert_allclose(read(wav()), RAMP, atol=1e-4)


def test_a_big_endian_wav_is_read(read):
    np.testing.assert_allclose(read(wav(form=b"RIFX")), RAMP, atol=1e-4)


@pytest.mark.parametrize("n_cut", [1, 2, 500, 1999, 2000])
def test_a_truncated_wav_is_refused(read, n_cut):
    with pytest.raises(AudioError, match=f"truncated: its data chunk promises 2000 bytes .* only {2000 - n_cut} are"):
        read(wav()[:-n_cut])


def test_a_data_chunk_that_promises_more_is_refused_even_where_the_outer_size_fits(read):
    with pytest.raises(AudioError, match="truncated"):
        read(wav(data_size=2100))


def test_a_truncated_big_endian_wav_is_refused(read):
    with pytest.raises(AudioError, match="truncated"):
        read(wav(form=b"RIFX")[:-500])


def test_a_truncated_wav_is_refused_by_info_and_for_a_stretch_that_is_there(tmp_path):
    path = tmp_path / "cut.wav"
    path.write_bytes(wav()[:-500])
    with pytest.raises(AudioError, match="truncated"):
        read_info(path)
    with pytest.raises(AudioError, match="truncated"):
        read_sound(path, duration_s=0.01)


@pytest.mark.parametrize("n_left", [8, 12, 20, 30, 36, 40, 43])
def test_a_wav_cut_inside_its_header_is_an_audio_error(read, n_left):
    with pytest.raises(AudioError, match=r"header|samples"):
        read(wav()[:n_left])


@pytest.mark.parametrize("size", [UNKNOWN, 0x7FFFFFFF, 0x80000000, 0x7FFFF000])
@pytest.mark.parametrize("before", [b"", LIST])
def test_a_wav_written_into_a_pipe_is_whole(read, size, before):
    np.testing.assert_allclose(read(wav(data_size=size, riff_size=size, before=before)), RAMP, atol=1e-4)


@pytest.mark.parametrize("riff_size", [0, 36, UNKNOWN, 0x7FFFF024])
def test_a_wav_with_open_sizes_of_zero_runs_to_the_end_of_the_file(read, riff_size):
    np.testing.assert_allclose(read(wav(data_size=0, riff_size=riff_size)), RAMP, atol=1e-4)


def test_a_data_chunk_of_zero_bytes_in_a_finished_wav_means_it(read):
    with pytest.raises(AudioError, match="no samples"):
        read(wav(data_size=0))


def test_a_wav_that_is_only_a_header_holds_no_samples(read):
    with pytest.raises(AudioError, match="no samples"):
        read(wav(data_size=0, riff_size=36)[:44])


def test_chunks_before_and_after_the_sound_are_no_sound(read):
    assert len(read(wav(before=LIST, after=LIST))) == 1000
    assert len(read(wav(after=b"rubbish" * 9))) == 1000


def test_a_whole_rf64_is_read(read):
    sizes = (2072, 2000, 1000)
    encoded = wav(data_size=UNKNOWN, riff_size=UNKNOWN, form=b"RF64", ds64=sizes)
    np.testing.assert_allclose(read(encoded), RAMP, atol=1e-4)


def test_a_truncated_rf64_is_refused(read):
    sizes = (2072, 2000, 1000)
    with pytest.raises(AudioError, match="truncated"):
        read(wav(data_size=UNKNOWN, riff_size=UNKNOWN, form=b"RF64", ds64=sizes)[:-500])


@pytest.mark.parametrize("size", [0, UNKNOWN, 2**63 - 1, 2**64 - 1])
def test_an_rf64_written_into_a_pipe_is_whole(read, size):
    encoded = wav(data_size=UNKNOWN, riff_size=UNKNOWN, form=b"RF64", ds64=(size, size, size))
    np.testing.assert_allclose(read(encoded), RAMP, atol=1e-4)


@pytest.mark.parametrize("n_cut", [1, 2, 500, 2000])
@pytest.mark.parametrize("container", ["AIFF", "AU"])
def test_a_truncated_aiff_or_au_is_refused(read, container, n_cut):
    with pytest.raises(AudioError, match="truncated"):
        read(written(container)[:-n_cut])


@pytest.mark.parametrize("size", [0, UNKNOWN, 0x7F000008, 0x80000008])
def test_an_aiff_written_into_a_pipe_is_whole(read, size):
    encoded = written("AIFF")
    assert len(read(with_size(encoded, encoded.find(b"SSND") + 4, size, ">"))) == 1000


@pytest.mark.parametrize("size", [0, UNKNOWN])
def test_an_au_written_into_a_pipe_is_whole(read, size):
    assert len(read(with_size(written("AU"), 8, size, ">"))) == 1000


def test_a_little_endian_au_is_read_and_checked(read):
    stream = io.BytesIO()
    soundfile.write(stream, RAMP, 8000, format="AU", endian="LITTLE")
    np.testing.assert_allclose(read(stream.getvalue()), RAMP, atol=1e-4)
    with pytest.raises(AudioError, match="truncated"):
        read(stream.getvalue()[:-10])


@pytest.mark.parametrize("n_left", [4, 8, 11, 20, 23])
def test_an_au_cut_inside_its_header_is_an_audio_error(read, n_left):
    with pytest.raises(AudioError):
        read(written("AU")[:n_left])


@pytest.mark.parametrize("n_left", [4, 8, 11, 12, 30, 40, 50])
def test_an_aiff_cut_inside_its_header_is_an_audio_error(read, n_left):
    with pytest.raises(AudioError):
        read(written("AIFF")[:n_left])


def test_a_riff_full_of_zeros_is_refused_quickly(read):
    with pytest.raises(AudioError):
        read(b"RIFF\0\0\0\0WAVE" + bytes(1 << 22))
