"""What every score demands of its input, checked once and refused in plain words."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]


def check_indices(
    name: str, values: npt.ArrayLike, *, n_kinds: int, length: int | None = None
) -> npt.NDArray[np.int64]:
    """Return whole numbers in 0..`n_kinds` - 1 as an array, or say which are none.

    Args:
        name: What they are called where they came from, for the message.
        values: Shape (n,).
        n_kinds: How many classes (or clips) they point into.
        length: How many there have to be; None for any number.

    Returns:
        The same numbers, shape (n,).

    Raises:
        SettingError: They are of another shape, not whole, or out of range.

    >>> check_indices("y", [0, 2, 1], n_kinds=3)
    array([0, 2, 1])
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise SettingError(f"{name} has the shape {array.shape}: pass one number for each, shape (n,)")
    if length is not None and len(array) != length:
        raise SettingError(f"{name} has {len(array)} numbers where {length} are needed: pass one for each")
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise SettingError(f"{name} is of type {array.dtype}: pass whole numbers in 0..{n_kinds - 1}")
    outside = array[(array < 0) | (array >= n_kinds)]
    if outside.size:
        raise SettingError(
            f"{outside.size} of {array.size} numbers of {name} are out of range (such as {outside[0]}): "
            f"pass whole numbers in 0..{n_kinds - 1}"
        )
    return array.astype(np.int64)


def check_rows(name: str, values: npt.ArrayLike, *, n_columns: int | None = None) -> npt.NDArray[np.float64]:
    """Return a table of finite numbers as float64, or say how many rows are not.

    Args:
        name: What it is called where it came from, for the message.
        values: Shape (n, n_columns).
        n_columns: How many columns it has to have; None for any number from one.

    Returns:
        The same numbers, shape (n, n_columns).

    Raises:
        SettingError: It is of another shape, or rows have NaN or infinite numbers.
    """
    table = np.asarray(values, dtype=np.float64)
    wanted = "n_classes" if n_columns is None else str(n_columns)
    if table.ndim != 2 or table.shape[1] != (n_columns or max(table.shape[1], 1)):  # noqa: PLR2004 - a table
        raise SettingError(f"{name} has the shape {table.shape}: pass one column for each class, shape (n, {wanted})")
    n_broken = int((~np.isfinite(table)).any(axis=1).sum())
    if n_broken:
        raise SettingError(
            f"{n_broken} of {len(table)} rows of {name} have NaN or infinite numbers: nothing can be said of them; "
            f"leave them out, or look for what made them"
        )
    return table


def check_probabilities(name: str, values: npt.ArrayLike, *, n_columns: int | None = None) -> npt.NDArray[np.float64]:
    """Return a table of probabilities as float64, or say what is wrong with it.

    Args:
        name: What it is called where it came from, for the message.
        values: Shape (n, n_columns), each in 0..1.
        n_columns: How many columns it has to have; None for any number from one.

    Returns:
        The same numbers, shape (n, n_columns).

    Raises:
        SettingError: It is of another shape, or has numbers that are no probabilities: NaN, below 0, or above 1.
    """
    table = check_rows(name, values, n_columns=n_columns)
    rounding = 1e-3  # of half precision
    if table.size and not (-rounding <= table.min() and table.max() <= 1 + rounding):
        raise SettingError(
            f"{name} reach from {table.min():.3g} to {table.max():.3g}: probabilities lie in 0..1; "
            f"turn logits into them with earmark.evaluate.calibration.softmax"
        )
    return table


def check_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the classes, or say why they are none.

    Args:
        labels: One a class.

    Raises:
        SettingError: There are none, or one is there twice.

    >>> check_labels(["dog", "rain"])
    ('dog', 'rain')
    """
    names = tuple(labels)
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice:
        raise SettingError(
            f"each class needs a name of its own; {'twice: ' + ', '.join(twice) if twice else 'none given'}"
        )
    return names
