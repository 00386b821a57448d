"""A threshold for each class: from which probability on it is called, chosen on validation data."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.evaluate.checks import FloatArray, IntArray, check_indices, check_probabilities

FEWEST = 10  # clips of a class, below which a threshold of its own would be chance


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """From which probability on each class is called.

    Attributes:
        values: One a class, in 0..1.
        is_own: Of each class, whether there were clips enough for one of its own; the others share one.
    """

    values: tuple[float, ...]
    is_own: tuple[bool, ...]


def choose_thresholds(probabilities: FloatArray, y: IntArray, *, fewest: int = FEWEST) -> Thresholds:
    """Return for each class the probability from which calling it makes the best F1 on validation clips.

    Each class is judged against all others, as if it were the only question. Classes with few clips share the one
    threshold that is best for all classes together. Choose on validation clips, never on those that are tested.

    Args:
        probabilities: Those of clips, shape (n, n_classes).
        y: The true classes, shape (n,).
        fewest: Clips of a class that a threshold of its own needs.

    Returns:
        The thresholds, midway between two probabilities that were seen; 0.5 for all without any clip.

    Raises:
        SettingError: A probability is none, a class is out of range, or the lengths differ.

    >>> choose_thresholds(np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]]), np.array([0, 1, 1]), fewest=1).values
    (0.75, 0.25)
    """
    table = check_probabilities("probabilities", probabilities)
    n_classes = table.shape[1]
    true = check_indices("y", y, n_kinds=n_classes, length=len(table))
    if not len(table):
        return Thresholds(values=(0.5,) * n_classes, is_own=(False,) * n_classes)
    is_so = np.eye(n_classes, dtype=bool)[true]
    shared = _best(table.ravel(), is_so.ravel())
    counts = is_so.sum(axis=0)
    own = [bool(count >= max(fewest, 1)) for count in counts]
    values = [_best(table[:, place], is_so[:, place]) if own[place] else shared for place in range(n_classes)]
    return Thresholds(values=tuple(values), is_own=tuple(own))


def _best(scores: npt.NDArray[np.float64], is_so: npt.NDArray[np.bool_]) -> float:
    """Return the threshold with the highest F1; of several the highest, which calls the least."""
    order = np.argsort(-scores, kind="stable")
    found, hits = scores[order], np.cumsum(is_so[order])
    n_called = np.arange(1, len(found) + 1)
    f1 = 2 * hits / (n_called + is_so.sum())
    ends = np.append(found[:-1] > found[1:], True)  # equal scores are called together
    best = int(np.argmax(np.where(ends, f1, -1.0)))
    below = float(found[best + 1]) if best + 1 < len(found) else 0.0
    return (float(found[best]) + below) / 2
