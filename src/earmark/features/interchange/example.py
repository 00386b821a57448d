"""``tf.train.Example``: named lists of numbers or bytes, in the wire format of protocol buffers.

The messages are few and closed, so they are read and written here: what a record holds is found without a copy of it,
and no release of protobuf is asked for that another library would have to share. The messages::

    Example   { features: 1 Features }
    Features  { feature: 1 map entries { key: 1 string, value: 2 Feature } }
    Feature   { bytes_list: 1 | float_list: 2 | int64_list: 3 }
    ...List   { value: 1 repeated; numbers packed, or one by one }

Source: ``tensorflow/core/example/feature.proto`` and https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from earmark.errors import DataError

Kind = Literal["bytes", "float", "int64"]
Span = tuple[int, int]  # from the first byte to the one behind the last

_KINDS: MappingProxyType[int, Kind] = MappingProxyType({1: "bytes", 2: "float", 3: "int64"})
_VARINT, _EIGHT_BYTES, _LENGTH_DELIMITED, _FOUR_BYTES = 0, 1, 2, 5  # wire types
_FIXED_SIZES = MappingProxyType({_EIGHT_BYTES: 8, _FOUR_BYTES: 4})  # bytes
_N_LONGEST_VARINT = 10  # bytes
_TO_UNSIGNED = (1 << 64) - 1
_SIGN = 1 << 63


class Bytes(Protocol):
    """Bytes in memory, or in a file and read when asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, stretch: slice, /) -> bytes: ...


@dataclass(frozen=True)
class Feature:
    """One named list; its values are read when asked for.

    Attributes:
        name: What it is called.
        kind: Of what it is a list.
        data: The record that it is part of.
        spans: Where its values lie in the record.
    """

    name: str
    kind: Kind
    data: Bytes
    spans: tuple[Span, ...]

    def int64s(self) -> list[int]:
        """Return the numbers of an int64 list.

        Raises:
            DataError: It is a list of something else, or damaged.
        """
        self._expect("int64")
        return [value for wire, span in self._values() for value in _read_int64s(_take(self.data, span), wire)]

    def floats(self) -> npt.NDArray[np.float32]:
        """Return the numbers of a float list, (n_values,); they may be read-only.

        Raises:
            DataError: It is a list of something else, or damaged.
        """
        self._expect("float")
        parts = [_take(self.data, self._whole_floats(span, wire)) for wire, span in self._values()]
        joined = parts[0] if len(parts) == 1 else b"".join(parts)
        return np.frombuffer(joined, dtype="<f4").astype(np.float32, copy=False)

    def byte_strings(self) -> list[bytes]:
        """Return the entries of a bytes list.

        Raises:
            DataError: It is a list of something else, or damaged.
        """
        return [_take(self.data, span) for span in self._entries()]

    def sizes(self) -> list[int]:
        """Return how long each entry of a bytes list is, in bytes, without reading them.

        Raises:
            DataError: It is a list of something else, or damaged.
        """
        return [stop - start for start, stop in self._entries()]

    def n_floats(self) -> int:
        """Return how many numbers a float list holds, without reading them.

        Raises:
            DataError: It is a list of something else, or damaged.
        """
        self._expect("float")
        spans = [self._whole_floats(span, wire) for wire, span in self._values()]
        return sum(stop - start for start, stop in spans) // 4

    def _expect(self, kind: Kind) -> None:
        if self.kind != kind:
            raise DataError(f"{self.name!r} is a list of {self.kind}, and a list of {kind} is needed")

    def _values(self) -> Iterator[tuple[int, Span]]:
        return ((wire, span) for number, wire, span in _fields(self.data, self.spans) if number == 1)

    def _entries(self) -> list[Span]:
        self._expect("bytes")
        values = list(self._values())
        if any(wire != _LENGTH_DELIMITED for wire, _ in values):
            raise _malformed("an entry of a bytes list is a number")
        return [span for _, span in values]

    @staticmethod
    def _whole_floats(span: Span, wire: int) -> Span:
        if wire not in {_LENGTH_DELIMITED, _FOUR_BYTES} or (span[1] - span[0]) % 4:
            raise _malformed("a float list holds something else than numbers of four bytes")
        return span


def decode(data: Bytes) -> dict[str, Feature]:
    """Return the features of a `tf.train.Example` by name, without reading their values.

    Features without a list are left out; of two with the same name the last one counts.

    Args:
        data: The message.

    Raises:
        DataError: It is no such message; the reason alone, without the file.

    >>> features = decode(encode({"label": int64_list(3), "name": bytes_list(b"rain.wav")}))
    >>> features["label"].int64s(), features["name"].byte_strings()
    ([3], [b'rain.wav'])
    """
    features: dict[str, Feature] = {}
    for entry in _messages(data, _messages(data, [(0, len(data))], 1), 1):
        key, values = (0, 0), []
        for number, wire, span in _fields(data, [entry]):
            if wire == _LENGTH_DELIMITED and number == 1:
                key = span
            elif wire == _LENGTH_DELIMITED and number == 2:  # noqa: PLR2004 - the message above
                values.append(span)
        name = _name(_take(data, key))
        feature = _feature(name, data, values)
        if feature is None:
            features.pop(name, None)
        else:
            features[name] = feature
    return features


def encode(features: Mapping[str, bytes]) -> bytes:
    """Return a `tf.train.Example` with these features, as `int64_list`, `float_list` and `bytes_list` make them."""
    entries = (_field(1, _field(1, name.encode()) + _field(2, feature)) for name, feature in features.items())
    return _field(1, b"".join(entries))


def int64_list(*values: int) -> bytes:
    """Return a feature that is a list of whole numbers."""
    packed = b"".join(map(_write_varint, values))
    return _field(3, _field(1, packed) if packed else b"")


def float_list(values: npt.ArrayLike) -> bytes:
    """Return a feature that is a list of float32 numbers: those of an array of any shape, in C order."""
    packed = np.asarray(values).astype("<f4", copy=False).tobytes()
    return _field(2, _field(1, packed) if packed else b"")


def bytes_list(*values: bytes) -> bytes:
    """Return a feature that is a list of byte strings."""
    return _field(1, b"".join(_field(1, value) for value in values))


def _feature(name: str, data: Bytes, spans: Iterable[Span]) -> Feature | None:
    # Of the three lists the last one written counts; the same one written twice is joined.
    kind: Kind | None = None
    lists: list[Span] = []
    for number, wire, span in _fields(data, spans):
        if number not in _KINDS or wire != _LENGTH_DELIMITED:
            continue
        if kind != _KINDS[number]:
            kind, lists = _KINDS[number], []
        lists.append(span)
    return Feature(name, kind, data, tuple(lists)) if kind else None


def _messages(data: Bytes, spans: Iterable[Span], wanted: int) -> list[Span]:
    return [span for number, wire, span in _fields(data, spans) if number == wanted and wire == _LENGTH_DELIMITED]


def _fields(data: Bytes, spans: Iterable[Span]) -> Iterator[tuple[int, int, Span]]:
    """Yield number, wire type and place of the value of each field; fields of unknown numbers are yielded too."""
    for start, stop in spans:
        at = start
        while at < stop:
            head = data[at : min(at + 2 * _N_LONGEST_VARINT, stop)]
            tag, n_tag = _read_varint(head, 0)
            number, wire = tag >> 3, tag & 7
            n_before, n_value = _value_size(head, n_tag, wire)
            begin, at = at + n_before, at + n_before + n_value
            if not number or at > stop:
                raise _malformed("a field goes beyond its end" if number else "a field has the number 0")
            yield number, wire, (begin, at)


def _value_size(head: bytes, n_tag: int, wire: int) -> tuple[int, int]:
    """Return how many bytes come before a field's value, and how long it is."""
    if wire == _LENGTH_DELIMITED:
        n_value, n_before = _read_varint(head, n_tag)
        return n_before, n_value
    if wire == _VARINT:
        return n_tag, _read_varint(head, n_tag)[1] - n_tag
    if wire in _FIXED_SIZES:
        return n_tag, _FIXED_SIZES[wire]
    raise _malformed(f"a field has the wire type {wire}")


def _read_int64s(packed: bytes, wire: int) -> Iterator[int]:
    if wire not in {_LENGTH_DELIMITED, _VARINT}:
        raise _malformed("an int64 list holds a number of fixed size")
    at = 0
    while at < len(packed):
        value, at = _read_varint(packed, at)
        yield value - ((value & _SIGN) << 1)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, the lowest first, and where it ends."""
    if at < len(data) and data[at] < 0x80:  # noqa: PLR2004 - the highest bit says that another byte follows
        return data[at], at + 1
    value = 0
    for place, byte in enumerate(data[at : at + _N_LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 - as above
            return value & _TO_UNSIGNED, at + place + 1
    raise _malformed("a number does not end")


def _write_varint(value: int) -> bytes:
    value &= _TO_UNSIGNED
    written = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - what seven bits hold
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _field(number: int, value: bytes) -> bytes:
    return b"".join((_write_varint(number << 3 | _LENGTH_DELIMITED), _write_varint(len(value)), value))


def _take(data: Bytes, span: Span) -> bytes:
    taken = data[span[0] : span[1]]
    if len(taken) != span[1] - span[0]:
        raise _malformed("it ends too early")  # the file became shorter since it was measured
    return taken


def _name(written: bytes) -> str:
    try:
        return written.decode()
    except UnicodeDecodeError as error:
        raise _malformed("the name of a feature is not UTF-8") from error


def _malformed(reason: str) -> DataError:
    return DataError(f"it is no tf.train.Example: {reason}")
