"""Calibrating a fitted graph on the validation part, and what it keeps so that it knows when not to answer."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from earmark.errors import TrainingError
from earmark.evaluate.calibration import Calibration, fit_calibration, held_out_probabilities
from earmark.evaluate.conformal import conformity_scores, group_weights
from earmark.evaluate.thresholds import choose_thresholds
from earmark.experiment.prepare import Prepared
from earmark.models.graph import ClassifierGraph, predict_logits, predict_views

_MOST_CLIPS = 2000  # of the training part, of which points are taken


def calibrate(graph: ClassifierGraph, prepared: Prepared, *, method: str = "auto") -> Calibration:
    """Fit the probabilities of a graph to the validation part, and keep how unlikely it found the truth there.

    Without a validation part nothing is fitted or kept, and a note says so.

    Args:
        graph: The graph, fitted to the training part alone.
        prepared: Data, split and features.
        method: See `fit_calibration`.

    Returns:
        What was fitted.

    Raises:
        SettingError: The method is unknown.
        TrainingError: Scores of validation clips are no finite numbers.
    """
    dataset, validation = prepared.dataset, prepared.split.validation
    y, groups = dataset.y[list(validation)], [dataset.groups[clip] for clip in validation]
    if not validation:
        return fit_calibration(np.zeros((0, len(dataset.labels))), y, method=method)
    features, clip_index = _gathered(prepared.features, validation)
    logits = predict_logits(graph, torch.from_numpy(features)).numpy()
    n_broken = len(np.unique(clip_index[~np.isfinite(logits).all(axis=1)]))
    if n_broken:
        raise TrainingError(
            f"the scores of {n_broken} of {len(validation)} validation clips are NaN or infinite: the network has "
            "diverged; train again with a lower train.learning_rate"
        )
    calibration = fit_calibration(logits, y, clip_index=clip_index, groups=groups, method=method)
    graph.temperature.fill_(calibration.temperature)
    graph.biases.copy_(torch.tensor(calibration.biases))
    probabilities = held_out_probabilities(logits, y, clip_index=clip_index, groups=groups, method=calibration.method)
    graph.doubt.fill(
        scores=torch.from_numpy(conformity_scores(probabilities, y)),
        weights=torch.from_numpy(group_weights(groups)),
        thresholds=torch.tensor(choose_thresholds(probabilities, y).values),
    )
    return calibration


def keep_neighbours(graph: ClassifierGraph, prepared: Prepared) -> None:
    """Keep where the network sees training segments, and how far validation clips are from these.

    Args:
        graph: The graph, as it will answer.
        prepared: Data, split and features.
    """
    split = prepared.split
    clips = split.train[:: math.ceil(len(split.train) / _MOST_CLIPS)]
    learnt, _ = _gathered(prepared.features, clips)
    graph.doubt.learn(predict_views(graph, torch.from_numpy(learnt))[1])
    if split.validation:
        held_out, clip_index = _gathered(prepared.features, split.validation)
        views = predict_views(graph, torch.from_numpy(held_out))[1]
        sums = np.bincount(clip_index, weights=graph.doubt.distances(views).cpu().numpy())
        graph.doubt.fill(novelties=torch.from_numpy(sums / np.bincount(clip_index)))


def _gathered(
    features: Sequence[npt.NDArray[np.float32]], clips: Sequence[int]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return the segments of some clips (n, ...), and which of these clips each is of (n,)."""
    parts = [features[clip] for clip in clips]
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
