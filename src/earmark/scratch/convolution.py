"""Convolution and pooling as plain functions: a kernel slides along and looks for itself.

Networks call it convolution and compute a cross-correlation: the kernel is not turned round. Since kernels are learnt,
it makes no difference to them; it does to whoever writes one by hand. With kernel w, stride s, and x padded::

    y[i] = Σ_j w[j] x[s i + j]                            for a signal
    y[i, k] = Σ_j Σ_l w[j, l] x[s i + j, s k + l]         for a picture

The output is large where the signal looks like the kernel: [-1, 0, 1] answers to rising, and so differentiates; equal
weights answer to the mean, and so smooth.
"""

import numpy as np
import numpy.typing as npt

from earmark.scratch.checks import Floats, Padding, Size, floats, sizes
from earmark.scratch.windows import pad, padding_sides, windows


def convolve1d(signal: npt.ArrayLike, kernel: npt.ArrayLike, *, stride: int = 1, padding: Padding = "valid") -> Floats:
    """Slide a kernel along a signal and write down, at each place, the sum of products.

    Args:
        signal: Samples (..., n_samples).
        kernel: Weights (size,), at most as many as there are samples: a longer one would see padding at every place.
        stride: How far the kernel moves on each time, at least 1.
        padding: ``"valid"``: the kernel stays inside; ``"same"``: with zeros around, so that n_out is
            ceil(n_samples / stride); a whole number: as many zeros on each side.

    Returns:
        Sums (..., n_out), n_out = floor((n_samples + zeros - size) / stride) + 1.

    Raises:
        ValueError: The kernel is longer than the signal, the stride 0, a shape another, or there is a NaN.
        TypeError: Something is no number, or the signal an array of integers.

    A sine becomes a cosine, as high as 2 sin(step), since sin(t + step) - sin(t - step) = 2 sin(step) cos(t):

    >>> t = np.arange(100) * 0.1
    >>> slope = convolve1d(np.sin(t), [-1, 0, 1])  # (98,)
    >>> bool(np.allclose(slope, 2 * np.sin(0.1) * np.cos(t[1:-1])))
    True
    >>> convolve1d([0, 0, 3, 0, 0], [1, 2, 3], padding="same")
    array([0., 9., 6., 3., 0.])
    """
    x = floats("signal", signal, ("...", "n_samples"))
    w = floats("kernel", kernel, ("size",))
    return np.asarray(_slide(x, w.shape, stride, padding) @ w)  # (..., n_out, size) @ (size,)


def convolve2d(image: npt.ArrayLike, kernel: npt.ArrayLike, *, stride: Size = 1, padding: Padding = "valid") -> Floats:
    """Slide a kernel over a picture, along rows and columns.

    Args:
        image: Pixels (..., height, width), such as a spectrogram (n_bins, n_frames).
        kernel: Weights (rows, columns), at most as many as there are pixels along either axis.
        stride: How far the kernel moves on each time; one number, or (rows, columns).
        padding: As of `convolve1d`; one number, or (rows, columns).

    Returns:
        Sums (..., height_out, width_out).

    Raises:
        ValueError: The kernel is larger than the picture, the stride 0, a shape another, or there is a NaN.
        TypeError: Something is no number, or the picture an array of integers.

    An edge between dark and light, found:

    >>> convolve2d([[0, 0, 1, 1], [0, 0, 1, 1]], [[-1, 1]])
    array([[0., 1., 0.],
           [0., 1., 0.]])
    """
    x = floats("image", image, ("...", "height", "width"))
    w = floats("kernel", kernel, ("rows", "columns"))
    return np.asarray(np.einsum("...jl,jl->...", _slide(x, w.shape, stride, padding), w))


def max_pool1d(signal: npt.ArrayLike, size: int, *, stride: int | None = None, padding: Padding = "valid") -> Floats:
    """Keep only the largest of each window: that something was there, and no longer exactly where.

    Args:
        signal: Samples (..., n_samples).
        size: Of the window.
        stride: How far it moves on each time; None for as far as it is long, so that windows do not overlap.
        padding: As of `convolve1d`, but for what is added: nothing that could be the largest. A whole number is at
            most half the size, so that every window sees at least one sample.

    Returns:
        Maxima (..., n_out).

    Raises:
        ValueError: The window is longer than the signal, the stride 0, the padding too large, or there is a NaN.
        TypeError: Something is no number, or the signal an array of integers.

    >>> max_pool1d([1, 5, 2, 3, 4], 2)
    array([5., 3.])
    >>> max_pool1d([1, 5, 2, 3, 4], 2, padding="same")
    array([5., 3., 4.])
    """
    x = floats("signal", signal, ("...", "n_samples"))
    return np.asarray(pool_windows(x, size, stride, padding, n_axes=1).max(axis=-1))


def max_pool2d(image: npt.ArrayLike, size: Size, *, stride: Size | None = None, padding: Padding = "valid") -> Floats:
    """Keep only the largest of each window of a picture.

    Args:
        image: Pixels (..., height, width).
        size: Of the window; one number, or (rows, columns).
        stride: How far it moves on each time; None for as far as it is long and wide.
        padding: As of `max_pool1d`; one number, or (rows, columns).

    Returns:
        Maxima (..., height_out, width_out).

    Raises:
        ValueError: The window is larger than the picture, the stride 0, the padding too large, or there is a NaN.
        TypeError: Something is no number, or the picture an array of integers.

    >>> max_pool2d([[1, 2, 5, 6], [3, 4, 7, 8]], 2)
    array([[4., 8.]])
    """
    x = floats("image", image, ("...", "height", "width"))
    return np.asarray(pool_windows(x, size, stride, padding, n_axes=2).max(axis=(-2, -1)))


def convolution_sides(
    lengths: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...], padding: Padding
) -> tuple[tuple[int, int], ...]:
    """Return the zeros before and after each axis, if the kernel is no longer than the signal.

    Args:
        lengths: Of the axes that the kernel moves along.
        kernel: Its length along each.
        stride: Along each.
        padding: ``"valid"``, ``"same"``, or whole numbers.

    Returns:
        (before, after) for each axis.

    Raises:
        ValueError: The kernel is longer than the signal.

    >>> convolution_sides((3,), (5,), (1,), "same")
    Traceback (most recent call last):
    ValueError: the kernel must be no longer than what it moves along, (3,); got (5,)
    """
    if any(size > n for n, size in zip(lengths, kernel, strict=True)):
        raise ValueError(f"the kernel must be no longer than what it moves along, {lengths}; got {kernel}")
    return padding_sides(lengths, kernel, stride, padding)


def pooling_sides(
    lengths: tuple[int, ...], window: tuple[int, ...], stride: tuple[int, ...], padding: Padding
) -> tuple[tuple[int, int], ...]:
    """Return what is added before and after each axis, if every window then sees at least one sample.

    Args:
        lengths: Of the axes that the window moves along.
        window: Its length along each.
        stride: Along each.
        padding: ``"valid"``, ``"same"``, or whole numbers.

    Returns:
        (before, after) for each axis.

    Raises:
        ValueError: A whole number is above half the window, or the window is longer than the padded signal.

    >>> pooling_sides((5,), (2,), (2,), 2)
    Traceback (most recent call last):
    ValueError: padding must be at most half the window (2,); got 2
    """
    sides = padding_sides(lengths, window, stride, padding)
    if not isinstance(padding, str) and any(2 * side > size for (side, _), size in zip(sides, window, strict=True)):
        raise ValueError(f"padding must be at most half the window {window}; got {padding}")
    if any(size > n + sum(side) for n, size, side in zip(lengths, window, sides, strict=True)):
        raise ValueError(f"the window must be no longer than what it moves along, {lengths}; got {window}")
    return sides


def pool_windows(x: Floats, size: Size, stride: Size | None, padding: Padding, *, n_axes: int) -> Floats:
    """Show an array as the windows of a pooling; what is added around is minus infinity, never the largest.

    Args:
        x: Numbers (..., lengths).
        size: Of the window.
        stride: Of the window; None for its size.
        padding: As of `max_pool1d`.
        n_axes: How many axes the window has.

    Returns:
        Windows (..., number along each axis, length along each axis).

    >>> pool_windows(np.array([1.0, 2.0, 3.0]), 2, None, "same", n_axes=1)
    array([[  1.,   2.],
           [  3., -inf]])
    """
    window = sizes("size", size, n_axes)
    steps = window if stride is None else sizes("stride", stride, n_axes)
    sides = pooling_sides(x.shape[-n_axes:], window, steps, padding)
    return windows(pad(x, sides, fill=-np.inf), window, steps)


def _slide(x: Floats, kernel: tuple[int, ...], stride: Size, padding: Padding) -> Floats:
    """Show a signal or picture as the windows under a kernel."""
    steps = sizes("stride", stride, len(kernel))
    sides = convolution_sides(x.shape[-len(kernel) :], kernel, steps, padding)
    return windows(pad(x, sides), kernel, steps)
