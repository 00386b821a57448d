"""How well probabilities rank clips: ROC AUC and average precision, for many weightings of the groups at once."""

import numpy as np
import numpy.typing as npt

from earmark.evaluate.checks import FloatArray, IntArray


def rank_scores(
    probabilities: FloatArray, y: IntArray, row_group: IntArray, weights: FloatArray
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Score how each class is ranked against the rest, for several weightings of the groups.

    Args:
        probabilities: Shape (n, n_classes).
        y: The true classes, shape (n,).
        row_group: The group of each row, shape (n,): a column of `weights`.
        weights: How often each group counts, shape (n_weightings, n_groups), in whole numbers.

    Returns:
        The area under the ROC curve of each class, shape (n_weightings, n_classes), NaN where nothing is of the class
        or nothing is of another; and the average precision, of the same shape, NaN where nothing is of the class.

    Follows scikit-learn's ``roc_auc_score`` and ``average_precision_score`` of one class against the rest; rows of the
    same probability are ranked together.

    >>> area, precision = rank_scores(
    ...     np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0, 1]), np.arange(2), np.ones((1, 2))
    ... )
    >>> area.tolist(), precision.tolist()
    ([[1.0, 1.0]], [[1.0, 1.0]])
    """
    n_classes = probabilities.shape[1]
    area = np.full((len(weights), n_classes), np.nan)
    precision = np.full((len(weights), n_classes), np.nan)
    # Whole numbers up to 2 ** 24 are exact in float32, and half as many bytes are twice as quick.
    light = np.ascontiguousarray(weights, dtype=np.float32)
    for index in range(n_classes):
        is_of_it = y == index
        if is_of_it.any():
            area[:, index], precision[:, index] = _rank_one(probabilities[:, index], is_of_it, row_group, light)
    return area, precision


def _rank_one(
    score: FloatArray, is_of_it: npt.NDArray[np.bool_], row_group: IntArray, weights: npt.NDArray[np.float32]
) -> tuple[FloatArray, FloatArray]:
    hit_order, other_order = (_descending(score, rows) for rows in (is_of_it, ~is_of_it))
    hit_score, other_score = -score[hit_order], -score[other_order]  # ascending
    hits = weights[:, row_group[hit_order]]  # (n_weightings, n_hits)
    others = _running(weights[:, row_group[other_order]])
    before = others[:, np.searchsorted(other_score, hit_score, side="left")]
    up_to = others[:, np.searchsorted(other_score, hit_score, side="right")]
    found = _running(hits)[:, np.searchsorted(hit_score, hit_score, side="right")]
    n_hits, n_others = hits.sum(axis=1, dtype=np.float64), others[:, -1].astype(np.float64)
    outranked = (hits * (before + up_to)).sum(axis=1, dtype=np.float64) / 2
    share = np.divide(found, found + up_to, out=np.zeros_like(found), where=found > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = 1 - outranked / (n_hits * n_others)
        precision = (hits * share).sum(axis=1, dtype=np.float64) / n_hits
    return np.where(n_hits * n_others > 0, area, np.nan), np.where(n_hits > 0, precision, np.nan)


def _descending(score: FloatArray, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    places = np.flatnonzero(rows)
    return places[np.argsort(-score[places], kind="stable")]


def _running(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the sums of the first 0, 1, 2 ... columns."""
    sums = np.zeros((len(values), values.shape[1] + 1), dtype=np.float32)
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums
