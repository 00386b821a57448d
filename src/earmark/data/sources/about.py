"""What is known of a published data set: what it is, licence, citation, address, checksum, layout, official split."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark.data.clip import Clip
from earmark.data.parts import PART

MEGABYTE = 1_000_000

_FOLD_OF_PART = {"train": 1, "validation": 2, "test": 3}


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A file that a data set is fetched as.

    Attributes:
        address: Where it is, with ``https://`` or ``http://``.
        n_bytes: How long it is; None where its host makes it anew now and then.
        checksum: The kind and the hexadecimal digits, such as ``md5:9aa6...``, as published.
    """

    address: str
    n_bytes: int | None
    checksum: str

    @property
    def file_name(self) -> str:
        """The last part of the address, without what follows a question mark."""
        return self.address.partition("?")[0].rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class About:
    """What is known of a published data set.

    Attributes:
        title: Its name as its authors write it.
        summary: What it is, in one line.
        n_clips: Clips in it.
        n_classes: Classes in it.
        licence: Under which terms it may be used, in a few words.
        citation: What to cite.
        homepage: Where its authors describe it.
        archive: What is fetched; None where there is no public address.
        n_megabytes: About how large the archive is, or the data set where there is none.
        group: What a group is.
        split: The official split, and what `load` makes of it.
        faults: What is known to be wrong with it; empty if nothing is.
        arrange: Puts in order what was unpacked, before it is looked at.
    """

    title: str
    summary: str
    n_clips: int
    n_classes: int
    licence: str
    citation: str
    homepage: str
    archive: Archive | None
    n_megabytes: int
    group: str
    split: str
    faults: str = ""
    arrange: Callable[[Path], None] | None = None

    def to_json(self, name: str) -> dict[str, Any]:
        """Return what a program may want to know.

        Args:
            name: What the data set is called in the catalogue.
        """
        archive = self.archive
        return {
            "name": name,
            "title": self.title,
            "summary": self.summary,
            "n_clips": self.n_clips,
            "n_classes": self.n_classes,
            "n_megabytes": self.n_megabytes,
            "licence": self.licence,
            "citation": self.citation,
            "homepage": self.homepage,
            "address": archive.address if archive else None,
            "n_bytes": archive.n_bytes if archive else None,
            "checksum": archive.checksum if archive else None,
            "group": self.group,
            "split": self.split,
            "faults": self.faults,
        }


def with_parts(clips: Iterable[Clip], parts: Mapping[str, str]) -> list[Clip]:
    """Return clips with the part of an official split in `Clip.extra`, and as folds: train 1, validation 2, test 3.

    So that the last fold, which is the test part where none is named, is the official one.

    Args:
        clips: The clips.
        parts: The part of each by its name.

    >>> clip = Clip(name="a.wav", path=Path("a.wav"), label="dog", group="a")
    >>> with_parts([clip], {"a.wav": "test"})[0].fold
    3
    """
    return [
        replace(clip, fold=_FOLD_OF_PART[parts[clip.name]], extra={**clip.extra, PART: parts[clip.name]})
        for clip in clips
    ]
