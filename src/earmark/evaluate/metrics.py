"""Scores that come from counting: the confusion matrix and what is read off it, for one matrix or a stack of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.checks import FloatArray, IntArray, check_indices


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    """How one class fares.

    Attributes:
        label: The class.
        n: How many truly are of it. With 0, `recall` and `f1` say nothing.
        precision: The share of truth among what was called so; 0 if nothing was.
        recall: The share found of what is so; 0 if nothing is.
        f1: The harmonic mean of the two; 0 if both are 0.
    """

    label: str
    n: int
    precision: float
    recall: float
    f1: float


def confusion_matrix(y_true: IntArray, y_pred: IntArray, n_classes: int) -> npt.NDArray[np.int64]:
    """Count how often each class was taken for each.

    Args:
        y_true: The true classes, shape (n,), in 0..`n_classes` - 1.
        y_pred: The predicted ones, shape (n,).
        n_classes: How many classes there are, whether or not they occur.

    Returns:
        Counts, shape (n_classes, n_classes): rows are true classes, columns predicted ones.

    Raises:
        SettingError: The lengths differ, or a class is out of range.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    true = check_indices("y_true", y_true, n_kinds=n_classes)
    predicted = check_indices("y_pred", y_pred, n_kinds=n_classes, length=len(true))
    cells = np.bincount(true * n_classes + predicted, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes)


def class_counts(confusion: IntArray | FloatArray) -> IntArray | FloatArray:
    """Boil a confusion matrix down to what accuracy and F1 need.

    Args:
        confusion: Shape (..., n_classes, n_classes).

    Returns:
        Shape (..., 3, n_classes): for each class how many were hit, how many are true, and how many were predicted.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return np.stack([hits, confusion.sum(axis=-1), confusion.sum(axis=-2)], axis=-2)


def group_class_counts(
    y_true: IntArray, y_pred: IntArray, group_index: IntArray, *, n_classes: int, n_groups: int
) -> npt.NDArray[np.int64]:
    """Count as `class_counts` does, for each group.

    It never makes the matrices: for 500 species and 5,000 groups those would take 10 GB, the counts take 60 MB.

    Args:
        y_true: The true classes, shape (n,).
        y_pred: The predicted ones, shape (n,).
        group_index: Which group each is of, shape (n,), in 0..`n_groups` - 1.
        n_classes: How many classes there are.
        n_groups: How many groups there are.

    Returns:
        Shape (n_groups, 3, n_classes): hit, true, predicted.

    Raises:
        SettingError: The lengths differ, or a class or group is out of range.
    """
    true = check_indices("y_true", y_true, n_kinds=n_classes)
    predicted = check_indices("y_pred", y_pred, n_kinds=n_classes, length=len(true))
    group = check_indices("group_index", group_index, n_kinds=n_groups, length=len(true))
    right = true == predicted
    counted = ((true[right], group[right]), (true, group), (predicted, group))
    rows = [np.bincount(g * n_classes + c, minlength=n_groups * n_classes) for c, g in counted]
    return np.stack([row.reshape(n_groups, n_classes) for row in rows], axis=1)


def accuracy_score(confusion: IntArray | FloatArray) -> FloatArray:
    """Return the share that is right.

    Args:
        confusion: Shape (..., n_classes, n_classes).

    Returns:
        Shape (...), in 0..1; NaN where nothing was counted.

    >>> float(accuracy_score(np.array([[1, 1], [0, 2]])))
    0.75
    """
    return accuracy_of_counts(class_counts(confusion))


def accuracy_of_counts(counts: IntArray | FloatArray) -> FloatArray:
    """Return the share that is right.

    Args:
        counts: As `class_counts` gives them, shape (..., 3, n_classes).

    Returns:
        Shape (...), in 0..1; NaN where nothing was counted.
    """
    n_right, n_all, _ = np.moveaxis(counts.sum(axis=-1), -1, 0)
    return _ratio(n_right, n_all, otherwise=np.nan)


def macro_f1_score(confusion: IntArray | FloatArray) -> FloatArray:
    """Return the mean F1 of the classes, each weighing the same however rare it is.

    It runs over the classes that occur, true or predicted; one that occurs nowhere is left out.

    Args:
        confusion: Shape (..., n_classes, n_classes).

    Returns:
        Shape (...), in 0..1; NaN where nothing was counted.

    Follows scikit-learn's ``f1_score(average="macro", zero_division=0)``.

    >>> round(float(macro_f1_score(np.array([[1, 1], [0, 2]]))), 3)
    0.733
    """
    return macro_f1_of_counts(class_counts(confusion))


def macro_f1_of_counts(counts: IntArray | FloatArray) -> FloatArray:
    """Return the mean F1 of the classes that occur, true or predicted.

    Args:
        counts: As `class_counts` gives them, shape (..., 3, n_classes).

    Returns:
        Shape (...), in 0..1; NaN where nothing was counted.
    """
    f1, occurs = _f1(counts), counts[..., 1:, :].any(axis=-2)
    return _ratio(f1.sum(axis=-1), occurs.sum(axis=-1), otherwise=np.nan)


def class_table(confusion: IntArray, labels: Sequence[str]) -> list[ClassRow]:
    """Return how each class fares, in the order of the labels.

    Args:
        confusion: Shape (n_classes, n_classes).
        labels: The names of the classes.

    Raises:
        SettingError: There are more or fewer labels than rows.

    >>> class_table(np.array([[1, 1], [0, 2]]), ["dog", "rain"])[0]
    ClassRow(label='dog', n=2, precision=1.0, recall=0.5, f1=0.66...)
    """
    if confusion.shape != (len(labels), len(labels)):
        raise SettingError(f"{len(labels)} labels do not fit a confusion matrix of the shape {confusion.shape}")
    counts = class_counts(confusion)
    hits, n_true, n_predicted = counts
    precision, recall = _ratio(hits, n_predicted, otherwise=0.0), _ratio(hits, n_true, otherwise=0.0)
    numbers = zip(labels, n_true, precision, recall, _f1(counts), strict=True)
    return [
        ClassRow(label=name, n=int(n), precision=float(p), recall=float(r), f1=float(f)) for name, n, p, r, f in numbers
    ]


def _f1(counts: IntArray | FloatArray) -> FloatArray:
    # 2 hits / (true + predicted) equals the harmonic mean of precision and recall, and needs neither.
    return _ratio(2 * counts[..., 0, :], counts[..., 1:, :].sum(axis=-2), otherwise=0.0)


def _ratio(above: IntArray | FloatArray, below: IntArray | FloatArray, *, otherwise: float) -> FloatArray:
    result = np.full(np.shape(above), otherwise)
    np.divide(above, below, out=result, where=np.asarray(below) > 0)
    return result
