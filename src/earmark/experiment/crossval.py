"""Cross-validation: a fresh classifier for each fold, scored on the one fold that it has not seen."""

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from earmark._util.files import write_json
from earmark._util.progress import NoProgress, Progress
from earmark.errors import DataError, SettingError, SplitError, StorageError, TrainingError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import AugmentConfig, RunConfig, describe_differences
from earmark.experiment.environment import describe_environment
from earmark.experiment.fitting import refuse_misfit
from earmark.experiment.folder import RunFolder
from earmark.experiment.networks import require_network, standing_in
from earmark.experiment.pooling import changed_clips, pool_folds
from earmark.experiment.prepare import prepare
from earmark.experiment.run import train_run
from earmark.experiment.settling import clips_key, settle_folds, settle_segments
from earmark.features.extract import BadFile
from earmark.features.store import FeatureStore


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

    @property
    def training_s(self) -> float:
        """How long the classifiers of all folds took to train, in seconds."""
        seconds = (self.folder.fold(fold.fold).read_environment().get("seconds", {}) for fold in self.folds)
        return float(sum(each.get("training", 0.0) for each in seconds))

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
        n_folds: How many folds to compute where the data set has none; None for five, or those it was begun with.
        overwrite: Whether a cross-validation that is there is replaced, once it is known that the new one can be.
        resume: Whether one that is there is finished: folds that are done are not done again.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        SettingError: The configuration names a test part, `n_folds` and there are folds already, or the network is the
            user's own and was left in a file.
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used, or `strict` and a file is bad.
        SplitError: The folds cannot be made, or one of them cannot be the test part; said before any work is done.
        TrainingError: A training cannot go on, or was begun with other settings or other sounds.
    """
    began = time.monotonic()
    require_network(config)
    progress = progress or NoProgress()
    run = RunFolder(Path(folder))
    run.claim(overwrite=overwrite, resume=resume)
    if resume and n_folds is None and run.is_run:
        n_folds = run.read_config().split.n_folds
    settled = settle_folds(config, n_folds, store=store, strict=strict, progress=progress)
    folds, config, key = settled.folds, settled.config, clips_key(settled.dataset)
    if resume:
        refuse_other_settings(run, config)
        refuse_other_clips(run, key)
    # Before anything is written: a setting that cannot be leaves no folder behind, and an old one as it was.
    cut = settle_segments(standing_in(config), settled.dataset)
    cut = replace(config, segments=cut.segments)
    if overwrite:
        _try_out(cut, run, store=store, strict=strict, progress=progress)
        run.clear()
    config.save(run.config_path)
    run.write_environment({**describe_environment(device=config.device), "clips": key})
    try:
        for fold in folds:
            told = Titled(progress, f"fold {fold} of {len(folds)}")
            one = replace(cut, split=replace(cut.split, test_fold=fold))
            _run_fold(one, run.fold(fold), store=store, strict=strict, progress=told)
    except (SettingError, DataError, SplitError):
        if not (resume or run.fold(folds[0]).is_finished):
            _leave_nothing(run)
        raise
    pooled = pool_folds(cut, run, folds, store=store, strict=strict)
    result = CrossValidation(
        folder=run,
        scorecard=pooled.scorecard,
        folds=tuple(_fold_score(fold, run.fold(fold)) for fold in folds),
        notes=pooled.notes,
        bad=pooled.bad,
    )
    environment = describe_environment(device=config.device)
    run.write_environment(
        {
            **environment,
            "clips": key,
            "seconds": {"all": round(time.monotonic() - began, 2)},
            "notes": result.notes,
        }
    )
    write_json(run.scorecard_path, result.to_json())
    return result


def refuse_other_settings(run: RunFolder, config: RunConfig) -> None:
    """Refuse to go on with a cross-validation that was begun with other settings.

    Args:
        run: Its folder, which may be empty.
        config: The settings, as `settle_folds` returns them.

    Raises:
        TrainingError: They are others than those that it was begun with.
    """
    if run.is_run and (different := describe_differences(run.read_config(), config)):
        raise TrainingError(
            f"the cross-validation in {run.path} was begun with other settings: {different}; give --resume alone, or "
            "start again with --overwrite"
        )


def refuse_other_clips(run: RunFolder, key: str) -> None:
    """Refuse to go on with a cross-validation whose sounds have changed: a fold could test what another has learnt.

    Args:
        run: Its folder, which may be empty.
        key: What `clips_key` says of the clips as they are now.

    Raises:
        TrainingError: They are others than those that it was begun with.
    """
    begun = ""
    with suppress(StorageError):
        begun = str(run.read_environment().get("clips", ""))
    if run.is_run and begun not in {"", key}:
        raise changed_clips(run)


def read_cross_validation(folder: str | Path) -> CrossValidation:
    """Read a finished cross-validation from its folder.

    Args:
        folder: What `cross_validate` wrote.

    Raises:
        StorageError: It is none, is not finished, or a file is broken.
    """
    run = RunFolder(Path(folder))
    scorecard = run.read_scorecard()
    try:
        content = json.loads(run.scorecard_path.read_text(encoding="utf-8"))
        folds = tuple(FoldScore(**fold) for fold in content["folds"])
        notes = tuple(str(note) for note in run.read_environment().get("notes", ()))
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{run.path} holds no cross-validation, or a broken one ({error!r})") from error
    sounds = run.fold(folds[0].fold).read_table("sounds.csv") if folds else []
    bad = tuple(BadFile(row["path"], row["fault"]) for row in sounds if row["fault"] and not row["content"])
    return CrossValidation(folder=run, scorecard=scorecard, folds=folds, notes=notes, bad=bad)


def _try_out(config: RunConfig, run: RunFolder, *, store: FeatureStore, strict: bool, progress: Progress) -> None:
    """Make sure that the network takes the features, where an older cross-validation is about to be thrown away."""
    if run.is_run:
        unchanged = replace(config, augment=AugmentConfig(steps=()))  # the shape is the same, and found sooner
        refuse_misfit(config, prepare(standing_in(unchanged), store=store, strict=strict, progress=progress))


def _leave_nothing(run: RunFolder) -> None:
    """Throw away what was written before anything was learnt, so that the corrected command finds no run here."""
    run.clear()
    with suppress(OSError):  # somebody's own files lie in it too
        run.path.rmdir()


def _run_fold(config: RunConfig, run: RunFolder, *, store: FeatureStore, strict: bool, progress: Progress) -> None:
    if run.is_run and run.is_finished and not run.was_interrupted:
        return
    result = train_run(config, run.path, store=store, resume=run.is_run, strict=strict, progress=progress)
    if result.fitted.ended == "interrupted":
        raise KeyboardInterrupt


def _fold_score(number: int, run: RunFolder) -> FoldScore:
    card = run.read_scorecard()
    return FoldScore(
        fold=number,
        n_clips=card.n_clips,
        accuracy=card.clip.accuracy.value,
        baseline_accuracy=card.baseline.clip.accuracy.value if card.baseline else None,
        best_epoch=int(run.read_environment().get("best_epoch", 0)),
    )


class Titled:
    """Tells of progress under a title, such as one that names the fold."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title

    def start(self, title: str, n_steps: int) -> None:
        """Begin a stretch of work."""
        self._progress.start(f"{self._title}: {title}", n_steps)

    def advance(self, note: str = "") -> None:
        """Tell of one more step."""
        self._progress.advance(note)
