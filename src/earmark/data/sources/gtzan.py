"""GTZAN, the genre collection: 1,000 excerpts of 30 s in ten genres; much used, and full of faults that are known.

Sources: G. Tzanetakis and P. Cook, "Musical genre classification of audio signals", IEEE Transactions on Speech and
Audio Processing 10(5), 2002. Its faults: B. L. Sturm, "The GTZAN dataset: Its contents, its faults, their effects on
evaluation, and its future use", arXiv:1306.1461, 2013. The split: C. Kereliuk, B. L. Sturm and J. Larsen, "Deep
learning and music adversaries", IEEE Transactions on Multimedia 17(11), 2015.
"""

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.data.sources.about import About, Archive, with_parts

LAYOUT = "GTZAN (blues/blues.00000.wav to rock/rock.00099.wav)"

ABOUT = About(
    title="GTZAN genre collection",
    summary="excerpts of 30 s of music in ten genres, 22,050 Hz, mono",
    n_clips=1000,
    n_classes=10,
    licence="none stated: the recordings are commercial, collected in 2000-2001 without permission",
    citation="Tzanetakis and Cook, Musical genre classification of audio signals, IEEE TSAP 10(5), 2002",
    homepage="http://marsyas.info/downloads/datasets.html",
    archive=Archive(
        address="http://opihi.cs.uvic.ca/sound/genres.tar.gz",
        n_bytes=None,
        checksum="md5:5b3d6dddb579ab49814ab86dba69e7c7",
    ),
    n_megabytes=1200,
    group="the excerpt, with its exact repeats; the split below keeps artists apart",
    split="fault-filtered: 443 train, 197 validation, 290 test as folds 1, 2, 3; 70 excerpts are left out",
    faults="50 exact repeats, 22 excerpts of a recording that is there already, 13 versions, 43 plainly and 63 "
    "arguably wrong labels (Sturm); jazz.00054 cannot be decoded in most copies",
)

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")

BROKEN = "jazz.00054"  # most copies hold no sound under this name

_FEWEST = 900  # of 1,000: copies without repeats or without broken files go about
_FOLDERS = ("", "genres", "genres_original")
_NAME = re.compile(rf"({'|'.join(GENRES)})\.\d{{5}}")


def recognises(path: Path) -> bool:
    """Return whether the ten genre folders lie at `path`, or in ``genres`` below it, with all but a few excerpts."""
    return _root(path) is not None


def load(path: Path) -> Dataset:
    """Return the excerpts of the fault-filtered split, with its parts as folds 1, 2 and 3.

    The 70 excerpts that the split leaves out are repeats, distorted, or by an artist who is in another part.
    """
    root = _root(path) or path
    filtered, first = filtered_split(), repeats()
    sounds = _sounds(root)
    clips = [
        Clip(name=name, path=root / name, label=clip.partition(".")[0], group=first.get(clip, clip))
        for clip, name in sounds.items()
        if clip in filtered
    ]
    left_out = [clip for clip in sounds if clip not in filtered]
    absent = [clip for clip in filtered if clip not in sounds]
    notes = ["GTZAN is read with its fault-filtered split, which keeps artists apart: folds 1, 2, 3"]
    if left_out:
        notes.append(f"{count(len(left_out), 'excerpt')} outside that split left out: {listed(left_out)}")
    if absent:
        notes.append(f"{count(len(absent), 'excerpt')} of that split not here: {listed(absent)}")
    parts = {name: filtered[clip] for clip, name in sounds.items() if clip in filtered}
    return Dataset(with_parts(clips, parts), root, tuple(notes))


@cache
def filtered_split() -> Mapping[str, str]:
    """Return the part of each of the 930 excerpts of the fault-filtered split: train, validation or test.

    Source: the lists of numbers in the repository coreyker/dnn-mgr (``train_filtered.txt`` and its like), and the same
    as names in torchaudio's ``datasets/gtzan.py``; both agree.
    """
    return MappingProxyType({row["clip"]: row["part"] for row in _rows("gtzan_filtered.csv")})


@cache
def repeats() -> Mapping[str, str]:
    """Return for each of the 50 exact repeats which excerpt it repeats; ``rock.00016`` repeats one of another genre.

    Source: after Sturm. His table was not at hand: the copies are those that published code removes after it, and
    their number is his; that the first of every set is missing from the filtered split agrees with it. Which
    copy goes with which was not read off the table, and an audit of the sounds decides in doubt.
    """
    return MappingProxyType({row["clip"]: row["repeat_of"] for row in _rows("gtzan_repeats.csv")})


def _rows(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _root(path: Path) -> Path | None:
    """Return the folder that the genre folders lie in; None where they do not."""
    for name in _FOLDERS:
        place = path / name
        if all((place / genre).is_dir() for genre in GENRES) and len(_sounds(place)) >= _FEWEST:
            return place
    return None


def _sounds(root: Path) -> dict[str, str]:
    """Return the path from the root of each excerpt by its name without suffix."""
    return {
        file.stem: f"{genre}/{file.name}"
        for genre in GENRES
        for file in sorted((root / genre).iterdir())
        if file.suffix.lower() in AUDIO_SUFFIXES and _NAME.fullmatch(file.stem) and file.stem.startswith(f"{genre}.")
    }
