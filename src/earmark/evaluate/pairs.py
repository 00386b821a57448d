"""Two classifiers on the same clips: by how much each score differs, and whether chance would do as much."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from earmark._util.seeds import spawn_generator
from earmark.errors import SettingError
from earmark.evaluate.checks import FloatArray
from earmark.evaluate.intervals import effective_groups
from earmark.evaluate.measures import MEASURES, Items, draw_weights, measure
from earmark.evaluate.paired import PairedAccuracy, paired_accuracy, spell_p
from earmark.evaluate.tested import Tested

_FEWEST_GROUPS = 6  # as in earmark.evaluate.paired
_LEVEL = 0.95
_SURE = 0.05
_SAME = 1e-12


@dataclass(frozen=True, kw_only=True)
class Difference:
    """By how much a score of two classifiers differs.

    Attributes:
        first: The score of the first.
        second: The score of the second.
        low: The lower end of the 95 % interval of the difference; None with fewer than six groups.
        high: Its upper end; None where `low` is.
    """

    first: float
    second: float
    low: float | None
    high: float | None

    @property
    def value(self) -> float:
        """The first less the second."""
        return self.first - self.second

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:+.3f}"
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two classifiers on the same clips.

    Attributes:
        first: What the first is called.
        second: What the second is called.
        accuracy: How their accuracies compare: a bootstrap over groups, and McNemar's test.
        differences: Each score that both have.
        notes: What does not fit, in plain sentences.
    """

    first: str
    second: str
    accuracy: PairedAccuracy
    differences: Mapping[str, Difference]
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return in plain words which of the two is better, and whether that may be chance."""
        found = self.accuracy
        better, other = (self.first, self.second) if found.difference >= 0 else (self.second, self.first)
        high, low = max(found.first, found.second), min(found.first, found.second)
        clips = f"{found.n_clips} clip{'' if found.n_clips == 1 else 's'}"
        if not found.n_only_first + found.n_only_second:
            return f"{better} and {other} are right and wrong on the same {clips} ({100 * high:.1f} % right)."
        chances = f"p {spell_p(found.p)} over {found.n_groups} groups; McNemar's p {spell_p(found.mcnemar_p)}"
        if not found.difference:
            return f"{better} and {other} both get {100 * high:.1f} % of {clips} right, though not the same ones."
        gets = f"{better} gets {100 * high:.1f} % of {clips} right and {other} {100 * low:.1f} %"
        if found.p < _SURE:
            return f"{gets}: {better} is better, and chance alone would hardly do that ({chances})."
        return f"{gets}: that may be chance ({chances})."

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {
            "first": self.first,
            "second": self.second,
            "sentence": self.sentence(),
            "accuracy": self.accuracy.to_json(),
            "differences": {name: {"value": one.value, **asdict(one)} for name, one in self.differences.items()},
            "notes": list(self.notes),
        }


def compare_tested(
    first: Tested,
    second: Tested,
    *,
    names: tuple[str, str] = ("the first", "the second"),
    seed: int = 0,
    n_resamples: int = 2000,
    notes: tuple[str, ...] = (),
) -> Pair:
    """Compare two classifiers on the same clips, by the mean probability of each clip's segments.

    Both are measured on the same draws of groups, so what makes a draw hard for both does not count. The interval of a
    difference is its deviation over these draws, as often as Student's t says. Intervals of several scores are not
    corrected for their number.

    Args:
        first: What one said.
        second: What the other said of the same clips, in the same order, with the same labels and groups.
        names: What the two are called.
        seed: The root seed, not negative: draws the groups.
        n_resamples: How often they are drawn.
        notes: What does not fit.

    Raises:
        SettingError: They are of other clips, labels or groups, or the seed is negative.
    """
    for what in ("labels", "names", "groups"):
        if getattr(first, what) != getattr(second, what):
            raise SettingError(f"two classifiers are compared on the same clips: the {what} of these differ")
    if not np.array_equal(first.y, second.y):
        raise SettingError("two classifiers are compared on the same clips: the true classes of these differ")
    accuracy = paired_accuracy(first.predicted == first.y, second.predicted == second.y, first.groups, seed=seed)
    weights = draw_weights(len(first.group_names), n_resamples, spawn_generator(seed, "bootstrap"))
    n_groups = effective_groups(np.bincount(first.group_index))
    plain, resampled = [], []
    for one in (first, second):
        items = Items.of_clips(one)
        plain.append(measure(items, np.ones((1, items.n_groups))).scores)
        resampled.append(measure(items, weights).scores)
    differences = {
        name: _difference(float(plain[0][name][0]), float(plain[1][name][0]), drawn, n_groups)
        for name in MEASURES
        if name in plain[0] and not np.isnan(plain[0][name][0])
        for drawn in [resampled[0][name] - resampled[1][name]]
    }
    return Pair(first=names[0], second=names[1], accuracy=accuracy, differences=differences, notes=notes)


def _difference(first: float, second: float, drawn: FloatArray, n_groups: float) -> Difference:
    from scipy.special import stdtrit  # noqa: PLC0415 - imports are lazy

    known = drawn[~np.isnan(drawn)]
    if n_groups < _FEWEST_GROUPS or not known.size or np.ptp(known) <= _SAME:
        return Difference(first=first, second=second, low=None, high=None)
    reach = -float(stdtrit(n_groups - 1, (1 - _LEVEL) / 2)) * float(known.std()) * (n_groups / (n_groups - 1)) ** 0.5
    return Difference(first=first, second=second, low=first - second - reach, high=first - second + reach)
