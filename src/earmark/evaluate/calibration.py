"""Probabilities that mean something: the softmax, its temperature, and how far confidence is from the truth."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from earmark._util.catalogue import nearest
from earmark.errors import SettingError, StorageError
from earmark.evaluate.checks import FloatArray, IntArray, check_indices, check_probabilities
from earmark.evaluate.clip_logits import ClipLogits, clip_logits, log_softmax, softmax

METHODS = ("auto", "temperature", "per-class", "none")
_COLDEST, _HOTTEST = 0.05, 20.0
_PRIOR_DEVIATION = 0.5  # of a class's bias: odds change by a factor of 1.6
_N_FOLDS = 5
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, kw_only=True)
class CalibrationSettings:
    """How probabilities are fitted to the validation part.

    Attributes:
        method: ``temperature`` for one number that makes all answers less or more sure; ``per-class`` for a bias a
            class beside it, which can change decisions; ``none`` for the network as it is; ``auto`` for what does best
            on validation clips that it was not fitted to.
    """

    method: Literal["auto", "temperature", "per-class", "none"] = "auto"


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What turns the logits of a network into probabilities that mean something.

    Attributes:
        method: ``temperature``, ``per-class`` or ``none``.
        temperature: What logits are divided by.
        biases: What is added to each class's then.
        n_clips: Clips that it was fitted to.
        n_groups: Groups of these.
        log_losses: The mean log loss of a clip by method, each on groups that it was not fitted to; empty where nothing
            was compared.
        notes: What a person should know, in sentences.
    """

    method: str
    temperature: float
    biases: tuple[float, ...]
    n_clips: int = 0
    n_groups: int = 0
    log_losses: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def apply(self, logits: FloatArray) -> npt.NDArray[np.float64]:
        """Return probabilities (..., n_classes) for logits (..., n_classes)."""
        return softmax(np.asarray(logits, dtype=np.float64) / self.temperature + np.asarray(self.biases))

    def undo(self, probabilities: FloatArray) -> npt.NDArray[np.float64]:
        """Return what the network said before (n, n_classes), for probabilities of segments (n, n_classes).

        Those of clips are means over segments: undo each, then take the mean.

        >>> halved = Calibration(method="temperature", temperature=0.5, biases=(0.0, 0.0))
        >>> halved.undo(halved.apply(np.log([[0.8, 0.2]]))).round(3)
        array([[0.8, 0.2]])
        """
        table = check_probabilities("probabilities", probabilities, n_columns=len(self.biases))
        logs = np.log(np.maximum(table, np.finfo(np.float64).tiny))
        return softmax((logs - np.asarray(self.biases)) * self.temperature)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return what `to_json` made `value` from.

        Raises:
            StorageError: It is no calibration.
        """
        try:
            return cls(**{**value, "biases": tuple(value["biases"]), "notes": tuple(value["notes"])})
        except (KeyError, TypeError) as error:
            raise StorageError(f"this is no calibration, or one of another version of earmark: {error!r}") from error

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {**asdict(self), "biases": list(self.biases), "notes": list(self.notes)}


def fit_temperature(
    logits: FloatArray, y: IntArray, *, clip_index: IntArray | None = None, n_trials: int | None = None
) -> float:
    """Return the temperature by which to divide logits so that their softmax is as sure as it is right.

    It is the one number T in 0.05..20 with the smallest mean log loss of softmax(logits / T), or of the mean of these
    over the segments of each clip. Of clips of one segment it changes no decision. Fit it on validation data, never on
    what was trained on or tested.

    Where no decision is wrong, the log loss would have T fall without end, and all later mistakes be made with
    certainty. So T falls from 1 only until the mean confidence is (n + 1) / (n + 2), which is what n successes out of
    n say of the next trial (Laplace's rule of succession). Without data, or where no T is better than another, it is 1.

    Args:
        logits: Shape (n, n_classes), one row a segment.
        y: The true class of each clip, shape (n_clips,); of each row without `clip_index`.
        clip_index: The clip of each row, shape (n,), every number from 0 on; None where each is a clip of its own.
        n_trials: How many trials the clips are in Laplace's rule, such as their groups; None for one a clip.

    Returns:
        The temperature, in 0.05..20: above 1 where the network is surer than it is right.

    Raises:
        SettingError: A logit is not finite, a class is out of range, or the lengths differ.

    Source: C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017,
    equation 9. Differs in the limits, in that clips count and not segments, and in what is done when no decision is
    wrong.
    """
    clips = clip_logits(logits, y, clip_index)
    return _temperature(clips, n_trials or len(clips.y)) if len(clips.y) else 1.0


def fit_calibration(
    logits: FloatArray,
    y: IntArray,
    *,
    clip_index: IntArray | None = None,
    groups: Sequence[str] | None = None,
    method: str = "auto",
) -> Calibration:
    """Fit what makes the probabilities of clips right, the mean over their segments.

    ``auto`` compares by the log loss of validation clips that were not fitted to (five folds of whole groups). It is
    the temperature, unless a bias a class beside it does better by more than two standard errors over groups, so that
    thirty clips are not learnt by heart, or nothing does better than it by more than one. The biases are drawn towards
    zero, as if each had a normal distribution of deviation 0.5 beforehand.

    Args:
        logits: Shape (n, n_classes), one row a segment.
        y: The true class of each clip, shape (n_clips,); of each row without `clip_index`.
        clip_index: The clip of each row, shape (n,), every number from 0 on; None where each is a clip of its own.
        groups: The group of each clip; None where each is of its own.
        method: One of `METHODS`.

    Raises:
        SettingError: A logit is not finite, a class is out of range, lengths differ, or the method is unknown.

    >>> fit_calibration(np.zeros((0, 2)), np.zeros(0, dtype=int)).notes
    ('There are no validation clips to calibrate on: probabilities are as the network gives them.',)

    Source: for biases beside a temperature A. M. Alexandari, A. Kundaje and A. Shrikumar, "Maximum likelihood with
    bias-corrected calibration is hard-to-beat at label shift adaptation", ICML 2020. Differs in drawing them to zero.
    """
    if method not in METHODS:
        raise SettingError(f"there is no calibration {method!r}: {nearest(method, METHODS)}")
    clips = clip_logits(logits, y, clip_index)
    n_clips, n_classes = len(clips.y), clips.logits.shape[1]
    group = _group_index(groups, n_clips)
    losses: dict[str, float] = {}
    if not n_clips or method == "none":
        method = "none"
    elif method == "auto":
        method, losses = _choose(clips, group)
    temperature, biases = _fit(method, clips, group)
    return Calibration(
        method=method,
        temperature=temperature,
        biases=tuple(biases.tolist()),
        n_clips=n_clips,
        n_groups=len(np.unique(group)),
        log_losses=losses,
        notes=_notes(method, clips.y, n_classes),
    )


def held_out_probabilities(
    logits: FloatArray,
    y: IntArray,
    *,
    clip_index: IntArray | None = None,
    groups: Sequence[str] | None = None,
    method: str,
) -> npt.NDArray[np.float64]:
    """Return the probabilities of clips, each by a calibration that was fitted to the other groups.

    What is fitted to a clip finds it likelier than a new one: cutoffs and thresholds want clips that are as new.

    Args:
        logits: As `fit_calibration` takes them.
        y: As there.
        clip_index: As there.
        groups: As there.
        method: As there; but for ``auto`` the one that was chosen.

    Returns:
        Shape (n_clips, n_classes), in five folds of whole groups; of one group alone by the calibration fitted to it.

    Raises:
        SettingError: A logit is not finite, a class is out of range, lengths differ, or the method is unknown.
    """
    if method not in METHODS[1:]:
        raise SettingError(f"there is no calibration {method!r}: {nearest(method, METHODS[1:])}")
    clips = clip_logits(logits, y, clip_index)
    group = _group_index(groups, len(clips.y))
    fold, found = _folds(clips, group), np.empty((len(clips.y), clips.logits.shape[1]))
    for number in np.unique(fold):
        held_out = fold == number
        rest = held_out if held_out.all() else ~held_out
        found[held_out] = clips.take(held_out).probabilities(*_fit(method, clips.take(rest), group[rest]))
    return found


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


def _none_wrong(clips: ClipLogits) -> bool:
    """Return whether no clip is decided wrongly at temperature 1."""
    probabilities = clips.probabilities(1.0) if len(clips.y) < len(clips.logits) else clips.logits
    rows = np.arange(len(clips.y))
    others = probabilities.copy()
    others[rows, clips.y] = -np.inf
    return bool((probabilities[rows, clips.y] >= others.max(axis=1)).all())


def _group_index(groups: Sequence[str] | None, n_clips: int) -> npt.NDArray[np.int64]:
    if groups is None:
        return np.arange(n_clips)
    if len(groups) != n_clips:
        raise SettingError(f"there are {len(groups)} groups for {n_clips} clips: pass one for each clip")
    return np.unique(np.asarray(groups), return_inverse=True)[1]


def _notes(method: str, y: IntArray, n_classes: int) -> tuple[str, ...]:
    n_seen = len(np.unique(y))
    if not len(y):
        return ("There are no validation clips to calibrate on: probabilities are as the network gives them.",)
    if n_seen == 1 < n_classes:
        return ("The validation clips are all of one class: of the others the calibration knows nothing.",)
    if n_seen < n_classes and method == "per-class":
        return (f"{n_classes - n_seen} of {n_classes} classes have no validation clip: their biases are guesses.",)
    return ()


def _fit(method: str, clips: ClipLogits, group: IntArray) -> tuple[float, npt.NDArray[np.float64]]:
    """Return the temperature and the biases (n_classes,) of a method."""
    none = np.zeros(clips.logits.shape[1])
    if method == "none":
        return 1.0, none
    temperature = _temperature(clips, len(np.unique(group)))
    if method == "temperature" or _none_wrong(clips):  # with nothing wrong, nothing speaks for a bias
        return temperature, none
    return _fit_biases(clips, temperature)


def _fit_biases(clips: ClipLogits, temperature: float) -> tuple[float, npt.NDArray[np.float64]]:
    """Return the likeliest temperature and biases, with a normal distribution of biases around zero beforehand."""
    from scipy.optimize import minimize  # noqa: PLC0415 - imports are lazy

    n_classes = clips.logits.shape[1]
    true = clips.y.repeat(clips.n_segments)
    own = np.eye(n_classes)[true]

    def loss(values: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scaled = clips.logits / math.exp(values[0])
        logs = log_softmax(scaled + values[1:])
        losses = clips.log_losses(math.exp(values[0]), values[1:])
        # Of a clip, a segment counts by its share of the clip's probability of the truth.
        n_segments = clips.n_segments
        shares = np.exp(logs[np.arange(len(true)), true] + (losses - np.log(n_segments)).repeat(n_segments))
        slopes = shares[:, None] * (np.exp(logs) - own)  # (n, n_classes)
        of_biases = slopes.sum(axis=0) + values[1:] / _PRIOR_DEVIATION**2
        penalty = float(np.square(values[1:]).sum()) / (2 * _PRIOR_DEVIATION**2)
        return float(losses.sum()) + penalty, np.concatenate([[-(slopes * scaled).sum()], of_biases])

    start = np.concatenate([[math.log(temperature)], np.zeros(n_classes)])
    limits = [(math.log(_COLDEST), math.log(_HOTTEST)), *[(None, None)] * n_classes]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits)
    return math.exp(found.x[0]), np.asarray(found.x[1:], dtype=np.float64)


def _folds(clips: ClipLogits, group: IntArray) -> npt.NDArray[np.int64]:
    """Return the fold of each clip (n_clips,): whole groups, dealt out class by class; all 0 for one group."""
    names, first = np.unique(group, return_index=True)
    fold_of = np.empty(len(names), dtype=np.int64)
    fold_of[np.argsort(clips.y[first], kind="stable")] = np.arange(len(names)) % _N_FOLDS
    return fold_of[np.searchsorted(names, group)]


def _choose(clips: ClipLogits, group: IntArray) -> tuple[str, dict[str, float]]:
    """Return the method for some clips, and the log loss of each on groups that it was not fitted to."""
    names, fold = np.unique(group), _folds(clips, group)
    if len(names) < 2:  # noqa: PLR2004 - one to fit to and one to judge by
        return "temperature", {}
    losses = {method: np.empty(len(clips.y)) for method in ("none", "temperature", "per-class")}
    for number in np.unique(fold):
        held_out = fold == number
        rest, judged = clips.take(~held_out), clips.take(held_out)
        for method, found in losses.items():
            found[held_out] = judged.log_losses(*_fit(method, rest, group[~held_out]))
    means = {method: float(found.mean()) for method, found in losses.items()}
    for method, n_errors in (("per-class", 2.0), ("none", 1.0)):  # what is simpler has less to prove
        gains = np.bincount(np.searchsorted(names, group), weights=losses["temperature"] - losses[method])
        if gains.mean() > n_errors * gains.std(ddof=1) / math.sqrt(len(names)):
            return method, means
    return "temperature", means


def _temperature(clips: ClipLogits, n_trials: int) -> float:
    def log_loss(log_temperature: float) -> float:
        return float(clips.log_losses(math.exp(log_temperature)).mean())

    def lack_of_confidence(log_temperature: float) -> float:
        confidence = clips.probabilities(math.exp(log_temperature)).max(axis=1).mean()
        return abs(float(confidence) - (n_trials + 1) / (n_trials + 2))

    loss, hottest = (lack_of_confidence, 1.0) if _none_wrong(clips) else (log_loss, _HOTTEST)
    # The mean over segments can make a second valley: look along the way first.
    grid = np.linspace(math.log(_COLDEST), math.log(hottest), 25)
    lowest = int(np.argmin([loss(place) for place in grid]))
    best = _minimise(loss, float(grid[max(lowest - 1, 0)]), float(grid[min(lowest + 1, len(grid) - 1)]))
    return math.exp(best) if loss(best) < loss(0.0) - 1e-12 else 1.0


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
