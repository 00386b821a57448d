"""TFRecord: one file a fold, each record a ``tf.train.Example``; written and read without TensorFlow.

A record is a picture (`label` int64, `image` the bytes of height x width x 4, as the teaching notebooks on ESC-10 parse
it) or one segment of features (`label`, `features` float32 in C order, `shape` int64). What else earmark writes
(`name`, `group`, `class`, and the like) is passed over by a parser that does not ask for it. ``labels.txt`` beside the
files names the classes in the order of their numbers.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import BinaryIO, overload

import numpy as np

from earmark._util.files import write_folder_whole
from earmark._util.progress import Progress
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed, reading_order
from earmark.errors import DataError, SettingError, StorageError
from earmark.features.interchange.labelled import (
    ENCODING,
    ENCODING_ERRORS,
    N_CHANNELS,
    Labelled,
    encode_picture,
    encode_segment,
    look_at,
    read_item,
)
from earmark.features.interchange.records import open_records, write_record
from earmark.features.interchange.table import Array, Chosen, FeatureTable
from earmark.features.interchange.writing import blocks, item_shape, shown

SUMMARY = "a folder of TFRecord files, one a fold, as TensorFlow reads them"

_SUFFIXES = (".tfrecord", ".tfrecords")
_LABELS = "labels.txt"


def recognises(path: Path) -> bool:
    """Return whether `path` is a file with the suffix ``.tfrecord`` or ``.tfrecords``, or a folder with one in it.

    Raises:
        StorageError: The folder cannot be read.
    """
    return bool(_files_in(path)) if path.is_dir() else _is_record_file(path)


def _files_in(folder: Path) -> list[Path]:
    return [file for file in _content_of(folder) if _is_record_file(file)]


def _content_of(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {(error.strerror or str(error)).lower()}") from error


def _is_record_file(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and path.is_file()


# ---------------------------------------------------------------- writing


def write(path: Path, table: FeatureTable, *, progress: Progress | None = None, overwrite: bool = False) -> None:
    """Write a folder of TFRecord files, ``fold1.tfrecord`` and so on, or ``all.tfrecord`` where there are no folds.

    One clip is in memory at a time. A stretch of a file is named with its beginning and end in seconds, as
    ``birds.wav@1.5-3.0``, so that no two clips share a name.

    Args:
        path: The folder.
        table: What is written.
        progress: Is told of each clip.
        overwrite: Whether such a folder that is there already may be replaced.

    Raises:
        SettingError: The segments or pictures differ in shape.
        DataError: There are no clips, some have a fold and some have none, two share a name, or a label goes over
            more than one line.
        StorageError: The folder is there already, or cannot be written.
    """
    _claim_folder(path, overwrite=overwrite)
    _check_items(table)
    _check_clips(table.dataset)
    order = sorted(range(len(table.dataset)), key=lambda index: table.dataset[index].fold or 0)
    by_fold = replace(table, dataset=table.dataset.subset(order), arrays=Chosen(table.arrays, order))
    with write_folder_whole(path) as part:
        _write_labels(part / _LABELS, table.dataset.labels)
        for fold, rows in groupby(blocks(by_fold, progress), key=lambda row: row[0].fold):
            name = "all" if fold is None else f"fold{fold}"
            with (part / f"{name}{_SUFFIXES[0]}").open("wb") as stream:
                for clip, y, block in rows:
                    _write_clip(stream, clip, y, block, table)


def _write_clip(stream: BinaryIO, clip: Clip, y: int, block: Array, table: FeatureTable) -> None:
    if not len(block):
        raise DataError(f"{clip.name} has no segments, so no record would tell of it: leave it out")
    texts = {"name": _name_of(clip), "class": clip.label} | ({"group": clip.group} if table.groups_known else {})
    for place, item in enumerate(block):
        data = encode_picture(item, y, texts) if table.is_pictures else encode_segment(item, y, place, texts)
        write_record(stream, data)


def _name_of(clip: Clip) -> str:
    if not clip.start_s and clip.end_s is None:
        return clip.name
    return f"{clip.name}@{clip.start_s}-{'' if clip.end_s is None else clip.end_s}"


def _check_items(table: FeatureTable) -> None:
    shape = item_shape(table)
    if 0 in shape or (table.is_pictures and shape[2:] != (N_CHANNELS,)):
        wanted = f"pictures of rows x columns x {N_CHANNELS}" if table.is_pictures else "segments of bins x frames"
        raise SettingError(f"{table.dataset[0].name} gives {shown(shape)}, and {wanted} are written, none of them 0")


def _check_clips(dataset: Dataset) -> None:
    without = [clip.name for clip in dataset if clip.fold is None]
    if 0 < len(without) < len(dataset):
        raise DataError(f"some clips have a fold and some have none ({listed(without)}): one file is written a fold")
    negative = [f"{clip.name} in fold {clip.fold}" for clip in dataset if (clip.fold or 0) < 0]
    if negative:
        raise DataError(f"a fold must be at least 0, as it is part of a file's name: {listed(negative)}")
    twice = [name for name, n_times in Counter(map(_name_of, dataset)).items() if n_times > 1]
    if twice:
        raise DataError(f"several clips share a name, and records are told apart by it: {listed(twice)}")
    broken = [repr(label) for label in dataset.labels if label.splitlines() != [label]]
    if broken:
        raise DataError(f"a label must be one line, as {_LABELS} has one a line: {listed(broken)}")


def _claim_folder(path: Path, *, overwrite: bool) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise StorageError(f"{path} is a file: TFRecords are written into a folder, one file a fold: name a folder")
    files = _content_of(path)
    foreign = [file.name for file in files if not _is_record_file(file)]
    if set(foreign) - {_LABELS} or (foreign and len(foreign) == len(files)):
        raise StorageError(f"{path} is a folder with something else in it ({listed(foreign)}): name a new folder")
    if files and not overwrite:
        raise StorageError(f"{path} exists: name another folder, or give --overwrite")


# ---------------------------------------------------------------- reading


def read(path: Path) -> FeatureTable:
    """Return what lies in a folder of TFRecord files, or in one such file; the arrays are read when asked for.

    A fold is the number that a file's name ends in, where each file has its own. Segments with one `name` in one file
    are one clip. Without a `group` the name is the group, and a note says what follows. A picture without `height`
    and `width` has the notebooks' 300 x 600. Checksums are verified: of lengths and short records now, of long records
    when their array is asked for.

    Raises:
        DataError: A file is damaged, cut off, or no TFRecord file; or a record is not what is described here. The
            message names the file and the record.
        StorageError: A file cannot be read.
    """
    files = _files_in(path) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path} holds no TFRecord files: their names end in .tfrecord or .tfrecords")
    records = [record for file in files for record in _records_of(file)]
    _check_alike(records)
    folder = path if path.is_dir() else path.parent
    classes, class_notes = _class_names(records, folder / _LABELS)
    folds, fold_notes = _folds_of(files)
    gathered = _gather(records)
    named = list(zip(_clip_names(gathered), gathered, strict=True))
    clips = [
        Clip(
            name=name,
            path=parts[0].file,
            label=classes[parts[0].label],
            group=parts[0].group or parts[0].name or name,
            fold=folds.get(parts[0].file),
        )
        for name, parts in named
    ]
    order = sorted(range(len(clips)), key=lambda index: reading_order(clips[index]))
    group_notes = _group_notes(path, records)
    notes = (*group_notes, *class_notes, *fold_notes)
    return FeatureTable(
        dataset=Dataset([clips[index] for index in order], folder, notes),
        arrays=_Arrays([gathered[index] for index in order]),
        is_pictures=records[0].is_picture,
        groups_known=not group_notes,
    )


class _Arrays(Sequence[Array]):
    """The array of each clip, read from its records when it is asked for; read-only."""

    def __init__(self, clips: Sequence[Sequence[Labelled]]) -> None:
        self._clips = clips

    def __len__(self) -> int:
        return len(self._clips)

    @overload
    def __getitem__(self, index: int) -> Array: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Array]: ...
    def __getitem__(self, index: int | slice) -> Array | Sequence[Array]:
        if isinstance(index, slice):
            return _Arrays(self._clips[index])
        parts = self._clips[index]
        with open_records(parts[0].file) as file:
            items = [read_item(file, part) for part in parts]
        array = items[0] if parts[0].is_picture else np.stack(items)
        array.setflags(write=False)
        return array


def _records_of(path: Path) -> list[Labelled]:
    with open_records(path) as file:
        return [look_at(file, place) for place in file.places()]


def _check_alike(records: Sequence[Labelled]) -> None:
    first = records[0]
    for record in records:
        if record.is_picture != first.is_picture:
            raise record.fault("it is of another kind than the first: pictures and features need folders of their own")
        if record.shape != first.shape:
            thing = "picture" if first.is_picture else "segment"
            raise record.fault(
                f"its {thing} is {shown(record.shape)} and the first one {shown(first.shape)}: all must have one shape"
            )


def _gather(records: Sequence[Labelled]) -> list[list[Labelled]]:
    """Return the records of each clip: a picture each, or the segments with one name in one file, in their order."""
    clips: defaultdict[object, list[Labelled]] = defaultdict(list)
    for record in records:
        alone = record.is_picture or record.name is None
        clips[(record.file, record.place if alone else record.name)].append(record)
    return [_in_order(parts) for parts in clips.values()]


def _in_order(parts: list[Labelled]) -> list[Labelled]:
    for part in parts:
        for what in ("label", "group", "class_name"):
            said, first = getattr(part, what), getattr(parts[0], what)
            if said != first:
                raise part.fault(
                    f"the clip {part.name!r} has the {what.removesuffix('_name')} {said!r} here and {first!r} in "
                    f"record {parts[0].place.number}: give each clip a name of its own"
                )
    places = [part.segment for part in parts]
    if None in places:
        return parts
    ordered = sorted(parts, key=lambda part: part.segment or 0)
    for earlier, later in pairwise(ordered):
        if earlier.segment == later.segment:
            raise later.fault(
                f"segment {later.segment} of the clip {later.name!r} is in record {earlier.place.number} already: give "
                "each clip a name of its own"
            )
    return ordered


def _clip_names(clips: Sequence[Sequence[Labelled]]) -> list[str]:
    """Return a name for each clip that no other has: what its records say or, unless all are distinct, its place."""
    said = [parts[0].name for parts in clips]
    distinct = {name for name in said if name is not None}
    if len(distinct) == len(said):
        return [name for name in said if name is not None]
    n_digits = len(str(max(parts[0].place.number for parts in clips)))
    return [f"{parts[0].file.name}#{parts[0].place.number:0{n_digits}}" for parts in clips]


def _folds_of(files: Sequence[Path]) -> tuple[dict[Path, int], list[str]]:
    """Return the fold of each file, and a note where they have none."""
    if len(files) == 1:
        return {}, []  # one fold alone would say that nothing is left to learn from
    ends = {file: re.search("[0-9]+$", file.stem) for file in files}
    folds = {file: int(end[0]) for file, end in ends.items() if end}
    if len(set(folds.values())) == len(files):
        return folds, []
    names = listed(file.name for file in files)
    return {}, [f"the files have no folds, as not each ends in a number of its own: {names}"]


def _class_names(records: Sequence[Labelled], labels_file: Path) -> tuple[dict[int, str], list[str]]:
    """Return the name of each class by its number, and a note where they had to be numbers."""
    named: dict[int, Labelled] = {}
    for record in records:
        if record.class_name is None:
            continue
        known = named.setdefault(record.label, record)
        if record.class_name != known.class_name:
            raise record.fault(
                f"the label {record.label} is {record.class_name!r} here and {known.class_name!r} in record "
                f"{known.place.number} of {known.file.name}: write all records with one list of labels"
            )
    names = {label: str(record.class_name) for label, record in named.items()}
    unnamed = {record.label: record for record in reversed(records) if record.label not in named}
    notes = []
    if unnamed and labels_file.is_file():
        names |= _names_in(labels_file, unnamed)
    elif unnamed:
        names |= {label: str(label) for label in unnamed}
        notes.append(
            f"the records do not name their classes and there is no {_LABELS}: the classes are called by numbers"
        )
    for name, n_labels in Counter(names.values()).items():
        if n_labels > 1:
            raise DataError(
                f"{labels_file.parent}: {n_labels} labels are called {name!r}: each needs a name of its own"
            )
    return names, notes


def _names_in(labels_file: Path, records: Mapping[int, Labelled]) -> dict[int, str]:
    try:
        text = labels_file.read_bytes().decode(ENCODING, ENCODING_ERRORS)
    except OSError as error:
        raise StorageError(f"{labels_file} cannot be read: {(error.strerror or str(error)).lower()}") from error
    names = [line.strip() for line in text.removeprefix("\ufeff").rstrip().split("\n")]
    for label, record in records.items():
        if not (0 <= label < len(names) and names[label]):
            raise record.fault(
                f"its label is {label}, which {_LABELS} does not name: it has {count(len(names), 'line')}, one for "
                "each label from 0 on"
            )
    return {label: names[label] for label in records}


def _write_labels(path: Path, labels: Sequence[str]) -> None:
    path.write_bytes("".join(f"{label}\n" for label in labels).encode(ENCODING, ENCODING_ERRORS))


def _group_notes(path: Path, records: Sequence[Labelled]) -> list[str]:
    if all(record.group is not None for record in records):
        return []
    reason = "clips of one recording may lie on both sides of the split, so the score may be inflated"
    return [f"{path.name} has no groups: {reason}"]
