"""A trained classifier on other labelled sounds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from earmark._util.catalogue import nearest
from earmark._util.files import content_key
from earmark._util.progress import Progress
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, listed
from earmark.errors import DataError
from earmark.evaluate.scorecard import Scorecard, score_predictions
from earmark.experiment.folder import RunFolder
from earmark.features.extract import BadFile, FeatureSet, extract_features
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Predictor


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What came of it.

    Attributes:
        scorecard: The scores.
        bad: The files that could not be used.
        notes: What a person should know, such as sounds that the classifier has learnt from.
    """

    scorecard: Scorecard
    bad: tuple[BadFile, ...]
    notes: tuple[str, ...]


def evaluate_bundle(
    folder: Path,
    dataset: Dataset,
    *,
    device: str = "cpu",
    store: FeatureStore | None = None,
    strict: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Evaluation:
    """Score the classifier of a run folder or bundle on a data set.

    The data set may lack classes that the classifier knows, but may not have others. Where the run folder says which
    sounds were learnt from, and some of them are in the data set, a note says so: their score means nothing.

    Args:
        folder: A run folder or a bundle.
        dataset: Labelled clips.
        device: Where to compute.
        store: Where features are kept; None keeps none.
        strict: Whether one bad file stops everything.
        seed: The root seed, for the intervals.
        progress: What is told while files are read.

    Raises:
        StorageError: There is no bundle in the folder.
        DataError: A label is unknown to the classifier, or `strict` and a file is bad.
    """
    predictor = Predictor.load(folder, device=device)
    run = _run_of(folder)
    baseline = Predictor.load(run.baseline_path) if run and run.baseline_path.exists() else None
    evaluation = evaluate_predictor(
        predictor,
        dataset,
        baseline=baseline,
        store=store or FeatureStore(None),
        strict=strict,
        seed=seed,
        progress=progress,
    )
    bad = {file.name for file in evaluation.bad}
    learnt = _learnt(run, [clip for clip in dataset if clip.name not in bad]) if run else ()
    return replace(evaluation, notes=(*evaluation.notes, *learnt))


def evaluate_predictor(
    predictor: Predictor,
    dataset: Dataset,
    *,
    store: FeatureStore,
    baseline: Predictor | None = None,
    strict: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Evaluation:
    """Score a classifier on a data set, and a baseline of the same classes beside it; each file is decoded once.

    Args:
        predictor: The classifier.
        dataset: Labelled clips.
        store: Where features are kept.
        baseline: What is shown beside it; None for nothing.
        strict: Whether one bad file stops everything.
        seed: The root seed, for the intervals.
        progress: What is told while files are read.

    Raises:
        DataError: A label is unknown to the classifier, or `strict` and a file is bad.
    """
    refuse_unknown_labels(dataset, predictor.labels)
    asked = [predictor, baseline] if baseline else [predictor]
    sets = extract_features(
        dataset, [one.blueprint.recipe for one in asked], store=store, strict=strict, progress=progress
    )
    used = dataset.subset(sets[0].kept)
    scorecard, *others = [_score(one, used, features, seed) for one, features in zip(asked, sets, strict=True)]
    for other in others:
        scorecard = scorecard.with_baseline("svm", other)
    return Evaluation(scorecard=scorecard, bad=sets[0].bad, notes=())


def _score(predictor: Predictor, used: Dataset, features: FeatureSet, seed: int) -> Scorecard:
    probabilities = [predictor.feature_probabilities(array) for array in features.arrays]
    place = {label: index for index, label in enumerate(predictor.labels)}
    return score_predictions(
        segment_probabilities=np.concatenate(probabilities),
        clip_index=np.repeat(np.arange(len(used)), [len(part) for part in probabilities]),
        y=np.array([place[clip.label] for clip in used]),
        groups=used.groups,
        labels=predictor.labels,
        seed=seed,
    )


def refuse_unknown_labels(dataset: Dataset, labels: tuple[str, ...]) -> None:
    """Make sure that a classifier knows every label of a data set.

    Raises:
        DataError: It does not know some; the message names them and the nearest it knows.
    """
    unknown = [label for label in dataset.labels if label not in labels]
    if unknown:
        raise DataError(
            f"the classifier does not know the label {unknown[0]!r}"
            f"{f' and {len(unknown) - 1} more' if len(unknown) > 1 else ''}: {nearest(unknown[0], labels)}"
        )


def _run_of(folder: Path) -> RunFolder | None:
    """Return the run that a folder is, or whose bundle it is; None where there is none."""
    candidates = [RunFolder(folder), RunFolder(folder.resolve().parent)]
    return next((run for run in candidates if run.is_run and folder.resolve() in _places(run)), None)


def _places(run: RunFolder) -> set[Path]:
    return {run.path.resolve(), run.bundle_path.resolve()}


def _learnt(run: RunFolder, clips: Sequence[Clip]) -> tuple[str, ...]:
    """Return a sentence if sounds that were learnt from are among those scored, known by their content."""
    # Stretches of one file share its path: it was learnt from if any of them was.
    paths = {row["path"] for row in run.read_table("split.csv") if row["part"] in {"train", "validation"}}
    learnt = {row["content"] for row in run.read_table("sounds.csv") if row["path"] in paths and row["content"]}
    return learnt_note(clips, learnt)


def learnt_note(clips: Sequence[Clip], learnt: Collection[str]) -> tuple[str, ...]:
    """Return a sentence if clips are of files that were learnt from, known by their content; else nothing.

    Args:
        clips: Clips whose files can be read.
        learnt: The content keys of the files that were learnt from.
    """
    files = {clip.path: clip.name for clip in clips}
    seen = sorted(name for path, name in files.items() if content_key(path) in learnt)
    if not seen:
        return ()
    return (f"{len(seen)} of {len(files)} sounds were learnt from in training ({listed(seen)}): the score is too good",)
