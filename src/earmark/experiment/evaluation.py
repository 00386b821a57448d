"""A trained classifier on other labelled sounds, or on features or pictures of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earmark._util.catalogue import nearest
from earmark._util.progress import Progress
from earmark.data.dataset import Dataset, listed
from earmark.errors import DataError, SettingError
from earmark.evaluate.scorecard import Scorecard, score_predictions
from earmark.evaluate.tested import Tested, make_tested
from earmark.experiment.folder import RunFolder
from earmark.experiment.tables import SUMMARY, TableFeatures, summaries, table_features
from earmark.features.extract import BadFile, FeatureSet, extract_features
from earmark.features.interchange import stored
from earmark.features.interchange.catalogue import holds_features
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Predictor

_WITH_CHANNELS = 4  # axes: segments, channels, bins, frames


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What came of it.

    Attributes:
        scorecard: The scores.
        bad: The files that could not be used.
        notes: What a person should know, such as sounds that the classifier has learnt from.
        contents: The name of each clip that was scored, and what names its content.
        tested: What the classifier said of each clip, of which `earmark.evaluate.run_scores.score_tested` makes every
            score.
    """

    scorecard: Scorecard
    bad: tuple[BadFile, ...]
    notes: tuple[str, ...]
    contents: tuple[tuple[str, str], ...] = ()
    tested: Tested


def evaluate_bundle(
    folder: Path,
    data: Dataset | FeatureTable,
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
        data: Labelled clips, or features or pictures of such.
        device: Where to compute.
        store: Where features are kept; None keeps none.
        strict: Whether one bad file stops everything.
        seed: The root seed, for the intervals.
        progress: What is told while files are read.

    Raises:
        StorageError: There is no bundle in the folder.
        DataError: A label is unknown to the classifier, or `strict` and a file is bad.
        SettingError: The classifier takes other features than those of a table.
    """
    predictor = Predictor.load(folder, device=device)
    run = run_of(folder)
    beside = run.baseline_path if run else folder
    baseline = Predictor.load(beside) if beside.exists() and beside.resolve() != folder.resolve() else None
    evaluation = evaluate_predictor(
        predictor,
        data,
        baseline=baseline,
        store=store or FeatureStore(None),
        strict=strict,
        seed=seed,
        progress=progress,
    )
    learnt = learnt_in(run, evaluation.contents) if run else ()
    if run and not learnt and not _comparable(run, data):
        learnt = ("whether some of these were learnt from cannot be checked: they are of another kind",)
    return replace(evaluation, notes=(*evaluation.notes, *learnt))


def evaluate_predictor(
    predictor: Predictor,
    data: Dataset | FeatureTable,
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
        data: Labelled clips, or features or pictures of such; a baseline that hears sound is then left out.
        store: Where features are kept.
        baseline: What is shown beside it; None for nothing.
        strict: Whether one bad file stops everything.
        seed: The root seed, for the intervals.
        progress: What is told while files are read.

    Raises:
        DataError: A label is unknown to the classifier, or `strict` and a file is bad.
        SettingError: The classifier takes other features than those of a table.
    """
    dataset = data.dataset if isinstance(data, FeatureTable) else data
    refuse_unknown_labels(dataset, predictor.labels)
    notes: tuple[str, ...] = ()
    if baseline and not _hears_alike(predictor, baseline, data):
        baseline, notes = None, ("the baseline learnt from other material than this, so it is left out",)
    asked = [predictor, baseline] if baseline else [predictor]
    sets: Sequence[FeatureSet | TableFeatures]
    if isinstance(data, FeatureTable):
        seen = table_features(data, predictor.blueprint.recipe, strict=strict, progress=progress)
        sets = [_for(one, predictor, seen, dataset) for one in asked]
    else:
        if predictor.takes != "waveform":
            raise SettingError(
                f"this classifier was trained on {predictor.takes_words}, and cannot hear sound: score it on such"
            )
        sets = extract_features(
            dataset, [one.blueprint.recipe for one in asked], store=store, strict=strict, progress=progress
        )
    used = dataset.subset(sets[0].kept)
    heard = [_hear(one, used, features.arrays) for one, features in zip(asked, sets, strict=True)]
    scorecard, *others = [_score(one, seed) for one in heard]
    for other in others:
        scorecard = scorecard.with_baseline("svm", other)
    contents = tuple(zip((clip.name for clip in used), sets[0].contents, strict=True))
    return Evaluation(scorecard=scorecard, bad=sets[0].bad, notes=notes, contents=contents, tested=heard[0])


def _hears_alike(predictor: Predictor, baseline: Predictor, data: Dataset | FeatureTable) -> bool:
    """Return whether a baseline can be scored on what a classifier is scored on."""
    if isinstance(data, FeatureTable):
        return baseline.takes == "features" or baseline.blueprint.recipe == predictor.blueprint.recipe
    return baseline.takes == "waveform"


def _for(one: Predictor, predictor: Predictor, features: TableFeatures, dataset: Dataset) -> TableFeatures:
    """Return what `one` sees of a table: the classifier, or the baseline, which sums up what that one sees."""
    if one.blueprint.recipe == SUMMARY != predictor.blueprint.recipe:
        features = replace(features, arrays=summaries(features.arrays))
    blueprint = one.blueprint
    wanted = (blueprint.n_channels, blueprint.n_bins, blueprint.n_frames)
    for index, array in zip(features.kept, features.arrays, strict=True):
        shape = array.shape[1:] if array.ndim == _WITH_CHANNELS else (1, *array.shape[1:])
        if shape != wanted:
            raise SettingError(
                f"the classifier takes features of {wanted[1]} bins and {wanted[2]} frames, and "
                f"{dataset[index].name} has {shape[-2]} and {shape[-1]}"
            )
    return features


def _hear(predictor: Predictor, used: Dataset, arrays: Sequence[npt.NDArray[np.float32]]) -> Tested:
    """Return what a classifier says of each clip."""
    probabilities = [predictor.feature_probabilities(array) for array in arrays]
    place = {label: index for index, label in enumerate(predictor.labels)}
    return make_tested(
        labels=predictor.labels,
        names=[clip.address for clip in used],
        y=np.array([place[clip.label] for clip in used], dtype=np.int64),
        groups=used.groups,
        segment_probabilities=np.concatenate(probabilities),
        clip_index=np.repeat(np.arange(len(used)), [len(part) for part in probabilities]),
    )


def _score(tested: Tested, seed: int) -> Scorecard:
    return score_predictions(
        segment_probabilities=tested.segments,
        clip_index=tested.segment_clips,
        y=tested.y,
        groups=tested.groups,
        labels=tested.labels,
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


def run_of(folder: Path) -> RunFolder | None:
    """Return the run that a folder is, or whose classifier or baseline it is; None where there is none.

    Args:
        folder: A run folder or a bundle.
    """
    candidates = [RunFolder(folder), RunFolder(folder.resolve().parent)]
    return next((run for run in candidates if run.is_run and folder.resolve() in _places(run)), None)


def _places(run: RunFolder) -> set[Path]:
    return {run.path.resolve(), run.bundle_path.resolve(), run.baseline_path.resolve()}


def _comparable(run: RunFolder, data: Dataset | FeatureTable) -> bool:
    """Return whether the contents that a run knows are of sounds, if those of the data are; else of features."""
    path = Path(run.read_config().data.path)
    of_sounds = isinstance(data, Dataset) or data.contents is not None
    if stored.recognises(path):  # of all formats, only a store can know the sounds
        return of_sounds == stored.knows_sounds(path)
    return of_sounds != holds_features(path)


def learnt_in(
    run: RunFolder, contents: Iterable[tuple[str, str]], *, so: str = "the score is too good"
) -> tuple[str, ...]:
    """Return a sentence if sounds that a run learnt from are among some others, known by their content.

    Args:
        run: The run.
        contents: The name of each file, and what names its content.
        so: What follows from it.

    Raises:
        StorageError: The run is not finished.
    """
    # Stretches of one file share its path: it was learnt from if any of them was.
    paths = {row["path"] for row in run.read_table("split.csv") if row["part"] in {"train", "validation"}}
    learnt = {row["content"] for row in run.read_table("sounds.csv") if row["path"] in paths and row["content"]}
    return learnt_note(contents, learnt, so=so)


def learnt_note(
    contents: Iterable[tuple[str, str]], learnt: Collection[str], *, so: str = "the score is too good"
) -> tuple[str, ...]:
    """Return a sentence if files that were learnt from are among some others, known by their content; else nothing.

    Args:
        contents: The name of each file, and what names its content.
        learnt: What names the contents of the files that were learnt from.
        so: What follows from it.
    """
    found = dict.fromkeys(contents)
    seen = sorted({name for name, content in found if content in learnt})
    if not seen:
        return ()
    n_files = len({name for name, _ in found})
    return (f"{len(seen)} of {n_files} sounds were learnt from in training ({listed(seen)}): {so}",)
