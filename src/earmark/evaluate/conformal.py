"""Prediction sets: as many labels as it takes for the truth to be among them as often as is asked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.checks import FloatArray, IntArray, check_indices, check_probabilities

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """How unlikely a label may be and still be in the set.

    Attributes:
        value: The highest score, 1 - probability, of a label in the set; infinite where there are too few groups to
            leave any label out.
        coverage: How often the truth is to be in the set.
        n_clips: Clips that it was found on.
        n_groups: Groups of these: what counts.
        note: A sentence where the sets hold every label; else nothing.
    """

    value: float
    coverage: float
    n_clips: int
    n_groups: int
    note: str = ""


def conformity_scores(probabilities: FloatArray, y: IntArray) -> npt.NDArray[np.float64]:
    """Return how unlikely the truth was found, 1 - its probability, for each clip of a calibration part.

    Args:
        probabilities: Those of clips, shape (n, n_classes).
        y: The true classes, shape (n,).

    Raises:
        SettingError: A probability is none, a class is out of range, or the lengths differ.

    >>> conformity_scores(np.array([[0.75, 0.25]]), np.array([1]))
    array([0.75])
    """
    table = check_probabilities("probabilities", probabilities)
    true = check_indices("y", y, n_kinds=table.shape[1], length=len(table))
    scores: npt.NDArray[np.float64] = 1 - table[np.arange(len(table)), true]
    return scores


def group_weights(groups: Sequence[str] | IntArray) -> npt.NDArray[np.float64]:
    """Return the weight of each clip (n,): each group weighs 1, shared by its clips.

    >>> group_weights(["a", "b", "b"])
    array([1. , 0.5, 0.5])
    """
    _, index, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    weights: npt.NDArray[np.float64] = 1 / counts[index]
    return weights


def conformal_cutoff(
    scores: FloatArray, coverage: float, *, weights: FloatArray | None = None, at_least: bool = False
) -> Cutoff:
    """Return the cutoff by which prediction sets hold the truth of new clips of new groups as often as is asked.

    It holds on average over calibration parts, whatever the network, if calibration and new groups are of one kind and
    nothing was fitted to the calibration part. It says nothing of a single class, nor of sounds of another kind.
    Between two scores the cutoff is interpolated, so that the coverage is about what is asked and not above it.

    Args:
        scores: As `conformity_scores` gives them, shape (n,).
        coverage: How often the truth is to be in the set, between 0 and 1.
        weights: As `group_weights` gives them, shape (n,); None where each clip is a group of its own.
        at_least: Whether to take the next higher score in place of what lies between: the coverage is never below what
            is asked then, and with few groups well above.

    Returns:
        The cutoff; infinite, with a note, where n groups are too few: the coverage must be n / (n + 1) at most.

    Raises:
        SettingError: A score is not finite, the lengths differ, or the coverage is out of range.

    Source: Y. Lee, R. F. Barber and R. Willett, "Distribution-free inference with hierarchical data",
    arXiv:2306.06342, 2023, section 3.1, for groups; V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a
    random world", 2005, for clips each its own group. Differs where it interpolates.

    >>> conformal_cutoff(np.linspace(0.1, 0.9, 9), 0.5).value
    0.5
    """
    if not 0 < coverage < 1:
        raise SettingError(f"the coverage {coverage:g} is not between 0 and 1: write 0.9 for nine of ten")
    found, weight = _checked(scores, weights)
    n_groups = round(float(weight.sum()))
    order = np.argsort(found, kind="stable")
    levels = np.cumsum(weight[order]) / (n_groups + 1)
    # The truth of a new group may be more unlikely than all of these: one share more has a score of infinity.
    place = int(np.searchsorted(levels, coverage - _ROUNDING))
    if place == len(levels):
        return Cutoff(
            value=math.inf,
            coverage=coverage,
            n_clips=len(found),
            n_groups=n_groups,
            note=_too_few(n_groups, coverage),
        )
    value = float(found[order[place]])
    if place and not at_least:
        below = float(found[order[place - 1]])
        step = (coverage - levels[place - 1]) / (levels[place] - levels[place - 1])
        value = below + min(float(step), 1.0) * (value - below)
    return Cutoff(value=value, coverage=coverage, n_clips=len(found), n_groups=n_groups)


def prediction_sets(probabilities: FloatArray, cutoff: Cutoff) -> npt.NDArray[np.bool_]:
    """Return which labels are in the set of each clip.

    A set may be empty: where the classifier is right more often than is asked, its doubtful answers are left out.

    Args:
        probabilities: Those of clips, shape (n, n_classes).
        cutoff: As `conformal_cutoff` gives it.

    Returns:
        Shape (n, n_classes).

    Raises:
        SettingError: A probability is none.
    """
    table = check_probabilities("probabilities", probabilities)
    sets: npt.NDArray[np.bool_] = 1 - table <= cutoff.value + _ROUNDING
    return sets


def _checked(scores: FloatArray, weights: FloatArray | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    found = np.asarray(scores, dtype=np.float64)
    weight = np.ones(len(found)) if weights is None else np.asarray(weights, dtype=np.float64)
    if found.ndim != 1 or found.shape != weight.shape:
        raise SettingError(f"scores of the shape {found.shape} and weights of {weight.shape}: pass one of each a clip")
    if not (np.isfinite(found).all() and np.isfinite(weight).all() and (weight > 0).all()):
        raise SettingError("some scores or weights are no finite numbers, or weights are not above 0: leave those out")
    return found, weight


def _too_few(n_groups: int, coverage: float) -> str:
    needed = math.ceil(coverage / (1 - coverage) - _ROUNDING)
    counted = f"{n_groups} group{'' if n_groups == 1 else 's'} of validation clips"
    there = f"there are {counted}" if n_groups > 1 else f"there is {counted}" if n_groups else "there are none"
    return f"a coverage of {coverage:g} needs {needed} groups of validation clips, and {there}: all labels are given"
