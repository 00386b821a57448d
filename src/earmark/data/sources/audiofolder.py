"""Hugging Face's `audiofolder`: sounds beside a ``metadata.csv`` or ``metadata.jsonl``, or in ``train/`` and ``test/``.

Source: https://huggingface.co/docs/datasets/audio_dataset.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from earmark.audio.find import find_sounds
from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.data.sources import folder
from earmark.data.sources.table import Columns, Row, clips_of_rows, read_rows, read_text
from earmark.errors import AudioError, DataError

LAYOUT = "an audiofolder (metadata.csv with file_name and label; or train/ and test/ with class folders)"

_METADATA = ("metadata.csv", "metadata.jsonl")
_COLUMNS = Columns(path="file_name", label="label")
_FOLD_OF_PART = MappingProxyType(
    {
        **dict.fromkeys(("train", "training"), 1),
        **dict.fromkeys(("validation", "valid", "val", "dev"), 2),
        **dict.fromkeys(("test", "testing", "eval", "evaluation"), 3),
    }
)


def recognises(path: Path) -> bool:
    """Return whether `path` has metadata that name files, is such a file itself, or holds the parts of a split.

    A folder called ``train`` is a part where it has metadata or class folders in it. Where sounds lie in it as they
    are, or in other folders beside it, it may as well be a class.
    """
    if not path.is_dir():
        return path.name == "metadata.jsonl" or (path.name in _METADATA and _names_files(path))
    metadata = _metadata_in(path)
    if metadata:  # one without labels may lie in a folder of class folders
        return _COLUMNS.label in _read(metadata)[0] or not folder.recognises(path)
    return bool(_parts(path))


def load(path: Path) -> Dataset:
    """Return the clips that the metadata name, or those of every part of a split.

    The metadata have the columns ``file_name`` and ``label``, and optionally ``group``, ``fold``, ``start_s`` and
    ``end_s``; others are kept in `Clip.extra`. Names of files start from where the metadata lie. The parts train,
    validation and test become folds 1, 2 and 3, so that the last one is tested on. A single part gives no fold.

    Raises:
        DataError: The metadata or a part cannot be used; the message says why.
    """
    if not path.is_dir():
        clips, notes = _load_metadata(path, root=path.parent)
        return Dataset(clips, path.parent, tuple(notes))
    metadata = _metadata_in(path)
    clips, notes = _load_metadata(metadata, root=path) if metadata else _load_parts(path)
    folded, more = _with_folds(path, clips)
    return Dataset(folded, path, (*notes, *more))


def _metadata_in(place: Path) -> Path | None:
    """Return the metadata that lie directly in a folder, if they name files."""
    found = [place / name for name in _METADATA if (place / name).is_file() and _names_files(place / name)]
    if len(found) > 1:
        raise DataError(f"{place} holds {' and '.join(_METADATA)}: keep one of them")
    return found[0] if found else None


def _names_files(metadata: Path) -> bool:
    try:
        header, _ = _read(metadata)
    except DataError:
        return False
    return _COLUMNS.path in header and not {"path", "label"} <= set(header)  # those would be a table of earmark's own


def _load_metadata(metadata: Path, *, root: Path) -> tuple[list[Clip], list[str]]:
    header, rows = _read(metadata)
    clips, notes = clips_of_rows(metadata, header, rows, root=root, sounds=metadata.parent, columns=_COLUMNS)
    named = {clip.name for clip in clips}
    unnamed = [name for name in _sounds_below(metadata.parent, root) if name not in named]
    if unnamed:
        notes.append(f"{count(len(unnamed), 'sound')} not in {metadata.name} left out: {listed(unnamed)}")
    return clips, notes


def _sounds_below(place: Path, root: Path) -> list[str]:
    try:
        return [sound.relative_to(root).as_posix() for sound in find_sounds([place])]
    except AudioError:  # none: the metadata name files that lie elsewhere
        return []


def _read(metadata: Path) -> tuple[list[str], list[Row]]:
    return _read_json_lines(metadata) if metadata.suffix == ".jsonl" else read_rows(metadata)


def _read_json_lines(metadata: Path) -> tuple[list[str], list[Row]]:
    header: dict[str, None] = {}
    rows: list[Row] = []
    for number, line in enumerate(read_text(metadata).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = {name.strip(): _cell(value) for name, value in json.loads(line).items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise DataError(
                f'{metadata}: line {number} is no object such as {{"file_name": "a.wav", "label": "dog"}}'
            ) from error
        header |= dict.fromkeys(row)
        rows.append((number, row))
    if not rows:
        raise DataError(f"{metadata} is empty: write one object a line, with file_name and label")
    return list(header), rows


def _cell(value: object) -> str:
    """Return a value as a table would have it.

    Raises:
        ValueError: It is text that no file and no table can hold.
    """
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    if "\0" in text:
        raise ValueError("a zero byte")
    text.encode()  # half of a surrogate pair raises
    return text


def _parts(place: Path) -> list[Path]:
    """Return the folders that are parts of a split; none, where one of them may be something else."""
    folders = _folders(place)
    called_so = [each for each in folders if each.name.lower() in _FOLD_OF_PART]
    parts = [each for each in called_so if _metadata_in(each) or folder.recognises(each)]
    if not parts or any(_has_sounds(each) for each in folders if each not in parts):
        return []
    return sorted(parts, key=lambda part: _FOLD_OF_PART[part.name.lower()])


def _load_parts(place: Path) -> tuple[list[Clip], list[str]]:
    clips: list[Clip] = []
    notes: list[str] = []
    parts = _parts(place)
    for part in parts:
        metadata = _metadata_in(part)
        found, said = _load_metadata(metadata, root=place) if metadata else _load_class_folders(part)
        clips += found
        notes += said
    beside = [entry.name for entry in sorted(place.iterdir()) if entry not in parts and not _is_hidden(entry)]
    if beside:
        notes.append(f"what lies beside {listed(part.name for part in parts)} was left out: {listed(beside)}")
    return clips, notes


def _load_class_folders(part: Path) -> tuple[list[Clip], list[str]]:
    found = folder.load(part)
    clips = [replace(clip, name=name, group=name) for clip in found for name in (f"{part.name}/{clip.name}",)]
    return clips, [f"{part.name}: {note}" for note in found.notes]


def _with_folds(place: Path, clips: Iterable[Clip]) -> tuple[list[Clip], Iterator[str]]:
    """Return the clips with the fold of the part that they lie in, if they all do, and what there is to say of it."""
    every = list(clips)
    names = {clip.name.split("/")[0] for clip in every if "/" in clip.name}
    fold_of = {name: _FOLD_OF_PART.get(name.lower()) for name in names}
    if not names or None in fold_of.values() or any("/" not in clip.name for clip in every):
        return every, iter(())
    parts = sorted(fold_of, key=lambda name: (fold_of[name] or 0, name))
    known = {clip.fold for clip in every}
    if known != {None}:
        if None in known:
            raise DataError(
                f"{place}: some of {listed(parts)} have a column 'fold' and some have none: make them alike"
            )
        return every, iter([f"the column 'fold' is used, and the folders {listed(parts)} are not read as folds"])
    if len(parts) == 1:
        return every, iter([f"the folder {parts[0]} is the only part of a split: it is read without folds"])
    if len(set(fold_of.values())) < len(parts):
        raise DataError(f"{place} has two folders for one part of a split among {listed(parts)}: keep one of them")
    folds = [str(fold_of[name]) for name in parts]
    note = f"the folders {', '.join(parts)} are read as folds {', '.join(folds[:-1])} and {folds[-1]}"
    return [replace(clip, fold=fold_of[clip.name.split("/")[0]]) for clip in every], iter([note])


def _folders(place: Path) -> list[Path]:
    return sorted(entry for entry in place.iterdir() if entry.is_dir() and not _is_hidden(entry))


def _has_sounds(place: Path) -> bool:
    sounds = (file for file in place.rglob("*") if file.suffix.lower() in AUDIO_SUFFIXES)
    return any(not any(map(_is_hidden, (file, *file.relative_to(place).parents))) for file in sounds)


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name == "__MACOSX"
