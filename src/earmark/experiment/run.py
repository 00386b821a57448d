"""One run: from a configuration to a scored classifier in a folder."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from earmark._util.files import write_json
from earmark._util.progress import Progress
from earmark.audit.audit import Audit
from earmark.data.dataset import Dataset, count, distinct_folds, listed
from earmark.data.split_file import stretch_of
from earmark.data.splits import split_parts
from earmark.errors import SplitError, TrainingError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.answers import Answers
from earmark.experiment.config import RunConfig, describe_differences
from earmark.experiment.environment import describe_environment
from earmark.experiment.fitting import Fitted, fit_baseline, fit_classifier, refuse_misfit
from earmark.experiment.folder import RunFolder
from earmark.experiment.memory import audit_run, describe_repeats, repeats_of_learnt
from earmark.experiment.networks import require_network, standing_in
from earmark.experiment.prepare import Prepared, data_key, prepare, resolved, settled
from earmark.experiment.scoring import Scored, score_clips
from earmark.features.extract import BadFile
from earmark.features.store import FeatureStore
from earmark.inference.bundle import save_bundle
from earmark.models.device import resolve_device
from earmark.models.own import OwnNetwork
from earmark.train.checkpoint import load_checkpoint
from earmark.train.history import Epoch


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run leaves in the hand; the rest is in its folder.

    Attributes:
        folder: Where it is.
        scorecard: The scores on the test part, the baseline beside them.
        fitted: The classifier, and how its training went.
        prepared: The data it was trained on.
        notes: What a person should know: what was left out of the data and of the split.
        audit: What the quick checks of files, sound and repeats found, in one line; nothing where there are no sounds.
    """

    folder: RunFolder
    scorecard: Scorecard
    fitted: Fitted
    prepared: Prepared
    notes: tuple[str, ...]
    audit: str = ""

    @property
    def bad(self) -> tuple[BadFile, ...]:
        """The files that could not be used."""
        return self.prepared.bad


def train_run(
    config: RunConfig,
    folder: str | Path,
    *,
    store: FeatureStore,
    overwrite: bool = False,
    resume: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> RunResult:
    """Train and score a classifier as a configuration says, and write the run folder (all but its report).

    The test part is looked at once, after everything is chosen.

    Args:
        config: See `RunConfig`.
        folder: The run folder: new, empty, or with `overwrite` or `resume` that of another run.
        store: Where features are kept from run to run.
        overwrite: Whether a run that is there is replaced, once the new one is whole; goes before `resume`.
        resume: Whether an unfinished run that is there is finished.
        strict: Whether one bad file stops everything, or one sound of the test part that is learnt from too.
        progress: What is told while it goes on.
        on_epoch: Called with each epoch, such as a `Board`: see `train_network`.

    Raises:
        StorageError: The folder holds something else, or cannot be written.
        DataError: The data set cannot be used, or `strict` and a file is bad.
        SettingError: The network does not fit the features, or is the user's own and was left in a file.
        SplitError: The split cannot be made, or `strict` and the test part repeats what is learnt from.
        TrainingError: The training cannot go on, or the checkpoint is of other settings.
    """
    require_network(config)
    device = resolve_device(config.device)
    config = resolved(config, device=device.type)
    run = RunFolder(Path(folder))
    run.claim(overwrite=overwrite, resume=resume)
    told = _Told(progress=progress, on_epoch=on_epoch)
    if not (run.is_run and overwrite):
        return _run(config, run, device=device, store=store, resume=resume, strict=strict, told=told)
    # The old run stays until the new one is whole.
    with run.replacement() as beside:
        result = _run(config, beside, device=device, store=store, resume=False, strict=strict, told=told)
    return replace(result, folder=run)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """Who is told while a run goes on."""

    progress: Progress | None
    on_epoch: Callable[[Epoch], None] | None


def _run(
    config: RunConfig,
    run: RunFolder,
    *,
    device: torch.device,
    store: FeatureStore,
    resume: bool,
    strict: bool,
    told: _Told,
) -> RunResult:
    began = time.monotonic()
    prepared = prepare(standing_in(config), store=store, strict=strict, progress=told.progress)
    source, config = config, settled(config, prepared)
    key = data_key(prepared, config)
    if resume:
        _refuse_other_settings(run, config, key)
    refuse_misfit(config, prepared)
    audit = audit_run(config, prepared, store=store, progress=told.progress)
    memory = _memory(prepared, audit, strict=strict)
    notes = (*_notes(source, prepared), *_notes_on_network(config), *([memory] if memory else []))
    config.save(run.config_path)
    _write_data(run, prepared, has_sounds=audit is not None)
    found = _write_audit(run, audit)
    prepared_s = time.monotonic() - began
    fitted = fit_classifier(
        config,
        prepared,
        device=device,
        progress=told.progress,
        checkpoint_path=run.checkpoint_path,
        checkpoint_key=key,
        resume=resume,
        on_epoch=told.on_epoch,
    )
    fitted_s = time.monotonic() - began - prepared_s
    notes = (*notes, *(fitted.calibration.notes if fitted.calibration else ()))
    run.write_history(fitted.history)
    if can_be_kept(config):
        save_bundle(run.bundle_path, fitted.graph, fitted.blueprint)
    scorecard = _score(config, prepared, fitted, run)
    environment = describe_environment(device=device.type)
    environment["seconds"] = {
        "data_and_features": round(prepared_s, 2),
        "training": round(fitted_s, 2),
        "all": round(time.monotonic() - began, 2),
    }
    environment["notes"] = list(notes)
    environment["audit"] = found
    environment["memory"] = memory
    environment["training_ended"] = fitted.ended
    environment["best_epoch"] = fitted.best_epoch
    environment["verdict"] = fitted.verdict.to_json()
    environment["calibration"] = fitted.calibration.to_json() if fitted.calibration else None
    run.write_environment(environment)
    scorecard.save(run.scorecard_path)
    if fitted.ended != "interrupted":  # what was cut off may be resumed
        run.checkpoint_path.unlink(missing_ok=True)
    return RunResult(folder=run, scorecard=scorecard, fitted=fitted, prepared=prepared, notes=notes, audit=found)


def _memory(prepared: Prepared, audit: Audit | None, *, strict: bool) -> str:
    """Return in a sentence what the test part repeats of what is learnt from; nothing where it repeats nothing."""
    dataset, split = prepared.dataset, prepared.split
    repeats = repeats_of_learnt(audit.findings, dataset, split) if audit else {}
    learnt = {prepared.contents[clip] for clip in (*split.train, *split.validation)}
    copies = [dataset[clip] for clip in split.test if prepared.contents[clip] in learnt]
    if repeats:
        n_equal = sum(clip.address in repeats for clip in copies)
        told = describe_repeats(repeats, len(split.test), n_equal)
        if strict:
            raise SplitError(f"{told}, or go on without --strict")
        return told
    names = sorted({clip.name for clip in copies})
    if not names:
        return ""
    return (
        f"{count(len(names), 'file')} of the test part byte for byte the same as one learnt from: "
        f"{listed(names)}; this much of the score is memory: put copies into one group"
    )


def _write_audit(run: RunFolder, audit: Audit | None) -> str:
    """Write down what was found, and return it in one line."""
    if audit is None:
        return ""
    write_json(run.audit_path, audit.to_json())
    return audit.sentence()


def _refuse_other_settings(run: RunFolder, config: RunConfig, key: str) -> None:
    """Refuse to resume a run that was begun with other settings or sounds, before anything is written."""
    if run.is_run and (different := describe_differences(run.read_config(), config)):
        raise TrainingError(
            f"the run in {run.path} was begun with other settings: {different}; give --resume alone, or start again "
            "with --overwrite"
        )
    if run.checkpoint_path.exists():
        load_checkpoint(run.checkpoint_path, key=key)


def _notes(config: RunConfig, prepared: Prepared) -> tuple[str, ...]:
    dataset, split = prepared.dataset, prepared.split
    notes = [*dataset.notes, *split.notes]
    folds = distinct_folds(dataset)
    if folds and config.split.test_fold is None:
        notes.append(f"fold {folds[-1]}, the last, is the test part: --test-fold names another")
    return tuple(notes)


def can_be_kept(config: RunConfig) -> bool:
    """Return whether a bundle can hold the classifier: of an estimator of the user's own it cannot."""
    own = config.network.settings
    return not (isinstance(own, OwnNetwork) and own.is_estimator)


def _notes_on_network(config: RunConfig) -> tuple[str, ...]:
    if can_be_kept(config):
        return ()
    return (f"there is no bundle: without pickle none can keep the estimator {config.network.settings.name}",)


def _score(config: RunConfig, prepared: Prepared, fitted: Fitted, run: RunFolder) -> Scorecard:
    dataset, test = prepared.dataset, prepared.split.test
    scored = score_clips(fitted.graph, dataset, prepared.features, test, seed=config.seed)
    baseline_graph, blueprint = fit_baseline(prepared)
    save_bundle(run.baseline_path, baseline_graph, blueprint)
    baseline = score_clips(baseline_graph, dataset, prepared.baseline, test, seed=config.seed)
    n_segments = np.array([len(prepared.features[clip]) for clip in test])
    _answers(dataset, scored, n_segments).save(run.answers_path)
    n_segments = np.array([len(prepared.baseline[clip]) for clip in test])
    _answers(dataset, baseline, n_segments).save(run.baseline_answers_path)
    _write_predictions(run, dataset, test, scored.clip_probabilities)
    return scored.scorecard.with_baseline("svm", baseline.scorecard)


def _answers(dataset: Dataset, scored: Scored, n_segments: npt.NDArray[np.int64]) -> Answers:
    return Answers(labels=dataset.labels, probabilities=scored.segment_probabilities, n_segments=n_segments)


def _write_data(run: RunFolder, prepared: Prepared, *, has_sounds: bool) -> None:
    dataset, split = prepared.dataset, prepared.split
    parts = split_parts(split, len(dataset))
    contents = prepared.contents if has_sounds else [""] * len(dataset)  # a feature's is no file's
    rows = [
        (name, clip.label, clip.group, start, end, part, content)
        for clip, part, content in zip(dataset, parts, contents, strict=True)
        for name, start, end in [stretch_of(clip)]
    ]
    run.write_table("split.csv", ("path", "label", "group", "start_s", "end_s", "part", "content"), rows)
    silent = set(prepared.silent)
    sounds = dict.fromkeys(  # stretches of one file say the same
        (clip.name, content, "silent" if clip.name in silent else "")
        for clip, content in zip(dataset, prepared.contents, strict=True)
    )
    bad = [(file.name, "", file.reason) for file in prepared.bad]
    run.write_table("sounds.csv", ("path", "content", "fault"), [*sounds, *bad])


def _write_predictions(
    run: RunFolder, dataset: Dataset, test: Sequence[int], probabilities: npt.NDArray[np.float64]
) -> None:
    labels = dataset.labels
    rows = [
        (
            dataset[index].name,
            dataset[index].label,
            labels[int(row.argmax())],
            *(f"{value:.6f}" for value in row),
        )
        for index, row in zip(test, probabilities, strict=True)
    ]
    run.write_table("predictions.csv", ("path", "label", "predicted", *labels), rows)
