"""Sliding windows: the one idea that convolution and pooling share, and the way back.

A signal of n samples, with p zeros around it altogether, under a window of k samples that moves on by s each time,
gives n_out = floor((n + p - k) / s) + 1 windows. They are not copied: NumPy shows the same memory
through another shape.
Everything here works on the last axes, one for a signal and two for a picture.
"""

from collections.abc import Iterator
from types import EllipsisType

import numpy as np

from earmark.scratch.checks import Floats, Padding, choice, sizes

Sides = tuple[tuple[int, int], ...]
Index = tuple[slice | EllipsisType | int, ...]


def padding_sides(
    lengths: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, ...], padding: Padding
) -> Sides:
    """Return how much is added before and after each axis.

    ``"valid"`` adds nothing: only windows that lie wholly inside count. ``"same"`` adds as little as gives
    n_out = ceil(n / stride), so that with stride 1 the output is as long as the input; of an odd number, the larger
    half comes after. A whole number is added on each side.

    Args:
        lengths: Of the axes, n.
        window: Of the window along each, k.
        stride: Along each, s.
        padding: ``"valid"``, ``"same"``, or whole numbers.

    Returns:
        (before, after) for each axis.

    Raises:
        ValueError: There is no such padding, or a number is below 0.

    >>> padding_sides((10,), (4,), (1,), "same"), padding_sides((10,), (4,), (1,), 2)
    (((1, 2),), ((2, 2),))

    Source: the definition of "SAME" in TensorFlow, https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2.
    """
    if not isinstance(padding, str):
        return tuple((side, side) for side in sizes("padding", padding, len(lengths), least=0))
    choice("padding", padding, ("valid", "same"))
    if padding == "valid":
        return ((0, 0),) * len(lengths)
    totals = [
        max((-(-n // step) - 1) * step + size - n, 0)  # what the last of ceil(n / step) windows lacks
        for n, size, step in zip(lengths, window, stride, strict=True)
    ]
    return tuple((total // 2, total - total // 2) for total in totals)


def pad(x: Floats, sides: Sides, fill: float = 0.0) -> Floats:
    """Put a margin around the last axes.

    Args:
        x: Numbers (..., lengths).
        sides: (before, after) for each of the last axes.
        fill: What the margin is made of.

    Returns:
        Numbers (..., longer lengths).

    >>> pad(np.array([1.0, 2.0]), ((1, 2),))
    array([0., 1., 2., 0., 0.])
    """
    others = ((0, 0),) * (x.ndim - len(sides))
    return np.pad(x, (*others, *sides), constant_values=fill)


def crop(x: Floats, sides: Sides) -> Floats:
    """Take the margin away again: the way back of `pad`.

    Args:
        x: Numbers (..., lengths).
        sides: (before, after) for each of the last axes.

    Returns:
        Numbers (..., shorter lengths).

    >>> crop(np.arange(5.0), ((1, 2),))
    array([1., 2.])
    """
    lengths = x.shape[-len(sides) :]
    inside: Index = (..., *(slice(before, n - after) for (before, after), n in zip(sides, lengths, strict=True)))
    return x[inside]


def windows(x: Floats, window: tuple[int, ...], stride: tuple[int, ...]) -> Floats:
    """Show an array as all of its windows, without copying a number.

    Args:
        x: Numbers (..., lengths).
        window: Length along each of the last axes.
        stride: Step along each.

    Returns:
        A view (..., number of windows along each axis, length of the window along each axis).

    >>> windows(np.arange(5.0), (3,), (2,))
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    n_axes = len(window)
    every = np.lib.stride_tricks.sliding_window_view(x, window, axis=tuple(range(-n_axes, 0)))
    kept: Index = (..., *(slice(None, None, step) for step in stride), *(slice(None),) * n_axes)
    return every[kept]


def add_windows(parts: Floats, lengths: tuple[int, ...], stride: tuple[int, ...]) -> Floats:
    """Lay windows back to where they were cut, and add where they overlap: the way back of `windows`.

    A sample that lies in three windows has influenced three outputs; what comes back to it is the sum of the three. All
    first samples of the windows are laid down at once, then all second ones: the loop is over the few places within a
    window, not over the many windows.

    Args:
        parts: Windows as `windows` returns them, (..., number along each axis, length along each axis).
        lengths: Of the last axes of what they were cut from.
        stride: Step along each.

    Returns:
        Numbers (..., lengths).

    >>> add_windows(np.ones((2, 3)), (5,), (2,))
    array([1., 1., 2., 1., 1.])
    """
    n_axes = len(lengths)
    counts = parts.shape[-2 * n_axes : -n_axes]
    whole = np.zeros((*parts.shape[: -2 * n_axes], *lengths))
    for place in np.ndindex(*parts.shape[-n_axes:]):
        laid: Index = (..., *map(slice, place, _ends(place, counts, stride), stride))
        source: Index = (..., *place)
        whole[laid] += parts[source]
    return whole


def _ends(place: tuple[int, ...], counts: tuple[int, ...], stride: tuple[int, ...]) -> Iterator[int]:
    """Return where the last of so many steps from a place ends, along each axis."""
    return (first + step * count for first, count, step in zip(place, counts, stride, strict=True))
