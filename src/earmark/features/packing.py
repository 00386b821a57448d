"""An array as bytes that tell by themselves whether they are whole, and whether they are the ones asked for.

Little-endian, without gaps::

    uint32  checksum of the numbers, begun with the next one
    uint32  checksum of the rest of the header, begun with the key's
    uint8   number of dimensions
    uint8   number of characters of the dtype, then 6 bytes of zero
    char[]  the dtype as NumPy writes it, such as <f4
    uint64[]  the shape, then zeros up to a multiple of 16 bytes
    ...     the numbers, the last axis fastest

The checksums are CRC-32: 67 kB take 16 µs, a cryptographic digest of them 72 µs.
"""

import math
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError

Array = npt.NDArray[Any]

_START = struct.Struct("<IIBB6x")
_SUMMED_FROM = 8  # the checksums themselves are left out
_ALIGNMENT = 16  # so that the numbers lie where processors like them: Python's bytes begin at multiples of 16
_NUMBERS = "biufc"  # kinds of dtype: boolean, signed, unsigned, floating, complex


def pack(name: bytes, array: Array) -> bytes:
    """Return the bytes of an array of numbers, of any shape, order and byte order.

    Args:
        name: The key under which it will be kept; it takes part in the checksum.
        array: The numbers.

    Raises:
        SettingError: It holds something else than numbers.

    >>> unpack(b"key", pack(b"key", np.eye(2, dtype=np.float32)))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    if array.dtype.kind not in _NUMBERS:
        raise SettingError(f"an array of dtype {array.dtype} cannot be kept: only numbers can")
    contiguous = np.asarray(array, order="C")  # ascontiguousarray would make a single number an array of one
    dtype = contiguous.dtype.str.encode("ascii")
    start = struct.pack("<BB6x", contiguous.ndim, len(dtype))
    header = start + dtype + struct.pack(f"<{contiguous.ndim}Q", *contiguous.shape)
    header += bytes(-(_SUMMED_FROM + len(header)) % _ALIGNMENT)
    numbers = contiguous.reshape(-1).view(np.uint8).data
    header_sum = zlib.crc32(header, zlib.crc32(name))
    return b"".join((struct.pack("<II", zlib.crc32(numbers, header_sum), header_sum), header, numbers))


def unpack(name: bytes, value: bytes) -> Array:
    """Return the array whose bytes these are, read-only; it holds on to them.

    Args:
        name: The key under which they were found.
        value: What `pack` returned.

    Raises:
        ValueError: They are damaged, or of another key.
    """
    dtype, shape, begin = _read_header(name, value)
    n_bytes = begin + math.prod(shape) * dtype.itemsize
    if len(value) != n_bytes:
        raise ValueError(f"it has {len(value)} bytes in place of {n_bytes}")
    numbers_sum, header_sum, *_ = _START.unpack_from(value)
    if zlib.crc32(memoryview(value)[begin:], header_sum) != numbers_sum:
        raise ValueError("its checksum does not fit")
    return np.ndarray(shape, dtype, buffer=value, offset=begin)


def header_of(name: bytes, value: bytes) -> bytes:
    """Return the header of what `pack` returned, for `unpack_shape`."""
    return value[: _read_header(name, value)[2]]


def unpack_shape(name: bytes, header: bytes) -> tuple[int, ...]:
    """Return the shape of the array whose bytes begin so.

    Args:
        name: The key under which they were found.
        header: What `header_of` returned.

    Raises:
        ValueError: They are damaged, or of another key.
    """
    return _read_header(name, header)[1]


def _read_header(name: bytes, value: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Return the dtype, the shape, and where the numbers begin."""
    if len(value) < _START.size:
        raise ValueError(f"it has {len(value)} bytes, fewer than a header")
    _, header_sum, n_dimensions, n_characters = _START.unpack_from(value)
    shape_at = _START.size + n_characters
    end = shape_at + 8 * n_dimensions
    begin = end + -end % _ALIGNMENT
    if zlib.crc32(memoryview(value)[_SUMMED_FROM:begin], zlib.crc32(name)) != header_sum:
        raise ValueError("its header is damaged, or another entry's")
    try:
        dtype = np.dtype(value[_START.size : shape_at].decode("ascii"))
    except TypeError as error:  # a number that this machine does not have: long doubles differ
        raise ValueError(str(error)) from error
    return dtype, struct.unpack_from(f"<{n_dimensions}Q", value, shape_at), begin
