"""What finished runs and cross-validations said of their test clips, read from their folders."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from earmark.data.dataset import listed
from earmark.errors import SettingError, StorageError
from earmark.evaluate.tested import Tested, make_tested
from earmark.experiment.answers import Answers
from earmark.experiment.folder import RunFolder

_N_FIXED_COLUMNS = 3  # of predictions.csv: path, label, predicted


class _Said(TypedDict, total=False):
    segment_probabilities: npt.NDArray[np.float64]
    clip_index: npt.NDArray[np.int64]
    clip_probabilities: npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ReadRun:
    """What a finished run or cross-validation said of its test clips, and what it had learnt from.

    Attributes:
        name: The name of its folder.
        tested: What it said of them, fold after fold.
        contents: What names the bytes of each clip's file, by the clip's name; nothing where that is not known.
        learnt: For each test clip the names of the clips that its classifier had learnt from; folds share one set.
        groups: The group of every clip that the run knows, by name.
        notes: What a reader of its scores should know.
    """

    name: str
    tested: Tested
    contents: Mapping[str, str]
    learnt: tuple[frozenset[str], ...]
    groups: Mapping[str, str]
    notes: tuple[str, ...] = ()


def read_tested(folder: str | Path, *, baseline: bool = False) -> ReadRun:
    """Read what a finished run or cross-validation said of its test clips.

    Args:
        folder: Its folder. A cross-validation is read from the folders of its folds.
        baseline: Whether to read what the baseline said of the same clips, in place of the classifier.

    Raises:
        StorageError: It is none, is not finished, or a file is broken or holds no probabilities.
    """
    run = RunFolder(Path(folder))
    run.require()
    if not run.is_finished:
        raise StorageError(f"the run in {folder} is not finished: finish it with --resume, then ask for its scores")
    name = run.path.resolve().name
    if not (run.path / "folds.csv").exists():
        return replace(_read_run(run, run.read_scorecard().labels, baseline=baseline), name=name)
    labels, folds = run.read_scorecard().labels, _folds(run)
    parts = [_read_run(run.fold(fold), labels, baseline=baseline) for fold in folds]
    pooled = _pool([part.tested for part in parts], folds)
    if run.read_scorecard().n_clips != len(pooled):
        raise StorageError(
            f"the folds in {folder} are others than those of its scorecard: run it again with --overwrite"
        )
    return ReadRun(
        name=name,
        tested=pooled,
        contents={name: content for part in parts for name, content in part.contents.items()},
        learnt=tuple(names for part in parts for names in part.learnt),
        groups={name: group for part in parts for name, group in part.groups.items()},
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def _folds(run: RunFolder) -> list[int]:
    try:
        content = json.loads(run.scorecard_path.read_text(encoding="utf-8"))
        return [int(fold["fold"]) for fold in content["folds"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{run.scorecard_path} names no folds ({error!r}): run it again with --overwrite") from error


def _read_run(run: RunFolder, labels: tuple[str, ...], *, baseline: bool) -> ReadRun:
    """Read one run; `labels` may hold more classes than it knows."""
    try:
        split = [(_address(row), row["label"], row["group"], row["part"]) for row in run.read_table("split.csv")]
        bytes_of = {row["path"]: row["content"] for row in run.read_table("sounds.csv")}
        contents = {_address(row): bytes_of.get(row["path"], "") for row in run.read_table("split.csv")}
    except (KeyError, TypeError) as error:
        raise StorageError(f"a table of the run in {run.path} is broken ({error!r}): train it again") from error
    test = [row for row in split if row[3] == "test"]
    strange = sorted({label for _, label, *_ in test if label not in labels})
    if strange:
        raise StorageError(f"split.csv of {run.path} holds labels that its classifier does not know: {listed(strange)}")
    learnt = frozenset(name for name, _, _, part in split if part in {"train", "validation"})
    said, notes = (
        (_heard(run.baseline_answers_path, labels, len(test)), ()) if baseline else _said(run, labels, len(test))
    )
    try:
        tested = make_tested(
            labels=labels,
            names=[name for name, *_ in test],
            y=np.array([labels.index(label) for _, label, *_ in test], dtype=np.int64),
            groups=[group for _, _, group, _ in test],
            **said,
        )
    except SettingError as error:
        raise StorageError(f"what the run in {run.path} said of its test part cannot be scored: {error}") from error
    return ReadRun(
        name=run.path.name,
        tested=tested,
        contents=contents,
        learnt=(learnt,) * len(test),
        groups={name: group for name, _, group, _ in split},
        notes=notes,
    )


def _said(run: RunFolder, labels: tuple[str, ...], n_clips: int) -> tuple[_Said, tuple[str, ...]]:
    """Return the probabilities of segments, or of clips where a run of an older version kept no others."""
    if run.answers_path.exists():
        return _heard(run.answers_path, labels, n_clips), ()
    known = run.read_scorecard().labels
    rows = _rows(run.path / "predictions.csv", known, n_clips)
    clips = Answers(labels=known, probabilities=rows, n_segments=np.ones(n_clips, dtype=np.int64))
    note = ""
    if run.read_scorecard().segment.n > n_clips:
        note = (
            "an older version of earmark trained this: it kept the mean of each clip's segments alone, so there are no "
            "scores per segment, by vote and by log-odds"
        )
    return {"clip_probabilities": clips.for_labels(labels)}, (note,) if note else ()


def _heard(path: Path, labels: tuple[str, ...], n_clips: int) -> _Said:
    """Return the probabilities of segments in a file."""
    answers = Answers.load(path)
    if len(answers.n_segments) != n_clips:
        raise StorageError(
            f"{path} holds {len(answers.n_segments)} clips, and split.csv {n_clips}: train the run again"
        )
    clip_index = np.repeat(np.arange(n_clips), answers.n_segments)
    return {"segment_probabilities": answers.for_labels(labels), "clip_index": clip_index}


def _rows(path: Path, labels: tuple[str, ...], n_clips: int) -> npt.NDArray[np.float64]:
    """Return the probabilities in a table, (n_clips, n_classes)."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            header, *rows = list(csv.reader(stream))
        table = np.array([[float(cell) for cell in row[_N_FIXED_COLUMNS:]] for row in rows], dtype=np.float64)
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} is missing or broken ({error}): train the run again") from error
    if tuple(header[_N_FIXED_COLUMNS:]) != labels or table.shape != (n_clips, len(labels)):
        raise StorageError(f"{path} does not fit split.csv and scorecard.json beside it: train the run again")
    broken = [row[0] for row, values in zip(rows, table, strict=True) if not all(map(math.isfinite, values))]
    if broken:
        raise StorageError(
            f"{path} holds NaN or infinite probabilities for {listed(broken)}: nothing can be said of these; look for "
            "what made them"
        )
    return table


def _address(row: Mapping[str, str]) -> str:
    """Return what names a clip among all: its path, and for a stretch of a file where it lies."""
    start, end = row.get("start_s") or "", row.get("end_s") or ""
    if not start and not end:
        return row["path"]
    return f"{row['path']}#t={start or '0'}{',' if end else ''}{end}"  # as earmark.data.clip has it


def _pool(parts: Sequence[Tested], folds: Sequence[int]) -> Tested:
    segments = index = None
    if all(part.segment_probabilities is not None for part in parts):
        starts = np.cumsum([0, *map(len, parts)])
        segments = np.concatenate(
            [part.segment_probabilities for part in parts if part.segment_probabilities is not None]
        )
        shifted = zip(parts, starts, strict=False)
        index = np.concatenate([part.clip_index + start for part, start in shifted if part.clip_index is not None])
    return Tested(
        labels=parts[0].labels,
        names=tuple(name for part in parts for name in part.names),
        y=np.concatenate([part.y for part in parts]),
        groups=tuple(group for part in parts for group in part.groups),
        clip_probabilities=np.concatenate([part.clip_probabilities for part in parts]),
        segment_probabilities=segments,
        clip_index=index,
        folds=tuple(fold for fold, part in zip(folds, parts, strict=True) for _ in range(len(part))),
    )
