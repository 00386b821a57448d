"""What goes into a network, looked at once at the door: shapes, dtypes, NaN, whole numbers, names.

A network fed with the wrong thing seldom fails: broadcasting makes shapes fit that do not, integers are cut off, a NaN
spreads silently through every weight. So everything that a learner passes in is checked here, and an error says what
came and what it must be.
"""

import difflib
from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Size = int | tuple[int, ...]
Padding = Size | str
Shape = tuple[int | str, ...]


def floats(name: str, value: npt.ArrayLike, shape: Shape = ("...",)) -> Floats:
    """Return what was passed as float64, if it has the wanted shape and every number is finite.

    Lists of whole numbers are read as floats, and float32 is widened. An array of integers is refused: it mostly holds
    samples or pixels that were not scaled, with which a sigmoid is stuck at 0 or 1 from the first step.

    Args:
        name: What the caller calls it, for the error.
        value: Numbers.
        shape: What it must be: whole numbers are exact, words stand for any length but 0, and ``"..."``, in front
            only, for any number of axes.

    Returns:
        The numbers; the same array, where it was float64 already.

    Raises:
        ValueError: The shape is another, it is empty or ragged, or there is a NaN or an infinity.
        TypeError: They are no real numbers, or an array of an integer dtype.

    >>> floats("kernel", [-1, 0, 1], ("size",))
    array([-1.,  0.,  1.])
    >>> floats("x", [[1.0, 2.0]], ("n", 3))
    Traceback (most recent call last):
    ValueError: x must have the shape (n, 3); got (1, 2)
    """
    array = _array(name, value, shape)
    if array.dtype.kind == "b" or (array.dtype.kind in "iu" and hasattr(value, "dtype")):
        raise TypeError(f"{name} must hold floats; got {array.dtype} of shape {array.shape}: scale, .astype(float)")
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers; got {array.dtype} of shape {array.shape}")
    if not _fits(array.shape, shape) or not array.size:
        empty = ", which is empty" if not array.size else ""
        raise ValueError(f"{name} must have the shape {_spell(shape)}; got {_spell(array.shape)}{empty}")
    if not np.isfinite(array).all():
        n_bad = array.size - np.count_nonzero(np.isfinite(array))
        raise ValueError(
            f"{name} must hold finite numbers; got NaN or infinity {n_bad} times in the shape {array.shape}"
        )
    return array.astype(np.float64, copy=False)


def class_labels(name: str, value: npt.ArrayLike, n: int, n_classes: int) -> Labels:
    """Return labels as numbers from 0 to one less than the number of classes.

    Args:
        name: What the caller calls them, for the error.
        value: One whole number an example.
        n: How many there must be.
        n_classes: How many classes there are.

    Returns:
        The labels (n,).

    Raises:
        ValueError: Their number is another, or one is no class.
        TypeError: They are no whole numbers.

    >>> class_labels("targets", [0, 2], n=2, n_classes=3)
    array([0, 2])
    """
    array = _array(name, value, (n,))
    if array.shape != (n,):
        raise ValueError(f"{name} must have the shape ({n},), one label an example; got {array.shape}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers from 0 to {n_classes - 1}; got {array.dtype}")
    if array.min() < 0 or array.max() >= n_classes:
        raise ValueError(f"{name} must lie from 0 to {n_classes - 1}; got {array.min()} to {array.max()}")
    return array.astype(np.int64, copy=False)


def n_axes(name: str, value: npt.ArrayLike) -> int:
    """Return how many axes an array or a nested list has.

    Args:
        name: What the caller calls it, for the error.
        value: Numbers.

    Returns:
        0 for a single number.

    Raises:
        ValueError: It is ragged.

    >>> n_axes("targets", [[0, 1], [1, 0]])
    2
    """
    return _array(name, value, ("...",)).ndim


def whole_number(name: str, value: int, least: int = 1) -> int:
    """Return a whole number that is large enough.

    Args:
        name: What the caller calls it, for the error.
        value: The number.
        least: What it is at least.

    Returns:
        The number.

    Raises:
        TypeError: It is no whole number: 2.0 and True are none.
        ValueError: It is too small.

    >>> whole_number("stride", 0)
    Traceback (most recent call last):
    ValueError: stride must be at least 1; got 0
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, at least {least}; got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}; got {value}")
    return int(value)


def sizes(name: str, value: Size, n_axes: int, least: int = 1) -> tuple[int, ...]:
    """Return one whole number an axis, where one may stand for all.

    Args:
        name: What the caller calls it, for the error.
        value: One whole number, or for pictures two: rows and columns.
        n_axes: How many axes there are, 1 or 2.
        least: What each is at least.

    Returns:
        As many whole numbers as axes.

    Raises:
        ValueError: There are more or fewer numbers than axes, or one is too small.

    >>> sizes("stride", 2, n_axes=2), sizes("stride", (1, 2), n_axes=2)
    ((2, 2), (1, 2))
    """
    if not isinstance(value, tuple | list):
        return (whole_number(name, value, least),) * n_axes
    if len(value) != n_axes:
        raise ValueError(
            f"{name} must be {'one number' if n_axes == 1 else 'one number or two numbers'}; got {value!r}"
        )
    return tuple(whole_number(name, part, least) for part in value)


def number(name: str, value: float, wanted: str, fits: Callable[[float], bool]) -> float:
    """Return a number that fits.

    Args:
        name: What the caller calls it, for the error.
        value: The number.
        wanted: What it must be, in words.
        fits: Whether it is.

    Returns:
        The number as a float.

    Raises:
        TypeError: It is no number.
        ValueError: It does not fit, or is NaN or infinite.

    >>> number("momentum", 1.5, "from 0 to below 1", lambda value: 0 <= value < 1)
    Traceback (most recent call last):
    ValueError: momentum must be from 0 to below 1; got 1.5
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number, {wanted}; got {value!r}")
    if not np.isfinite(value) or not fits(value):
        raise ValueError(f"{name} must be {wanted}; got {value}")
    return float(value)


def choice(name: str, value: str, choices: Collection[str]) -> str:
    """Return a name that is known.

    Args:
        name: What the caller calls it, for the error.
        value: The name.
        choices: Those that are known.

    Returns:
        The name.

    Raises:
        ValueError: It is unknown; the nearest is named.

    >>> choice("activation", "tahn", ["sigmoid", "tanh"])
    Traceback (most recent call last):
    ValueError: activation must be one of sigmoid, tanh; got 'tahn' (tanh?)
    """
    if value not in choices:
        near = difflib.get_close_matches(str(value), choices, n=1)
        hint = f" ({near[0]}?)" if near else ""
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}{hint}")
    return value


def random_generator(generator: np.random.Generator) -> np.random.Generator:
    """Return a generator of random numbers, if it is one.

    Args:
        generator: From `np.random.default_rng(seed)`: whoever passes the same seed gets the same network.

    Returns:
        The generator.

    Raises:
        TypeError: It is something else, such as a bare seed.

    >>> random_generator(0)
    Traceback (most recent call last):
    TypeError: generator must be a np.random.Generator, such as np.random.default_rng(0); got 0
    """
    if not isinstance(generator, np.random.Generator):
        raise TypeError(f"generator must be a np.random.Generator, such as np.random.default_rng(0); got {generator!r}")
    return generator


def _array(name: str, value: npt.ArrayLike, shape: Shape) -> npt.NDArray[np.generic]:
    """Return an array of whatever was passed, unless its rows differ in length."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must have the shape {_spell(shape)}; got rows of different lengths") from error


def _fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    """Say whether a shape is the wanted one; a word stands for any length."""
    if wanted[:1] == ("...",):
        wanted = wanted[1:]
        shape = shape[max(len(shape) - len(wanted), 0) :]
    return len(shape) == len(wanted) and all(
        isinstance(want, str) or want == length for length, want in zip(shape, wanted, strict=True)
    )


def _spell(shape: Shape) -> str:
    """Write a shape as NumPy does, without quotation marks around the words."""
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
