"""What a person decided about clips, in a small table that is safe on disk after every decision."""

import csv
import io
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast, get_args

from earmark._util.catalogue import nearest
from earmark._util.files import content_key, write_whole
from earmark.audit.findings import clip_address
from earmark.data.clip import Clip
from earmark.data.dataset import listed
from earmark.data.sources.table import Row, read_rows
from earmark.errors import DataError, SettingError

Action = Literal["keep", "relabel", "drop"]
ACTIONS: tuple[Action, ...] = get_args(Action)
"""What can be decided: the clip is right as it is, it is of another class, it is of no use."""

# No column is called path: a table of decisions beside sounds must not pass for a table of clips.
COLUMNS = ("name", "start_s", "end_s", "label", "decision", "new_label", "kinds", "content", "decided_at")
_NEEDED = ("name", "decision")
_LONGEST_LABEL = 200


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decided about one clip.

    Attributes:
        name: The name of the clip where it was judged.
        action: ``keep``, ``relabel`` or ``drop``.
        label: Its label when it was judged.
        new_label: The label that it gets; empty unless it is relabelled.
        kinds: The kinds of the findings that it was judged for.
        content: The `content_key` of its file, by which it is known under another name; empty where it is not known,
            and then the name decides alone.
        decided_at: When, in UTC, as ``2026-01-31T12:00:00Z``; empty where it is not known.
        start_s: Where its stretch begins, in seconds.
        end_s: Where its stretch ends, in seconds; None for the end of the file.

    Raises:
        SettingError: There is no name, the action is unknown, or it does not fit the new label.

    >>> Decision(name="a.wav", action="relabel", label="rain", new_label="sea").verdict
    'relabel to sea'
    """

    name: str
    action: Action
    label: str = ""
    new_label: str = ""
    kinds: tuple[str, ...] = ()
    content: str = ""
    decided_at: str = ""
    start_s: float = 0.0
    end_s: float | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise SettingError("a decision is about a clip: its name is missing")
        if self.action not in ACTIONS:
            raise SettingError(f"{self.name}: there is no decision {self.action!r}: {nearest(self.action, ACTIONS)}")
        if (self.action == "relabel") != bool(self.new_label):
            wanted = "a new label" if self.action == "relabel" else f"no new label, and not {self.new_label!r}"
            raise SettingError(f"{self.name}: the decision {self.action!r} comes with {wanted}")
        if self.new_label and self.new_label == self.label:
            raise SettingError(f"{self.name}: its label is {self.label!r} already: keep it, or name another")
        if not self.new_label.isprintable() or self.new_label != self.new_label.strip():
            raise SettingError(f"{self.name}: a label is one line without spaces around it, not {self.new_label!r}")
        if len(self.new_label) > _LONGEST_LABEL:
            raise SettingError(f"{self.name}: a label of {len(self.new_label)} signs: write {_LONGEST_LABEL} at most")
        object.__setattr__(self, "kinds", tuple(self.kinds))

    @property
    def address(self) -> str:
        """What the clip is called in findings (`clip_address`)."""
        place = Clip(name=self.name, path=Path(), label="", group="", start_s=self.start_s, end_s=self.end_s)
        return clip_address(place)

    @property
    def verdict(self) -> str:
        """The decision as a person says it, without the clip."""
        return f"relabel to {self.new_label}" if self.action == "relabel" else self.action


def read_decisions(path: Path | str) -> tuple[Decision, ...]:
    """Return the decisions of a table, in its order.

    Of the columns ``name,start_s,end_s,label,decision,new_label,kinds,content,decided_at`` a table that is written by
    hand needs ``name`` and ``decision``. Empty cells of ``decision`` are passed over.

    Raises:
        DataError: The table cannot be read, is no table of decisions, or decides twice about a clip.
    """
    table = Path(path)
    header, rows = read_rows(table)
    missing = [column for column in _NEEDED if column not in header]
    if missing:
        raise DataError(
            f"{table} is no table of decisions: it has no column {listed(map(repr, missing))}: name another place (-o)"
        )
    decided = [row for row in rows if row[1].get("decision", "").strip()]
    decisions = tuple(_decision(table, row) for row in decided)
    first: dict[str, int] = {}
    for (number, _), decision in zip(decided, decisions, strict=True):
        earlier = first.setdefault(decision.address, number)
        if earlier != number:
            raise DataError(f"{table}: {decision.address} is decided in row {earlier} and in row {number}: keep one")
    return decisions


def write_decisions(path: Path | str, decisions: Iterable[Decision]) -> None:
    """Write a table of decisions, whole or not at all, and wait until it is safe on the disk.

    Raises:
        StorageError: It cannot be written.
    """
    text = table_text(COLUMNS, [_cells(decision) for decision in decisions])
    # What is no UTF-8 in a name cannot be in a table either: such a clip is known by its content.
    content = text.encode("utf-8", "backslashreplace")
    with write_whole(Path(path)) as part, part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())  # else a rename could outlive the bytes when the power fails


class DecisionTable:
    """A table of decisions on disk, one for each clip: what is decided is safe there before a call returns.

    The file is read anew for each change, so that rows which another program or a person put there meanwhile stay.
    Threads may share one.

    Args:
        path: The table; made with the first decision where it is not there.

    Raises:
        DataError: There is a file that is no table of decisions.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._content_of = remember(clip_content)
        known = sorted(self._read().values(), key=lambda decision: decision.decided_at)
        self._before: list[tuple[Decision, Decision | None]] = [(decision, None) for decision in known]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All decisions, as they are on disk now."""
        return tuple(self._read().values())

    def of(self, clips: Iterable[Clip]) -> list[Decision | None]:
        """Return what is decided about each clip; None too where its file is another one since."""
        rows = self._read()
        found = [(clip, rows.get(clip_address(clip))) for clip in clips]
        return [
            decision if decision and decision.content in {"", self._content_of(clip)} else None
            for clip, decision in found
        ]

    def decide(self, clip: Clip, action: str, *, new_label: str = "", kinds: Sequence[str] = ()) -> Decision:
        """Decide about a clip, in place of an earlier decision, and return when it is safe on the disk.

        Args:
            clip: The clip.
            action: ``keep``, ``relabel`` or ``drop``.
            new_label: The label that it gets.
            kinds: The kinds of the findings that it is judged for.

        Raises:
            SettingError: The action is unknown, or it does not fit the new label.
            DataError: The table on disk is none any more.
            StorageError: The table cannot be written.
        """
        decision = Decision(
            name=clip.name,
            action=cast("Action", action),  # the decision itself refuses what is none
            label=clip.label,
            new_label=new_label,
            kinds=tuple(kinds),
            content=self._content_of(clip),
            decided_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            start_s=clip.start_s,
            end_s=clip.end_s,
        )
        with self._lock:
            rows = self._read()
            before = rows.get(decision.address)
            write_decisions(self.path, (rows | {decision.address: decision}).values())
            self._before.append((decision, before))
        return decision

    def undo(self) -> Decision:
        """Take back the latest decision that was not taken back yet, and return it.

        What the clip had before is there again. Decisions of earlier sittings are taken back too, the latest first.

        Raises:
            SettingError: There is none, or somebody changed it in the file meanwhile.
            DataError: The table on disk is none any more.
            StorageError: The table cannot be written.
        """
        with self._lock:
            if not self._before:
                raise SettingError("there is no decision to take back")
            rows = self._read()
            decision, before = self._before[-1]
            if not _is_same(rows.get(decision.address), decision):
                self._before.pop()
                raise SettingError(f"{decision.address} was decided anew elsewhere, so that nothing is taken back")
            rows.pop(decision.address)
            write_decisions(self.path, (rows | ({before.address: before} if before else {})).values())
            self._before.pop()
        return decision

    def _read(self) -> dict[str, Decision]:
        if not self.path.exists():
            return {}
        return {decision.address: decision for decision in read_decisions(self.path)}


def table_text(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    r"""Return rows as a table with commas.

    >>> table_text(["name", "label"], [{"name": "a, b.wav", "label": "dog"}])
    'name,label\n"a, b.wav",dog\n'
    """
    # csv of Python 3.11 leaves a carriage return bare where lines end without one, and reads it as the end of a line.
    has_returns = any("\r" in cell for row in rows for cell in row.values())
    text = io.StringIO()
    writer = csv.DictWriter(
        text, columns, lineterminator="\n", quoting=csv.QUOTE_ALL if has_returns else csv.QUOTE_MINIMAL
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _is_same(found: Decision | None, decision: Decision) -> bool:
    """Return whether a decision was left as it was made; a table holds numbers and names in fewer signs."""
    return found is not None and (found.verdict, found.decided_at) == (decision.verdict, decision.decided_at)


def clip_content(clip: Clip) -> str:
    """Return the `content_key` of a clip's file, damaged or not; empty where it cannot be read."""
    try:
        return content_key(clip.path)
    except OSError:
        return ""


def remember(content_of: Callable[[Clip], str]) -> Callable[[Clip], str]:
    """Return a function that asks `content_of` once for each file, until the file changes."""
    known: dict[Hashable, str] = {}

    def asked(clip: Clip) -> str:
        try:
            state = clip.path.stat()
        except OSError:
            return ""
        file = (clip.path, state.st_size, state.st_mtime_ns)
        if file not in known:
            known[file] = content_of(clip)
        return known[file]

    return asked


def _decision(table: Path, row: Row) -> Decision:
    number, cells = row
    said = {column: cell.strip() for column, cell in cells.items()}
    try:
        return Decision(
            name=cells.get("name", ""),
            action=cast("Action", said["decision"]),
            label=said.get("label", ""),
            new_label=said.get("new_label", ""),
            kinds=tuple(said.get("kinds", "").split()),
            content=said.get("content", ""),
            decided_at=said.get("decided_at", ""),
            start_s=_seconds(said.get("start_s", "")) or 0.0,
            end_s=_seconds(said.get("end_s", "")),
        )
    except SettingError as error:
        raise DataError(f"{table}: row {number}: {error}") from error


def _seconds(cell: str) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError as error:
        raise SettingError(f"a stretch begins and ends at seconds such as 1.5, not at {cell!r}") from error


def _cells(decision: Decision) -> dict[str, str]:
    return {
        "name": decision.name,
        "start_s": f"{decision.start_s:.10g}" if decision.start_s else "",
        "end_s": "" if decision.end_s is None else f"{decision.end_s:.10g}",
        "label": decision.label,
        "decision": decision.action,
        "new_label": decision.new_label,
        "kinds": " ".join(decision.kinds),
        "content": decision.content,
        "decided_at": decision.decided_at,
    }
