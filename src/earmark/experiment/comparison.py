"""What a comparison of classifiers came to: a table, and one plain sentence."""

import csv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from earmark._util.files import write_whole
from earmark.evaluate.intervals import Estimate
from earmark.evaluate.paired import PairedAccuracy, spell_p
from earmark.features.extract import BadFile

_LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What one classifier came to.

    Attributes:
        name: That of its folder.
        network: Its network.
        front_end: Its front end.
        folds: The accuracy of each fold, per clip.
        mean: Their mean.
        deviation: Their deviation (divided by n - 1).
        accuracy: The share of all clips that is right, with its interval over groups.
        macro_f1: The mean F1 of the classes over all clips.
        n_weights: How many weights its network trains; 0 for what is not trained in epochs.
        training_s: How long the trainings of all folds took, in seconds.
        against_simplest: Its accuracy and that of the simplest on the same clips; None for the simplest itself.
        p: The probability of `against_simplest`, corrected for the number of candidates (Holm); None for the simplest.
    """

    name: str
    network: str
    front_end: str
    folds: tuple[float, ...]
    mean: float
    deviation: float
    accuracy: Estimate
    macro_f1: Estimate
    n_weights: int
    training_s: float
    against_simplest: PairedAccuracy | None = None
    p: float | None = None

    @property
    def is_better(self) -> bool:
        """Whether it is significantly better than the simplest."""
        return self.against_simplest is not None and self.against_simplest.difference > 0 and (self.p or 0.0) < _LEVEL

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        against = self.against_simplest
        return {**asdict(self), "against_simplest": None if against is None else against.to_json()}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Several classifiers, cross-validated on the same folds and set against the simplest of them.

    Attributes:
        folder: Where the cross-validation of each is, in a folder of its name.
        candidates: What each came to, in the order that was asked for.
        simplest: The name of the simplest: one that is not trained in epochs before networks, then the fewest weights.
        n_clips: Clips that all were tested on.
        n_groups: Groups that they are of.
        notes: What a person should know of the data.
        bad: The files that could not be used.
    """

    folder: Path
    candidates: tuple[Candidate, ...]
    simplest: str
    n_clips: int
    n_groups: int
    notes: tuple[str, ...] = ()
    bad: tuple[BadFile, ...] = ()

    def __getitem__(self, name: str) -> Candidate:
        return {candidate.name: candidate for candidate in self.candidates}[name]

    @property
    def best(self) -> str:
        """The name of the candidate that gets most clips right; of several, the simplest of them, then the first."""
        return max(
            self.candidates,
            key=lambda candidate: (candidate.accuracy.value, candidate.name == self.simplest, -candidate.n_weights),
        ).name

    def sentence(self) -> str:
        """Return in plain words whether the best is significantly better than the simplest."""
        best, simplest = self[self.best], self[self.simplest]
        least = f"{simplest.name}, the simplest ({_percent(simplest.accuracy.value)} % of {self.n_clips} clips)"
        against = best.against_simplest
        if against is None:
            return f"No: none gets more right than {least}."
        verb = "is" if best.is_better else "is not"
        ends = f" over {self.n_groups} groups"
        if against.low is not None and against.high is not None:
            ends = f", 95 % interval {_points(against.low)} to {_points(against.high)}{ends}"
        return (
            f"{'Yes' if best.is_better else 'No'}: {best.name} ({_percent(best.accuracy.value)} %) {verb} "
            f"significantly better than {least}: {_points(against.difference)} points{ends}, "
            f"p {_equals(best.p or 0.0)}{self._correction()}."
        )

    def _correction(self) -> str:
        n_compared = len(self.candidates) - 1
        return f" corrected for {n_compared} comparisons" if n_compared > 1 else ""

    def to_json(self) -> dict[str, Any]:
        """Return the contents of ``comparison.json``."""
        return {
            "schema": 1,
            "sentence": self.sentence(),
            "simplest": self.simplest,
            "best": self.best,
            "n_clips": self.n_clips,
            "n_groups": self.n_groups,
            "candidates": [candidate.to_json() for candidate in self.candidates],
        }

    def __str__(self) -> str:
        head = ("", "folds", "clips right, %", "macro F1", f"points over {self.simplest}", "p", "seconds", "weights")
        rows = [head, *(_cells(candidate) for candidate in self.candidates)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        left = {0, 2, 4}
        lines = [
            "  ".join(
                cell.ljust(width) if column in left else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        n_folds = len(self.candidates[0].folds)
        about = f"{n_folds} folds: mean and deviation; 95 % intervals over {self.n_groups} groups"
        return "\n".join([*lines, f"{about}; p{self._correction() or ' two-sided'}"])


def write_comparison_table(path: Path, comparison: Comparison) -> None:
    """Write a comparison as CSV, one row a candidate; what does not apply is left empty.

    Args:
        path: The file.
        comparison: What came out.

    Raises:
        StorageError: The file cannot be written.
    """
    head = "name network front_end mean deviation accuracy low high macro_f1 difference difference_low difference_high"
    rows = []
    for one in comparison.candidates:
        against = one.against_simplest
        paired = (against.difference, against.low, against.high) if against else (None, None, None)
        p = (None, None, None) if against is None else (against.p, one.p, against.mcnemar_p)
        accuracy = (one.accuracy.value, one.accuracy.low, one.accuracy.high, one.macro_f1.value)
        scores = (one.mean, one.deviation, *accuracy, *paired, *p)
        cells = ("" if value is None else f"{value:.6g}" for value in scores)
        rows.append((one.name, one.network, one.front_end, *cells, f"{one.training_s:.2f}", one.n_weights))
    with write_whole(path) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow((*head.split(), "p", "p_holm", "p_mcnemar", "training_s", "n_weights"))
        writer.writerows(rows)


def _cells(one: Candidate) -> tuple[str, ...]:
    against, p = one.against_simplest, one.p
    difference = "the simplest" if against is None else _points(against.difference)
    if against is not None and against.low is not None and against.high is not None:
        difference += f" ({_points(against.low)} to {_points(against.high)})"
    return (
        one.name,
        f"{_percent(one.mean)} ± {_percent(one.deviation)}",
        _with_interval(one.accuracy),
        _percent(one.macro_f1.value),
        difference,
        "" if p is None else spell_p(p),
        f"{one.training_s:.0f}" if one.training_s >= 10 else f"{one.training_s:.1f}",  # noqa: PLR2004 - two digits
        f"{one.n_weights:,}" if one.n_weights else "-",
    )


def _with_interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return _percent(estimate.value)
    return f"{_percent(estimate.value)} ({_percent(estimate.low)} to {_percent(estimate.high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def _equals(p: float) -> str:
    spelt = spell_p(p)
    return spelt if spelt.startswith("<") else f"= {spelt}"
