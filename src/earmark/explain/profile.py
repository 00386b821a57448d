"""What a classifier listens to: the relevance of many clips, summed up by class over frequency and over time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from earmark.errors import DataError
from earmark.explain.axes import FeatureAxes
from earmark.explain.explanation import Explanation

Curve = npt.NDArray[np.float64]
_N_COLUMNS = 50  # of time, from the beginning of a clip to its end


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A clip and its explanation.

    Attributes:
        name: The clip's name.
        label: Its true class.
        explanation: What speaks for the class that was explained.
    """

    name: str
    label: str
    explanation: Explanation

    @property
    def is_right(self) -> bool:
        """Whether the classifier decided for the true class."""
        return self.label == self.explanation.decided


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What speaks for one class, as the mean over clips; each clip counts alike.

    Attributes:
        label: The class that was explained.
        kind: ``right`` for clips of that class, ``wrong`` for clips of others that were taken for it.
        n_clips: How many there are; those in which nothing speaks for the class are not counted.
        over_frequency: The share of the relevance in each bin, (n_bins,): they add up to one.
        over_time: The share in each of 50 stretches from the beginning of a clip to its end; None where there is no
            time.
        n_faithful: In how many of them deletion beats random; None where it was not measured.
    """

    label: str
    kind: Literal["right", "wrong"]
    n_clips: int
    over_frequency: Curve
    over_time: Curve | None
    n_faithful: int | None

    def middle_bin(self) -> int:
        """Return the bin below which half of the relevance lies."""
        return int(np.searchsorted(np.cumsum(self.over_frequency), 0.5 * self.over_frequency.sum()))

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "label": self.label,
            "kind": self.kind,
            "clips": self.n_clips,
            "faithful": self.n_faithful,
            "over_frequency": [round(share, 6) for share in self.over_frequency.tolist()],
            "over_time": None if self.over_time is None else [round(share, 6) for share in self.over_time.tolist()],
        }


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """What a classifier listens to, class by class.

    Attributes:
        profiles: One a class and kind for which there are clips, by class, ``right`` first.
        axes: What the bins stand for.
        method: The name of the method.
        explained: Each clip that was explained.
        left_out: The name of each clip that could not be used, and why.
        notes: What a person should know.
    """

    profiles: tuple[Profile, ...]
    axes: FeatureAxes
    method: str
    explained: tuple[Explained, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def n_faithful(self) -> tuple[int, int]:
        """In how many explanations deletion beats random, and in how many it was measured."""
        measured = [one.explanation.faithfulness for one in self.explained if one.explanation.faithfulness]
        return sum(found.beats_random for found in measured), len(measured)

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        n_faithful, n_measured = self.n_faithful
        frequencies = self.axes.frequencies_hz
        return {
            "method": self.method,
            "bins": list(self.axes.bin_names),
            "frequencies_hz": None
            if frequencies is None
            else [None if np.isnan(each) else round(each, 3) for each in frequencies.tolist()],
            "faithful": n_faithful,
            "measured": n_measured,
            "profiles": [profile.to_json() for profile in self.profiles],
            "clips": [
                {
                    "path": one.name,
                    "label": one.label,
                    "decided": one.explanation.decided,
                    "probability": round(one.explanation.probability, 6),
                    "beats_random": one.explanation.faithfulness.beats_random if one.explanation.faithfulness else None,
                }
                for one in self.explained
            ],
            "left_out": [{"path": name, "reason": reason} for name, reason in self.left_out],
            "notes": list(self.notes),
        }


def sum_up(
    explained: Sequence[Explained], *, left_out: Iterable[tuple[str, str]] = (), notes: Iterable[str] = ()
) -> Profiles:
    """Return what speaks for each class, over many clips.

    Args:
        explained: The clips with their explanations, all by one method and of one classifier.
        left_out: The name of each clip that could not be used, and why.
        notes: What a person should know.

    Raises:
        DataError: There are no clips.
    """
    if not explained:
        raise DataError("there is no clip to sum up: none was given, or none could be used")
    kinds: list[tuple[Literal["right", "wrong"], bool]] = [("right", True), ("wrong", False)]
    labels = sorted({one.explanation.label for one in explained})
    profiles = []
    for label in labels:
        for kind, is_right in kinds:
            chosen = [
                one.explanation
                for one in explained
                if one.explanation.label == label and (one.label == label) == is_right and not one.explanation.is_empty
            ]
            if chosen:
                profiles.append(_profile(label, kind, chosen))
    first = explained[0].explanation
    return Profiles(
        profiles=tuple(profiles),
        axes=first.axes,
        method=first.method,
        explained=tuple(explained),
        left_out=tuple(left_out),
        notes=tuple(notes),
    )


def _profile(label: str, kind: Literal["right", "wrong"], chosen: Sequence[Explanation]) -> Profile:
    joined = [one.joined() for one in chosen]
    over_frequency = np.mean([_shares(one.relevance.sum(axis=1, dtype=np.float64)) for one in joined], axis=0)
    has_time = joined[0].times_s is not None
    over_time = [_in_stretches(one.relevance.sum(axis=0, dtype=np.float64)) for one in joined] if has_time else []
    measured = [one.faithfulness for one in chosen if one.faithfulness]
    return Profile(
        label=label,
        kind=kind,
        n_clips=len(chosen),
        over_frequency=over_frequency,
        over_time=np.mean(over_time, axis=0) if over_time else None,
        n_faithful=sum(found.beats_random for found in measured) if measured else None,
    )


def _in_stretches(columns: Curve) -> Curve:
    """Return the share of each of 50 stretches of any number of columns."""
    total = np.concatenate([[0.0], np.cumsum(columns)])
    edges = np.linspace(0, len(columns), _N_COLUMNS + 1)
    return _shares(np.diff(np.interp(edges, np.arange(len(total)), total)))


def _shares(values: Curve) -> Curve:
    total = float(values.sum())
    return values / total if total else values
