"""Whether one classifier is better than another on the same clips: a bootstrap over groups, McNemar's test, Holm's."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark._util.seeds import spawn_generator
from earmark.errors import SettingError

BoolArray = npt.NDArray[np.bool_]

_LEVEL = 0.95
_TAIL = (1 - _LEVEL) / 2
_N_GROUPS_TO_RESAMPLE = 6  # with fewer, no test of whole groups can come below 5 %: 2 * 0.5**5 is 0.0625
_N_RESAMPLES = 10_000
_N_NUMBERS_AT_ONCE = 4_000_000  # 32 MB of drawn weights


@dataclass(frozen=True, kw_only=True)
class PairedAccuracy:
    """How two classifiers fare on the same clips, and how far their difference is to be trusted.

    Attributes:
        first: The share of clips that the first gets right.
        second: The share that the second gets right.
        low: The lower end of the 95 % interval of `difference`; None with fewer than six groups.
        high: Its upper end; None where `low` is.
        p: How often a difference at least as large would come about by the choice of groups alone; two-sided.
        mcnemar_p: The same by McNemar's exact test, which takes every clip for a group of its own.
        n_only_first: Clips that only the first gets right.
        n_only_second: Clips that only the second gets right.
        n_clips: Clips in all.
        n_groups: Groups that they are of.
    """

    first: float
    second: float
    low: float | None
    high: float | None
    p: float
    mcnemar_p: float
    n_only_first: int
    n_only_second: int
    n_clips: int
    n_groups: int

    @property
    def difference(self) -> float:
        """How much more of the clips the first gets right, in -1..1."""
        return (self.n_only_first - self.n_only_second) / self.n_clips

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold, the difference with it."""
        return {"difference": self.difference, **asdict(self)}

    def __str__(self) -> str:
        ends = ""
        if self.low is not None and self.high is not None:
            ends = f" ({100 * self.low:+.1f} to {100 * self.high:+.1f})"
        return f"{100 * self.difference:+.1f}{ends} points, p {spell_p(self.p)}"


def paired_accuracy(
    first_right: npt.ArrayLike, second_right: npt.ArrayLike, groups: Sequence[str], *, seed: int = 0
) -> PairedAccuracy:
    """Compare two classifiers on the same clips.

    Clips of one group are right and wrong together, so whole groups are drawn with replacement, for both classifiers
    the same, and the difference of their accuracies is taken each time. The interval runs between percentiles of these
    differences, set as far out as `earmark.evaluate.intervals.bootstrap_estimates` sets them; `p` is the level at
    which it would just reach zero, so `p` is below 0.05 exactly where the interval of 95 % does not hold zero. Where
    that cannot be honest:

    * `p` is never below 2 * 0.5 ** n_groups: so often all groups go the same way by chance.
    * With fewer than six groups there is no interval, and `p` comes from giving each group's difference either sign.
    * Every resample gives the same difference: if it is zero, the interval reaches as far as the share of groups that
      may differ though none was seen to (Clopper and Pearson); else it goes down to the share of groups that differ
      at least, the others taken as equal.

    What another training of the same network would come to is in none of these numbers.

    Args:
        first_right: Whether the first is right, one truth value a clip, (n_clips,).
        second_right: The same of the second, for the same clips in the same order.
        groups: The group of each clip, n_clips names.
        seed: The root seed, not negative: draws the groups.

    Raises:
        SettingError: There are no clips, the lengths differ, the values are no truth values, or the seed is negative.

    >>> groups = [f"recording {number}" for number in range(20)]
    >>> result = paired_accuracy([True] * 15 + [False] * 5, [True] * 14 + [False] * 6, groups)
    >>> print(f"{result.difference:.2f}", result.low <= 0 < result.high, result.mcnemar_p)
    0.05 True 1.0

    Sources: B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 13 and 15; C. A. Field
    and A. H. Welsh, "Bootstrapping clustered data", Journal of the Royal Statistical Society B 69 (2007), for whole
    groups; T. C. Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69 (2015),
    section 4.1.3, for the percentiles; Q. McNemar, Psychometrika 12 (1947).
    """
    first, second = _checked("first_right", first_right), _checked("second_right", second_right)
    if not len(first):
        raise SettingError("there are no clips to compare two classifiers on")
    if not len(first) == len(second) == len(groups):
        raise SettingError(
            f"two classifiers are compared on the same clips: first_right has {len(first)}, second_right "
            f"{len(second)}, and there are {len(groups)} groups"
        )
    if seed < 0:
        raise SettingError(f"the seed {seed} is negative: write 0 or more")
    # Sorted, not in order of appearance: the draw must not depend on the order of the clips.
    number = {group: index for index, group in enumerate(sorted(set(groups)))}
    group = np.array([number[name] for name in groups], dtype=np.int64)
    n_clips = np.bincount(group)
    gained = np.rint(np.bincount(group, weights=first.astype(np.float64) - second)).astype(np.int64)
    low, high, p = _interval(gained, n_clips, spawn_generator(seed, "paired"))
    n_only_first, n_only_second = int((first & ~second).sum()), int((second & ~first).sum())
    return PairedAccuracy(
        first=float(first.mean()),
        second=float(second.mean()),
        low=low,
        high=high,
        p=p,
        mcnemar_p=mcnemar(n_only_first, n_only_second),
        n_only_first=n_only_first,
        n_only_second=n_only_second,
        n_clips=len(first),
        n_groups=len(number),
    )


def mcnemar(n_only_first: int, n_only_second: int) -> float:
    """Return how often clips on which two classifiers part would part as unevenly by tossing a coin.

    Args:
        n_only_first: Clips that only the first gets right.
        n_only_second: Clips that only the second gets right.

    Returns:
        The exact two-sided probability, in 0..1; 1 where they never part.

    Raises:
        SettingError: A count is negative.

    >>> mcnemar(5, 0), mcnemar(0, 0)
    (0.0625, 1.0)

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947), with the binomial distribution in place of its limit.
    """
    if min(n_only_first, n_only_second) < 0:
        raise SettingError(f"counts of clips are not negative: {n_only_first} and {n_only_second}")
    from scipy.special import bdtr  # noqa: PLC0415 - imports are lazy

    n = n_only_first + n_only_second
    return min(1.0, 2 * float(bdtr(min(n_only_first, n_only_second), n, 0.5))) if n else 1.0


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return probabilities corrected for how many were looked at: one below 0.05 stays as rare as it says.

    Args:
        p_values: One a comparison, each in 0..1.

    Returns:
        The corrected ones in the same order, each at least as large as it was.

    Raises:
        SettingError: One is no probability.

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
    (1979).
    """
    for p in p_values:
        if not 0 <= p <= 1:
            raise SettingError(f"probabilities lie in 0..1, and {p} does not")
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return tuple(corrected)


def spell_p(p: float) -> str:
    """Return a probability as a table shows it.

    >>> spell_p(0.00002), spell_p(0.0312), spell_p(0.5)
    ('< 0.001', '0.031', '0.50')
    """
    if p < 0.001:  # noqa: PLR2004 - three digits
        return "< 0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"  # noqa: PLR2004 - two digits that count


def _interval(
    gained: npt.NDArray[np.int64], n_clips: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[float | None, float | None, float]:
    """Return both ends of the interval, and p; `gained` is how many more clips of a group the first gets right."""
    n_groups = len(gained)
    if n_groups < _N_GROUPS_TO_RESAMPLE:
        return None, None, _sign_flips(gained)
    drawn = np.sort(_resampled(gained, n_clips, rng))
    if drawn[-1] - drawn[0] <= 1e-12:  # noqa: PLR2004 - rounding of equal differences
        return _exact(float(drawn[0]), n_groups)
    n_below, n_above = int((drawn <= 0).sum()), int((drawn >= 0).sum())
    p = 2 * _narrower((min(n_below, n_above) + 1) / (len(drawn) + 1), n_groups)
    # The smallest number of differences on the wrong side at which p is no longer below 0.05.
    place = max(1, math.ceil(_wider(_TAIL, n_groups) * (len(drawn) + 1)) - 1)
    value = float(gained.sum() / n_clips.sum())
    low, high = min(float(drawn[place - 1]), value), max(float(drawn[-place]), value)
    return low, high, min(1.0, max(p, 2 * 0.5**n_groups))


def _resampled(
    gained: npt.NDArray[np.int64], n_clips: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return the difference of accuracies of each resample, (n_resamples,)."""
    n_groups = len(gained)
    shares = np.full(n_groups, 1 / n_groups)
    sums = np.stack([gained, n_clips], axis=1).astype(np.float64)  # (n_groups, 2)
    n_at_once = max(1, _N_NUMBERS_AT_ONCE // n_groups)
    parts = []
    for start in range(0, _N_RESAMPLES, n_at_once):
        weights = rng.multinomial(n_groups, shares, size=min(n_at_once, _N_RESAMPLES - start))  # (n, n_groups)
        drawn = weights.astype(np.float64) @ sums  # (n, 2)
        parts.append(drawn[:, 0] / drawn[:, 1])
    return np.concatenate(parts)


def _sign_flips(gained: npt.NDArray[np.int64]) -> float:
    """Return how often the sum is as far from zero when each group's difference has either sign, all ways counted."""
    sums = np.zeros(1, dtype=np.int64)
    for gain in gained:
        sums = np.concatenate([sums + gain, sums - gain])
    return float((np.abs(sums) >= abs(int(gained.sum()))).mean())


def _exact(value: float, n_groups: int) -> tuple[float, float, float]:
    least_share = _TAIL ** (1 / n_groups)  # of groups like those seen, where all that were seen are alike
    if value == 0:
        return least_share - 1, 1 - least_share, 1.0
    low, high = sorted((least_share * value, value))
    return low, high, 2 * 0.5**n_groups


def _wider(tail: float, n_groups: int) -> float:
    """Return the percentile of a resample's distribution that stands for a percentile of the true one."""
    from scipy.special import ndtr, stdtrit  # noqa: PLC0415 - imports are lazy

    return float(ndtr(math.sqrt(n_groups / (n_groups - 1)) * stdtrit(n_groups - 1, tail)))


def _narrower(percentile: float, n_groups: int) -> float:
    """Undo `_wider`."""
    from scipy.special import ndtri, stdtr  # noqa: PLC0415 - imports are lazy

    return float(stdtr(n_groups - 1, ndtri(percentile) / math.sqrt(n_groups / (n_groups - 1))))


def _checked(name: str, values: npt.ArrayLike) -> BoolArray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise SettingError(f"{name} has the shape {array.shape}: pass one truth value a clip, shape (n_clips,)")
    if array.size and array.dtype != bool:
        raise SettingError(f"{name} is of type {array.dtype}: pass whether each clip is right, such as y_pred == y")
    return array.astype(bool)
