"""Class folders for the clips of a data set: what each file is called, and the table that lists them."""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, distinct_folds, listed
from earmark.errors import DataError

TABLE = "clips.csv"
COLUMNS = ("path", "label", "group", "fold")

_SUFFIX = ".png"
_MOST_BYTES = 120  # of a name; file systems allow 255, and a number and a suffix follow
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]+')


def places_of(dataset: Dataset) -> list[str]:
    """Return where below a folder each clip's picture goes: ``LABEL/NAME.png``.

    Names come from the clips. What a file system does not take is replaced, a stretch has its start in its name, and
    names that would meet, also where capitals do not count, are numbered.

    >>> from pathlib import Path
    >>> names = ("audio/1-A-0.ogg", "more/1-A-0.ogg")
    >>> places_of(Dataset([Clip(name=name, path=Path(), label="a/c", group=name) for name in names], root=Path()))
    ['a_c/1-A-0.png', 'a_c/1-A-0-2.png']
    """
    folders = _Names(TABLE)
    of_label = {label: (folders.take(_safe(label)), _Names()) for label in dataset.labels}
    places = []
    for clip in dataset:
        folder, names = of_label[clip.label]
        places.append(f"{folder}/{names.take(_stem(clip))}{_SUFFIX}")
    return places


def list_clips(dataset: Dataset, places: Sequence[str]) -> str:
    """Return the text of the table: the place, label, group and fold of each clip.

    Raises:
        DataError: There are no clips, only some have a fold, or a label or group cannot stand in a table.
    """
    if not dataset.n:
        raise DataError("there are no clips, so there is nothing to write")
    if distinct_folds(dataset) and None in dataset.folds:
        without = [clip.name for clip in dataset if clip.fold is None]
        raise DataError(f"some clips have a fold and some have none ({listed(without)}): give all of them one, or none")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for clip, place in zip(dataset, places, strict=True):
        for what, word in (("label", clip.label), ("group", clip.group)):
            if not _stays(word):
                raise DataError(f"{clip.name}: the {what} {word!r} cannot stand in a table: write it in plain text")
        writer.writerow((place, clip.label, clip.group, "" if clip.fold is None else clip.fold))
    return text.getvalue()


class _Names:
    """Names that are each given once."""

    def __init__(self, *taken: str) -> None:
        self._taken = set(taken)
        self._numbers: Counter[str] = Counter()

    def take(self, wanted: str) -> str:
        """Return the name that is wanted, with a number behind it where it is taken."""
        name = wanted
        while name.casefold() in self._taken:
            self._numbers[wanted.casefold()] += 1
            name = f"{wanted}-{self._numbers[wanted.casefold()] + 1}"
        self._taken.add(name.casefold())
        return name


def _stem(clip: Clip) -> str:
    name = PurePosixPath(clip.name)
    stem = name.stem if name.suffix.lower() in AUDIO_SUFFIXES | {_SUFFIX} else name.name
    is_stretch = clip.start_s > 0 or clip.end_s is not None
    start = f"{clip.start_s:.3f}".rstrip("0").rstrip(".")
    return f"{_safe(stem)}-{start}s" if is_stretch else _safe(stem)


def _safe(text: str) -> str:
    """Return a text as the name of a file that is not hidden and that all systems take."""
    tidy = _UNSAFE.sub("_", unicodedata.normalize("NFC", text))
    cut = tidy.encode()[:_MOST_BYTES].decode(errors="ignore")
    return cut.strip(" .") or "_"


def _stays(word: str) -> bool:
    """Return whether a table gives a word back as it was written."""
    return word == word.strip() != "" and "\0" not in word and word == word.encode("utf-8", "ignore").decode()
