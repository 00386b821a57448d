"""Logits of segments, and the probabilities of clips that come of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.checks import FloatArray, IntArray, check_indices, check_rows


def softmax(logits: FloatArray) -> npt.NDArray[np.float64]:
    """Turn scores of any size into probabilities.

    Args:
        logits: Shape (..., n_classes).

    Returns:
        Shape (..., n_classes), summing to 1 over the last axis.

    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    return np.exp(log_softmax(logits))


def log_softmax(logits: FloatArray) -> npt.NDArray[np.float64]:
    """Return the logarithm of `softmax` (..., n_classes), exact where that is next to nothing."""
    # Taking the highest away first keeps exp() from overflowing; it cancels.
    shifted = np.asarray(logits, dtype=np.float64) - np.max(logits, axis=-1, keepdims=True)
    result: npt.NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


@dataclass(frozen=True)
class ClipLogits:
    """Logits of segments, sorted by clip.

    Attributes:
        logits: Shape (n, n_classes).
        starts: Where each clip begins, shape (n_clips,).
        y: The class of each clip, shape (n_clips,).
    """

    logits: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]

    @property
    def n_segments(self) -> npt.NDArray[np.int64]:
        """Segments of each clip."""
        return np.diff(self.starts, append=len(self.logits))

    def probabilities(self, temperature: float, biases: FloatArray | float = 0.0) -> npt.NDArray[np.float64]:
        """Return those of each clip (n_clips, n_classes): the mean over its segments."""
        rows = softmax(self.logits / temperature + biases)
        means: npt.NDArray[np.float64] = np.add.reduceat(rows, self.starts, axis=0) / self.n_segments[:, None]
        return means

    def log_losses(self, temperature: float, biases: FloatArray | float = 0.0) -> npt.NDArray[np.float64]:
        """Return the log loss of each clip (n_clips,)."""
        n_segments = self.n_segments
        own = log_softmax(self.logits / temperature + biases)[np.arange(len(self.logits)), self.y.repeat(n_segments)]
        losses: npt.NDArray[np.float64] = np.log(n_segments) - np.logaddexp.reduceat(own, self.starts)
        return losses

    def take(self, kept: npt.NDArray[np.bool_]) -> "ClipLogits":
        """Return some of the clips."""
        n_segments = self.n_segments
        starts = np.concatenate([[0], np.cumsum(n_segments[kept])[:-1]]).astype(np.int64)
        return ClipLogits(self.logits[kept.repeat(n_segments)], starts, self.y[kept])


def clip_logits(logits: FloatArray, y: IntArray, clip_index: IntArray | None) -> ClipLogits:
    """Return logits sorted by clip.

    Args:
        logits: Shape (n, n_classes), one row a segment.
        y: The true class of each clip, shape (n_clips,).
        clip_index: The clip of each row, shape (n,), every number from 0 on; None where each is a clip of its own.

    Raises:
        SettingError: A logit is not finite, a class or clip is out of range, lengths differ, or a clip has no segment.
    """
    table = check_rows("logits", logits)
    if clip_index is None:
        true = check_indices("y", y, n_kinds=table.shape[1], length=len(table))
        return ClipLogits(table, np.arange(len(table)), true)
    true = check_indices("y", y, n_kinds=table.shape[1])
    clip = check_indices("clip_index", clip_index, n_kinds=len(true), length=len(table))
    n_segments = np.bincount(clip, minlength=len(true))
    if len(true) and not n_segments.all():
        raise SettingError(
            f"{int((n_segments == 0).sum())} of {len(true)} clips have no segment (such as clip "
            f"{int(n_segments.argmin())}): number the clips in clip_index from 0 without gaps"
        )
    return ClipLogits(table[np.argsort(clip, kind="stable")], np.cumsum(n_segments) - n_segments, true)
