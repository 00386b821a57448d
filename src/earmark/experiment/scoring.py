"""Scoring a classifier on clips that it has not learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from earmark.data.dataset import Dataset
from earmark.evaluate.clips import mean_probabilities
from earmark.evaluate.scorecard import Scorecard, score_predictions
from earmark.models.graph import ClassifierGraph, predict_logits


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Scores, and what they were made from.

    Attributes:
        scorecard: The scores.
        segment_probabilities: The probabilities (n_segments, n_classes) of each segment, clip after clip.
        clip_probabilities: The probabilities (n_clips, n_classes) of each clip: the mean of its segments'.
    """

    scorecard: Scorecard
    segment_probabilities: npt.NDArray[np.float64]
    clip_probabilities: npt.NDArray[np.float64]


def score_clips(
    graph: ClassifierGraph,
    dataset: Dataset,
    features: Sequence[npt.NDArray[np.float32]],
    clips: Sequence[int],
    *,
    seed: int,
) -> Scored:
    """Score a fitted graph on some clips of a data set.

    Args:
        graph: The fitted graph.
        dataset: The data set.
        features: The features of each of its clips (n_segments, n_bins, n_frames).
        clips: Which clips to score.
        seed: The root seed, for the intervals.
    """
    parts = [features[clip] for clip in clips]
    clip_index = np.repeat(np.arange(len(clips)), [len(part) for part in parts])
    logits = predict_logits(graph, torch.from_numpy(np.concatenate(parts)))
    probabilities = torch.softmax(graph.calibrated(logits.double()), dim=1).numpy()
    scorecard = score_predictions(
        segment_probabilities=probabilities,
        clip_index=clip_index,
        y=dataset.y[list(clips)],
        groups=[dataset.groups[clip] for clip in clips],
        labels=dataset.labels,
        seed=seed,
    )
    return Scored(
        scorecard=scorecard,
        segment_probabilities=probabilities,
        clip_probabilities=mean_probabilities(probabilities, clip_index),
    )
