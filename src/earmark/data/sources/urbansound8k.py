"""UrbanSound8K: 8,732 excerpts of up to 4 s of city sounds in ten classes, with ten official folds.

Source: J. Salamon, C. Jacoby and J. P. Bello, "A Dataset and Taxonomy for Urban Sound Research", ACM Multimedia 2014.
"""

from pathlib import Path

from earmark.data.dataset import Dataset
from earmark.data.sources.about import About, Archive
from earmark.data.sources.table import Columns, Row, clips_of_rows, read_rows
from earmark.errors import DataError

LAYOUT = "UrbanSound8K (metadata/UrbanSound8K.csv beside audio/fold1)"

ABOUT = About(
    title="UrbanSound8K",
    summary="excerpts of up to 4 s of city sounds out of field recordings, as uploaded to Freesound",
    n_clips=8732,
    n_classes=10,
    licence="CC BY-NC 4.0 (its README says 3.0); the recordings' authors are in FREESOUNDCREDITS.txt",
    citation="Salamon, Jacoby and Bello, A Dataset and Taxonomy for Urban Sound Research, ACM Multimedia 2014",
    homepage="https://urbansounddataset.weebly.com/urbansound8k.html",
    archive=Archive(
        address="https://zenodo.org/record/1203745/files/UrbanSound8K.tar.gz?download=1",
        n_bytes=6_023_741_708,
        checksum="md5:9aa69802bbf37fb986f71ec1483a196e",
    ),
    n_megabytes=6024,
    group="fsID, the recording on Freesound that an excerpt was cut from",
    split="ten folds, each to be tested once; shuffling them anew gives scores that compare with nobody's",
)

_TABLE = Path("metadata") / "UrbanSound8K.csv"
_COLUMNS = Columns(path="path", label="class", group="fsID", required=("slice_file_name", "fold", "fsID"))


def recognises(path: Path) -> bool:
    """Return whether `path` holds the table and the sounds, itself or in ``UrbanSound8K`` below it."""
    return _root(path) is not None


def load(path: Path) -> Dataset:
    """Return the excerpts with their official folds; the group is the recording that they were cut from.

    Raises:
        DataError: The table cannot be used; the message says why.
    """
    root = _root(path) or path
    table = root / _TABLE
    header, rows = read_rows(table)
    if not {"slice_file_name", "fold"} <= set(header):
        raise DataError(f"{table} has no columns 'slice_file_name' and 'fold': take it from the archive again")
    clips, notes = clips_of_rows(
        table, [*header, "path"], [_with_path(row) for row in rows], root=root, sounds=root / "audio", columns=_COLUMNS
    )
    return Dataset(clips, root, tuple(notes))


def _with_path(row: Row) -> Row:
    number, cells = row
    return number, {**cells, "path": f"fold{cells.get('fold', '').strip()}/{cells.get('slice_file_name', '').strip()}"}


def _root(path: Path) -> Path | None:
    for place in (path, path / "UrbanSound8K"):
        if (place / _TABLE).is_file() and (place / "audio").is_dir():
            return place
    return None
