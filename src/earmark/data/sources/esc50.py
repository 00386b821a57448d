"""A checkout of ESC-50, or of a part of it: environmental sounds with published folds.

Source: K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015.
"""

from pathlib import Path

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.dataset import Dataset, count, listed
from earmark.data.sources.about import About, Archive
from earmark.data.sources.table import Columns, Row, clips_of_rows, read_rows

LAYOUT = "an ESC-50 checkout (meta/esc50.csv beside audio/)"

ABOUT = About(
    title="ESC-50",
    summary="environmental sounds of 5 s in 50 classes of 40 clips each, out of Freesound, 44.1 kHz, mono",
    n_clips=2000,
    n_classes=50,
    licence="CC BY-NC 3.0; the recordings' authors are in LICENSE",
    citation="Piczak, ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015",
    homepage="https://github.com/karolpiczak/ESC-50",
    archive=Archive(
        address="https://github.com/karolpiczak/ESC-50/archive/master.zip",
        n_bytes=None,
        checksum="md5:7771e4b9d86d0945acce719c7a59305a",
    ),
    n_megabytes=645,
    group="src_file, the recording on Freesound that a clip was cut from",
    split="five folds, each to be tested once",
    faults="its authors warn that lossy coding has limited the band of some recordings, which may go with the class",
)

_COLUMNS = Columns(path="filename", label="category", group="src_file", required=("fold", "src_file"))


def recognises(path: Path) -> bool:
    """Return whether `path` is the checkout, or the ``meta/esc50.csv`` in it."""
    root = root_of(path)
    return (root / "meta" / "esc50.csv").is_file() and (root / "audio").is_dir()


def load(path: Path) -> Dataset:
    """Return the clips of a checkout, with its folds, and the recording that a clip was cut from as its group.

    Raises:
        DataError: The table cannot be used; the message says why.
    """
    root = root_of(path)
    return load_rows(root, *read_rows(root / "meta" / "esc50.csv"))


def load_rows(root: Path, header: list[str], rows: list[Row]) -> Dataset:
    """Return the clips of some rows of the table.

    Args:
        root: The checkout.
        header: The names of the table's columns.
        rows: The rows.

    Raises:
        DataError: The rows cannot be used; the message says why.
    """
    table = root / "meta" / "esc50.csv"
    clips, notes = clips_of_rows(table, header, rows, root=root, sounds=root / "audio", columns=_COLUMNS)
    named = {clip.path.name for clip in clips}
    sounds = (file.name for file in (root / "audio").iterdir() if file.suffix.lower() in AUDIO_SUFFIXES)
    unnamed = sorted(name for name in sounds if name not in named and not name.startswith("."))
    if unnamed:
        notes.append(f"{count(len(unnamed), 'sound')} of audio/ not in esc50.csv left out: {listed(unnamed)}")
    return Dataset(clips, root, tuple(notes))


def root_of(path: Path) -> Path:
    """Return the checkout that `path` is, or whose ``meta/esc50.csv`` it is."""
    return path.parent.parent if path.name == "esc50.csv" else path
