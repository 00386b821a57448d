"""Opening what is to be looked at: a data set, or sounds that have no labels yet."""

from dataclasses import replace
from pathlib import Path

from earmark.audio.find import find_sounds
from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.data.sources.catalogue import SOURCES
from earmark.data.sources.table import Columns, Row, clips_of_rows, read_rows
from earmark.errors import AudioError, DataError

_NO_LABELS = "no labels: what needs them (labels, shortcuts, leaks) was not looked at"


def open_sounds(path: str | Path, *, group_column: str | None = None, group_pattern: str | None = None) -> Dataset:
    """Open a data set, or sounds without labels: a folder of sounds, a table without labels, one sound.

    Args:
        path: The folder, table or sound.
        group_column: As for `earmark.open_dataset`.
        group_pattern: As for `earmark.open_dataset`.

    Returns:
        The clips; where there are no labels they are empty, and the notes say so.

    Raises:
        DataError: There is no such path, or no sound in it, or a table has faults.
        SettingError: Both ways to group are given, or the one given does not fit.
    """
    place = Path(path).expanduser()
    unlabelled = _unlabelled(place)
    if unlabelled is None:
        return open_dataset(place, group_column=group_column, group_pattern=group_pattern)
    noted = replace(unlabelled, notes=(*unlabelled.notes, _NO_LABELS))
    return noted.regroup(column=group_column, pattern=group_pattern)


def _unlabelled(place: Path) -> Dataset | None:
    """Return clips without labels; None where there may be labels, or nothing at all."""
    try:
        if place.is_file() and place.suffix.lower() in AUDIO_SUFFIXES:
            return _of_files(place.parent, [place])
        table = _table_without_labels(place)
        if table is not None:
            return _of_table(table)
        if place.is_dir() and not any(source.recognises(place) for source in SOURCES.values()):
            return _of_files(place, find_sounds([place]))
    except AudioError:  # no sound below: what a data set is, is told by who opens one
        return None
    except OSError as error:
        raise DataError(
            f"{error.filename or place} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error
    return None


def _of_files(root: Path, files: list[Path]) -> Dataset:
    names = [file.relative_to(root).as_posix() for file in files]
    return Dataset(
        [Clip(name=name, path=file, label="", group=name) for name, file in zip(names, files, strict=True)], root
    )


def _table_without_labels(place: Path) -> Path | None:
    """Return a table that names paths and no labels; None where there is none."""
    if not (place.is_file() and place.suffix.lower() in {".csv", ".tsv"}):
        return None
    header, rows = read_rows(place)
    has_labels = any(cells.get("label", "").strip() for _, cells in rows)
    return place if rows and "path" in header and not has_labels else None


def _of_table(table: Path) -> Dataset:
    header, rows = read_rows(table)
    labelled: list[Row] = [(number, {**cells, "label": "-"}) for number, cells in rows]
    clips, notes = clips_of_rows(
        table, [*header, "label"], labelled, root=table.parent, sounds=table.parent, columns=Columns()
    )
    return Dataset([replace(clip, label="") for clip in clips], table.parent, tuple(notes))
