"""The scores of finished runs and cross-validations, one by one and side by side."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark.errors import SettingError, StorageError
from earmark.evaluate.paired import holm
from earmark.evaluate.pairs import Pair
from earmark.evaluate.run_scores import RunScores, score_tested
from earmark.experiment.reading import ReadRun, read_tested
from earmark.experiment.sharing import compare_read

_FEWEST = 2
_COMPARISON = "comparison.json"


@dataclass(frozen=True, kw_only=True)
class RunsCompared:
    """Several runs side by side.

    Attributes:
        runs: The scores of each on all clips that it was tested on.
        pairs: The first run beside each of the others, on the clips that both were tested on.
        p: How often a difference of accuracy as large would come about by chance, for each pair, corrected for how
            many pairs there are (Holm).
    """

    runs: tuple[RunScores, ...]
    pairs: tuple[Pair, ...]
    p: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        pairs = [{**pair.to_json(), "p": p} for pair, p in zip(self.pairs, self.p, strict=True)]
        return {"runs": [run.to_json() for run in self.runs], "pairs": pairs}


def read_run_scores(folder: str | Path, *, seed: int = 0, n_resamples: int = 2000) -> RunScores:
    """Return every score of a finished run or cross-validation, with intervals.

    Args:
        folder: Its folder.
        seed: The root seed: draws the groups.
        n_resamples: How often they are drawn.

    Raises:
        StorageError: It is none, is not finished, or a file is broken or holds no probabilities.
        SettingError: The seed is negative, or `n_resamples` is below 1.
    """
    return _scored(read_tested(folder), seed=seed, n_resamples=n_resamples)


def compare_runs(folders: Sequence[str | Path], *, seed: int = 0, n_resamples: int = 2000) -> RunsCompared:
    """Score several finished runs, and compare the first with each of the others on the clips that both tested.

    Args:
        folders: Their folders, two at least.
        seed: The root seed: draws the groups.
        n_resamples: How often they are drawn.

    Raises:
        SettingError: There are fewer than two folders, or one is named twice.
        StorageError: One holds no finished run, or a file is broken.
        DataError: Two share no test clip, or name different classes for one.
    """
    if len(folders) < _FEWEST:
        raise SettingError(f"a comparison needs two runs at least, not {len(folders)}")
    places = [Path(folder).resolve() for folder in folders]
    twice = [place for index, place in enumerate(places) if place in places[:index]]
    if twice:
        raise SettingError(f"{twice[0]} is named twice: name each run once")
    read = _distinct([read_tested(folder) for folder in folders], folders)
    pairs = tuple(compare_read(read[0], other, seed=seed, n_resamples=n_resamples) for other in read[1:])
    return RunsCompared(
        runs=tuple(_scored(one, seed=seed, n_resamples=n_resamples) for one in read),
        pairs=pairs,
        p=holm([pair.accuracy.p for pair in pairs]),
    )


def compare_with_baseline(folder: str | Path, *, seed: int = 0, n_resamples: int = 2000) -> Pair | None:
    """Compare the classifier of a finished run or cross-validation with the baseline beside it.

    Args:
        folder: Its folder.
        seed: The root seed: draws the groups.
        n_resamples: How often they are drawn.

    Returns:
        The two; None for a run of an older version of earmark, which did not keep what its baseline said.

    Raises:
        StorageError: It is none, is not finished, or a file is broken.
    """
    read = read_tested(folder)
    try:
        baseline = replace(read_tested(folder, baseline=True), name="the SVM baseline")
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    return compare_read(read, baseline, seed=seed, n_resamples=n_resamples)


def members(folder: str | Path) -> list[Path]:
    """Return the folders of the cross-validations in a comparison; the folder itself where it is none.

    Args:
        folder: That of a run, of a cross-validation, or of a comparison.

    Raises:
        StorageError: The comparison is broken.
    """
    path = Path(folder) / _COMPARISON
    if not path.exists():
        return [Path(folder)]
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [Path(folder) / str(one["name"]) for one in content["candidates"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path} cannot be read ({error!r}): compare again with --resume") from error


def _scored(read: ReadRun, *, seed: int, n_resamples: int) -> RunScores:
    scores = score_tested(read.tested, name=read.name, seed=seed, n_resamples=n_resamples)
    return replace(scores, notes=(*read.notes, *scores.notes))


def _distinct(read: Sequence[ReadRun], folders: Sequence[str | Path]) -> list[ReadRun]:
    """Return the runs under names of their own: where two folders are called the same, as they were written."""
    names = [one.name for one in read]
    return [
        replace(one, name=str(folder)) if names.count(one.name) > 1 else one
        for one, folder in zip(read, folders, strict=True)
    ]
