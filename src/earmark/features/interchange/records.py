"""TFRecord files: records one behind the other, each with its length and two checksums.

A record is its length (uint64), the masked CRC-32C of these eight bytes (uint32), the data, and the masked CRC-32C of
the data (uint32), all little-endian.

Source: TensorFlow, ``tensorflow/core/lib/io/record_writer.h`` and ``tensorflow/core/lib/hash/crc32c.h``.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from earmark.errors import DataError, StorageError

_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
_N_HEAD = _LENGTH.size + _CHECKSUM.size
_MASK_DELTA = 0xA282EAD8
_ALL_BITS = 0xFFFFFFFF
_N_LOOKED_AT_WHOLE = 1 << 16  # bytes; reading a longer record only to see what is in it would take longer than seeking
_GZIP = b"\x1f\x8b"
_ZLIB = tuple(bytes((0x78, second)) for second in (0x01, 0x5E, 0x9C, 0xDA))


@dataclass(frozen=True)
class Place:
    """Where a record lies in its file.

    Attributes:
        number: Its place among the records, from 1.
        start: Where its data begins, in bytes.
        n_bytes: How long its data is.
    """

    number: int
    start: int
    n_bytes: int


class RecordView:
    """The data of a long record, read stretch by stretch. Its checksum is not looked at."""

    def __init__(self, stream: BinaryIO, place: Place) -> None:
        self._stream = stream
        self._place = place

    def __len__(self) -> int:
        return self._place.n_bytes

    def __getitem__(self, stretch: slice) -> bytes:
        start, stop, _ = stretch.indices(self._place.n_bytes)
        self._stream.seek(self._place.start + start)
        return self._stream.read(max(0, stop - start))


class RecordFile:
    """A TFRecord file, open for reading.

    Attributes:
        path: Where the file is.
        n_bytes: How long it is.
    """

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.n_bytes = stream.seek(0, io.SEEK_END)
        self._stream = stream

    def places(self) -> Iterator[Place]:
        """Yield where each record lies, going from length to length; the data between them is not read.

        Raises:
            DataError: The file is empty, is no TFRecord file, or ends inside a record; or a length is damaged.
        """
        if not self.n_bytes:
            raise DataError(f"{self.path} is empty: a TFRecord file holds at least one record")
        number, start = 1, 0
        while start < self.n_bytes:
            place = self._place_at(number, start)
            yield place
            number, start = number + 1, place.start + place.n_bytes + _CHECKSUM.size

    def look_at(self, place: Place) -> bytes | RecordView:
        """Return the data of a record for a look at its smaller parts: a short one whole and verified, else a view.

        Raises:
            DataError: The record is short, and damaged.
        """
        return self.read(place) if place.n_bytes <= _N_LOOKED_AT_WHOLE else RecordView(self._stream, place)

    def read(self, place: Place) -> bytes:
        """Return the data of a record, verified.

        Raises:
            DataError: Its checksum is wrong, or the file is no longer what it was when its records were found.
        """
        if self._place_at(place.number, place.start - _N_HEAD) != place:
            raise self.fault(place.number, "the file was changed while it was read: open it again")
        self._stream.seek(place.start)
        data = self._stream.read(place.n_bytes)
        if self._stream.read(_CHECKSUM.size) != checksum(data):
            raise self._damaged(place.number, "data")
        return data

    def fault(self, number: int, reason: str) -> DataError:
        """Return the error that says what is wrong with a record."""
        return DataError(f"{self.path}: record {number}: {reason}")

    def _place_at(self, number: int, head_start: int) -> Place:
        self._stream.seek(head_start)
        head = self._stream.read(_N_HEAD)
        if len(head) < _N_HEAD:
            raise self._cut_off(number)
        if head[_LENGTH.size :] != checksum(head[: _LENGTH.size]):
            raise self._foreign(head) if number == 1 else self._damaged(number, "length")
        n_bytes: int = _LENGTH.unpack_from(head)[0]
        if head_start + _N_HEAD + n_bytes + _CHECKSUM.size > self.n_bytes:
            raise self._cut_off(number)
        return Place(number, head_start + _N_HEAD, n_bytes)

    def _cut_off(self, number: int) -> DataError:
        return self.fault(
            number, "it is cut off, the file ends inside of it: copy or download it again, or write it anew"
        )

    def _damaged(self, number: int, what: str) -> DataError:
        return self.fault(
            number, f"it is damaged, the checksum of its {what} is wrong: copy or download the file again"
        )

    def _foreign(self, head: bytes) -> DataError:
        packing = "gzip" if head.startswith(_GZIP) else "zlib" if head.startswith(_ZLIB) else None
        if packing:
            return DataError(
                f"{self.path} is compressed with {packing}: unpack it, or write it anew without compression"
            )
        return self.fault(
            1,
            "the checksum of its length is wrong: this is no TFRecord file, or one that is damaged in its first bytes",
        )


@contextmanager
def open_records(path: Path) -> Iterator[RecordFile]:
    """Open a TFRecord file for reading.

    Raises:
        StorageError: The file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            yield RecordFile(path, stream)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error


def write_record(stream: BinaryIO, data: bytes) -> None:
    """Write one record to the end of a stream.

    >>> stream = io.BytesIO()
    >>> write_record(stream, b"rain")
    >>> stream.getvalue().hex()
    '0400000000000000424552047261696efe2ed3f4'
    """
    length = _LENGTH.pack(len(data))
    stream.write(length + checksum(length))
    stream.write(data)
    stream.write(checksum(data))


def checksum(data: bytes) -> bytes:
    """Return the masked CRC-32C of `data` as the format writes it, four bytes.

    The mask is there since the checksum of data that ends in its own checksum says nothing.
    """
    import google_crc32c  # noqa: PLC0415 - only who reads or writes these files needs it

    crc = google_crc32c.value(data)
    return _CHECKSUM.pack((((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _ALL_BITS)
