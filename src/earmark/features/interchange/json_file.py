"""The teaching notebooks' file: one JSON object with the class names, the labels and the MFCC of every segment.

It is what ``json.dump`` makes of ``{"mapping": [...], "labels": [...], "mfcc": [...]}`` there: `mapping` names the
classes in order, `labels` holds one number a segment, and `mfcc` holds the segments, each a list of frames, each a list
of coefficients. Time comes first, as in ``librosa.feature.mfcc(...).T.tolist()``; in earmark it is the last axis.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from earmark._util.catalogue import nearest
from earmark._util.files import write_whole
from earmark._util.progress import Progress
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.errors import DataError, SettingError
from earmark.features.interchange.table import FeatureTable
from earmark.features.interchange.writing import blocks, claim_file, shown

SUMMARY = "one .json file with mapping, labels and mfcc, as the teaching notebooks write and read it"

FloatArray = npt.NDArray[np.float32]

_KEYS = ("mapping", "labels", "mfcc")
_N_KEYS = 10  # that a message lists
_BEGINNING = 4096  # bytes of a file that are enough to tell whether it is one of these


def recognises(path: Path) -> bool:
    """Return whether `path` is a file with the suffix ``.json``."""
    return path.suffix.lower() == ".json" and path.is_file()


# ---------------------------------------------------------------- writing


def write(path: Path, table: FeatureTable, *, progress: Progress | None = None, overwrite: bool = False) -> None:
    """Write features as the notebooks do, segment by segment: memory stays flat.

    `mapping` holds the data set's labels, sorted, and `labels` the place of each segment's label in it. A number has
    the nine digits that bring back the same float32.

    Args:
        path: The file.
        table: What is written.
        progress: Is told of each clip.
        overwrite: Whether such a file that is there already may be replaced.

    Raises:
        SettingError: The table holds pictures, or segments of several shapes.
        DataError: There are no clips, or a number is not finite, which JSON cannot hold.
        StorageError: The file is there already, or cannot be written.
    """
    if table.is_pictures:
        raise SettingError("the notebooks' JSON holds features, and these are pictures: give --format pictures")
    claim_file(path, is_ours=_is_ours, kind="a JSON file of features", overwrite=overwrite)
    with write_whole(path) as part, part.open("w", encoding="ascii") as stream:
        _write_object(stream, table, progress)


def _write_object(stream: TextIO, table: FeatureTable, progress: Progress | None) -> None:
    labels: list[int] = []
    stream.write(f'{{"mapping": {json.dumps(table.dataset.labels)},\n"mfcc": [')
    for clip, y, block in blocks(table, progress):
        if not np.isfinite(block).all():
            raise DataError(f"{clip.name} has features that are not finite: JSON cannot hold them")
        for segment in block:
            stream.write(f"{',' if labels else ''}\n{_to_json(segment.T)}")
            labels.append(y)
    stream.write(f'\n],\n"labels": {json.dumps(labels)}}}\n')


def _to_json(rows: FloatArray) -> str:
    """Return the rows as JSON; each number as the decimal that float32 reads back as the same."""
    # Nine digits always do, and cost a third of repr; but they write 5.0 as 5, and -0.0 as -0, which is no longer a
    # float to who reads it.
    if (rows == np.rint(rows)).any():
        return json.dumps(rows.tolist())
    row = f"[{', '.join(['%.9g'] * rows.shape[1])}]"
    template = f"[{', '.join([row] * rows.shape[0])}]"
    return template % tuple(rows.ravel().tolist())


def _is_ours(path: Path) -> bool:
    with path.open("rb") as stream:
        beginning = stream.read(_BEGINNING).removeprefix(b"\xef\xbb\xbf").lstrip()
    return beginning.startswith(b"{") and any(f'"{key}"'.encode() in beginning for key in _KEYS)


# ---------------------------------------------------------------- reading


def read(path: Path) -> FeatureTable:
    """Return the segments of a file that the notebooks, or `write`, wrote.

    The file says nothing of recordings. So each segment is a clip and a group by itself, and a note says what follows.
    Other keys than the three are passed over.

    Raises:
        DataError: The file cannot be read, is cut off, or its lists do not fit each other; the message says where.
    """
    content = _read_object(path)
    missing = [key for key in _KEYS if key not in content.found]
    if missing:
        known = [key for key in sorted(content.found) if key.isprintable()]
        raise DataError(f"{path} has no key {missing[0]!r}: {nearest(missing[0], known[:_N_KEYS])}")
    _check_mapping(path, content.mapping)
    _check_labels(path, content)
    names, notes = _class_names(content)
    clips = [
        Clip(name=name, path=path, label=names[label], group=name)
        for index, label in enumerate(content.labels)
        for name in (f"{names[label]}/{index:05d}",)
    ]
    return FeatureTable(
        dataset=Dataset(clips, path.parent, (_no_groups(path), *notes)), arrays=content.mfcc, groups_known=False
    )


@dataclass
class _Content:
    """What the file holds; the first two are checked later."""

    mapping: Any = None
    labels: Any = None
    mfcc: list[FloatArray] = field(default_factory=list)  # (1, n_bins, n_frames) a segment
    found: set[str] = field(default_factory=set)


def _read_object(path: Path) -> _Content:
    try:
        return _parse(path, _Text(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start + 1}): it is no JSON file") from error
    except JSONDecodeError as error:
        raise DataError(
            f"{path} is cut off or no JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; lists in lists without end
        raise DataError(f"{path} is no JSON that can be read: {error}") from error


def _parse(path: Path, text: "_Text") -> _Content:
    """Read the object key by key, and its segments one by one: as lists, all at once, they take ten times the room."""
    content = _Content()
    for key in text.members():
        content.found.add(key)
        if key != "mfcc":
            value = text.value()
            if key in _KEYS:
                setattr(content, key, value)
            continue
        if text.ahead() not in {"[", ""}:
            raise DataError(f"{path}: 'mfcc' must hold a list of segments")
        content.mfcc = []
        for index, value in enumerate(text.entries()):
            segment = _segment(path, index, value)
            _check_shape(path, index, segment, content.mfcc)
            content.mfcc.append(segment)
    return content


class _Text:
    """JSON text that is read from left to right. Faults are raised as `JSONDecodeError`, with their place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._decoder = json.JSONDecoder()

    def ahead(self) -> str:
        """Return the next character that is no space; nothing at the end."""
        while self._text[self._at : self._at + 1] in {" ", "\t", "\n", "\r"}:
            self._at += 1
        return self._text[self._at : self._at + 1]

    def value(self) -> Any:  # noqa: ANN401 - whatever stands there
        """Return the value that begins here, and go behind it."""
        self.ahead()
        value, self._at = self._decoder.raw_decode(self._text, self._at)
        return value

    def entries(self) -> Iterator[Any]:
        """Yield the entries of the list that begins here."""
        self._take("[")
        if self.ahead() == "]":
            self._take("]")
            return
        mark = ","
        while mark == ",":
            yield self.value()
            mark = self._take(",]")

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that is the whole text; who asks for the next has taken the value."""
        mark = self._take("{")
        while mark != "}":
            if self.ahead() != '"':
                self._take("}" if mark == "{" else '"')
                break
            key = self.value()
            self._take(":")
            yield key
            mark = self._take(",}")
        if self.ahead():
            raise JSONDecodeError("extra data", self._text, self._at)

    def _take(self, marks: str) -> str:
        mark = self.ahead()
        if not mark or mark not in marks:
            raise JSONDecodeError(f"expecting {' or '.join(marks)}", self._text, self._at)
        self._at += 1
        return mark


def _segment(path: Path, index: int, value: object) -> FloatArray:
    """Return a segment as features (1, n_bins, n_frames)."""
    where = f"{path}: segment {index} of 'mfcc'"
    try:
        frames = np.array(value)  # (n_frames, n_bins)
    except ValueError as error:
        raise DataError(f"{where} has frames of unequal lengths") from error
    if frames.ndim != 2 or 0 in frames.shape or frames.dtype.kind not in "iuf":  # noqa: PLR2004 - frames and bins
        raise DataError(f"{where} must be a list of frames, each a list of numbers")
    with np.errstate(over="ignore"):
        segment = np.ascontiguousarray(frames.T, dtype=np.float32)[None]
    if not np.isfinite(segment).all():
        raise DataError(f"{where} has numbers that are not finite, or beyond float32")
    return segment


def _check_shape(path: Path, index: int, segment: FloatArray, earlier: list[FloatArray]) -> None:
    if earlier and segment.shape != earlier[0].shape:
        received, wanted = shown(segment.shape[:0:-1]), shown(earlier[0].shape[:0:-1])
        raise DataError(
            f"{path}: segment {index} of 'mfcc' has {received} numbers and segment 0 has {wanted} (frames x "
            "coefficients): all must have one shape"
        )


def _check_mapping(path: Path, mapping: object) -> None:
    if not isinstance(mapping, list) or not all(isinstance(name, str) for name in mapping):
        raise DataError(f"{path}: 'mapping' must hold a list of class names")
    twice = sorted({name for name in mapping if mapping.count(name) > 1})
    if twice:
        raise DataError(f"{path}: 'mapping' names a class twice: {listed(map(repr, twice))}")


def _check_labels(path: Path, content: _Content) -> None:
    labels, n_classes = content.labels, len(content.mapping)
    if not isinstance(labels, list):
        raise DataError(f"{path}: 'labels' must hold a list of whole numbers, one a segment")
    if len(labels) != len(content.mfcc):
        raise DataError(
            f"{path}: 'labels' has {count(len(labels), 'label')} and 'mfcc' has "
            f"{count(len(content.mfcc), 'segment')}: one label belongs to each"
        )
    if not labels:
        raise DataError(f"{path} holds no segments")
    for index, label in enumerate(labels):
        if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < n_classes:
            raise DataError(
                f"{path}: entry {index} of 'labels' is {str(label)[:20]!r}: it must be a whole number from 0 to "
                f"{n_classes - 1}, a place in 'mapping'"
            )
        if not content.mapping[label].strip():
            raise DataError(f"{path}: entry {label} of 'mapping' is empty and 'labels' uses it: write the class's name")


def _class_names(content: _Content) -> tuple[dict[int, str], list[str]]:
    """Return the name of each label that is used, and what there is to say of the names."""
    used = sorted(set(content.labels))
    names = {label: content.mapping[label] for label in used}
    notes = []
    unused = [repr(name) for label, name in enumerate(content.mapping) if label not in names]
    if unused:
        verb = "has" if len(unused) == 1 else "have"
        notes.append(f"{count(len(unused), 'name')} of the mapping {verb} no segments: {listed(unused)}")
    parts = {label: re.split(r"[\\/]", name) for label, name in names.items()}
    folders = {tuple(way[:-1]) for way in parts.values()}
    short = {label: way[-1].strip() for label, way in parts.items()}
    if folders != {()} and len(folders) == 1 and all(short.values()) and len(set(short.values())) == len(used):
        first = used[0]
        notes.append(f"the folders in the class names were left out: {names[first]!r} is read as {short[first]!r}")
        names = short
    return names, notes


def _no_groups(path: Path) -> str:
    return (
        f"{path.name} has no groups: segments of one recording may lie on both sides of the split, so the score may be "
        "inflated"
    )
