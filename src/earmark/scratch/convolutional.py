"""Convolution and pooling as layers: kernels that are learnt, and the way back through sliding windows.

Both look at windows of their input. Going forward, a window becomes one number; going back, the gradient of that number
is spread over the window, and a sample that lies in several windows adds up what comes from each.
"""

import numpy as np
import numpy.typing as npt

from earmark.scratch.checks import Floats, Padding, Size, floats, sizes, whole_number
from earmark.scratch.convolution import convolution_sides, pool_windows, pooling_sides
from earmark.scratch.layers import Layer, first_weights
from earmark.scratch.windows import add_windows, crop, pad, padding_sides, windows


class Conv1d(Layer):
    """Kernels that move along time, each looking at all channels: y[o, t] = Σ_c Σ_j w[o, c, j] x[c, s t + j] + b[o].

    ================  ==================================================================================
    what              shape
    ================  ==================================================================================
    x                 (n, n_channels_in, n_samples)
    w, ``"weights"``  (n_channels_out, n_channels_in, size)
    b, ``"bias"``     (n_channels_out,)
    y                 (n, n_channels_out, n_out), n_out = floor((n_samples + zeros - size) / stride) + 1
    ================  ==================================================================================

    Compared with a dense layer, it has two ideas: an output sees only its neighbourhood, and all outputs share their
    weights, so that what is learnt at one time is known at every time.

    The way back, with g = ∂L/∂y: the weight w[o, c, j] was multiplied with x[c, s t + j] at every t, so
    ∂L/∂w[o, c, j] = Σ_t g[o, t] x[c, s t + j]; and the sample x[c, s t + j] gets Σ_o g[o, t] w[o, c, j] from every
    window that it lies in.

    Args:
        n_channels_in: How many channels go in: 1 for mono sound.
        n_channels_out: How many kernels there are.
        size: Of each kernel, in samples.
        generator: Where the first weights come from.
        stride: How far the kernels move on each time.
        padding: ``"valid"``, ``"same"``, or how many zeros on each side.

    Raises:
        ValueError: A number is too small, or there is no such padding.
        TypeError: A number is no whole one, or the generator none.

    >>> layer = Conv1d(1, 1, 3, generator=np.random.default_rng(0))
    >>> layer.parameters["weights"][0, 0] = [-1, 0, 1]
    >>> layer.forward([[[0, 1, 4, 9, 16]]])
    array([[[ 4.,  8., 12.]]])
    """

    def __init__(
        self,
        n_channels_in: int,
        n_channels_out: int,
        size: int,
        *,
        generator: np.random.Generator,
        stride: int = 1,
        padding: Padding = "valid",
    ) -> None:
        super().__init__()
        self.size, self.stride = sizes("size", size, 1), sizes("stride", stride, 1)
        convolution_sides(self.size, self.size, self.stride, padding)  # a padding that cannot be is refused at once
        self.padding = padding
        self.parameters = _kernels(n_channels_in, n_channels_out, self.size, generator)

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Return the answer of every kernel at every time.

        Args:
            x: Signals (n, n_channels_in, n_samples).
            training: Makes no difference here.

        Returns:
            Answers (n, n_channels_out, n_out).

        Raises:
            ValueError: The shape is another, the signal shorter than the kernel, or there is a NaN.
        """
        weights, bias = self.parameters["weights"], self.parameters["bias"]
        signals = floats("x", x, ("n", weights.shape[1], "n_samples"))
        sides = convolution_sides(signals.shape[2:], self.size, self.stride, self.padding)
        self.kept = (signals, windows(pad(signals, sides), self.size, self.stride))  # (n, channels, n_out, size)
        return np.asarray(np.einsum("nctj,ocj->not", self.kept[1], weights, optimize=True) + bias[:, None])

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Fill in the gradients of kernels and bias, and spread g over the windows.

        Args:
            gradient: g = ∂L/∂y (n, n_channels_out, n_out).

        Returns:
            ∂L/∂x (n, n_channels_in, n_samples).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        signals, seen = self.recall()
        weights = self.parameters["weights"]
        above = floats("gradient", gradient, (len(signals), len(weights), seen.shape[2]))
        self.gradients = {
            "weights": np.einsum("not,nctj->ocj", above, seen, optimize=True),
            "bias": above.sum(axis=(0, 2)),
        }
        parts = np.einsum("not,ocj->nctj", above, weights, optimize=True)
        return _spread(parts, signals.shape[2:], self.size, self.stride, self.padding)


class Conv2d(Layer):
    """Kernels that move over a picture: y[o, i, k] = Σ_c Σ_j Σ_l w[o, c, j, l] x[c, s i + j, s k + l] + b[o].

    As `Conv1d`, with one axis more: x (n, n_channels_in, height, width), ``"weights"`` (n_channels_out, n_channels_in,
    rows, columns), ``"bias"`` (n_channels_out,), y (n, n_channels_out, height_out, width_out). For spectrograms, height
    is frequency and width is time.

    Args:
        n_channels_in: How many channels go in: 1 for one spectrogram.
        n_channels_out: How many kernels there are.
        size: Of each kernel; one number, or (rows, columns).
        generator: Where the first weights come from.
        stride: How far the kernels move on each time; one number, or (rows, columns).
        padding: ``"valid"``, ``"same"``, or how many zeros on each side; one number, or (rows, columns).

    Raises:
        ValueError: A number is too small, or there is no such padding.
        TypeError: A number is no whole one, or the generator none.

    >>> layer = Conv2d(1, 8, 3, generator=np.random.default_rng(0), padding="same")
    >>> layer.forward(np.zeros((2, 1, 13, 44))).shape
    (2, 8, 13, 44)
    """

    def __init__(
        self,
        n_channels_in: int,
        n_channels_out: int,
        size: Size,
        *,
        generator: np.random.Generator,
        stride: Size = 1,
        padding: Padding = "valid",
    ) -> None:
        super().__init__()
        self.size, self.stride = sizes("size", size, 2), sizes("stride", stride, 2)
        convolution_sides(self.size, self.size, self.stride, padding)  # a padding that cannot be is refused at once
        self.padding = padding
        self.parameters = _kernels(n_channels_in, n_channels_out, self.size, generator)

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Return the answer of every kernel at every place: one feature map a kernel.

        Args:
            x: Pictures (n, n_channels_in, height, width).
            training: Makes no difference here.

        Returns:
            Feature maps (n, n_channels_out, height_out, width_out).

        Raises:
            ValueError: The shape is another, the picture smaller than the kernel, or there is a NaN.
        """
        weights, bias = self.parameters["weights"], self.parameters["bias"]
        pictures = floats("x", x, ("n", weights.shape[1], "height", "width"))
        sides = convolution_sides(pictures.shape[2:], self.size, self.stride, self.padding)
        self.kept = (pictures, windows(pad(pictures, sides), self.size, self.stride))
        maps = np.einsum("ncikjl,ocjl->noik", self.kept[1], weights, optimize=True)
        return np.asarray(maps + bias[:, None, None])

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Fill in the gradients of kernels and bias, and spread g over the windows.

        Args:
            gradient: g = ∂L/∂y (n, n_channels_out, height_out, width_out).

        Returns:
            ∂L/∂x (n, n_channels_in, height, width).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        pictures, seen = self.recall()
        weights = self.parameters["weights"]
        above = floats("gradient", gradient, (len(pictures), len(weights), *seen.shape[2:4]))
        self.gradients = {
            "weights": np.einsum("noik,ncikjl->ocjl", above, seen, optimize=True),
            "bias": above.sum(axis=(0, 2, 3)),
        }
        parts = np.einsum("noik,ocjl->ncikjl", above, weights, optimize=True)
        return _spread(parts, pictures.shape[2:], self.size, self.stride, self.padding)


class MaxPool1d(Layer):
    """Keeps the largest of each window along time: y[c, t] = max_j x[c, s t + j].

    There is nothing to learn. The way back: only the largest had any influence, so it gets the whole gradient, and its
    neighbours get none. Of several that are equally large, the first counts.

    Args:
        size: Of the window, in samples.
        stride: How far it moves on each time; None for as far as it is long.
        padding: ``"valid"``, ``"same"``, or a whole number, at most half the size.

    Raises:
        ValueError: A number is too small.
        TypeError: A number is no whole one.

    >>> layer = MaxPool1d(2)
    >>> layer.forward([[[1, 5, 2, 3]]])
    array([[[5., 3.]]])
    >>> layer.backward([[[10, 20]]])
    array([[[ 0., 10.,  0., 20.]]])
    """

    def __init__(self, size: int, *, stride: int | None = None, padding: Padding = "valid") -> None:
        super().__init__()
        self.size = sizes("size", size, 1)
        self.stride = self.size if stride is None else sizes("stride", stride, 1)
        pooling_sides(self.size, self.size, self.stride, padding)  # a padding that cannot be is refused at once
        self.padding = padding

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Return the maxima.

        Args:
            x: Signals (n, n_channels, n_samples).
            training: Makes no difference here.

        Returns:
            Maxima (n, n_channels, n_out).

        Raises:
            ValueError: The shape is another, the signal shorter than the window, or there is a NaN.
        """
        self.kept = (floats("x", x, ("n", "n_channels", "n_samples")),)
        return _maxima(self.kept[0], self.size, self.stride, self.padding)

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Hand the gradient to the largest of each window.

        Args:
            gradient: ∂L/∂y (n, n_channels, n_out).

        Returns:
            ∂L/∂x (n, n_channels, n_samples).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        (signals,) = self.recall()
        return _to_the_largest(signals, gradient, self.size, self.stride, self.padding)


class MaxPool2d(Layer):
    """Keeps the largest of each window of a picture; as `MaxPool1d`, with one axis more.

    Args:
        size: Of the window; one number, or (rows, columns).
        stride: How far it moves on each time; None for as far as it is long and wide.
        padding: ``"valid"``, ``"same"``, or whole numbers, at most half the size.

    Raises:
        ValueError: A number is too small.
        TypeError: A number is no whole one.

    >>> MaxPool2d(2).forward([[[[1, 2, 5, 6], [3, 4, 7, 8]]]])
    array([[[[4., 8.]]]])
    """

    def __init__(self, size: Size, *, stride: Size | None = None, padding: Padding = "valid") -> None:
        super().__init__()
        self.size = sizes("size", size, 2)
        self.stride = self.size if stride is None else sizes("stride", stride, 2)
        pooling_sides(self.size, self.size, self.stride, padding)  # a padding that cannot be is refused at once
        self.padding = padding

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Return the maxima.

        Args:
            x: Pictures (n, n_channels, height, width).
            training: Makes no difference here.

        Returns:
            Maxima (n, n_channels, height_out, width_out).

        Raises:
            ValueError: The shape is another, the picture smaller than the window, or there is a NaN.
        """
        self.kept = (floats("x", x, ("n", "n_channels", "height", "width")),)
        return _maxima(self.kept[0], self.size, self.stride, self.padding)

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Hand the gradient to the largest of each window.

        Args:
            gradient: ∂L/∂y (n, n_channels, height_out, width_out).

        Returns:
            ∂L/∂x (n, n_channels, height, width).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        (pictures,) = self.recall()
        return _to_the_largest(pictures, gradient, self.size, self.stride, self.padding)


def _kernels(n_in: int, n_out: int, size: tuple[int, ...], generator: np.random.Generator) -> dict[str, Floats]:
    """Return the first weights and bias; each output adds up n_in · size products."""
    shape = (whole_number("n_channels_out", n_out), whole_number("n_channels_in", n_in), *size)
    n_places = int(np.prod(size))
    return {
        "weights": first_weights(shape, n_in * n_places, n_out * n_places, generator),
        "bias": np.zeros(n_out),
    }


def _spread(
    parts: Floats, lengths: tuple[int, ...], size: tuple[int, ...], stride: tuple[int, ...], padding: Padding
) -> Floats:
    """Lay the gradients of windows back onto the input, and forget what fell on the padding."""
    sides = padding_sides(lengths, size, stride, padding)
    padded = tuple(n + before + after for n, (before, after) in zip(lengths, sides, strict=True))
    return crop(add_windows(parts, padded, stride), sides)


def _maxima(x: Floats, size: tuple[int, ...], stride: tuple[int, ...], padding: Padding) -> Floats:
    """Return the largest of each window."""
    seen = pool_windows(x, size, stride, padding, n_axes=len(size))
    return np.asarray(seen.max(axis=tuple(range(-len(size), 0))))


def _to_the_largest(
    x: Floats, gradient: npt.ArrayLike, size: tuple[int, ...], stride: tuple[int, ...], padding: Padding
) -> Floats:
    """Hand each gradient to the first largest number of its window, and none to the others."""
    seen = pool_windows(x, size, stride, padding, n_axes=len(size))
    rows = seen.reshape(*seen.shape[: -len(size)], -1)  # (..., number of windows, places in a window)
    above = floats("gradient", gradient, rows.shape[:-1])
    is_largest = np.arange(rows.shape[-1]) == rows.argmax(axis=-1)[..., None]
    parts = (is_largest * above[..., None]).reshape(seen.shape)
    return _spread(parts, x.shape[-len(size) :], size, stride, padding)
