"""The Free Spoken Digit Dataset: single digits in English, fifty times each by a handful of speakers.

Source: Z. Jackson and others, https://github.com/Jakobovski/free-spoken-digit-dataset.
"""

import re
from pathlib import Path

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.data.sources.about import About, Archive

LAYOUT = "the Free Spoken Digit Dataset (recordings/7_jackson_32.wav)"

ABOUT = About(
    title="Free Spoken Digit Dataset",
    summary="single spoken digits, trimmed, 8 kHz; version 1.0.9",
    n_clips=2500,
    n_classes=10,
    licence="CC BY-SA 4.0",
    citation="Jackson and others, Free Spoken Digit Dataset, 2016, github.com/Jakobovski/free-spoken-digit-dataset",
    homepage="https://github.com/Jakobovski/free-spoken-digit-dataset",
    archive=Archive(
        address="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
        n_bytes=11_975_353,
        checksum="sha256:8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0",
    ),
    n_megabytes=12,
    group="the speaker",
    split="the published one (recordings 0 to 4 are the test part) has every speaker on both sides and is not used",
)

_NAME = re.compile(r"(\d)_([A-Za-z]+)_(\d+)")
_MOST_OTHERS = 0.05


def recognises(path: Path) -> bool:
    """Return whether `path`, or ``recordings`` in it, holds digits of several speakers and little else."""
    return _root(path) is not None


def load(path: Path) -> Dataset:
    """Return the recordings, with the digit as label and the speaker as group."""
    root = _root(path) or path
    found = {file: _NAME.fullmatch(file.stem) for file in _sounds(root)}
    clips = [
        Clip(name=file.name, path=file, label=match[1], group=match[2], extra={"index": match[3]})
        for file, match in found.items()
        if match
    ]
    others = [file.name for file, match in found.items() if not match]
    note = f"{count(len(others), 'sound')} not named DIGIT_SPEAKER_NUMBER left out: {listed(others)}"
    return Dataset(clips, root, (note,) if others else ())


def _root(path: Path) -> Path | None:
    return next((place for place in (path / "recordings", path) if _holds_digits(place)), None)


def _holds_digits(place: Path) -> bool:
    sounds = _sounds(place)
    matches = [match for file in sounds if (match := _NAME.fullmatch(file.stem))]
    digits, speakers = {match[1] for match in matches}, {match[2] for match in matches}
    return len(matches) > (1 - _MOST_OTHERS) * len(sounds) and len(digits) > 1 and len(speakers) > 1


def _sounds(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    return sorted(
        file for file in place.iterdir() if file.suffix.lower() in AUDIO_SUFFIXES and not file.name.startswith(".")
    )
