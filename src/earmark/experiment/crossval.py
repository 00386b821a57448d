"""Cross-validation: a fresh classifier for each fold, scored on the one fold that it has not seen."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark._util.files import write_json
from earmark._util.progress import NoProgress, Progress
from earmark.data.dataset import Dataset, distinct_folds
from earmark.data.folds import with_folds
from earmark.data.open import open_dataset
from earmark.errors import SettingError, TrainingError
from earmark.evaluate.clips import mean_probabilities
from earmark.evaluate.scorecard import Scorecard, score_predictions
from earmark.experiment.config import RunConfig, SplitConfig
from earmark.experiment.environment import describe_environment
from earmark.experiment.folder import RunFolder
from earmark.experiment.prepare import prepare, resolved
from earmark.experiment.run import train_run
from earmark.features.extract import BadFile
from earmark.features.interchange.catalogue import open_features
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Predictor
from earmark.models.device import resolve_device

_N_FOLDS = 5

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class FoldScore:
    """What one fold came to.

    Attributes:
        fold: Its number.
        n_clips: Clips in it.
        accuracy: The share of them that the classifier of the other folds gets right.
        baseline_accuracy: The same of the baseline.
        best_epoch: The epoch whose weights were kept; 0 for what is not trained in epochs.
    """

    fold: int
    n_clips: int
    accuracy: float
    baseline_accuracy: float | None
    best_epoch: int


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """What a cross-validation leaves in the hand; the rest is in its folder.

    Attributes:
        folder: Where it is; each fold is a run of its own in ``fold-N``.
        scorecard: The scores over the clips of all folds together, each predicted by the classifier that has not
            learnt from its fold. The intervals are over groups.
        folds: What each fold came to.
        notes: What a person should know of the data.
        bad: The files that could not be used.
    """

    folder: RunFolder
    scorecard: Scorecard
    folds: tuple[FoldScore, ...]
    notes: tuple[str, ...]
    bad: tuple[BadFile, ...] = ()

    @property
    def mean(self) -> float:
        """The mean accuracy over the folds."""
        return float(np.mean([fold.accuracy for fold in self.folds]))

    @property
    def deviation(self) -> float:
        """The deviation of the accuracy over the folds (divided by n - 1)."""
        return float(np.std([fold.accuracy for fold in self.folds], ddof=1))

    def to_json(self) -> dict[str, Any]:
        """Return the contents of ``scorecard.json``: the pooled scores, and those of each fold."""
        folds = [asdict(fold) for fold in self.folds]
        return {**self.scorecard.to_json(), "folds": folds, "mean": self.mean, "deviation": self.deviation}

    def __str__(self) -> str:
        folds = "  ".join(f"{100 * fold.accuracy:.1f}" for fold in self.folds)
        spread = f"mean {100 * self.mean:.1f} %, deviation {100 * self.deviation:.1f} over {len(self.folds)} folds"
        return f"{self.scorecard}\nfolds           {folds}   {spread}"


def cross_validate(
    config: RunConfig,
    folder: str | Path,
    *,
    store: FeatureStore,
    n_folds: int | None = None,
    overwrite: bool = False,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> CrossValidation:
    """Train and score one classifier a fold, with fresh weights and a fresh optimiser, and pool what they say.

    Published folds are used as they are; without any, folds of whole groups are computed. The validation part is
    taken from the folds that train, so that nothing is chosen on the fold that tests.

    Args:
        config: See `RunConfig`; its split may not name a test part.
        folder: New, empty, or with `overwrite` or `resume` that of another cross-validation.
        store: Where features are kept from fold to fold.
        n_folds: How many folds to compute where the data set has none; five if None.
        overwrite: Whether a cross-validation that is there is replaced.
        resume: Whether one that is there is finished: folds that are done are not done again.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        SettingError: The configuration names a test part, or `n_folds` and there are folds already.
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used, or `strict` and a file is bad.
        SplitError: The folds cannot be made.
        TrainingError: A training cannot go on, or was begun with other settings.
    """
    began = time.monotonic()
    progress = progress or NoProgress()
    if config.split.test_fold is not None or config.split.test_fraction is not None:
        raise SettingError("a cross-validation tests on every fold: leave the test part out")
    config = resolved(config, device=resolve_device(config.device).type)
    run = RunFolder(Path(folder))
    run.claim(overwrite=overwrite, resume=resume)
    folds, split = _folds_of(config, n_folds)
    config = replace(config, split=split)
    if resume and run.is_run and run.read_config() != config:
        raise TrainingError(
            f"the cross-validation in {run.path} was begun with other settings: give --resume alone, or start again "
            "with --overwrite"
        )
    if overwrite:
        run.clear()
    config.save(run.config_path)
    for fold in folds:
        told = _Titled(progress, f"fold {fold} of {len(folds)}")
        one = replace(config, split=replace(split, test_fold=fold))
        _run_fold(one, run.fold(fold), store=store, strict=strict, progress=told)
    result = _pool(config, run, folds, store=store, strict=strict)
    environment = describe_environment(device=config.device)
    run.write_environment(
        {**environment, "seconds": {"all": round(time.monotonic() - began, 2)}, "notes": result.notes}
    )
    write_json(run.scorecard_path, result.to_json())
    return result


def _folds_of(config: RunConfig, n_folds: int | None) -> tuple[tuple[int, ...], SplitConfig]:
    """Return the folds, and the split that says where they come from. Its test fold is the first, only to name one."""
    data = config.data
    table = open_features(data.path)
    if table is not None:
        dataset = table.regroup(column=data.group_column, pattern=data.group_pattern).dataset
    else:
        dataset = open_dataset(data.path, group_column=data.group_column, group_pattern=data.group_pattern)
    own = distinct_folds(dataset)
    if own and n_folds is not None:
        raise SettingError(f"the data set has {len(own)} folds of its own, which are kept: leave --folds out")
    if own:
        if len(own) == 1:
            raise SettingError(f"all clips are in fold {own[0]}: a cross-validation needs two folds at least")
        return own, replace(config.split, test_fold=own[0])
    n_folds = _N_FOLDS if n_folds is None else n_folds
    with_folds(dataset, n_folds, seed=config.seed)  # refuses what cannot be before any work is done
    return tuple(range(1, n_folds + 1)), replace(config.split, n_folds=n_folds, test_fold=1)


def _run_fold(config: RunConfig, run: RunFolder, *, store: FeatureStore, strict: bool, progress: Progress) -> None:
    if run.is_run and run.is_finished and not run.was_interrupted:
        return
    result = train_run(config, run.path, store=store, resume=run.is_run, strict=strict, progress=progress)
    if result.fitted.ended == "interrupted":
        raise KeyboardInterrupt


def _pool(
    config: RunConfig, run: RunFolder, folds: Sequence[int], *, store: FeatureStore, strict: bool
) -> CrossValidation:
    """Score all clips together, each with the classifier that has not learnt from its fold."""
    prepared = prepare(config, store=store, strict=strict)
    dataset = prepared.dataset
    if config.split.n_folds is not None:
        dataset = with_folds(dataset, config.split.n_folds, seed=config.seed)
    tested = [[index for index, clip in enumerate(dataset) if clip.fold == fold] for fold in folds]
    places = [run.fold(fold) for fold in folds]
    scorecard, probabilities = _score(dataset, tested, [fold.bundle_path for fold in places], prepared.features, config)
    baseline, _ = _score(dataset, tested, [fold.baseline_path for fold in places], prepared.baseline, config)
    _write_tables(run, dataset, tested, probabilities)
    return CrossValidation(
        folder=run,
        scorecard=scorecard.with_baseline("svm", baseline),
        folds=tuple(_fold_score(number, place) for number, place in zip(folds, places, strict=True)),
        notes=tuple(note for note in (*dataset.notes, *_notes_of(places)) if "is the test part" not in note),
        bad=prepared.bad,
    )


def _score(
    dataset: Dataset,
    tested: Sequence[Sequence[int]],
    bundles: Sequence[Path],
    features: Sequence[FloatArray],
    config: RunConfig,
) -> tuple[Scorecard, npt.NDArray[np.float64]]:
    """Return the scores of all clips, and the probabilities (n_clips, n_classes) of each, fold after fold."""
    segments, n_segments = [], []
    for clips, bundle in zip(tested, bundles, strict=True):
        predictor = Predictor.load(bundle)
        columns = [predictor.labels.index(label) if label in predictor.labels else -1 for label in dataset.labels]
        for clip in clips:
            heard = predictor.feature_probabilities(features[clip])
            padded = np.pad(heard, ((0, 0), (0, 1)))  # a class that a fold could not learn gets nothing
            segments.append(padded[:, columns])
            n_segments.append(len(heard))
    order = [clip for clips in tested for clip in clips]
    clip_index = np.repeat(np.arange(len(order)), n_segments)
    probabilities = np.concatenate(segments)
    scorecard = score_predictions(
        segment_probabilities=probabilities,
        clip_index=clip_index,
        y=dataset.y[order],
        groups=[dataset.groups[clip] for clip in order],
        labels=dataset.labels,
        seed=config.seed,
    )
    return scorecard, mean_probabilities(probabilities, clip_index)


def _write_tables(
    run: RunFolder, dataset: Dataset, tested: Sequence[Sequence[int]], probabilities: npt.NDArray[np.float64]
) -> None:
    order = [clip for clips in tested for clip in clips]
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


def _fold_score(number: int, run: RunFolder) -> FoldScore:
    card = run.read_scorecard()
    return FoldScore(
        fold=number,
        n_clips=card.n_clips,
        accuracy=card.clip.accuracy.value,
        baseline_accuracy=card.baseline.clip.accuracy.value if card.baseline else None,
        best_epoch=int(run.read_environment().get("best_epoch", 0)),
    )


def _notes_of(runs: Sequence[RunFolder]) -> dict[str, None]:
    """Return what was said of the folds, each sentence once, in order."""
    return dict.fromkeys(note for run in runs for note in run.read_environment().get("notes", []))


class _Titled:
    """Tells of progress under a title that names the fold."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title

    def start(self, title: str, n_steps: int) -> None:
        self._progress.start(f"{self._title}: {title}", n_steps)

    def advance(self, note: str = "") -> None:
        self._progress.advance(note)
