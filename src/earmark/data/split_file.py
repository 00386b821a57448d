"""A split as a table that can be handed on: each clip by name and content, with its part or its fold."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from earmark._util.files import content_key, write_text
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, distinct_folds, listed
from earmark.data.parts import PART, part_called, split_of_parts
from earmark.data.sources.table import read_rows
from earmark.data.splits import Split, check_split, split_parts
from earmark.data.together import shared_keys
from earmark.errors import DataError, SettingError, SplitError

_COLUMNS = ("path", "label", "group", "start_s", "end_s", "part", "fold", "content")
_FOLD = re.compile(r"[0-9]{1,18}(\.0*)?")  # pandas writes 1.0 where other rows have none

Stretch = tuple[str, str, str]  # name, start, end; the times as the table writes them, empty for none


@dataclass(frozen=True, kw_only=True)
class SplitRow:
    """A row of the table.

    Attributes:
        stretch: The name of the clip, and where it begins and ends.
        part: Train, validation or test; nothing where the table has folds, or the clip is left out.
        fold: Its fold; None where the table has parts.
        group: Its group when the split was made; nothing if the table does not say.
        content: What names the bytes of its file; nothing if the table does not say.
        label: Its label when the split was made; nothing if the table does not say.
    """

    stretch: Stretch
    part: str
    fold: int | None
    group: str = ""
    content: str = ""
    label: str = field(default="", compare=False)

    @property
    def has_place(self) -> bool:
        """Whether it says where the clip belongs."""
        return bool(self.part) or self.fold is not None


@dataclass(frozen=True, kw_only=True)
class SplitTable:
    """A split that somebody made, by the names of clips.

    Attributes:
        path: Where it was read.
        rows: Its rows.
    """

    path: Path
    rows: tuple[SplitRow, ...]

    def apply(self, dataset: Dataset) -> Dataset:
        """Return the clips that the table puts somewhere, with its folds, or its parts in `Clip.extra`.

        A clip is found by its name, else by the content of its file. Those that the table does not name are left out,
        and so are those that it gives no part; the notes say how many.

        Args:
            dataset: The clips.

        Raises:
            DataError: None of them is in the table, or one has another content than it had.
            SplitError: The table puts a group on two sides that it names itself.
        """
        self._refuse_torn()
        found = self._find(dataset)
        placed = {index: row for index, row in found.items() if row.has_place}
        if not placed:
            raise DataError(
                f"{self.path} gives a place to none of the clips, such as {listed(clip.name for clip in dataset[:1])}: "
                "it is the split of another data set, or of another folder of it"
            )
        clips = [_placed(dataset[index], row) for index, row in sorted(placed.items())]
        return replace(dataset, clips=clips, notes=(*dataset.notes, *self._notes(dataset, found, placed)))

    def _find(self, dataset: Dataset) -> dict[int, SplitRow]:
        """Return the row of each clip that has one."""
        by_stretch = {row.stretch: row for row in self.rows}
        by_content = {row.content: row for row in self.rows if row.content and row.stretch[1:] == ("", "")}
        found, changed = {}, []
        for index, clip in enumerate(dataset):
            row = by_stretch.get(stretch_of(clip)) or by_stretch.get((clip.name, "", ""))
            content = _content(clip) if by_content else ""
            if row and row.content and content and row.content != content:
                changed.append(clip.name)
            row = row or (by_content.get(content) if stretch_of(clip)[1:] == ("", "") else None)
            if row:
                found[index] = row
        if changed:
            raise DataError(
                f"{count(len(changed), 'clip')} with another content than when {self.path} was written: "
                f"{listed(changed)}; take the sounds that it was made for, or the column 'content' out of it"
            )
        return found

    def _notes(self, dataset: Dataset, found: Mapping[int, SplitRow], placed: Mapping[int, SplitRow]) -> Iterable[str]:
        out = [clip.name for index, clip in enumerate(dataset) if index not in placed]
        if out:
            yield f"{count(len(out), 'clip')} without a place in {self.path.name} left out: {listed(out)}"
        relabelled = [
            f"{dataset[index].address} ({dataset[index].label}, was {row.label})"
            for index, row in placed.items()
            if row.label and row.label != dataset[index].label.strip()
        ]
        if relabelled:
            yield (
                f"{count(len(relabelled), 'clip')} with another label than in {self.path.name}, so that scores do not "
                f"compare: {listed(relabelled)}"
            )
        used = {row.stretch for row in found.values()}
        absent = [row.stretch[0] for row in self.rows if row.stretch not in used and row.has_place]
        if absent:
            yield (
                f"{count(len(absent), 'clip')} of {self.path.name} not here, so that scores do not compare: "
                f"{listed(absent)}"
            )

    def _refuse_torn(self) -> None:
        sides: dict[str, dict[str | int, str]] = {}
        for row in self.rows:
            side = row.fold if row.fold is not None else row.part
            if row.group and side != "":
                sides.setdefault(row.group, {}).setdefault(side, row.stretch[0])
        torn = {group: clips for group, clips in sides.items() if len(clips) > 1}
        if torn:
            told = listed(f"{group} ({', '.join(clips.values())})" for group, clips in sorted(torn.items()))
            raise SplitError(f"{self.path} puts {count(len(torn), 'group')} on two sides: {told}")


def save_split(path: str | Path, dataset: Dataset, split: Split | None = None) -> None:
    """Write a split as a table that can be handed to somebody else, each clip by its name and its content.

    Args:
        path: The table, a ``.csv``.
        dataset: What was split.
        split: The split; None for the folds of the data set.

    Raises:
        SettingError: There is neither a split nor folds.
        SplitError: The split is not honest.
        StorageError: The table cannot be written.
    """
    if split is None and not distinct_folds(dataset):
        raise SettingError("there is nothing to save: the data set has no folds, and no split is given")
    if split is not None:
        check_split(dataset, split)
    parts = split_parts(split, dataset.n) if split else [""] * dataset.n
    rows = []
    for clip, part in zip(dataset, parts, strict=True):
        fold = "" if split or clip.fold is None else str(clip.fold)
        name, start, end = stretch_of(clip)
        rows.append((name, clip.label, clip.group, start, end, part, fold, _content(clip)))
    # csv of Python 3.11 leaves a carriage return bare, and reads it as the end of a line.
    has_returns = any("\r" in cell for row in rows for cell in row)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if has_returns else csv.QUOTE_MINIMAL)
    writer.writerows([_COLUMNS, *rows])
    write_text(Path(path), text.getvalue())


def read_split(path: str | Path) -> SplitTable:
    """Read a table with the columns ``path`` and ``part``, or ``path`` and ``fold``.

    What `save_split` writes, the ``split.csv`` of a run, or one written by hand; other columns may be there.

    Args:
        path: The table.

    Raises:
        DataError: It cannot be read, has not these columns, names a part that is none, or a clip twice.
    """
    path = Path(path)
    header, rows = read_rows(path)
    has_parts = PART in header and any(cells.get(PART, "").strip() for _, cells in rows)
    if "path" not in header or not (has_parts or "fold" in header):
        raise DataError(f"{path} is no split: it needs the columns path and part (train, validation, test), or fold")
    found, faults = [], []
    for number, row in rows:
        cells = {column: cell.strip() for column, cell in row.items()}
        part, fold = part_called(cells.get(PART, "")) if has_parts else "", "" if has_parts else cells.get("fold", "")
        if part is None or not _FOLD.fullmatch(fold or "0") or not cells.get("path"):
            faults.append(f"row {number}")
            continue
        found.append(
            SplitRow(
                stretch=(cells["path"], _seconds(cells.get("start_s", "")), _seconds(cells.get("end_s", ""))),
                part=part,
                fold=int(fold.partition(".")[0]) if fold else None,
                group=cells.get("group", ""),
                content=cells.get("content", ""),
                label=cells.get("label", ""),
            )
        )
    if faults:
        raise DataError(
            f"{path}: {listed(faults)}: a path, and train, validation or test as part (or a whole number as fold)"
        )
    return SplitTable(path=path, rows=tuple(_without_repeats(path, found)))


def load_split(
    path: str | Path, dataset: Dataset, *, together: Mapping[str, str] | None = None
) -> tuple[Dataset, Split]:
    """Read the split of a data set that somebody saved.

    Args:
        path: A table with parts.
        dataset: The clips; those that the table gives no part are left out.
        together: What must not be torn apart; see `check_split`.

    Returns:
        The clips that are in some part, and the split of them.

    Raises:
        DataError: The table cannot be read or used, or has folds and no parts.
        SettingError: None of the clips is in `together`.
        SplitError: It puts a group on two sides, or leaves a part empty.
    """
    placed = read_split(path).apply(dataset)
    shared_keys(dataset, together or {})
    here = {clip.address for clip in placed}  # what was left out may be all that belongs together
    kept = {address: key for address, key in (together or {}).items() if address in here}
    return placed, split_of_parts(placed, together=kept)


def _without_repeats(path: Path, rows: Iterable[SplitRow]) -> Iterable[SplitRow]:
    """Return each row once; refuse a clip that is in two places."""
    distinct = dict.fromkeys(rows)
    twice = [name for (name, _, _), times in Counter(row.stretch for row in distinct).items() if times > 1]
    if twice:
        raise DataError(f"{path} gives {count(len(twice), 'clip')} two places: {listed(twice)}; keep one row of each")
    return distinct


def _placed(clip: Clip, row: SplitRow) -> Clip:
    if row.fold is not None:
        return replace(clip, fold=row.fold)
    return replace(clip, fold=None, extra={**clip.extra, PART: row.part})


def stretch_of(clip: Clip) -> Stretch:
    """Return the name of a clip, and where it begins and ends as a table of a split writes it.

    >>> stretch_of(Clip(name="a.wav", path=Path(), label="rain", group="a", start_s=1.5))
    ('a.wav', '1.5', '')
    """
    start = _seconds(str(clip.start_s)) if clip.start_s else ""
    return clip.name, start, "" if clip.end_s is None else _seconds(str(clip.end_s))


def _seconds(cell: str) -> str:
    """Return seconds as the table writes them, however they were written; a begin at 0 is none."""
    try:
        return f"{float(cell):.6f}".rstrip("0").rstrip(".") if cell and float(cell) else ""
    except ValueError:
        return cell


def _content(clip: Clip) -> str:
    """Return what names the content of a clip's file; nothing where it cannot be read, which is told elsewhere."""
    try:
        return content_key(clip.path)
    except OSError:
        return ""
