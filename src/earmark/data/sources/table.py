"""A table of clips: one row a clip, with its path, its label, and what else is known of it."""

import csv
import io
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from earmark._util.catalogue import nearest
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.errors import DataError

LAYOUT = "a .csv or .tsv table with the columns path and label"

Row = tuple[int, Mapping[str, str]]  # the number as a spreadsheet counts, the header being row 1; the cells by column

_SUFFIXES = {".csv": ",", ".tsv": "\t"}
_MEANINGS = ("path", "label", "group", "fold", "start_s", "end_s")

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the columns of a table are called, and which of them, beside path and label, it must have."""

    path: str = "path"
    label: str = "label"
    group: str = "group"
    required: tuple[str, ...] = ()


def recognises(path: Path) -> bool:
    """Return whether `path` is a table by its suffix, or a folder with a table of clips in it."""
    return bool(tables_in(path)) if path.is_dir() else path.suffix.lower() in _SUFFIXES


def load(path: Path) -> Dataset:
    """Return the clips of a table with the columns ``path,label`` and optionally ``group,fold,start_s,end_s``.

    Paths are read from the table's folder. Where there is no group, the file is the group, so that stretches of one
    file stay together. Other columns are kept in `Clip.extra`. A row whose file is missing stays: it fails when it is
    read, and is named with the other files that cannot be read. Where some rows have a label, those without one are
    left out, and the notes name them. A file is a table of UTF-8 text, with commas, tabs or
    semicolons between the cells.

    Raises:
        DataError: The table cannot be used; the message names the rows.
    """
    tables = tables_in(path) if path.is_dir() else [path]
    if len(tables) > 1:
        raise DataError(f"{path} holds several tables: open one of {listed(table.name for table in tables)}")
    table = tables[0]
    header, rows = read_rows(table)
    labelled = [row for row in rows if row[1].get("label", "").strip()]
    unlabelled = [row for row in rows if not row[1].get("label", "").strip()] if labelled else []
    clips, notes = clips_of_rows(
        table, header, labelled or rows, root=table.parent, sounds=table.parent, columns=Columns()
    )
    return Dataset(clips, table.parent, (*notes, *_without_label(unlabelled)))


def _without_label(rows: list[Row]) -> Iterable[str]:
    names = [cells.get("path", "").strip() or f"row {number}" for number, cells in rows]
    return [f"{count(len(names), 'clip')} without a label left out: {listed(names)}"] if names else []


def tables_in(folder: Path) -> list[Path]:
    """Return the tables of clips that lie directly in a folder, sorted."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES and file.is_file())
    return [file for file in files if not file.name.startswith(".") and _has_columns(file)]


def load_clips(table: Path, *, root: Path, sounds: Path, columns: Columns) -> tuple[list[Clip], list[str]]:
    """Return the clips of a table, and sentences on the rows that were left out.

    Args:
        table: The table.
        root: The folder that names start from.
        sounds: The folder that the paths in the table start from.
        columns: What its columns are called.

    Raises:
        DataError: The table cannot be used; the message names the rows.
    """
    header, rows = read_rows(table)
    return clips_of_rows(table, header, rows, root=root, sounds=sounds, columns=columns)


def clips_of_rows(
    table: Path, header: list[str], rows: list[Row], *, root: Path, sounds: Path, columns: Columns
) -> tuple[list[Clip], list[str]]:
    """Return the clips of rows that are read already, and sentences on those that were left out.

    Args:
        table: Where the rows were read, for messages.
        header: The names of the columns.
        rows: The rows.
        root: The folder that names start from.
        sounds: The folder that the paths in the rows start from.
        columns: What the columns are called.

    Raises:
        DataError: The rows cannot be used; the message names them.
    """
    for needed in (columns.path, columns.label, *columns.required):
        if needed not in header:
            raise DataError(f"{table} has no column {needed!r}: {nearest(needed, filter(None, header))}")
    if not rows:
        raise DataError(f"{table} has a header and no rows: write one row a clip")
    clips = _clips(_Reading(table, rows), root=root, sounds=sounds, columns=columns)
    if not any(clip.path.exists() for clip in clips):
        raise DataError(
            f"none of the files in {table} is there: paths start from {sounds}, so the first is {clips[0].path}"
        )
    return _without_repeats(table, rows, clips)


def _clips(reading: "_Reading", *, root: Path, sounds: Path, columns: Columns) -> list[Clip]:
    names = _names(reading.column(columns.path, _filled, "a path"), root=root, sounds=sounds)
    labels = [cell.strip() for cell in reading.column(columns.label, _filled, "a label")]
    groups = reading.column(columns.group, _filled, "a group") if reading.has(columns.group) else names
    has_folds = reading.has("fold")
    folds = reading.column("fold", _whole_number, "a whole number") if has_folds else [None] * len(names)
    starts = reading.column("start_s", _start, "seconds from 0, such as 1.5")
    ends = reading.column("end_s", _end, "seconds above 0, such as 2.5")
    reading.refuse(
        "end_s must come after start_s",
        [
            f"{start:g} to {end:g}" if end is not None and end <= start else ""
            for start, end in zip(starts, ends, strict=True)
        ],
    )
    return [
        Clip(
            name=name,
            path=root / name,
            label=label,
            group=group.strip(),
            fold=fold,
            start_s=start,
            end_s=end,
            extra={column: cell.strip() for column, cell in cells.items() if column not in _MEANINGS},
        )
        for name, label, group, fold, start, end, (_, cells) in zip(
            names, labels, groups, folds, starts, ends, reading.rows, strict=True
        )
    ]


@dataclass(frozen=True)
class _Reading:
    """The rows of a table while they are read: a fault names every row that has it."""

    table: Path
    rows: list[Row]

    def has(self, column: str) -> bool:
        """Return whether any row says something in this column."""
        return any(cells.get(column, "").strip() for _, cells in self.rows)

    def column(self, column: str, convert: Callable[[str], Value], wanted: str) -> list[Value]:
        """Return the converted cells of a column; an absent one counts as empty."""
        values, faults = [], []
        for _, cells in self.rows:
            cell = cells.get(column, "")
            try:
                values.append(convert(cell))
                faults.append("")
            except ValueError:
                faults.append(repr(cell.strip()) if cell.strip() else "nothing")
        self.refuse(f"the column {column!r} must hold {wanted}", faults)
        return values

    def refuse(self, rule: str, faults: Iterable[str]) -> None:
        """Raise a `DataError` that names the rows with a fault; an empty text is none."""
        named = [f"row {number} has {fault}" for (number, _), fault in zip(self.rows, faults, strict=True) if fault]
        if named:
            raise DataError(f"{self.table}: {rule}: {listed(named)}")


def _names(cells: Iterable[str], *, root: Path, sounds: Path) -> list[str]:
    """Return paths as clips are named: from the root, without detours; an absolute one outside it stays absolute."""
    top, start = os.path.normpath(root.absolute()), sounds.absolute()
    names = []
    for cell in cells:
        written = _written(cell, start)
        place = os.path.normpath(start / written)
        if place.startswith(top + os.sep):
            name = place[len(top) + 1 :]
        else:
            name = place if Path(written).is_absolute() else os.path.relpath(place, top)
        names.append(name.replace(os.sep, "/"))
    return names


def _written(cell: str, start: Path) -> str:
    """Return a path without the spaces around it and the marks of Windows in it, unless a file is called so."""
    tidy = cell.strip()
    if tidy == cell and "\\" not in cell:
        return cell
    return next((way for way in (cell, tidy) if (start / way).exists()), tidy.replace("\\", "/"))


def _without_repeats(table: Path, rows: list[Row], clips: list[Clip]) -> tuple[list[Clip], list[str]]:
    """Drop rows that say the same again; refuse those that contradict an earlier one."""
    first: dict[tuple[str, float, float | None], tuple[int, Clip]] = {}
    repeated = []
    for (number, _), clip in zip(rows, clips, strict=True):
        earlier, known = first.setdefault((clip.name, clip.start_s, clip.end_s), (number, clip))
        if known is clip:
            continue
        for what in ("label", "group", "fold"):
            if getattr(known, what) != getattr(clip, what):
                raise DataError(
                    f"{table}: {clip.name} has two {what}s, {getattr(known, what)!r} in row {earlier} and "
                    f"{getattr(clip, what)!r} in row {number}: keep one of the rows"
                )
        repeated.append(clip.name)
    verb = "was" if len(repeated) == 1 else "were"
    notes = [f"{count(len(repeated), 'repeated row')} {verb} dropped: {listed(repeated)}"] if repeated else []
    return [clip for _, clip in first.values()], notes


def read_rows(table: Path) -> tuple[list[str], list[Row]]:
    """Return the names of a table's columns, and its rows.

    Raises:
        DataError: It cannot be read, or is no table.
    """
    text = read_text(table)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, table), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise DataError(f"{table} is no table: line {reader.line_num}: {error}; look for a quote too many") from error
    filled = [(number, cells) for number, cells in enumerate(lines, 1) if any(cell.strip() for cell in cells)]
    if not filled:
        raise DataError(f"{table} is empty: write a header with path and label, and one row a clip")
    header = [cell.strip() for cell in filled[0][1]]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise DataError(f"{table} has two columns called {listed(map(repr, twice))}: rename one")
    long = [f"row {number}" for number, cells in filled[1:] if any(cell.strip() for cell in cells[len(header) :])]
    if long:
        raise DataError(f"{table} has rows with more cells than its header: {listed(long)}; quote cells with commas")
    # An index column of pandas has no name; a short row lacks its last cells.
    return header, [
        (number, {name: cell for name, cell in zip(header, cells, strict=False) if name})
        for number, cells in filled[1:]
    ]


def read_text(table: Path) -> str:
    """Return the text of a table.

    Raises:
        DataError: It cannot be read, or is no text in UTF-8.
    """
    try:
        text = table.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{table} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{table} is not UTF-8 text (byte {error.start + 1}): save it as UTF-8") from error
    if "\0" in text:
        raise DataError(f"{table} is not text: it holds zero bytes; save it as CSV in UTF-8")
    return text


def _delimiter(text: str, table: Path) -> str:
    """Return what stands between the cells: what the header has most of, and by the suffix where it has none."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    usual = _SUFFIXES.get(table.suffix.lower(), ",")
    return max((usual, *(mark for mark in ",\t;" if mark != usual)), key=header.count)


def _has_columns(table: Path) -> bool:
    try:
        header, _ = read_rows(table)
    except DataError:
        return False
    return {"path", "label"} <= set(header)


def _filled(cell: str) -> str:
    if not cell.strip():
        raise ValueError(cell)
    return cell


def _whole_number(cell: str) -> int:
    if not re.fullmatch(r"[0-9]+(\.0*)?", cell.strip()):  # pandas writes whole numbers beside gaps as 1.0
        raise ValueError(cell)
    return int(float(cell))


def _start(cell: str) -> float:
    seconds = float(cell) if cell.strip() else 0.0
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(cell)
    return seconds


def _end(cell: str) -> float | None:
    return _start(cell) if cell.strip() else None
