import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark.errors import SettingError
from earmark.features.packing import header_of, pack, unpack, unpack_shape

NAME = bytes(range(16))
ARRAY = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(),
    hnp.unsigned_integer_dtypes(),
    hnp.floating_dtypes(sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(sizes=(64, 128)),
)


@settings(deadline=None, max_examples=40)
@given(array=hnp.arrays(dtype=DTYPES, shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)))
def test_any_array_of_numbers_comes_back_as_it_was(array):
    value = pack(NAME, array)
    back = unpack(NAME, value)
    assert (back.dtype.str, back.shape) == (array.dtype.str, array.shape)
    assert back.tobytes() == array.tobytes()
    assert unpack_shape(NAME, header_of(NAME, value)) == array.shape


@pytest.mark.parametrize(
    "array",
    [
        ARRAY.T,
        np.asfortranarray(ARRAY),
        ARRAY[:, ::-1, ::2],
        np.broadcast_to(np.float64(3), (2, 3)),
        np.array(7.5),
        np.longdouble([1, 2]),
        np.zeros((3, 0, 2), dtype=np.complex64),
        np.zeros((1,) * 32, dtype=bool),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_comes_back_as_it_looks_whatever_its_order(array):
    back = unpack(NAME, pack(NAME, array))
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


def test_the_bytes_are_the_same_whatever_the_order():
    assert pack(NAME, np.asfortranarray(ARRAY)) == pack(NAME, ARRAY)


def test_the_numbers_begin_where_processors_like_them():
    for n_dimensions in range(6):
        assert unpack(NAME, pack(NAME, np.ones((1,) * n_dimensions))).ctypes.data % 16 == 0


def test_what_comes_back_cannot_be_written_to():
    back = unpack(NAME, pack(NAME, ARRAY))
    with pytest.raises(ValueError, match="read-only"):
        back[0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        back.flags.writeable = True


@pytest.mark.parametrize(
    "array",
    [
        np.array([{"a": 1}]),
        np.array(["text"]),
        np.array([b"bytes"]),
        np.zeros(2, dtype=[("a", "f4")]),
        np.array(["2024-01-01"], dtype="datetime64[D]"),
    ],
    ids=lambda array: str(array.dtype),
)
def test_what_is_no_number_is_refused(array):
    with pytest.raises(SettingError, match="only numbers"):
        pack(NAME, array)


@pytest.mark.parametrize("array", [ARRAY, np.array(1.0), np.zeros((0, 3))], ids=["array", "number", "empty"])
def test_no_bit_can_be_flipped_and_no_byte_be_missing_unseen(array):
    value = pack(NAME, array)
    for place in range(len(value)):
        for bit in (1, 128):
            flipped = bytearray(value)
            flipped[place] ^= bit
            with pytest.raises(ValueError, match=r"checksum|damaged|bytes in place"):
                unpack(NAME, bytes(flipped))
        with pytest.raises(ValueError, match=r"checksum|damaged|fewer than|bytes in place"):
            unpack(NAME, value[:place])
    with pytest.raises(ValueError, match="bytes in place"):
        unpack(NAME, value + b"\0")


def test_no_byte_of_a_header_can_be_changed_unseen_but_the_checksum_of_the_numbers():
    header = header_of(NAME, pack(NAME, ARRAY))
    for place in range(4, len(header)):
        changed = bytearray(header)
        changed[place] ^= 1
        with pytest.raises(ValueError, match="damaged"):
            unpack_shape(NAME, bytes(changed))


def test_an_entry_of_another_key_is_seen():
    with pytest.raises(ValueError, match="another entry"):
        unpack(bytes(16), pack(NAME, ARRAY))
    with pytest.raises(ValueError, match="another entry"):
        unpack_shape(bytes(16), header_of(NAME, pack(NAME, ARRAY)))


@given(value=st.binary(max_size=200))
def test_foreign_bytes_are_no_array(value):
    with pytest.raises(ValueError, match="header"):
        unpack(NAME, value)


def test_a_number_that_this_machine_does_not_have_is_told(monkeypatch):
    def refuse(name):
        raise TypeError("data type '<f16' not understood")

    value = pack(NAME, ARRAY)
    monkeypatch.setattr(np, "dtype", refuse)
    with pytest.raises(ValueError, match="not understood"):
        unpack(NAME, value)


def test_the_format_is_the_one_that_is_described():
    value = pack(b"k", np.array([[1, 2, 3]], dtype="<u2"))
    assert value[8:16] == bytes([2, 3, 0, 0, 0, 0, 0, 0])
    assert value[16:19] == b"<u2"
    assert value[19:35] == (1).to_bytes(8, "little") + (3).to_bytes(8, "little")
    assert value[35:48] == bytes(13)
    assert value[48:] == bytes([1, 0, 2, 0, 3, 0])
