"""How far a score is to be trusted: intervals from resampling whole groups."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.checks import FloatArray, IntArray

Metric: TypeAlias = Callable[[FloatArray], FloatArray]

_N_NUMBERS_AT_ONCE = 4_000_000  # 32 MB of resampled counts
_ROUNDING = 1e-12
_FEWEST_GROUPS = 1.0 + 1e-9
_LEAST_FREEDOM = 0.2  # of t: less reaches from end to end
_FARTHEST = 500.0  # in log-odds: what exp can still hold


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A score and the interval that it lies in.

    Attributes:
        value: The score.
        low: The lower end of the interval; None where it cannot be known, as with one group only.
        high: The upper end of the interval; None where `low` is.
    """

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.3f} (interval unknown)"
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def bootstrap_estimates(
    confusions: IntArray | FloatArray,
    metrics: Mapping[str, Metric],
    *,
    rng: np.random.Generator,
    n_resamples: int = 2000,
    level: float = 0.95,
    sizes: IntArray | None = None,
) -> dict[str, Estimate]:
    """Return each score with its interval, found by drawing whole groups with replacement.

    Clips of one group are right and wrong together, so a group counts as one observation. How the interval is made of
    the resampled scores, `resampled_estimate` says.

    Args:
        confusions: Counts per group, shape (n_groups, n_classes, n_classes), or anything else that adds up over
            groups, shape (n_groups, ...). Groups without counts are left out.
        metrics: What to score by name: each takes a stack of summed counts, shape (n, ...), and returns scores in 0..1
            of the shape (n,).
        rng: Draws the groups.
        n_resamples: How often to draw.
        level: How often the interval is to hold the truth, between 0 and 1.
        sizes: How many answers there are of each group, shape (n_groups,); None for the sums of the counts.

    Returns:
        An estimate for each name, with `low` <= `value` <= `high`.

    Raises:
        SettingError: Nothing was counted, or a setting is out of range.

    Source: C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal Statistical Society B 69
    (2007), for resampling whole groups.
    """
    _check(confusions, n_resamples, level)
    has_any = np.asarray(confusions).reshape(len(confusions), -1).any(axis=1)
    counted = confusions[has_any].astype(np.float64)
    total = counted.sum(axis=0, keepdims=True)
    values = {name: float(metric(total)[0]) for name, metric in metrics.items()}
    n_groups = effective_groups(counted.reshape(len(counted), -1).sum(axis=1) if sizes is None else sizes[has_any])
    scores: dict[str, list[FloatArray]] = {name: [] for name in metrics}
    for sums in _resampled_sums(counted, rng, n_resamples):
        for name, metric in metrics.items():
            scores[name].append(metric(sums))
    return {
        name: resampled_estimate(value, np.concatenate(scores[name]), n_groups=n_groups, level=level)
        for name, value in values.items()
    }


def resampled_estimate(
    value: float, resampled: FloatArray, *, n_groups: float, most: float = 1.0, level: float = 0.95
) -> Estimate:
    """Return a score with the interval that its resamples give it.

    The resamples say how much the score would vary over other groups. Their deviation is carried to the scale of
    log-odds (of logarithms, where there is no highest score), where errors are nearly even to both sides and no end
    leaves the range of the score, and taken as often as Student's t says for so few groups; a resample of n groups
    varies less than n new groups would, which the factor sqrt(n / (n - 1)) makes up for. The deviation is taken both
    ways, of scores and of their log-odds, and the larger counts: the one falls short where many resamples come near to
    a perfect score, the other where few groups fail badly. `benchmarks/interval_coverage.py` compares this with
    percentiles.

    Where every resample scores the same, as when every group is entirely right, resampling claims certainty. The exact
    interval of Clopper and Pearson takes its place, with the groups as trials and `value` * n_groups of them as
    successes: for n groups all right, from 0.025 ** (1 / n) to 1, about 1 - 3.7 / n.

    Args:
        value: The score of all groups, in 0..`most`.
        resampled: The scores of resamples; NaN where one was not to be had.
        n_groups: How many groups there are, as `effective_groups` counts them. With fewer than two, nothing is known
            of how groups differ, and `low` and `high` are None.
        most: The highest score that there can be; infinite for a loss.
        level: How often the interval is to hold the truth, between 0 and 1.

    Returns:
        The estimate, with 0 <= `low` <= `value` <= `high` <= `most`.

    >>> print(resampled_estimate(0.8, np.array([0.7, 0.8, 0.9]), n_groups=20))
    0.800 (0.549-0.929)
    >>> print(resampled_estimate(1.0, np.ones(2000), n_groups=20))
    1.000 (0.832-1.000)

    Sources: C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26 (1934). B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter
    12. E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data", Survey Methodology 24 (1998), for log-odds and t of survey data.
    """
    known = resampled[~np.isnan(resampled)]
    if n_groups < _FEWEST_GROUPS or not known.size:
        return Estimate(value=value, low=None, high=None)
    tail = (1 - level) / 2
    if np.ptp(known) <= _ROUNDING:
        if math.isinf(most):
            return Estimate(value=value, low=None, high=None)
        low, high = (most * end for end in _exact_interval(value / most, n_groups, tail))
    elif _ROUNDING < value < most - _ROUNDING:
        low, high = _around(value, known, n_groups, most, tail)
    else:  # resamples differ from a score that could not be better or worse: log-odds have no place for it
        low, high = _percentiles(known, n_groups, tail)
    return Estimate(value=value, low=max(0.0, min(low, value)), high=min(most, max(high, value)))


def inflated_estimate(value: float, resampled: FloatArray, *, n_groups: float, level: float = 0.95) -> Estimate:
    """Return an error that chance alone makes larger, such as the calibration error, with its interval.

    A sum of distances is never below zero, so the fewer clips, the larger it is; and a resample is larger again. By how
    much resamples exceed the score on average says by how much the score may exceed the truth: at most by about twice
    as much, found by simulation. So the interval reaches further down than up.

    Args:
        value: The score of all groups, in 0..1.
        resampled: The scores of resamples.
        n_groups: How many groups there are, as `effective_groups` counts them.
        level: How often the interval is to hold the truth, between 0 and 1.

    >>> print(inflated_estimate(0.05, np.array([0.06, 0.07, 0.08]), n_groups=30))
    0.050 (0.000-0.067)

    Source: B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 10, for the excess.
    """
    if n_groups < _FEWEST_GROUPS or np.ptp(resampled) <= _ROUNDING:
        return resampled_estimate(value, resampled, n_groups=n_groups, level=level)
    from scipy.special import stdtrit  # noqa: PLC0415 - imports are lazy

    deviation = float(resampled.std()) * math.sqrt(n_groups / (n_groups - 1))
    reach = -float(stdtrit(max(n_groups - 1, _LEAST_FREEDOM), (1 - level) / 2)) * deviation
    excess = max(0.0, float(resampled.mean()) - value)
    return Estimate(value=value, low=max(0.0, value - 2 * excess - reach), high=min(1.0, value + reach))


def effective_groups(sizes: FloatArray | IntArray) -> float:
    """Return how many groups of equal size say as much as groups of these sizes.

    Args:
        sizes: How many answers there are of each group; none for a group that says nothing.

    Returns:
        From 1 to the number of groups with any answer; 0 without any.

    >>> effective_groups(np.array([5, 5, 5, 0])), effective_groups(np.array([8, 1, 1])).__round__(2)
    (3.0, 1.52)

    Source: L. Kish, "Survey Sampling" (1965), section 11.2.
    """
    squares = float((np.asarray(sizes, dtype=np.float64) ** 2).sum())
    return float(np.sum(sizes)) ** 2 / squares if squares else 0.0


def _resampled_sums(
    counted: npt.NDArray[np.float64], rng: np.random.Generator, n_resamples: int
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield the sums of drawn groups, some resamples at a time: shape (n, ...)."""
    n_groups, *shape = counted.shape
    flat = counted.reshape(n_groups, -1)
    n_at_once = max(1, _N_NUMBERS_AT_ONCE // max(flat.shape[1], n_groups))
    for start in range(0, n_resamples, n_at_once):
        n = min(n_at_once, n_resamples - start)
        weights = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n)  # (n, n_groups)
        yield (weights.astype(np.float64) @ flat).reshape(n, *shape)


def _around(value: float, known: FloatArray, n_groups: float, most: float, tail: float) -> tuple[float, float]:
    from scipy.special import stdtrit  # noqa: PLC0415 - imports are lazy

    # Half a clip in as many groups: what keeps a perfect resample at a finite distance.
    nearest = most / (4 * n_groups) if math.isfinite(most) else value / (4 * n_groups)
    slope = 1 / value + (1 / (most - value) if math.isfinite(most) else 0.0)  # of the log-odds, at the score
    moved = _log_odds(np.clip(known, nearest, most - nearest), most)
    deviation = max(float(known.std()) * slope, float(moved.std())) * math.sqrt(n_groups / (n_groups - 1))
    reach = min(-float(stdtrit(max(n_groups - 1, _LEAST_FREEDOM), tail)) * deviation, _FARTHEST)
    middle = float(_log_odds(np.array(value), most))
    return _score(middle - reach, most), _score(middle + reach, most)


def _log_odds(scores: FloatArray, most: float) -> FloatArray:
    found: FloatArray = np.log(scores) if math.isinf(most) else np.log(scores / (most - scores))
    return found


def _score(log_odds: float, most: float) -> float:
    if math.isinf(most):
        return math.exp(log_odds)
    return most / (1 + math.exp(-log_odds)) if log_odds > 0 else most * math.exp(log_odds) / (1 + math.exp(log_odds))


def _percentiles(scores: FloatArray, n_groups: float, tail: float) -> tuple[float, float]:
    from scipy.special import ndtr, stdtrit  # noqa: PLC0415 - imports are lazy

    wider = float(ndtr(math.sqrt(n_groups / (n_groups - 1)) * stdtrit(n_groups - 1, tail)))
    low, high = np.quantile(scores, [wider, 1 - wider])
    return float(low), float(high)


def _exact_interval(value: float, n_groups: float, tail: float) -> tuple[float, float]:
    from scipy.special import betaincinv  # noqa: PLC0415 - imports are lazy

    n_right = min(max(value, 0.0), 1.0) * n_groups
    n_wrong = n_groups - n_right
    low = float(betaincinv(n_right, n_wrong + 1, tail)) if n_right > 0 else 0.0
    high = float(betaincinv(n_right + 1, n_wrong, 1 - tail)) if n_wrong > 0 else 1.0
    return low, high


def _check(confusions: IntArray | FloatArray, n_resamples: int, level: float) -> None:
    if np.ndim(confusions) < 2 or not np.any(confusions):  # noqa: PLR2004 - groups, and what was counted in them
        raise SettingError(f"there is nothing to score: counts of the shape {np.shape(confusions)} without any count")
    if not 0 < level < 1:
        raise SettingError(f"the level {level} is not between 0 and 1: write 0.95 for an interval of 95 %")
    if n_resamples < 1:
        raise SettingError(f"n_resamples is {n_resamples}: write 1 or more, such as 2000")
