"""A table of what is left of a data set after an audit: faulty clips out, repeats in one group, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from earmark.audit.audit import Audit
from earmark.audit.clip_table import write_clip_table
from earmark.audit.findings import Finding, clip_address
from earmark.audit.repeats import is_one_sound, repeat_sets
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.errors import DataError, StorageError

_LEAVES_OUT = frozenset({"unreadable", "truncated", "empty", "not-finite", "silent"})
_WHY = "why"


@dataclass(frozen=True, kw_only=True)
class CleanTable:
    """Where the tables are, and how many clips are in each.

    Attributes:
        path: The table of clips that are kept.
        left_out_path: The table of those that are not, beside it; None where there are none.
        n_kept: How many are kept.
        n_left_out: How many are not.
        n_changed: How many of those kept have another group or fold than they had.
    """

    path: Path
    left_out_path: Path | None
    n_kept: int
    n_left_out: int
    n_changed: int

    def sentence(self) -> str:
        """Return in one line what was written."""
        parts = [f"{count(self.n_kept, 'clip')} in {self.path}"]
        if self.n_changed:
            parts.append(f"{self.n_changed} of them regrouped")
        if self.left_out_path:
            parts.append(f"{count(self.n_left_out, 'clip')} left out, in {self.left_out_path}")
        return "; ".join(parts)


def write_clean_table(audit: Audit, dataset: Dataset, path: Path, *, overwrite: bool = False) -> CleanTable:
    """Write the clips that are worth learning from as a table that ``earmark train`` opens.

    Left out are clips that cannot be read or are silent, all but the first of an exact repeat, and all clips that
    hang together by repeats and whose labels contradict each other. Other near repeats get one group, and one fold.
    The column ``why`` says for each row what was found or changed. A second table beside it, ``NAME.left-out.csv``,
    has the clips that were left out; where there are none, and with `overwrite`, one of an earlier time is removed.

    Args:
        audit: What was found in the data set.
        dataset: The data set.
        path: Where the table is to be: a name that ends in ``.csv``. Paths in it start from its folder.
        overwrite: Whether a table that is there may be replaced.

    Raises:
        DataError: The clips have no labels, or none is left.
        StorageError: There is a file of that name, it does not end in ``.csv``, or cannot be written.
    """
    left_out_path = left_out_table(path)
    check_table_target(path, overwrite=overwrite)
    if not audit.summary.is_labelled:
        raise DataError("a clean table is learnt from, and these clips have no labels: put them into class folders")
    out = _left_out(audit, dataset)
    kept = [clip for clip in dataset if clip_address(clip) not in out]
    if not kept:
        raise DataError("no clip is left: each is faulty, so there is no table to write")
    changed, reasons = _changed(kept, audit)
    _write(path, changed, reasons)
    if out:
        _write(left_out_path, [clip for clip in dataset if clip_address(clip) in out], out)
    else:
        _remove(left_out_path)
    return CleanTable(
        path=path,
        left_out_path=left_out_path if out else None,
        n_kept=len(kept),
        n_left_out=len(dataset) - len(kept),
        n_changed=sum(old != new for old, new in zip(kept, changed, strict=True)),
    )


def check_table_target(path: Path, *, overwrite: bool = False) -> None:
    """Refuse a place where no clean table can be written.

    Raises:
        StorageError: There is a file of that name, or it does not end in ``.csv``.
    """
    if path.suffix.lower() != ".csv":
        raise StorageError(f"a clean table is a .csv file, not {path.name!r}: write --write-table clean.csv")
    for taken in (path, left_out_table(path)):
        if taken.exists() and not overwrite:
            raise StorageError(f"{taken} is there already: name another file, or give --overwrite")


def left_out_table(path: Path) -> Path:
    """Return where the clips are written that are not in a clean table: beside it."""
    return path.with_name(f"{path.stem}.left-out.csv")


def _left_out(audit: Audit, dataset: Dataset) -> dict[str, str]:
    """Return the clips to leave out by their addresses, and why."""
    labels = {clip_address(clip): clip.label for clip in dataset}
    order = {name: place for place, name in enumerate(labels)}
    out: dict[str, str] = {}
    for finding in audit.findings:
        if finding.kind in _LEAVES_OUT and finding.severity == "error":
            out |= dict.fromkeys(finding.clips, f"{finding.kind}: {finding.message}")
    contradicted = _contradicted(audit, dataset, labels)
    for finding in audit.of("exact-repeat"):
        there = sorted((name for name in finding.clips if name not in out | contradicted), key=order.__getitem__)
        out |= dict.fromkeys(there[1:], f"exact-repeat: the same sound as {there[0]}" if there else "")
    return contradicted | out


def _contradicted(audit: Audit, dataset: Dataset, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the clips that hang together by repeats, over however many others, and have two labels; and why."""
    kinds: dict[str, str] = {}
    for finding in filter(is_one_sound, audit.findings):
        for name in finding.clips:
            kinds.setdefault(name, finding.kind)
    return {
        name: f"{kinds[name]}: one sound has the labels {_labels(names, labels)}: {listed(names)}"
        for names in repeat_sets(dataset, audit.findings)
        if len({labels[name] for name in names}) > 1
        for name in names
    }


def _labels(names: list[str], labels: Mapping[str, str]) -> str:
    return " and ".join(sorted({labels[name] for name in names}))


def _changed(kept: list[Clip], audit: Audit) -> tuple[list[Clip], dict[str, str]]:
    """Return the clips with the groups that repeats make of them, and what is to be said of each."""
    fold_of: dict[str, int | None] = {}
    found: dict[str, list[Finding]] = {}
    for finding in audit.findings:
        if len(finding.clips) == 1 or finding.kind in {"near-repeat", "label"}:
            for name in finding.clips:
                found.setdefault(name, []).append(finding)
    changed, reasons = [], {}
    for clip in kept:
        address = clip_address(clip)
        group = audit.groups.get(address, clip.group)
        fold = fold_of.setdefault(group, clip.fold)
        said = [f"{finding.kind}: {finding.message}" for finding in found.get(address, [])]
        if group != clip.group:
            said.insert(0, f"group was {clip.group}")
        if fold != clip.fold:
            said.insert(0, f"fold was {clip.fold}")
        reasons[address] = "; ".join(said)
        changed.append(replace(clip, group=group, fold=fold))
    return changed, reasons


def _write(path: Path, clips: Iterable[Clip], reasons: Mapping[str, str]) -> None:
    told = [replace(clip, extra={**clip.extra, _WHY: reasons.get(clip_address(clip), "")}) for clip in clips]
    write_clip_table(told, path, remark=_WHY)


def _remove(path: Path) -> None:
    """Remove a table of an earlier time, which would tell of clips that are kept now."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot remove {path}: {(error.strerror or str(error)).lower()}") from error
