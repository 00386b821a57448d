"""From segments to clips: one answer for a recording out of the answers for its pieces."""

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.checks import FloatArray, IntArray, check_indices, check_probabilities

_SUREST = 1e-6


def mean_probabilities(segment_probabilities: FloatArray, clip_index: IntArray) -> npt.NDArray[np.float64]:
    """Return the mean over the segments of each clip.

    Args:
        segment_probabilities: Shape (n_segments, n_classes).
        clip_index: Which clip each segment is of, shape (n_segments,), in any order. Every number from 0 to the
            highest has to occur.

    Returns:
        Shape (n_clips, n_classes); the rows sum to 1 if those of the segments do.

    Raises:
        SettingError: The lengths differ, a clip has no segment, or a probability is none.

    >>> mean_probabilities(np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]), np.array([0, 0, 1]))
    array([[0.75, 0.25],
           [0.  , 1.  ]])
    """
    probabilities, clip, n_segments = _checked(segment_probabilities, clip_index)
    return _sums(probabilities, clip, len(n_segments)) / n_segments[:, None]


def majority_vote(segment_probabilities: FloatArray, clip_index: IntArray) -> npt.NDArray[np.int64]:
    """Return the class that most segments of each clip are for.

    Where classes share the most votes, the one of them with the highest mean probability wins.

    Args:
        segment_probabilities: Shape (n_segments, n_classes).
        clip_index: Which clip each segment is of, shape (n_segments,), in any order. Every number from 0 to the
            highest has to occur.

    Returns:
        Class indices, shape (n_clips,).

    Raises:
        SettingError: The lengths differ, a clip has no segment, or a probability is none.

    >>> majority_vote(np.array([[0.6, 0.4], [0.6, 0.4], [0.0, 1.0]]), np.array([0, 0, 0]))
    array([0])
    """
    probabilities, clip, n_segments = _checked(segment_probabilities, clip_index)
    votes = np.zeros((len(n_segments), probabilities.shape[1]), dtype=np.int64)  # (n_clips, n_classes)
    np.add.at(votes, (clip, probabilities.argmax(axis=1)), 1)
    leads = votes == votes.max(axis=1, keepdims=True)
    means = _sums(probabilities, clip, len(n_segments)) / n_segments[:, None]
    winners: npt.NDArray[np.int64] = np.where(leads, means, -np.inf).argmax(axis=1)
    return winners


def mean_log_odds(segment_probabilities: FloatArray, clip_index: IntArray) -> npt.NDArray[np.float64]:
    """Return probabilities from the mean log-odds over the segments of each clip.

    A class that one segment is nearly sure of, for or against, weighs more than in the mean of probabilities. No
    segment is taken for surer than one in a million, so that none decides alone.

    Args:
        segment_probabilities: Shape (n_segments, n_classes).
        clip_index: Which clip each segment is of, shape (n_segments,), in any order. Every number from 0 to the
            highest has to occur.

    Returns:
        Shape (n_clips, n_classes): the odds turned back into probabilities, scaled so that the rows sum to 1.

    Raises:
        SettingError: The lengths differ, a clip has no segment, or a probability is none.

    >>> mean_log_odds(np.array([[0.5, 0.5], [0.1, 0.9]]), np.array([0, 0])).round(2)
    array([[0.25, 0.75]])
    """
    probabilities, clip, n_segments = _checked(segment_probabilities, clip_index)
    clipped = np.clip(probabilities, _SUREST, 1 - _SUREST)
    odds = _sums(np.log(clipped / (1 - clipped)), clip, len(n_segments)) / n_segments[:, None]
    found = 1 / (1 + np.exp(-odds))
    shares: npt.NDArray[np.float64] = found / found.sum(axis=1, keepdims=True)
    return shares


def _checked(
    segment_probabilities: FloatArray, clip_index: IntArray
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the probabilities, the clip of each segment, and the number of segments of each clip."""
    probabilities = check_probabilities("segment_probabilities", segment_probabilities)
    # Every clip has a segment, so there cannot be more clips than segments.
    clip = check_indices("clip_index", clip_index, n_kinds=len(probabilities), length=len(probabilities))
    n_segments = np.bincount(clip)
    n_empty = int((n_segments == 0).sum())
    if n_empty:
        raise SettingError(
            f"{n_empty} of {len(n_segments)} clips have no segment (such as clip {int(n_segments.argmin())}): "
            f"number the clips in clip_index from 0 without gaps"
        )
    return probabilities, clip, n_segments


def _sums(probabilities: FloatArray, clip: IntArray, n_clips: int) -> npt.NDArray[np.float64]:
    sums = np.zeros((n_clips, probabilities.shape[1]))
    np.add.at(sums, clip, probabilities)
    return sums
