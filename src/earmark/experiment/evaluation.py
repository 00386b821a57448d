"""A trained classifier on other labelled sounds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark._util.catalogue import nearest
from earmark._util.files import content_key
from earmark._util.progress import Progress
from earmark.data.dataset import Dataset
from earmark.errors import DataError
from earmark.evaluate.scorecard import Scorecard, score_predictions
from earmark.experiment.folder import RunFolder
from earmark.features.extract import BadFile, extract_features
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Predictor

_MOST_NAMED = 5


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
        strict: Whether one bad file stops everything.
        seed: The root seed, for the intervals.
        progress: What is told while files are read.

    Raises:
        StorageError: There is no bundle in the folder.
        DataError: A label is unknown to the classifier, or `strict` and a file is bad.
    """
    predictor = Predictor.load(folder, device=device)
    scorecard, bad, used = score_predictor(predictor, dataset, strict=strict, seed=seed, progress=progress)
    return Evaluation(scorecard=scorecard, bad=bad, notes=_leaks(folder, used))


def score_predictor(
    predictor: Predictor,
    dataset: Dataset,
    *,
    strict: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Scorecard, tuple[BadFile, ...], Dataset]:
    """Score a classifier on a data set.

    Returns:
        The scores, the files that could not be used, and the clips that were.

    Raises:
        DataError: A label is unknown to the classifier, or `strict` and a file is bad.
    """
    refuse_unknown_labels(dataset, predictor.labels)
    (features,) = extract_features(
        dataset, [predictor.blueprint.recipe], store=FeatureStore(None), strict=strict, progress=progress
    )
    used = dataset.subset(features.kept)
    probabilities = [predictor.feature_probabilities(array) for array in features.arrays]
    place = {label: index for index, label in enumerate(predictor.labels)}
    scorecard = score_predictions(
        segment_probabilities=np.concatenate(probabilities),
        clip_index=np.repeat(np.arange(len(used)), [len(part) for part in probabilities]),
        y=np.array([place[clip.label] for clip in used]),
        groups=used.groups,
        labels=predictor.labels,
        seed=seed,
    )
    return scorecard, features.bad, used


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


def _leaks(folder: Path, used: Dataset) -> tuple[str, ...]:
    """Return a sentence if sounds that were learnt from are among those scored, known by their content."""
    run = RunFolder(folder)
    if not run.is_run:
        return ()
    # Stretches of one file share its path: it was learnt from if any of them was.
    paths = {row["path"] for row in run.read_table("split.csv") if row["part"] in {"train", "validation"}}
    learnt = {row["content"] for row in run.read_table("sounds.csv") if row["path"] in paths}
    seen = sorted({clip.name for clip in used if content_key(clip.path) in learnt})
    if not seen:
        return ()
    sentence = (
        f"{len(seen)} of {len(used)} sounds were learnt from in training ({', '.join(seen[:_MOST_NAMED])}"
        f"{', ...' if len(seen) > _MOST_NAMED else ''}): the score is too good"
    )
    return (sentence,)
