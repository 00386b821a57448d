import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import DataError
from earmark.features.interchange.example import bytes_list, decode, encode, float_list, int64_list
from earmark.features.interchange.labelled import encode_picture, encode_segment, look_at, read_item
from earmark.features.interchange.records import RecordFile, write_record

PICTURE = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
SEGMENT = np.arange(6, dtype=np.float32).reshape(2, 3)
TEXTS = {"name": "rain/a.wav", "group": "tape 7", "class": "rain"}


def file_of(*records):
    stream = io.BytesIO()
    for record in records:
        write_record(stream, record)
    return RecordFile("some.tfrecord", stream)


def looked_at(record):
    file = file_of(record)
    (place,) = file.places()
    return file, look_at(file, place)


def picture_features(**changed):
    features = {
        "label": int64_list(1),
        "image": bytes_list(bytes(24)),
        "height": int64_list(2),
        "width": int64_list(3),
    }
    return {name: value for name, value in (features | changed).items() if value is not None}


def segment_features(**changed):
    features = {"label": int64_list(1), "features": float_list(np.zeros(6)), "shape": int64_list(2, 3)}
    return {name: value for name, value in (features | changed).items() if value is not None}


def test_a_picture_comes_back_with_all_that_is_said_of_it():
    file, record = looked_at(encode_picture(PICTURE, 3, TEXTS))
    assert (record.label, record.is_picture, record.shape, record.segment) == (3, True, (2, 3), None)
    assert (record.name, record.group, record.class_name) == ("rain/a.wav", "tape 7", "rain")
    picture = read_item(file, record)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, PICTURE)


def test_a_segment_comes_back_with_all_that_is_said_of_it():
    file, record = looked_at(encode_segment(SEGMENT, 3, 7, TEXTS))
    assert (record.label, record.is_picture, record.shape, record.segment) == (3, False, (2, 3), 7)
    assert (record.name, record.group, record.class_name) == ("rain/a.wav", "tape 7", "rain")
    segment = read_item(file, record)
    assert segment.dtype == np.float32
    assert np.array_equal(segment, SEGMENT)


def test_a_picture_has_the_features_that_the_notebooks_ask_for():
    features = decode(encode_picture(PICTURE, 3, TEXTS))
    assert features["label"].int64s() == [3]
    assert features["image"].byte_strings() == [bytes(range(24))]


def test_an_array_that_is_not_in_c_order_is_written_as_if_it_were():
    turned = np.asfortranarray(PICTURE)
    assert encode_picture(turned, 0, {}) == encode_picture(PICTURE, 0, {})
    assert encode_segment(np.asfortranarray(SEGMENT), 0, 0, {}) == encode_segment(SEGMENT, 0, 0, {})


def test_a_name_that_is_not_utf_8_comes_back_as_it_was():
    name = b"caf\xe9.wav".decode("utf-8", "surrogateescape")
    assert looked_at(encode_segment(SEGMENT, 0, 0, {"name": name}))[1].name == name


def test_a_text_that_is_empty_or_absent_is_none():
    _, record = looked_at(encode(segment_features(name=bytes_list(b""), group=bytes_list())))
    assert (record.name, record.group, record.class_name) == (None, None, None)


def test_a_picture_without_height_and_width_has_the_notebooks_shape():
    features = picture_features(image=bytes_list(bytes(720_000)), height=None, width=None)
    file, record = looked_at(encode(features))
    assert record.shape == (300, 600)
    assert read_item(file, record).shape == (300, 600, 4)


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ({}, "it has no 'label': write 1 int64 with this name"),
        (picture_features(label=None), "it has no 'label'"),
        (picture_features(label=int64_list()), "'label' must hold 1 int64, not 0"),
        (picture_features(label=int64_list(1, 2)), "'label' must hold 1 int64, not 2"),
        (picture_features(label=bytes_list(b"1")), "'label' is a list of bytes, and a list of int64 is needed"),
        (picture_features(image=None), "it has neither 'image' nor 'features' .it has 'height', 'label', 'width'."),
        (picture_features(image=bytes_list()), "'image' must hold one picture, not 0"),
        (picture_features(image=bytes_list(b"1", b"2")), "'image' must hold one picture, not 2"),
        (picture_features(image=int64_list(1)), "'image' is a list of int64, and a list of bytes is needed"),
        (picture_features(image=bytes_list(b"1")), "'image' has 1 bytes, and its 'height' and 'width' say 2 x 3 x 4"),
        (picture_features(height=int64_list(-2), width=int64_list(-3)), ".* its 'height' and 'width' say -2 x -3 x 4"),
        (picture_features(image=bytes_list(b""), height=int64_list(0)), ".* its 'height' and 'width' say 0 x 3 x 4"),
        (picture_features(height=float_list([2])), "'height' is a list of float"),
        (picture_features(height=None, width=None), "'image' has 24 bytes, and without .* it must be 300 x 600 x 4"),
        (picture_features(name=bytes_list(b"a", b"b")), "'name' must hold one text, not 2"),
        (segment_features(shape=None), "it has no 'shape': write 2 int64 with this name"),
        (segment_features(shape=int64_list(6)), "'shape' must hold 2 int64, not 1"),
        (segment_features(shape=int64_list(2, 4)), "'features' has 6 numbers, and 'shape' says 2 x 4"),
        (segment_features(shape=int64_list(-2, -3)), "'features' has 6 numbers, and 'shape' says -2 x -3"),
        (segment_features(features=float_list([]), shape=int64_list(0, 5)), "'features' has 0 numbers"),
        (segment_features(features=bytes_list(bytes(24))), "'features' is a list of bytes, and a list of float"),
        (segment_features(segment=int64_list()), "'segment' must hold 1 int64, not 0"),
    ],
)
def test_what_is_no_labelled_record_is_refused_with_the_number_of_the_record(features, reason):
    file = file_of(encode(segment_features()), encode(features))
    first, second = file.places()
    look_at(file, first)
    with pytest.raises(DataError, match=rf"^some\.tfrecord: record 2: {reason}") as raised:
        look_at(file, second)
    assert "\n" not in str(raised.value)


def test_a_record_that_is_no_example_is_refused():
    with pytest.raises(DataError, match=r"^some\.tfrecord: record 1: it is no tf\.train\.Example"):
        looked_at(b"\x0a\x0fno message")


def test_a_shape_beyond_all_measure_takes_no_memory():
    with pytest.raises(DataError, match="'image' has 24 bytes"):
        looked_at(encode(picture_features(height=int64_list(2**62), width=int64_list(2**62))))


def damaged_file(content_of_record, find):
    """Return a file of one record with one byte of it changed after the checksum was made."""
    stream = io.BytesIO()
    write_record(stream, content_of_record)
    content = bytearray(stream.getvalue())
    content[content.index(find)] ^= 0xFF
    return RecordFile("some.tfrecord", io.BytesIO(bytes(content)))


def test_a_long_record_that_is_damaged_is_called_damaged_and_not_what_follows_from_it():
    long = picture_features(image=bytes_list(bytes(720_000)), height=int64_list(300), width=int64_list(600))
    file = damaged_file(encode(long), b"label")
    (place,) = file.places()
    with pytest.raises(DataError, match="record 1: it is damaged, the checksum of its data is wrong"):
        look_at(file, place)


def test_a_long_record_whose_pixels_are_damaged_is_refused_when_they_are_asked_for():
    image = bytes(1000) + b"\x07" + bytes(718_999)
    long = picture_features(image=bytes_list(image), height=int64_list(300), width=int64_list(600))
    file = damaged_file(encode(long), b"\0\x07\0")
    (place,) = file.places()
    record = look_at(file, place)
    with pytest.raises(DataError, match="record 1: it is damaged, the checksum of its data is wrong"):
        read_item(file, record)


def test_a_record_that_says_something_else_than_before_is_refused():
    _, record = looked_at(encode(segment_features(label=int64_list(1))))
    other = file_of(encode(segment_features(label=int64_list(2))))
    with pytest.raises(DataError, match="record 1: the file was changed while it was read"):
        read_item(other, record)


values = st.one_of(
    st.lists(st.one_of(st.integers(-3, 7), st.integers(-(2**63), 2**63 - 1)), max_size=3).map(lambda v: int64_list(*v)),
    st.lists(st.binary(max_size=30), max_size=2).map(lambda v: bytes_list(*v)),
    st.lists(st.floats(width=32), max_size=7).map(float_list),
    st.binary(max_size=20),
)
names = st.sampled_from(["label", "image", "height", "width", "features", "shape", "segment", "name", "group", "class"])


@pytest.mark.slow
@given(
    start=st.sampled_from([picture_features(), segment_features()]), changed=st.dictionaries(names, values, max_size=3)
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_features_hold_a_record_is_read_or_refused(start, changed):
    try:
        file, record = looked_at(encode(start | changed))
        assert read_item(file, record).shape[:2] == record.shape
    except DataError as error:
        assert str(error).startswith("some.tfrecord: record 1: ")  # noqa: PT017 - either is right
