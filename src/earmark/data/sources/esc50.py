"""A checkout of ESC-50, or of a part of it such as ESC-10: environmental sounds with published folds.

Source: K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015.
"""

from pathlib import Path

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.dataset import Dataset, count, listed
from earmark.data.sources.table import Columns, load_clips

LAYOUT = "an ESC-50 checkout (meta/esc50.csv beside audio/)"

_COLUMNS = Columns(path="filename", label="category", group="src_file", required=("fold", "src_file"))


def recognises(path: Path) -> bool:
    """Return whether `path` is the checkout, or the ``meta/esc50.csv`` in it."""
    root = _root(path)
    return (root / "meta" / "esc50.csv").is_file() and (root / "audio").is_dir()


def load(path: Path) -> Dataset:
    """Return the clips of a checkout, with its folds, and the recording that a clip was cut from as its group.

    Raises:
        DataError: The table cannot be used; the message says why.
    """
    root = _root(path)
    clips, notes = load_clips(root / "meta" / "esc50.csv", root=root, sounds=root / "audio", columns=_COLUMNS)
    named = {clip.path.name for clip in clips}
    sounds = (file.name for file in (root / "audio").iterdir() if file.suffix.lower() in AUDIO_SUFFIXES)
    unnamed = sorted(name for name in sounds if name not in named and not name.startswith("."))
    if unnamed:
        notes.append(f"{count(len(unnamed), 'sound')} of audio/ not in esc50.csv left out: {listed(unnamed)}")
    return Dataset(clips, root, tuple(notes))


def _root(path: Path) -> Path:
    return path.parent.parent if path.name == "esc50.csv" else path
