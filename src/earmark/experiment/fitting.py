"""Fitting a classifier's graph, and the baseline beside it, to prepared data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earmark._util.progress import Progress
from earmark._util.seeds import spawn_seed
from earmark.evaluate.calibration import Calibration
from earmark.experiment.calibrating import calibrate, keep_neighbours
from earmark.experiment.changes import changes_in_batches
from earmark.experiment.config import RunConfig
from earmark.experiment.prepare import Prepared
from earmark.features.standardise import Standardiser
from earmark.models.blueprint import Blueprint
from earmark.models.catalogue import NETWORKS
from earmark.models.graph import ClassifierGraph
from earmark.models.own import OwnNetwork
from earmark.models.trial import try_network
from earmark.train.drawing import Drawing
from earmark.train.history import Epoch
from earmark.train.loop import Draw, LabelledSegments, train_network
from earmark.train.opinion import solve_opinion
from earmark.train.solvers import Solver, solver_of
from earmark.train.svm import fit_svm
from earmark.train.verdict import Verdict, judge_training

FeatureArrays = Sequence[npt.NDArray[np.float32]]

_SOLVED = Verdict(kind="solved", sentences=())


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fitted classifier and how its training went.

    Attributes:
        graph: Raw sound in, probabilities out.
        blueprint: What it was built from.
        history: Each epoch; empty for what is not trained in epochs.
        best_epoch: The epoch whose weights were kept, from 1; 0 for what is not trained in epochs.
        ended: Why the training ended: see `TrainResult`; ``"solved"`` for what is not trained in epochs.
        verdict: Whether it overfitted, and what to try.
        calibration: How its probabilities were fitted to the validation part.
    """

    graph: ClassifierGraph
    blueprint: Blueprint
    history: tuple[Epoch, ...] = ()
    best_epoch: int = 0
    ended: str = "solved"
    verdict: Verdict = _SOLVED
    calibration: Calibration | None = None


def fit_classifier(
    config: RunConfig,
    prepared: Prepared,
    *,
    device: torch.device,
    progress: Progress | None = None,
    checkpoint_path: Path | None = None,
    checkpoint_key: str = "",
    resume: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Fitted:
    """Fit what a configuration names to the training part; choose epoch and temperature on the validation part.

    Args:
        config: See `RunConfig`.
        prepared: Data, split and features.
        device: Where to train.
        progress: What is told of each epoch.
        checkpoint_path: Where the state of the training is kept.
        checkpoint_key: Names settings and data.
        resume: Whether to go on from the checkpoint.
        on_epoch: Called with each epoch: see `train_network`.

    Returns:
        The classifier, on the processor.

    Raises:
        SettingError: The network does not fit the features.
        TrainingError: The training cannot go on.
    """
    blueprint = make_blueprint(config, prepared)
    # Weights are drawn from torch's global generator: seed it here, and give the caller's state back.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spawn_seed(config.seed, "weights"))
        graph = ClassifierGraph(blueprint)
        solver = solver_of(graph.network)
        if solver:
            return _fit_solved(graph, blueprint, prepared, solver, config)
        _try(graph, blueprint, prepared)
    y, split = prepared.dataset.y, prepared.split
    train = gather(prepared.features, y, split.train)
    graph.standardiser = Standardiser.fit(train.features)
    validation = standardised(graph, gather(prepared.features, y, split.validation))
    result = train_network(
        graph.network,
        standardised(graph, train),
        validation,
        config.train,
        seed=config.seed,
        device=device,
        progress=progress,
        checkpoint_path=checkpoint_path,
        checkpoint_key=checkpoint_key,
        resume=resume,
        on_epoch=on_epoch,
        draw=_draw(graph, prepared, train),
    )
    # Out of the layout of training into that of a bundle: what is loaded then gives the same bits.
    graph.to(device="cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # torch's stubs miss it
    groups = [prepared.dataset.groups[clip] for clip in split.train]
    solve_opinion(graph.network, graph.standardiser, train, validation, groups=groups, seed=config.seed)
    calibration = calibrate(graph, prepared, method=config.calibration.method)
    keep_neighbours(graph, prepared)
    verdict = judge_training(
        result.history,
        config.train,
        best_epoch=result.best_epoch,
        ended=result.ended,
        n_classes=len(prepared.dataset.labels),
        n_validation=len(split.validation),
        is_changed=bool(prepared.steps),
        dropout=getattr(config.network.settings, "dropout", None),
    )
    return Fitted(
        graph=graph,
        blueprint=blueprint,
        history=result.history,
        best_epoch=result.best_epoch,
        ended=result.ended,
        verdict=verdict,
        calibration=calibration,
    )


def _try(graph: ClassifierGraph, blueprint: Blueprint, prepared: Prepared) -> None:
    """Refuse a network that does not fit the features, before any training."""
    settings = blueprint.network_settings
    name = settings.name if isinstance(settings, OwnNetwork) else blueprint.network
    shape = prepared.features[0].shape[1:]
    try_network(graph.network, name=name, shape=shape, n_classes=len(blueprint.labels))


def refuse_misfit(config: RunConfig, prepared: Prepared) -> None:
    """Make sure that the network takes the features, before anything is written down.

    Raises:
        SettingError: It does not.
    """
    blueprint = make_blueprint(config, prepared)
    with torch.random.fork_rng(devices=[]):  # weights are drawn, only to be thrown away
        graph = ClassifierGraph(blueprint)
        if solver_of(graph.network) is None:
            _try(graph, blueprint, prepared)


def _draw(graph: ClassifierGraph, prepared: Prepared, train: LabelledSegments) -> Draw | None:
    """Return what changes the batches of the training part; None where nothing is changed."""
    changes = changes_in_batches(prepared.steps, prepared.recipe)
    if changes is None:
        return None
    versions = [torch.from_numpy(np.concatenate(list(version))) for version in prepared.versions]
    return Drawing(
        [train.features, *versions],
        train.y,
        n_classes=len(prepared.dataset.labels),
        standardiser=graph.standardiser,
        changes=changes,
    )


def fit_baseline(prepared: Prepared) -> tuple[ClassifierGraph, Blueprint]:
    """Fit the support-vector machine on statistics that every scorecard shows beside the network.

    It has nothing to choose, so it learns from the training and validation parts together.
    """
    kind = NETWORKS["svm"]
    n_bins, n_frames = prepared.baseline[0].shape[1:]
    blueprint = Blueprint(
        labels=prepared.dataset.labels,
        recipe=prepared.baseline_recipe,
        network="svm",
        network_settings=kind.settings(),
        n_bins=n_bins,
        n_frames=n_frames,
    )
    graph = ClassifierGraph(blueprint)
    part = gather(prepared.baseline, prepared.dataset.y, (*prepared.split.train, *prepared.split.validation))
    _solve(graph, fit_svm, part, seed=0)
    return graph, blueprint


def make_blueprint(config: RunConfig, prepared: Prepared) -> Blueprint:
    """Return what is to be built, sized from the features."""
    *channels, n_bins, n_frames = prepared.features[0].shape[1:]
    return Blueprint(
        labels=prepared.dataset.labels,
        recipe=prepared.recipe,
        network=config.network.name,
        network_settings=config.network.settings,
        n_bins=n_bins,
        n_frames=n_frames,
        n_channels=channels[0] if channels else 1,
    )


def gather(features: FeatureArrays, y: npt.NDArray[np.int64], clips: Sequence[int]) -> LabelledSegments:
    """Return the segments of some clips as one tensor; `clip_index` counts within `clips`."""
    parts = [features[clip] for clip in clips]
    n_segments = [len(part) for part in parts]
    return LabelledSegments(
        features=torch.from_numpy(np.concatenate(parts)),  # (n_segments, n_bins, n_frames)
        y=torch.from_numpy(np.repeat(y[list(clips)], n_segments)),
        clip_index=torch.from_numpy(np.repeat(np.arange(len(clips)), n_segments)),
    )


def standardised(graph: ClassifierGraph, part: LabelledSegments) -> LabelledSegments:
    """Return `part` as the network sees it."""
    with torch.no_grad():  # not inference mode, whose tensors may not be saved for a backward pass
        features: Tensor = graph.standardiser(part.features)
    return LabelledSegments(features=features, y=part.y, clip_index=part.clip_index)


def _fit_solved(
    graph: ClassifierGraph, blueprint: Blueprint, prepared: Prepared, solver: Solver, config: RunConfig
) -> Fitted:
    """Solve on the training part, calibrate on the validation part, then solve on both with that calibration."""
    y, split = prepared.dataset.y, prepared.split
    _solve(graph, solver, gather(prepared.features, y, split.train), seed=config.seed)
    calibration = calibrate(graph, prepared, method=config.calibration.method)
    if split.validation:
        _solve(graph, solver, gather(prepared.features, y, (*split.train, *split.validation)), seed=config.seed)
    keep_neighbours(graph, prepared)
    return Fitted(graph=graph, blueprint=blueprint, calibration=calibration)


def _solve(graph: ClassifierGraph, solver: Solver, part: LabelledSegments, *, seed: int) -> None:
    graph.standardiser = Standardiser.fit(part.features)
    solver(graph.network, graph.standardiser(part.features), part.y.numpy(), seed=spawn_seed(seed, "solver"))
