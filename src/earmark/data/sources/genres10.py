"""genres10: 240 synthetic recordings in ten music genres, in GTZAN's shape, with artists that GTZAN does not name."""

from pathlib import Path

from earmark.data.dataset import Dataset
from earmark.data.sources.about import About
from earmark.data.sources.table import Columns, load_clips, read_rows
from earmark.errors import DataError

LAYOUT = "genres10 (tracks.csv with artist and groove beside its genres)"

ABOUT = About(
    title="genres10",
    summary="synthetic recordings of 30 s in ten genres, eight artists each, 22,050 Hz, mono",
    n_clips=240,
    n_classes=10,
    licence="CC0 1.0",
    citation="genres10, a synthetic set in the shape of GTZAN; see its README",
    homepage="",
    archive=None,
    n_megabytes=39,
    group="the artist",
    split="none: whole artists are put on one side or in one fold",
    faults="synthetic: accuracies on it say nothing about real music",
)

_COLUMNS = Columns(group="artist", required=("artist", "groove", "soundfont"))


def recognises(path: Path) -> bool:
    """Return whether `path` is a folder with a ``tracks.csv`` that has an artist and a groove for each track."""
    table = path / "tracks.csv"
    if not table.is_file():
        return False
    try:
        header, _ = read_rows(table)
    except DataError:
        return False
    return {_COLUMNS.path, _COLUMNS.label, *_COLUMNS.required} <= set(header)


def load(path: Path) -> Dataset:
    """Return the tracks with the artist as group.

    Raises:
        DataError: The table cannot be used; the message says why.
    """
    clips, notes = load_clips(path / "tracks.csv", root=path, sounds=path, columns=_COLUMNS)
    return Dataset(clips, path, tuple(notes))
