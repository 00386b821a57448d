"""Speech Commands: 105,829 utterances of one second of 35 words, with official lists for validation and test.

Source: P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv:1804.03209, 2018.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.data.sources.about import About, Archive, with_parts
from earmark.data.sources.table import read_text

LAYOUT = "Speech Commands (testing_list.txt beside yes/0a7c2a8d_nohash_0.wav)"

ABOUT = About(
    title="Speech Commands, version 0.02",
    summary="utterances of one second of 35 words by thousands of speakers, 16 kHz",
    n_clips=105_829,
    n_classes=35,
    licence="CC BY 4.0",
    citation="Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, arXiv:1804.03209, 2018",
    homepage="https://arxiv.org/abs/1804.03209",
    archive=Archive(
        address="https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
        n_bytes=2_428_923_189,
        checksum="sha256:af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
    ),
    n_megabytes=2429,
    group="the speaker, as the first eight digits of a name tell",
    split="validation_list.txt and testing_list.txt as folds 2 and 3, the rest as fold 1; speakers are kept apart",
)

_LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}
_NAME = re.compile(r"([0-9a-f]{8})_nohash_\d+\.wav")


def recognises(path: Path) -> bool:
    """Return whether both official lists lie at `path`, and a folder with an utterance."""
    return all((path / name).is_file() for name in _LISTS.values()) and next(_sounds(path), None) is not None


def load(path: Path) -> Dataset:
    """Return the utterances with the parts of the official lists as folds; the group is the speaker.

    ``_background_noise_`` holds no words and is left out.

    Raises:
        DataError: A list cannot be read.
    """
    named = {part: set(read_text(path / name).split()) for part, name in _LISTS.items()}
    clips, parts, others = [], {}, []
    for word, file_name in _sounds(path):
        name = f"{word}/{file_name}"
        match = _NAME.fullmatch(file_name)
        if not match or word.startswith("_"):
            others.append(name)
            continue
        clips.append(Clip(name=name, path=path / name, label=word, group=match[1]))
        parts[name] = next((part for part, names in named.items() if name in names), "train")
    absent = sorted(name for names in named.values() for name in names if name not in parts)
    notes = [f"{count(len(others), 'sound')} that are no utterances left out: {listed(others)}"] if others else []
    if absent:
        notes.append(f"{count(len(absent), 'utterance')} of the official lists not here: {listed(absent)}")
    return Dataset(with_parts(clips, parts), path, tuple(notes))


def _sounds(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the folder and the name of each sound; there are a hundred thousand, so no `Path` is made of them."""
    for folder in sorted(entry.name for entry in os.scandir(path) if entry.is_dir() and entry.name[0] != "."):
        for name in sorted(entry.name for entry in os.scandir(path / folder) if entry.name.endswith(".wav")):
            if not name.startswith("."):
                yield folder, name
