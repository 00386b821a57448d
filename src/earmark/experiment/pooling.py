"""The folds of a cross-validation scored together: each clip by what its fold said of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earmark.data.copies import copies_in
from earmark.data.dataset import Dataset
from earmark.data.folds import with_folds
from earmark.data.split_file import stretch_of
from earmark.errors import StorageError, TrainingError
from earmark.evaluate.clips import mean_probabilities
from earmark.evaluate.scorecard import Scorecard, score_predictions
from earmark.experiment.answers import Answers
from earmark.experiment.config import AugmentConfig, RunConfig
from earmark.experiment.folder import RunFolder
from earmark.experiment.networks import standing_in
from earmark.experiment.prepare import Prepared, prepare
from earmark.features.extract import BadFile
from earmark.features.store import FeatureStore


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """What the folds come to together.

    Attributes:
        scorecard: The scores over the clips of all folds, the baseline's beside them.
        notes: What a person should know of the data.
        bad: The files that could not be used.
    """

    scorecard: Scorecard
    notes: tuple[str, ...]
    bad: tuple[BadFile, ...]


def pool_folds(
    config: RunConfig, run: RunFolder, folds: Sequence[int], *, store: FeatureStore, strict: bool = False
) -> Pooled:
    """Score all clips together, each by the classifier that has not learnt from its fold, and write the tables.

    Args:
        config: That of the cross-validation.
        run: Its folder, with a finished run a fold inside.
        folds: The numbers of the folds.
        store: Where features are kept.
        strict: Whether one bad file stops everything.

    Raises:
        DataError: The data set cannot be used, or `strict` and a file is bad.
        StorageError: A fold is not finished, or a file of it is damaged.
        TrainingError: A fold was trained on other sounds than are there now.
    """
    unchanged = replace(config, augment=AugmentConfig(steps=()))  # only what trains is changed
    prepared = prepare(standing_in(unchanged), store=store, strict=strict)
    dataset = prepared.dataset
    if config.split.n_folds is not None:
        dataset = with_folds(dataset, config.split.n_folds, seed=config.seed)
    copies = copies_in(dataset)
    tested = [
        [index for index, clip in enumerate(dataset) if clip.fold == fold and index not in copies] for fold in folds
    ]
    places = [run.fold(fold) for fold in folds]
    _refuse_learnt(run, places, prepared, dataset, tested)
    order = [clip for clips in tested for clip in clips]
    scorecard, probabilities = _score(dataset, order, [fold.answers_path for fold in places], seed=config.seed)
    baseline, _ = _score(dataset, order, [fold.baseline_answers_path for fold in places], seed=config.seed)
    _write_tables(run, dataset, order, probabilities)
    return Pooled(
        scorecard=scorecard.with_baseline("svm", baseline),
        notes=tuple(note for note in _notes_of(dataset, places) if "is the test part" not in note),
        bad=prepared.bad,
    )


def changed_clips(run: RunFolder) -> TrainingError:
    """Return the error that the sounds of a cross-validation are others than those that it was begun with."""
    return TrainingError(
        f"the cross-validation in {run.path} was begun with other sounds, labels, groups or folds than are there now: "
        "put them back as they were, or start again with --overwrite"
    )


def _refuse_learnt(
    run: RunFolder, places: Sequence[RunFolder], prepared: Prepared, dataset: Dataset, tested: Sequence[Sequence[int]]
) -> None:
    """Refuse to pool folds that were trained on other sounds than are there now: what is tested was not learnt.

    The clips are compared in order, in which the answers of the fold stand too.
    """
    contents = set(zip((clip.name for clip in dataset), prepared.contents, strict=True))
    for place, clips in zip(places, tested, strict=True):
        here = [_row(dataset, clip) for clip in clips]
        split = place.read_table("split.csv")
        there = [
            (row["path"], row["label"], row["group"], row["start_s"], row["end_s"])
            for row in split
            if row["part"] == "test"
        ]
        sounds = {row["path"]: row["content"] for row in place.read_table("sounds.csv")}
        if here != there or any((name, sounds.get(name)) not in contents for name, *_ in here):
            raise changed_clips(run)


def _row(dataset: Dataset, clip: int) -> tuple[str, ...]:
    """Return what the table of a split says of a clip."""
    one = dataset[clip]
    name, start, end = stretch_of(one)
    return (name, one.label, one.group, str(start), str(end))


def _score(
    dataset: Dataset, order: Sequence[int], paths: Sequence[Path], *, seed: int
) -> tuple[Scorecard, npt.NDArray[np.float64]]:
    """Return the scores of all clips, and the probabilities (n_clips, n_classes) of each, fold after fold."""
    answers = [Answers.load(path) for path in paths]
    n_segments = np.concatenate([one.n_segments for one in answers])
    if len(n_segments) != len(order):
        raise StorageError(f"{paths[0]} and its like are damaged: {len(n_segments)} clips for {len(order)}")
    clip_index = np.repeat(np.arange(len(order)), n_segments)
    probabilities = np.concatenate([one.for_labels(dataset.labels) for one in answers])
    scorecard = score_predictions(
        segment_probabilities=probabilities,
        clip_index=clip_index,
        y=dataset.y[order],
        groups=[dataset.groups[clip] for clip in order],
        labels=dataset.labels,
        seed=seed,
    )
    return scorecard, mean_probabilities(probabilities, clip_index)


def _write_tables(
    run: RunFolder, dataset: Dataset, order: Sequence[int], probabilities: npt.NDArray[np.float64]
) -> None:
    rows = [(clip.name, clip.label, clip.group, clip.fold) for clip in dataset]
    run.write_table("folds.csv", ("path", "label", "group", "fold"), rows)
    predictions = [
        (
            dataset[clip].name,
            dataset[clip].label,
            dataset.labels[int(row.argmax())],
            *(f"{value:.6f}" for value in row),
        )
        for clip, row in zip(order, probabilities, strict=True)
    ]
    run.write_table("predictions.csv", ("path", "label", "predicted", *dataset.labels), predictions)


def _notes_of(dataset: Dataset, runs: Sequence[RunFolder]) -> dict[str, None]:
    """Return what was said of the data and of the folds, each sentence once, in order."""
    of_folds = (note for run in runs for note in run.read_environment().get("notes", []))
    return dict.fromkeys((*dataset.notes, *of_folds))
