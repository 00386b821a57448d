"""Opening a data set, whatever its layout."""

import difflib
from dataclasses import replace
from pathlib import Path

from earmark.audio.read import AUDIO_SUFFIXES
from earmark.data.dataset import Dataset, reading_order
from earmark.data.sources.catalogue import SOURCES
from earmark.errors import DataError, SettingError


def open_dataset(path: str | Path, *, group_column: str | None = None, group_pattern: str | None = None) -> Dataset:
    """Open the data set at `path`: a folder of class folders, an ESC-50 checkout, or a table.

    Sounds are not read here. A file that a table names and that is missing stays in the data set, and fails when it is
    read. Without `group_column` and `group_pattern` the group is what the layout gives, else the file itself.

    Args:
        path: The folder or the table. A folder with class folders in it is read as such even if a table lies beside
            them; the notes then say so.
        group_column: The column of the table that names the group, such as ``artist``.
        group_pattern: A regular expression searched in each clip's name, which finds the group.

    Returns:
        The clips, sorted by name, then by where a stretch begins.

    Raises:
        DataError: There is no such path, or no data set that can be used: no sounds, no labels, one class only, a
            table with faults.
        SettingError: Both ways to group are given, or the one given does not fit.
    """
    if group_column is not None and group_pattern is not None:
        raise SettingError("group_column and group_pattern exclude each other: leave one of them out")
    place = Path(path).expanduser()
    try:
        found = _load(place)
    except OSError as error:
        raise DataError(
            f"{error.filename or place} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error
    ordered = replace(found, clips=sorted(found.clips, key=reading_order))
    return ordered.regroup(column=group_column, pattern=group_pattern)


def _load(place: Path) -> Dataset:
    if not place.exists():
        raise DataError(_not_there(place))
    source = next((source for source in SOURCES.values() if source.recognises(place)), None)
    if source is None:
        raise DataError(_not_recognised(place))
    return source.load(place)


def _not_there(place: Path) -> str:
    missing = place
    while missing != missing.parent and not missing.parent.exists():
        missing = missing.parent
    if not missing.parent.is_dir():
        return f"there is no {place}: {missing.parent} is a file"
    siblings = [sibling.name for sibling in missing.parent.iterdir()]
    near = difflib.get_close_matches(missing.name, siblings, n=1)
    if near:
        return f"there is no {place}: did you mean {missing.parent / near[0]}?"
    return f"there is no {place}: {missing.parent.absolute()} has no {missing.name!r}"


def _not_recognised(place: Path) -> str:
    known = "; ".join(source.LAYOUT for source in SOURCES.values())
    if not place.is_dir():
        what = "is one sound" if place.suffix.lower() in AUDIO_SUFFIXES else f"is a {place.suffix or 'bare'} file"
        return f"{place} {what} and no data set; a data set is {known}"
    if any(file.suffix.lower() in AUDIO_SUFFIXES for file in place.iterdir()):
        return f"{place} holds sounds and no labels; a data set is {known}"
    return f"{place} holds no sounds; a data set is {known}"
