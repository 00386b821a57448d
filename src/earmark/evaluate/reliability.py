"""How often a classifier is right where it is so and so sure: the numbers of a reliability diagram."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.calibration import expected_calibration_error
from earmark.evaluate.checks import FloatArray, IntArray, check_indices, check_probabilities

_LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Clips about which the classifier is about equally sure.

    Attributes:
        low: The confidence from which on they are of this bin.
        high: The confidence up to which they are.
        n: How many there are.
        n_groups: Groups of these.
        confidence: How sure the classifier is of them on average; None where there are none.
        accuracy: The share of them that is right; None where there are none.
        accuracy_low: The lower end of its 95 % interval, with groups as trials; None where there are none.
        accuracy_high: The upper end.
    """

    low: float
    high: float
    n: int
    n_groups: int
    confidence: float | None
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Confidence against the truth, bin by bin and over all.

    Attributes:
        bins: The bins from 0 to 1, also those without clips.
        n: Clips in all.
        confidence: The mean confidence.
        accuracy: The share that is right.
        expected_calibration_error: As `expected_calibration_error` gives it, over 15 bins.
    """

    bins: tuple[ReliabilityBin, ...]
    n: int
    confidence: float
    accuracy: float
    expected_calibration_error: float

    def sentence(self) -> str:
        """Return in plain words whether confidence and truth agree."""
        told = f"{100 * self.confidence:.1f} % sure on average, {100 * self.accuracy:.1f} % right"
        gap = self.confidence - self.accuracy
        # By chance alone a share of n clips is off by about one standard error.
        chance = (max(self.accuracy * (1 - self.accuracy), 1 / (4 * self.n)) / self.n) ** 0.5
        if abs(gap) <= 2 * chance:
            return f"It is about as sure as it is right: {told}."
        return f"It is {'surer than it is right' if gap > 0 else 'right more often than it is sure'}: {told}."

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {**asdict(self), "bins": [asdict(each) for each in self.bins]}


def reliability(
    probabilities: FloatArray, y: IntArray, *, n_bins: int = 10, groups: Sequence[str] | None = None
) -> Reliability:
    """Return how often a classifier is right where it is so and so sure.

    Args:
        probabilities: Those of clips, shape (n, n_classes).
        y: The true classes, shape (n,).
        n_bins: Into how many bins of equal width 0..1 is cut.
        groups: The group of each clip; None where each is of its own.

    Raises:
        SettingError: There are no clips, a probability is none, a class is out of range, or lengths differ.

    >>> found = reliability(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))
    >>> found.bins[7].n, found.bins[7].accuracy, found.sentence()
    (4, 0.75, 'It is about as sure as it is right: 75.0 % sure on average, 75.0 % right.')
    """
    table = check_probabilities("probabilities", probabilities)
    true = check_indices("y", y, n_kinds=table.shape[1], length=len(table))
    if not len(table):
        raise SettingError("there are no clips to tell the reliability from: pass probabilities of one at least")
    if n_bins < 1:
        raise SettingError(f"n_bins is {n_bins}: write 1 or more, such as 10")
    if groups is not None and len(groups) != len(table):
        raise SettingError(f"there are {len(groups)} groups for {len(table)} clips: pass one for each clip")
    group = np.arange(len(table)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    confidence, right = table.max(axis=1), table.argmax(axis=1) == true
    place = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)  # each bin holds its upper edge
    bins = [
        _bin(number / n_bins, (number + 1) / n_bins, confidence[here], right[here], group[here])
        for number in range(n_bins)
        for here in [place == number]
    ]
    return Reliability(
        bins=tuple(bins),
        n=len(table),
        confidence=float(confidence.mean()),
        accuracy=float(right.mean()),
        expected_calibration_error=expected_calibration_error(table, true),
    )


def _bin(
    low: float, high: float, confidence: FloatArray, right: npt.NDArray[np.bool_], group: IntArray
) -> ReliabilityBin:
    n, n_groups = len(right), len(np.unique(group))
    if not n:
        return ReliabilityBin(
            low=low, high=high, n=0, n_groups=0, confidence=None, accuracy=None, accuracy_low=None, accuracy_high=None
        )
    accuracy = float(right.mean())
    accuracy_low, accuracy_high = _interval(accuracy, n_groups)
    return ReliabilityBin(
        low=low,
        high=high,
        n=n,
        n_groups=n_groups,
        confidence=float(confidence.mean()),
        accuracy=accuracy,
        accuracy_low=accuracy_low,
        accuracy_high=accuracy_high,
    )


def _interval(accuracy: float, n_groups: int) -> tuple[float, float]:
    """Return the exact interval of Clopper and Pearson (1934), with the groups as trials."""
    from scipy.special import betaincinv  # noqa: PLC0415 - imports are lazy

    tail, n_right = (1 - _LEVEL) / 2, accuracy * n_groups
    n_wrong = n_groups - n_right
    low = float(betaincinv(n_right, n_wrong + 1, tail)) if n_right > 0 else 0.0
    high = float(betaincinv(n_right + 1, n_wrong, 1 - tail)) if n_wrong > 0 else 1.0
    return min(low, accuracy), max(high, accuracy)
