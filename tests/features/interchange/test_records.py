"""The golden bytes are what TensorFlow 2.21 writes of three records:

import tensorflow as tf
with tf.io.TFRecordWriter("golden.tfrecord") as writer:
    for record in (b"", b"rain", bytes(300)):
        writer.write(record)
"""

import gzip
import io
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import DataError, StorageError
from earmark.features.interchange.records import RecordFile, RecordView, checksum, open_records, write_record

GOLDEN_RECORDS = [b"", b"rain", bytes(300)]
GOLDEN = bytes.fromhex(
    "000000000000000029039807d8ea82a2"
    "0400000000000000424552047261696efe2ed3f4"
    "2c01000000000000f2fe5b9d" + "00" * 300 + "82b3a390"
)
SMALL = [b"rain", b"", b"dog barks"]


def framed(records):
    stream = io.BytesIO()
    for record in records:
        write_record(stream, record)
    return stream.getvalue()


def unframed(path):
    with open_records(path) as file:
        return [file.read(place) for place in file.places()]


def stored(tmp_path, content, name="fold1.tfrecord"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_the_bytes_are_those_that_tensorflow_writes():
    assert framed(GOLDEN_RECORDS) == GOLDEN


def test_what_tensorflow_wrote_is_read(tmp_path):
    assert unframed(stored(tmp_path, GOLDEN)) == GOLDEN_RECORDS


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_the_checksum_is_the_one_of_rfc_3720_turned_and_moved(data, crc):
    masked = struct.unpack("<I", checksum(data))[0]
    turned = (masked - 0xA282EAD8) % 2**32
    assert ((turned << 15) | (turned >> 17)) % 2**32 == crc


@given(records=st.lists(st.binary(max_size=300), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_any_records_come_back_as_they_were(records):
    file = RecordFile("some.tfrecord", io.BytesIO(framed(records)))
    places = list(file.places())
    assert [place.number for place in places] == list(range(1, len(records) + 1))
    assert [file.read(place) for place in places] == records
    assert [file.look_at(place) for place in places] == records


def test_every_flipped_bit_is_found_and_its_record_named():
    content = framed(SMALL)
    ends = [20, 36, len(content)]
    for bit in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        file = RecordFile("some.tfrecord", io.BytesIO(bytes(damaged)))
        number = 1 + sum(bit // 8 >= end for end in ends)
        with pytest.raises(DataError, match=rf"^some\.tfrecord: record {number}: ") as raised:
            [file.read(place) for place in file.places()]
        assert "\n" not in str(raised.value)


def test_every_cut_inside_a_record_is_found_and_its_record_named():
    content = framed(SMALL)
    for n_left in range(1, len(content)):
        file = RecordFile("some.tfrecord", io.BytesIO(content[:n_left]))
        number = 1 + (n_left >= 20) + (n_left >= 36)
        if n_left in {20, 36}:
            assert len(list(file.places())) == number - 1
            continue
        with pytest.raises(DataError, match=rf"^some\.tfrecord: record {number}: it is cut off"):
            list(file.places())


@pytest.mark.parametrize("n_bytes", [1, 1 << 31, 1 << 62, (1 << 64) - 1])
def test_a_made_up_length_takes_no_memory(tmp_path, n_bytes):
    length = struct.pack("<Q", n_bytes)
    path = stored(tmp_path, framed([b"rain"]) + length + checksum(length))
    tracemalloc.start()
    with open_records(path) as file, pytest.raises(DataError, match="record 2: it is cut off"):
        list(file.places())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"fold1\.tfrecord is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", r"record 1: .* no TFRecord file"),
        (b"path,label\na.wav,rain\n", r"record 1: .* no TFRecord file"),
        (bytes(100), r"record 1: .* no TFRecord file"),
        (b"PNG", r"record 1: it is cut off"),
        (gzip.compress(GOLDEN, mtime=0), r"fold1\.tfrecord is compressed with gzip: unpack it"),
        (zlib.compress(GOLDEN), r"fold1\.tfrecord is compressed with zlib: unpack it"),
        (zlib.compress(GOLDEN, 9), r"fold1\.tfrecord is compressed with zlib: unpack it"),
    ],
)
def test_a_foreign_file_is_refused_and_what_it_is_said(tmp_path, content, reason):
    with open_records(stored(tmp_path, content)) as file, pytest.raises(DataError, match=reason):
        list(file.places())


def test_a_missing_file_is_named(tmp_path):
    with (
        pytest.raises(StorageError, match=r"nothing\.tfrecord cannot be read: no such file"),
        open_records(tmp_path / "nothing.tfrecord"),
    ):
        pass


@given(data=st.binary(max_size=50), start=st.integers(0, 60), stop=st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_a_view_gives_the_stretches_that_the_bytes_would_give(data, start, stop):
    stream = io.BytesIO(framed([b"before", data, b"behind"]))
    place = list(RecordFile("some.tfrecord", stream).places())[1]
    view = RecordView(stream, place)
    assert len(view) == len(data)
    assert view[start:stop] == data[start:stop]


def test_a_long_record_is_looked_at_unread_and_verified_when_it_is_read(tmp_path):
    content = bytearray(framed([bytes(70_000)]))
    content[40_000] = 1
    with open_records(stored(tmp_path, content)) as file:
        (place,) = file.places()
        assert file.look_at(place)[:4] == bytes(4)
        with pytest.raises(DataError, match="record 1: it is damaged, the checksum of its data is wrong"):
            file.read(place)


def test_a_short_record_is_verified_when_it_is_looked_at(tmp_path):
    content = bytearray(framed([bytes(100)]))
    content[50] = 1
    with open_records(stored(tmp_path, content)) as file:
        (place,) = file.places()
        with pytest.raises(DataError, match="record 1: it is damaged, the checksum of its data is wrong"):
            file.look_at(place)


def test_a_file_that_was_replaced_is_not_read_at_old_places(tmp_path):
    path = stored(tmp_path, framed([b"rain", b"dog"]))
    with open_records(path) as file:
        places = list(file.places())
    path.write_bytes(framed([b"sea!", b"birds"]))
    with open_records(path) as file, pytest.raises(DataError, match="record 2: the file was changed"):
        file.read(places[1])
    path.write_bytes(framed([b"rain"]))
    with open_records(path) as file, pytest.raises(DataError, match="record 2: it is cut off"):
        file.read(places[1])
