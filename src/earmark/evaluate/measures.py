"""What a classifier's answers are measured by, each measure for many weightings of the groups at once."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.checks import FloatArray, IntArray
from earmark.evaluate.metrics import accuracy_of_counts, group_class_counts, macro_f1_of_counts
from earmark.evaluate.ranking import rank_scores
from earmark.evaluate.tested import Tested

N_BINS = 15
SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)  # where scikit-learn's log_loss stops too
CLASS_MEASURES = ("precision", "recall", "f1", "roc_auc", "average_precision")
_N_NUMBERS_AT_ONCE = 1_000_000  # 8 MB: what fits into a cache is weighted several times quicker
_MOST_RANKED = 300_000_000  # two seconds or so
_FEWEST_RESAMPLES = 200  # the spread of 200 is known to 5 %


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Something to measure answers by.

    Attributes:
        name: Its name in tables and files.
        title: Its name for a reader.
        meaning: What it says, in a line.
        most: The highest value that there can be.
        is_better_high: Whether more of it is better.
        needs_probabilities: Whether bare answers do not do.
    """

    name: str
    title: str
    meaning: str
    most: float = 1.0
    is_better_high: bool = True
    needs_probabilities: bool = False


_LISTED = (
    Measure(name="accuracy", title="accuracy", meaning="the share that is right"),
    Measure(
        name="balanced_accuracy",
        title="balanced accuracy",
        meaning="the mean over classes of the share found, each class weighing the same",
    ),
    Measure(name="macro_f1", title="macro F1", meaning="the mean F1 of the classes that occur"),
    Measure(name="weighted_f1", title="weighted F1", meaning="the mean F1, each class by how many are of it"),
    Measure(
        name="top_3",
        title="top 3",
        meaning="the share whose class is among the three likeliest",
        needs_probabilities=True,
    ),
    Measure(
        name="top_5",
        title="top 5",
        meaning="the share whose class is among the five likeliest",
        needs_probabilities=True,
    ),
    Measure(
        name="roc_auc",
        title="ROC AUC",
        meaning="how often one of a class is given more of it than one of another; mean over classes",
        needs_probabilities=True,
    ),
    Measure(
        name="average_precision",
        title="average precision",
        meaning="the mean precision down the ranking by a class; mean over classes",
        needs_probabilities=True,
    ),
    Measure(
        name="log_loss",
        title="log loss",
        meaning="the mean of -log of what the true class is given",
        most=math.inf,
        is_better_high=False,
        needs_probabilities=True,
    ),
    Measure(
        name="brier_score",
        title="Brier score",
        meaning="the mean squared distance from certainty of the truth, summed over classes",
        most=2.0,
        is_better_high=False,
        needs_probabilities=True,
    ),
    Measure(
        name="expected_calibration_error",
        title="calibration error",
        meaning=f"the mean distance of confidence from the share that is right, in {N_BINS} bins",
        is_better_high=False,
        needs_probabilities=True,
    ),
)
MEASURES = {measure.name: measure for measure in _LISTED}


@dataclass(frozen=True, kw_only=True)
class Items:
    """Answers to be measured: those for segments, for clips, or for whatever else.

    Attributes:
        y: The true classes, shape (n,).
        predicted: The answers, shape (n,).
        probabilities: Shape (n, n_classes), rows that sum to 1; None for bare answers.
        group: Which group each is of, shape (n,).
        n_groups: How many groups there are.
        n_classes: How many classes there are.
    """

    y: IntArray
    predicted: IntArray
    probabilities: FloatArray | None
    group: IntArray
    n_groups: int
    n_classes: int

    @classmethod
    def of_clips(cls, tested: Tested) -> Self:
        """Return what a classifier said of clips, by the mean probability of their segments.

        Args:
            tested: What it said.
        """
        return cls.of(tested, tested.y, tested.clip_probabilities, tested.group_index)

    @classmethod
    def of(
        cls,
        tested: Tested,
        y: IntArray,
        probabilities: FloatArray | None,
        group: IntArray,
        *,
        predicted: IntArray | None = None,
    ) -> Self:
        """Return other answers for the same clips.

        Args:
            tested: What was said of the clips, for their labels and groups.
            y: The true classes, shape (n,).
            probabilities: Shape (n, n_classes); None for bare answers.
            group: Which group each is of, shape (n,).
            predicted: Bare answers, shape (n,); None for the likeliest classes.

        Raises:
            SettingError: There are neither probabilities nor bare answers.
        """
        if predicted is None:
            if probabilities is None:
                raise SettingError("there is nothing to measure: pass probabilities, or predicted classes")
            predicted = probabilities.argmax(axis=1)
        return cls(
            y=y,
            predicted=predicted,
            probabilities=probabilities,
            group=group,
            n_groups=len(tested.group_names),
            n_classes=len(tested.labels),
        )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of it.

    Attributes:
        scores: For each measure its values, shape (n_weightings,); NaN where it is undefined. `roc_auc` and
            `average_precision` may be of the first weightings only.
        classes: For each measure of a class its values, shape (n_weightings, n_classes); NaN where it is undefined.
    """

    scores: dict[str, FloatArray]
    classes: dict[str, FloatArray]


def draw_weights(n_groups: int, n_resamples: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Draw whole groups with replacement, many times.

    Args:
        n_groups: How many groups there are, and how many are drawn each time.
        n_resamples: How many times.
        rng: Draws them.

    Returns:
        How often each group was drawn, shape (n_resamples, n_groups).
    """
    return rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_resamples).astype(np.float32)


def measure(items: Items, weights: FloatArray) -> Measured:
    """Measure answers by everything that can be said of them, for several weightings of the groups.

    Args:
        items: The answers.
        weights: How often each group counts, shape (n_weightings, n_groups), in whole numbers; ones for the plain
            scores. Of many weightings of many answers, only the first are ranked.

    >>> rain = np.array([0, 0, 1])
    >>> items = Items(
    ...     y=rain, predicted=np.array([0, 1, 1]), probabilities=None, group=np.arange(3), n_groups=3, n_classes=2
    ... )
    >>> measure(items, np.ones((1, 3))).classes["recall"].tolist()
    [[0.5, 1.0]]
    """
    counts = group_class_counts(
        items.y, items.predicted, items.group, n_classes=items.n_classes, n_groups=items.n_groups
    ).reshape(items.n_groups, -1)
    names, sums = _sums(items)
    table = np.concatenate([counts, sums], axis=1)
    parts = [_measure_sums(items, part @ table, names) for part in _parts(weights, table.shape[1])]
    scores = {name: np.concatenate([part.scores[name] for part in parts]) for name in parts[0].scores}
    classes = {name: np.concatenate([part.classes[name] for part in parts]) for name in parts[0].classes}
    if items.probabilities is not None:
        n_ranked = max(_FEWEST_RESAMPLES, _MOST_RANKED // max(1, items.probabilities.size))
        ranked = [
            rank_scores(items.probabilities, items.y, items.group, part)
            for part in _parts(weights[:n_ranked], len(items.y))
        ]
        for name, found in zip(("roc_auc", "average_precision"), zip(*ranked, strict=True), strict=True):
            classes[name] = np.concatenate(found)
            scores[name] = mean_of_defined(classes[name])
    return Measured(scores={name: scores[name] for name in MEASURES if name in scores}, classes=classes)


def mean_of_defined(values: FloatArray) -> FloatArray:
    """Return the mean along the last axis of what is not NaN; NaN where all of it is."""
    defined = ~np.isnan(values)
    n_defined = defined.sum(axis=-1)
    sums = np.where(defined, values, 0.0).sum(axis=-1)
    return _ratio(sums, n_defined)


def _parts(weights: FloatArray, n_columns: int) -> list[FloatArray]:
    n_at_once = max(1, _N_NUMBERS_AT_ONCE // max(n_columns, weights.shape[1]))
    return [weights[start : start + n_at_once] for start in range(0, len(weights), n_at_once)]


def _sums(items: Items) -> tuple[list[str], FloatArray]:
    """Return what else adds up over the groups, shape (n_groups, n_columns), and what each column is."""
    if items.probabilities is None:
        return [], np.zeros((items.n_groups, 0))
    probabilities, rows = items.probabilities, np.arange(len(items.y))
    of_truth = probabilities[rows, items.y]
    confidence = probabilities.max(axis=1)
    columns = {f"top_{k}": _place(probabilities, items.y) < k for k in _tops(items.n_classes)}
    columns["log_loss"] = -np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1.0))
    columns["brier_score"] = (probabilities**2).sum(axis=1) - 2 * of_truth + 1
    # Each bin holds its upper edge, as in earmark.evaluate.calibration.
    bins = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    gaps = (items.predicted == items.y) - confidence
    table = [np.bincount(items.group, weights=column, minlength=items.n_groups) for column in columns.values()]
    binned = np.bincount(items.group * N_BINS + bins, weights=gaps, minlength=items.n_groups * N_BINS)
    return list(columns), np.concatenate([np.stack(table, axis=1), binned.reshape(-1, N_BINS)], axis=1)


def _tops(n_classes: int) -> list[int]:
    """Return which shares of the likeliest say something: the three of five classes, the five of ten."""
    return [k for k, n_fewest in ((3, 5), (5, 10)) if n_classes >= n_fewest]


def _place(probabilities: FloatArray, y: IntArray) -> IntArray:
    """Return how many classes come before the true one; of equal ones the first comes first, as in argmax."""
    of_truth = probabilities[np.arange(len(y)), y][:, None]
    is_before = np.arange(probabilities.shape[1]) < y[:, None]
    places: IntArray = ((probabilities > of_truth) | ((probabilities == of_truth) & is_before)).sum(axis=1)
    return places


def _measure_sums(items: Items, sums: FloatArray, names: list[str]) -> Measured:
    n_counts = 3 * items.n_classes
    counts = sums[:, :n_counts].reshape(-1, 3, items.n_classes)
    hits, n_true, n_predicted = np.moveaxis(counts, 1, 0)
    recall, precision = _ratio(hits, n_true), _ratio(hits, n_predicted)
    f1 = _ratio(2 * hits, n_true + n_predicted)
    n = n_true.sum(axis=1)
    scores = {
        "accuracy": accuracy_of_counts(counts),
        "balanced_accuracy": mean_of_defined(recall),
        "macro_f1": macro_f1_of_counts(counts),
        "weighted_f1": _ratio((np.nan_to_num(f1) * n_true).sum(axis=1), n),
    }
    further = {name: _ratio(sums[:, n_counts + place], n) for place, name in enumerate(names)}
    if names:
        gaps = np.abs(sums[:, n_counts + len(names) :]).sum(axis=1)
        further["expected_calibration_error"] = _ratio(gaps, n)
    return Measured(scores=scores | further, classes={"precision": precision, "recall": recall, "f1": f1})


def _ratio(above: FloatArray, below: FloatArray | IntArray) -> FloatArray:
    result = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=result, where=np.asarray(below) > 0)
    return result
