"""What the report tells of: the files of a finished run, read and checked against each other."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.errors import StorageError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import load_config
from earmark.experiment.folder import RunFolder
from earmark.models.own import OWN

_N_FIXED_COLUMNS = 3  # path, label, predicted; behind them a column for each class


@dataclass(frozen=True, kw_only=True)
class SplitClip:
    """A row of ``split.csv``.

    Attributes:
        name: The clip's path from the data set's folder.
        label: Its class.
        group: Its group.
        part: ``train``, ``validation`` or ``test``, or ``fold 1`` in a cross-validation; nothing for a clip that was
            left out.
        start_s: Where in its file it begins, in seconds.
        end_s: Where in its file it ends; None for where the file ends.
    """

    name: str
    label: str
    group: str
    part: str
    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class ScoredClip:
    """A clip of the test part, and what the classifier made of it.

    Attributes:
        place: Its place among the clips of the run.
        name: The clip's path from the data set's folder.
        label: Its true class.
        predicted: The class it was taken for.
        predicted_probability: The probability given to that one, in 0..1.
        label_probability: The probability given to the true one, in 0..1; 0 for a class that was not learnt.
        group: The group that it is of.
        fold: The fold that tested it; 0 in a run.
    """

    place: int
    name: str
    label: str
    predicted: str
    predicted_probability: float
    label_probability: float
    group: str = ""
    fold: int = 0

    @property
    def is_right(self) -> bool:
        """Whether it was taken for what it is."""
        return self.predicted == self.label

    @property
    def is_known(self) -> bool:
        """Whether its probabilities are numbers."""
        return math.isfinite(self.predicted_probability) and math.isfinite(self.label_probability)


@dataclass(frozen=True, kw_only=True)
class SoundRow:
    """A row of ``sounds.csv``.

    Attributes:
        name: The file's path from the data set's folder.
        content: What names its bytes; nothing for a file that could not be used.
        fault: ``silent``, or why it could not be used; nothing for a good one.
    """

    name: str
    content: str
    fault: str

    @property
    def is_bad(self) -> bool:
        """Whether it could not be used."""
        return bool(self.fault) and not self.content


@dataclass(frozen=True, kw_only=True)
class EpochRow:
    """A row of ``history.jsonl``: see `earmark.train.history.Epoch`, which the report does not reach."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """Something that the quick checks of the data found: see `earmark.audit.findings.Finding`.

    Attributes:
        severity: ``error``, ``warning`` or ``note``.
        message: What was found, in one line.
        clips: The clips that it is about.
    """

    severity: str
    message: str
    clips: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FoldResults:
    """What one fold of a cross-validation came to.

    Attributes:
        fold: Its number.
        n_clips: How many clips it tested.
        accuracy: The share of them that is right.
        baseline_accuracy: The same of the baseline; None where there is none.
        environment: How its training went.
        epochs: What happened in each epoch.
        clips: Every clip that was used, with its part in this fold.
    """

    fold: int
    n_clips: int
    accuracy: float
    baseline_accuracy: float | None
    environment: Mapping[str, Any]
    epochs: tuple[EpochRow, ...]
    clips: tuple[SplitClip, ...]

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights were kept, from 1; 0 for what is not trained in epochs."""
        return int(self.environment.get("best_epoch", 0))


@dataclass(frozen=True, kw_only=True)
class RunResults:
    """Everything that the files of a run, or of a cross-validation, say.

    Attributes:
        name: What its folder is called.
        config: The tables of its configuration.
        environment: On what it was made, how long it took, and how the training ended.
        epochs: What happened in each epoch; empty for what is not trained in epochs.
        clips: Every clip that was used, in the order of the data set.
        scored: Those of the test part.
        sounds: Every file.
        scorecard: The scores.
        findings: What the quick checks of the data found, worst first.
        folder: Where it is.
        folds: The folds of a cross-validation; none for a run.
    """

    name: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    epochs: tuple[EpochRow, ...]
    clips: tuple[SplitClip, ...]
    scored: tuple[ScoredClip, ...]
    sounds: tuple[SoundRow, ...]
    scorecard: Scorecard
    findings: tuple[FindingRow, ...] = ()
    folder: Path = Path()
    folds: tuple[FoldResults, ...] = ()

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights were kept, from 1; 0 for what is not trained in epochs."""
        return int(self.environment.get("best_epoch", 0))

    @property
    def network(self) -> str:
        """The name of the network; of the user's own, what its author calls it."""
        table = self.config.get("network", {})
        name = str(table.get("name", "cnn"))
        return str(table.get("path", name)).rpartition(".")[2] if name == OWN else name

    @property
    def front_end(self) -> str:
        """The name of the front end."""
        return str(self.config.get("front_end", {}).get("name", ""))

    @property
    def data_path(self) -> Path:
        """Where the data set was when the run was made."""
        return Path(str(self.config.get("data", {}).get("path", "")))

    @property
    def places(self) -> tuple[Path, Path]:
        """Where the run and its data are, or were: the folders above are nobody's business."""
        return (self.folder, self.data_path)

    @property
    def data_name(self) -> str:
        """What the data set is called: its folder, and for a table the folder that it is in."""
        path = self.data_path
        return (path.parent.name if path.suffix.lower() in {".csv", ".tsv"} else path.name) or str(path)


def read_results(folder: Path) -> RunResults:
    """Read the files of a finished run.

    Args:
        folder: The run folder.

    Raises:
        StorageError: It is no run folder, the run is not finished, or a file is broken or does not fit the others.
    """
    run = RunFolder(folder)
    run.require()
    if not run.is_finished:
        raise StorageError(
            f"the run in {folder} is not finished, it has no {run.scorecard_path.name}: finish it with "
            f"`earmark train --config {run.config_path} -o {folder} --resume`"
        )
    scorecard = run.read_scorecard()
    try:
        clips = read_split(run)
        return RunResults(
            name=folder.resolve().name,
            config=load_config(run.config_path),
            environment=run.read_environment(),
            epochs=read_epochs(run),
            clips=clips,
            scored=read_scored(run.path / "predictions.csv", clips, scorecard.labels),
            sounds=read_sounds(run),
            scorecard=scorecard,
            findings=read_findings(run.audit_path),
            folder=folder,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"a file of the run in {folder} is broken ({error!r}): train the run again") from error


def read_split(run: RunFolder) -> tuple[SplitClip, ...]:
    """Return the rows of ``split.csv``.

    Raises:
        StorageError: There is none.
        KeyError: It lacks a column.
        ValueError: It holds what is no number.
    """
    return tuple(
        SplitClip(
            name=row["path"],
            label=row["label"],
            group=row["group"],
            part=row["part"],
            start_s=float(row.get("start_s") or 0),
            end_s=float(row["end_s"]) if row.get("end_s") else None,
        )
        for row in run.read_table("split.csv")
    )


def read_sounds(run: RunFolder) -> tuple[SoundRow, ...]:
    """Return the rows of ``sounds.csv``.

    Raises:
        StorageError: There is none.
        KeyError: It lacks a column.
    """
    rows = run.read_table("sounds.csv")
    return tuple(SoundRow(name=row["path"], content=row["content"], fault=row["fault"]) for row in rows)


def read_findings(path: Path) -> tuple[FindingRow, ...]:
    """Return what the audit of a run found; nothing of a run that has none, such as one on features.

    Raises:
        KeyError: Something is missing in it.
        ValueError: It is no JSON.
    """
    if not path.exists():
        return ()
    return tuple(
        FindingRow(severity=found["severity"], message=found["message"], clips=tuple(found["clips"]))
        for found in json.loads(path.read_text(encoding="utf-8"))["findings"]
    )


def read_epochs(run: RunFolder) -> tuple[EpochRow, ...]:
    """Return what happened in each epoch.

    Raises:
        StorageError: The file is broken.
    """
    return tuple(
        EpochRow(
            epoch=epoch.epoch,
            train_loss=epoch.train_loss,
            train_accuracy=epoch.train_accuracy,
            validation_loss=epoch.validation_loss,
            validation_accuracy=epoch.validation_accuracy,
        )
        for epoch in run.read_history()
    )


def read_scored(
    path: Path, clips: tuple[SplitClip, ...], labels: tuple[str, ...], *, fold: int = 0
) -> tuple[ScoredClip, ...]:
    """Return what was said of the clips of the test part.

    Args:
        path: The table of predictions.
        clips: Every clip of the run.
        labels: The classes that the classifier knows.
        fold: The number of the fold; 0 of a run.

    Raises:
        StorageError: The table does not fit the clips and classes.
        ValueError: It holds what is no number.
    """
    # By position, not by name: a class may be called "path", and stretches of one file share their name.
    header, *rows = _read_rows(path)
    tested = [(place, clip) for place, clip in enumerate(clips) if clip.part == "test"]
    if tuple(header[_N_FIXED_COLUMNS:]) != labels or [row[0] for row in rows] != [clip.name for _, clip in tested]:
        raise StorageError(f"{path} does not fit split.csv and scorecard.json beside it: train the run again")
    scored = []
    for (place, clip), (_, _, predicted, *cells) in zip(tested, rows, strict=True):
        probability = dict(zip(labels, map(float, cells), strict=True))
        scored.append(
            ScoredClip(
                place=place,
                name=clip.name,
                label=clip.label,
                predicted=predicted,
                predicted_probability=probability[predicted],
                label_probability=probability.get(clip.label, 0.0),
                group=clip.group,
                fold=fold,
            )
        )
    return tuple(scored)


def _read_rows(path: Path) -> list[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
    except OSError as error:
        raise StorageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    if not rows:
        raise StorageError(f"{path} is empty: train the run again")
    return rows
