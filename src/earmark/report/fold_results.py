"""What the report tells of a cross-validation: its own files and those of its folds, read and put together."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from earmark.errors import StorageError
from earmark.experiment.config import load_config
from earmark.experiment.folder import RunFolder
from earmark.report.results import (
    FindingRow,
    FoldResults,
    RunResults,
    ScoredClip,
    SoundRow,
    SplitClip,
    read_epochs,
    read_findings,
    read_results,
    read_scored,
    read_sounds,
    read_split,
)

_FOLDS = "folds.csv"


def read_any_results(folder: Path) -> RunResults:
    """Read the files of a finished run or cross-validation.

    Args:
        folder: Its folder.

    Raises:
        StorageError: It is none, is not finished, or a file is broken or does not fit the others.
    """
    return read_fold_results(folder) if (folder / _FOLDS).exists() else read_results(folder)


def read_fold_results(folder: Path) -> RunResults:
    """Read the files of a finished cross-validation.

    Args:
        folder: Its folder, with a finished run a fold inside.

    Raises:
        StorageError: It is none, is not finished, or a file is broken or does not fit the others.
    """
    run = RunFolder(folder)
    run.require()
    if not run.is_finished:
        raise StorageError(
            f"the cross-validation in {folder} is not finished, it has no {run.scorecard_path.name}: finish it with "
            f"`earmark crossval -o {folder} --resume`"
        )
    scorecard = run.read_scorecard()
    try:
        content = json.loads(run.scorecard_path.read_text(encoding="utf-8"))
        folds = tuple(_read_fold(run.fold(int(row["fold"])), row) for row in content["folds"])
        clips = _put_together(folds)
        sounds = [read_sounds(run.fold(fold.fold)) for fold in folds]
        return RunResults(
            name=folder.resolve().name,
            config=load_config(run.config_path),
            environment=_environment(run, folds),
            epochs=(),
            clips=clips,
            scored=_pool(run, folds, clips),
            sounds=_each_once(sounds),
            scorecard=scorecard,
            findings=_found([read_findings(run.fold(fold.fold).audit_path) for fold in folds]),
            folder=folder,
            folds=folds,
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise StorageError(f"a file of the cross-validation in {folder} is broken ({error!r}): run it again") from error


def _read_fold(run: RunFolder, row: dict[str, Any]) -> FoldResults:
    baseline = row.get("baseline_accuracy")
    return FoldResults(
        fold=int(row["fold"]),
        n_clips=int(row["n_clips"]),
        accuracy=float(row["accuracy"]),
        baseline_accuracy=None if baseline is None else float(baseline),
        environment=run.read_environment(),
        epochs=read_epochs(run),
        clips=read_split(run),
    )


def _put_together(folds: Sequence[FoldResults]) -> tuple[SplitClip, ...]:
    """Return every clip once, with the fold that tested it for a part; nothing for one that none tested."""
    parts: dict[tuple[object, ...], SplitClip] = {}
    for fold in folds:
        for address, clip in _addressed(fold.clips):
            known = parts.setdefault(address, replace(clip, part=""))
            if clip.part == "test":
                parts[address] = replace(known, part=f"fold {fold.fold}")
    return tuple(parts.values())


def _addressed(clips: Sequence[SplitClip]) -> list[tuple[tuple[object, ...], SplitClip]]:
    """Return each clip with what names it among all; stretches that older versions did not tell apart have an order."""
    seen: dict[tuple[object, ...], int] = {}
    rows: list[tuple[tuple[object, ...], SplitClip]] = []
    for clip in clips:
        name = (clip.name, clip.start_s, clip.end_s)
        seen[name] = seen.get(name, 0) + 1
        rows.append(((*name, seen[name]), clip))
    return rows


def _pool(run: RunFolder, folds: Sequence[FoldResults], clips: Sequence[SplitClip]) -> tuple[ScoredClip, ...]:
    place = {address: index for index, (address, _) in enumerate(_addressed(clips))}
    scored = []
    for fold in folds:
        addresses = [address for address, _ in _addressed(fold.clips)]
        labels = run.fold(fold.fold).read_scorecard().labels
        path = run.fold(fold.fold).path / "predictions.csv"
        scored += [
            replace(one, place=place[addresses[one.place]])
            for one in read_scored(path, fold.clips, labels, fold=fold.fold)
        ]
    return tuple(scored)


def _each_once(tables: Sequence[Sequence[SoundRow]]) -> tuple[SoundRow, ...]:
    return tuple({row.name: row for rows in tables for row in rows}.values())


def _found(tables: Sequence[Sequence[FindingRow]]) -> tuple[FindingRow, ...]:
    """Return what was found in any fold, once: what is about one clip is found in every fold."""
    return tuple(dict.fromkeys(found for rows in tables for found in rows))


def _environment(run: RunFolder, folds: Sequence[FoldResults]) -> dict[str, Any]:
    """Return on what the cross-validation was made; the trainings of its folds took as long as they say."""
    own = run.read_environment()
    seconds = dict(own.get("seconds", {}))
    for key in ("data_and_features", "training"):
        seconds[key] = sum(float(fold.environment.get("seconds", {}).get(key, 0.0)) for fold in folds)
    memories = [memory for fold in folds if (memory := str(fold.environment.get("memory", "")))]
    return {**own, "seconds": seconds, **({"memory": memories[0]} if memories else {})}
