"""A folder of class folders: each folder directly in it is a class, and its name the label."""

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.data.sources.table import tables_in
from earmark.errors import DataError

LAYOUT = "a folder of class folders (dog/one.wav, rain/two.wav)"

_SOUND = "sound"
_PART_OF_A_SPLIT = re.compile(
    r"(train|test|val|valid|dev|eval)(ing|idation|elopment|uation)?|folds?[ _-]?\d+", re.IGNORECASE
)


def recognises(path: Path, suffixes: Collection[str] = AUDIO_SUFFIXES) -> bool:
    """Return whether `path` holds class folders.

    A single one beside a table is where the table's sounds lie, and no class.

    Args:
        path: The folder.
        suffixes: By which files count, in lower case: those of sounds, or such as ``{".png"}``.
    """
    if not path.is_dir():
        return False
    with_sounds = (
        folder for folder in _folders(path) if any(_has_suffix(name, suffixes) for name in _files_below(folder))
    )
    n_classes = len(list(zip(range(2), with_sounds)))  # noqa: B905 - two are enough to know
    return n_classes > 1 or (n_classes == 1 and not tables_in(path))


def load(path: Path, suffixes: Collection[str] = AUDIO_SUFFIXES) -> Dataset:
    """Return the sounds of every class folder, at any depth, with the class as label and the file as group.

    Hidden files and folders (``.DS_Store``, ``__MACOSX``, ``._x``) are passed over in silence; whatever else is left
    out is named in the notes.

    Args:
        path: The folder.
        suffixes: By which files count, in lower case: those of sounds, or such as ``{".png"}``.

    Raises:
        DataError: The classes are a folder further down, the folders are parts of a split, or one cannot be read.
    """
    finds = _look_through(path, suffixes)
    labels = sorted({name.split("/")[0] for name in finds.sounds})
    if len(labels) == 1 and recognises(path / labels[0], suffixes):  # one class can be scored, though not be learnt
        raise DataError(f"{path} holds one folder of class folders: did you mean {path / labels[0]}?")
    if labels and all(_PART_OF_A_SPLIT.fullmatch(label) for label in labels):
        raise DataError(
            f"the folders of {path} look like parts of a split, not like classes: {listed(labels)}; open one of them, "
            "or write a table with the columns path, label and fold"
        )
    clips = [Clip(name=name, path=path / name, label=name.split("/")[0], group=name) for name in finds.sounds]
    return Dataset(clips, path, tuple(finds.notes()))


@dataclass
class _Finds:
    """The names of what lies in a folder, by what becomes of it."""

    wanted: str
    sounds: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    soundless: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each kind of thing that was left out."""
        for what, names in (
            (f"that {{is}} not {self.wanted}", self.others),
            ("outside the class folders", self.loose),
            ("whose name is not UTF-8", self.unreadable),
        ):
            if names:
                one = len(names) == 1
                which = what.format(**{"is": "is" if one else "are"})
                yield f"{count(len(names), 'file')} {which} {'was' if one else 'were'} left out: {listed(names)}"
        if self.soundless:
            one = len(self.soundless) == 1
            verb = "was" if one else "were"
            wanted = "sounds" if self.wanted == _SOUND else self.wanted
            yield f"{count(len(self.soundless), 'folder')} without {wanted} {verb} left out: {listed(self.soundless)}"
        for name in self.tables:
            yield f"{name} lies in the folder: open it to use its columns"


def _look_through(path: Path, suffixes: Collection[str]) -> _Finds:
    wanted = _SOUND if suffixes == AUDIO_SUFFIXES else " or ".join(sorted(suffixes))
    finds = _Finds(wanted, tables=[table.name for table in tables_in(path)])
    for file in sorted(entry.name for entry in _entries(path) if not entry.is_dir() and not _is_hidden(entry.name)):
        if file not in finds.tables:
            (finds.loose if _has_suffix(file, suffixes) else finds.others).append(_printable(file))
    for folder in _folders(path):
        names = [f"{folder.name}/{name}" for name in _files_below(folder)]
        sounds = [name for name in names if _has_suffix(name, suffixes)]
        finds.sounds += [name for name in sounds if _printable(name) == name]
        finds.unreadable += [_printable(name) for name in sounds if _printable(name) != name]
        finds.others += [_printable(name) for name in names if sounds and not _has_suffix(name, suffixes)]
        if not sounds:
            finds.soundless.append(_printable(folder.name))
    return finds


def _folders(path: Path) -> list[Path]:
    return sorted(path / entry.name for entry in _entries(path) if entry.is_dir() and not _is_hidden(entry.name))


def _entries(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError as error:
        raise _cannot_read(error) from error


def _files_below(folder: Path) -> Iterator[str]:
    """Yield the files at any depth below `folder`, named from it, sorted; links are followed, each folder once."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_refuse):
        state = Path(place).stat()
        if (state.st_dev, state.st_ino) in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        below = Path(place).relative_to(folder)
        yield from ((below / name).as_posix() for name in sorted(files) if not _is_hidden(name))


def _refuse(error: OSError) -> None:
    raise _cannot_read(error) from error


def _cannot_read(error: OSError) -> DataError:
    return DataError(f"the folder {error.filename} cannot be read: {(error.strerror or str(error)).lower()}")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _has_suffix(name: str, suffixes: Collection[str]) -> bool:
    return Path(name).suffix.lower() in suffixes


def _printable(name: str) -> str:
    """Return a name that can be written as UTF-8: the name itself, unless it holds bytes that are none."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
