"""Probabilities that mean something: the softmax, its temperature, and how far confidence is from the truth."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from earmark.evaluate.checks import FloatArray, IntArray, check_indices, check_probabilities, check_rows

_COLDEST, _HOTTEST = 0.05, 20.0
_GOLDEN = (math.sqrt(5) - 1) / 2


def softmax(logits: FloatArray) -> npt.NDArray[np.float64]:
    """Turn scores of any size into probabilities.

    Args:
        logits: Shape (..., n_classes).

    Returns:
        Shape (..., n_classes), summing to 1 over the last axis.

    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    return np.exp(_log_softmax(logits))


def fit_temperature(logits: FloatArray, y: IntArray) -> float:
    """Return the temperature by which to divide logits so that their softmax is as sure as it is right.

    It is the one number T in 0.05..20 with the smallest mean log loss of softmax(logits / T). It changes no decision.
    Fit it on validation data, never on what was trained on or tested.

    Where no decision is wrong, the log loss would have T fall without end, and all later mistakes be made with
    certainty. So T falls from 1 only until the mean confidence is (n + 1) / (n + 2), which is what n successes out of
    n say of the next trial (Laplace's rule of succession). Without data, or where no T is better than another, it is 1.

    Args:
        logits: Shape (n, n_classes).
        y: The true classes, shape (n,).

    Returns:
        The temperature, in 0.05..20: above 1 where the network is surer than it is right.

    Raises:
        SettingError: A logit is not finite, a class is out of range, or the lengths differ.

    Source: C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017,
    equation 9. Differs in the limits, and in what is done when no decision is wrong.
    """
    table = check_rows("logits", logits)
    true = check_indices("y", y, n_kinds=table.shape[1], length=len(table))
    if not len(table):
        return 1.0
    rows = np.arange(len(table))
    others = table.copy()
    others[rows, true] = -np.inf

    def log_loss(log_temperature: float) -> float:
        return -float(_log_softmax(table / math.exp(log_temperature))[rows, true].mean())

    def lack_of_confidence(log_temperature: float) -> float:
        confidence = softmax(table / math.exp(log_temperature)).max(axis=1).mean()
        return abs(float(confidence) - (len(table) + 1) / (len(table) + 2))

    none_wrong = bool((table[rows, true] >= others.max(axis=1)).all())
    loss, hottest = (lack_of_confidence, 1.0) if none_wrong else (log_loss, _HOTTEST)
    best = _minimise(loss, math.log(_COLDEST), math.log(hottest))
    return math.exp(best) if loss(best) < loss(0.0) - 1e-12 else 1.0


def expected_calibration_error(probabilities: FloatArray, y: IntArray, n_bins: int = 15) -> float:
    """Return how far confidence is from the truth: the mean distance between the two, over bins of equal width.

    Args:
        probabilities: Shape (n, n_classes).
        y: The true classes, shape (n,).
        n_bins: Into how many bins 0..1 is cut.

    Returns:
        In 0..1, 0 being best; NaN without data. With few clips it is too high by chance alone.

    Raises:
        SettingError: A probability is none, a class is out of range, or the lengths differ.

    Source: Guo et al. 2017, equations 1 to 3.

    >>> expected_calibration_error(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))
    0.0
    """
    table = check_probabilities("probabilities", probabilities)
    true = check_indices("y", y, n_kinds=table.shape[1], length=len(table))
    if not len(table):
        return math.nan
    confidence, right = table.max(axis=1), table.argmax(axis=1) == true
    bins = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)  # each bin holds its upper edge
    gaps = np.bincount(bins, weights=right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(table))


def _log_softmax(logits: FloatArray) -> npt.NDArray[np.float64]:
    # Taking the highest away first keeps exp() from overflowing; it cancels.
    shifted = np.asarray(logits, dtype=np.float64) - np.max(logits, axis=-1, keepdims=True)
    result: npt.NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def _minimise(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one valley is lowest, by golden-section search (Kiefer 1953)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > 1e-6:  # noqa: PLR2004 - of the logarithm: six digits of the temperature
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
