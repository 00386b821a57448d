"""Convolution and pooling as functions: torch, scipy and NumPy agree, and the lessons come true."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.scratch.convolution import (
    convolution_sides,
    convolve1d,
    convolve2d,
    max_pool1d,
    max_pool2d,
    pool_windows,
    pooling_sides,
)
from earmark.scratch.windows import padding_sides

AXIS = st.integers(1, 16).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(1, n), st.integers(1, 4), st.integers(0, 3))
)
SEEDS = st.integers(0, 10)
FEW = settings(max_examples=20, deadline=None)


def draw(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


# ---------------------------------------------------------------- others agree


@pytest.mark.slow
@FEW
@given(axis=AXIS, seed=SEEDS)
def test_torch_agrees_on_a_signal(axis, seed):
    n, size, stride, padding = axis
    x, w = draw(seed, 2, n), draw(seed + 1, size)
    theirs = torch.nn.functional.conv1d(
        torch.tensor(x)[:, None], torch.tensor(w)[None, None], stride=stride, padding=padding
    )
    np.testing.assert_allclose(convolve1d(x, w, stride=stride, padding=padding), theirs[:, 0], atol=1e-12)


@pytest.mark.slow
@FEW
@given(rows=AXIS, columns=AXIS, seed=SEEDS)
def test_torch_agrees_on_a_picture(rows, columns, seed):
    shape, size, stride, padding = zip(rows, columns, strict=True)
    x, w = draw(seed, 2, *shape), draw(seed + 1, *size)
    theirs = torch.nn.functional.conv2d(
        torch.tensor(x)[:, None], torch.tensor(w)[None, None], stride=stride, padding=padding
    )
    np.testing.assert_allclose(convolve2d(x, w, stride=stride, padding=padding), theirs[:, 0], atol=1e-12)


@pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel:UserWarning")  # torch copies: no matter
@FEW
@given(axis=AXIS, seed=SEEDS)
def test_torch_agrees_on_same_padding(axis, seed):
    n, size, *_ = axis
    x, w = draw(seed, n), draw(seed + 1, size)
    theirs = torch.nn.functional.conv1d(torch.tensor(x)[None, None], torch.tensor(w)[None, None], padding="same")
    np.testing.assert_allclose(convolve1d(x, w, padding="same"), theirs[0, 0], atol=1e-12)


@FEW
@given(axis=AXIS, seed=SEEDS)
def test_numpy_and_scipy_agree_on_valid_padding(axis, seed):
    n, size, *_ = axis
    x, w = draw(seed, n), draw(seed + 1, size)
    np.testing.assert_allclose(convolve1d(x, w), np.correlate(x, w, mode="valid"), atol=1e-12)
    image, kernel = np.outer(x, x[::-1]), np.outer(w, w[::-1])
    theirs = scipy.signal.correlate2d(image, kernel, mode="valid")
    np.testing.assert_allclose(convolve2d(image, kernel), theirs, atol=1e-11)


@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_scipy_agrees_on_same_padding_of_odd_kernels(size):
    x, w = draw(0, 20), draw(1, size)
    theirs = scipy.ndimage.correlate1d(x, w, mode="constant")
    np.testing.assert_allclose(convolve1d(x, w, padding="same"), theirs, atol=1e-12)
    image, kernel = draw(2, 8, 9), draw(3, size, size)
    theirs = scipy.signal.correlate2d(image, kernel, mode="same")
    np.testing.assert_allclose(convolve2d(image, kernel, padding="same"), theirs, atol=1e-12)


@pytest.mark.slow
@FEW
@given(axis=AXIS, seed=SEEDS)
def test_torch_agrees_on_pooling_a_signal(axis, seed):
    n, size, stride, padding = axis
    padding = min(padding, size // 2)
    x = draw(seed, 2, n)
    theirs = torch.nn.functional.max_pool1d(torch.tensor(x), size, stride=stride, padding=padding)
    np.testing.assert_array_equal(max_pool1d(x, size, stride=stride, padding=padding), theirs)


@pytest.mark.slow
@FEW
@given(rows=AXIS, columns=AXIS, seed=SEEDS)
def test_torch_agrees_on_pooling_a_picture(rows, columns, seed):
    shape, size, stride, padding = zip(rows, columns, strict=True)
    padding = tuple(min(p, k // 2) for p, k in zip(padding, size, strict=True))
    x = draw(seed, 2, *shape)
    theirs = torch.nn.functional.max_pool2d(torch.tensor(x), size, stride=stride, padding=padding)
    np.testing.assert_array_equal(max_pool2d(x, size, stride=stride, padding=padding), theirs)


@FEW
@given(n=st.integers(1, 16), size=st.integers(1, 6), stride=st.integers(1, 4), seed=SEEDS)
def test_same_pooling_is_the_plain_loop_over_what_lies_inside(n, size, stride, seed):
    x = draw(seed, n)
    ((before, _),) = padding_sides((n,), (size,), (stride,), "same")
    starts = [stride * i - before for i in range(-(-n // stride))]
    expected = [x[max(first, 0) : first + size].max() for first in starts]
    np.testing.assert_array_equal(max_pool1d(x, size, stride=stride, padding="same"), expected)


# ---------------------------------------------------------------- properties


@FEW
@given(axis=AXIS, seed=SEEDS)
def test_a_stride_leaves_out_what_lies_between(axis, seed):
    n, size, stride, padding = axis
    x, w = draw(seed, n), draw(seed + 1, size)
    every = convolve1d(x, w, padding=padding)
    np.testing.assert_allclose(convolve1d(x, w, stride=stride, padding=padding), every[::stride])


@FEW
@given(axis=AXIS, seed=SEEDS)
def test_a_picture_of_one_row_is_a_signal(axis, seed):
    n, size, stride, padding = axis
    x, w = draw(seed, n), draw(seed + 1, size)
    as_picture = convolve2d(x[None], w[None], stride=(1, stride), padding=(0, padding))
    np.testing.assert_allclose(as_picture[0], convolve1d(x, w, stride=stride, padding=padding))


@FEW
@given(axis=AXIS, seed=SEEDS)
def test_the_sum_of_two_signals_gives_the_sum_of_their_answers(axis, seed):
    n, size, stride, padding = axis
    x, y, w = draw(seed, n), draw(seed + 1, n), draw(seed + 2, size)
    both = convolve1d(2 * x - y, w, stride=stride, padding=padding)
    apart = 2 * convolve1d(x, w, stride=stride, padding=padding) - convolve1d(y, w, stride=stride, padding=padding)
    np.testing.assert_allclose(both, apart, atol=1e-12)


def test_leading_axes_are_left_as_they_are():
    x = draw(0, 2, 3, 10)
    assert convolve1d(x, [1, 2]).shape == (2, 3, 9)
    assert max_pool1d(x, 2).shape == (2, 3, 5)
    np.testing.assert_array_equal(convolve1d(x, [1, 2])[1, 2], convolve1d(x[1, 2], [1, 2]))


def test_what_comes_in_is_not_changed():
    x, w = draw(0, 10), draw(1, 3)
    before = x.copy(), w.copy()
    convolve1d(x, w, padding="same")
    max_pool1d(x, 3, padding=1)
    np.testing.assert_array_equal((*x, *w), np.concatenate(before))


def test_pooling_never_returns_its_padding():
    assert max_pool1d([-5, -3, -4], 2, padding="same").tolist() == [-3.0, -4.0]
    assert pool_windows(np.array([-5.0]), 3, 1, 1, n_axes=1).max() == -5.0


# ---------------------------------------------------------------- the lessons


@pytest.mark.parametrize("step", [0.01, 0.1, 1.0, 2.5])
def test_the_kernel_of_a_slope_turns_a_sine_into_a_cosine_as_high_as_two_sines_of_the_step(step):
    t = np.arange(200) * step
    np.testing.assert_allclose(convolve1d(np.sin(t), [-1, 0, 1]), 2 * np.sin(step) * np.cos(t[1:-1]), atol=1e-12)


def test_a_moving_average_smooths_a_noisy_sine():
    t = np.arange(500) * 0.02
    noise = draw(0, 500)
    smooth = convolve1d(np.sin(t) + noise, np.ones(9) / 9)
    left = smooth - np.sin(t[4:-4])
    assert left.std() == pytest.approx(noise.std() / 3, rel=0.15)  # nine times less variance
    assert np.abs(np.diff(smooth)).mean() < np.abs(np.diff(np.sin(t) + noise)).mean() / 5


def test_a_moving_average_leaves_a_straight_line_as_it_is():
    line = np.linspace(-2, 3, 50)
    np.testing.assert_allclose(convolve1d(line, np.ones(5) / 5), line[2:-2])


def test_pooling_keeps_a_peak_wherever_it_stands_in_its_window():
    for at in range(4):
        pooled = max_pool1d(np.eye(4)[at], 4)
        assert pooled.tolist() == [1.0]


# ---------------------------------------------------------------- what cannot be

FUNCTIONS = {
    "convolve1d": lambda x, size=3, **how: convolve1d(x, np.ones(size), **how),
    "convolve2d": lambda x, size=3, **how: convolve2d(np.asarray(x)[..., None, :], np.ones((1, size)), **how),
    "max_pool1d": max_pool1d,
    "max_pool2d": lambda x, size=3, **how: max_pool2d(np.asarray(x)[..., None, :], (1, size), **how),
}
EVERY = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)


@EVERY
@pytest.mark.parametrize("stride", [0, -1])
def test_a_stride_below_one_is_refused(function, stride):
    with pytest.raises(ValueError, match=f"stride must be at least 1; got {stride}"):
        function(np.ones(5), 3, stride=stride)


@EVERY
def test_half_a_stride_is_refused(function):
    with pytest.raises(TypeError, match=r"stride must be a whole number, at least 1; got 0\.5"):
        function(np.ones(5), 3, stride=0.5)


@EVERY
def test_a_window_longer_than_the_signal_is_refused_with_both(function):
    with pytest.raises(ValueError, match=r"no longer than what it moves along, \((1, )?2,?\); got \((1, )?3,?\)"):
        function(np.ones(2), 3)


@pytest.mark.parametrize("padding", ["valid", "same", 5])
def test_a_kernel_longer_than_the_signal_is_refused_whatever_the_padding(padding):
    with pytest.raises(ValueError, match=r"the kernel must be no longer than what it moves along, \(2,\); got \(3,\)"):
        convolve1d([1, 2], [1, 2, 3], padding=padding)
    with pytest.raises(ValueError, match=r"the kernel must be no longer"):
        convolution_sides((9, 2), (3, 3), (1, 1), padding)


@EVERY
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_is_refused(function, bad):
    with pytest.raises(ValueError, match=r"must hold finite numbers; got NaN or infinity 1 times in the shape"):
        function(np.array([1.0, 2.0, bad, 4.0]), 3)


@EVERY
def test_samples_that_were_not_scaled_are_refused(function):
    with pytest.raises(TypeError, match=r"must hold floats; got int16 of shape"):
        function(np.ones(5, np.int16), 3)


@EVERY
def test_an_empty_signal_is_refused(function):
    with pytest.raises(ValueError, match=r"which is empty"):
        function(np.ones((2, 0)), 1)


def test_kernels_of_another_number_of_axes_are_refused():
    with pytest.raises(ValueError, match=r"kernel must have the shape \(size,\); got \(3, 3\)"):
        convolve1d(np.ones(9), np.ones((3, 3)))
    with pytest.raises(ValueError, match=r"kernel must have the shape \(rows, columns\); got \(3,\)"):
        convolve2d(np.ones((9, 9)), np.ones(3))
    with pytest.raises(ValueError, match=r"kernel must have the shape \(size,\); got \(0,\), which is empty"):
        convolve1d(np.ones(9), [])
    with pytest.raises(ValueError, match=r"kernel must hold finite numbers"):
        convolve1d(np.ones(9), [1, np.nan])


def test_a_picture_without_rows_is_refused():
    for function in (lambda x: convolve2d(x, [[1]]), lambda x: max_pool2d(x, 1)):
        with pytest.raises(ValueError, match=r"image must have the shape \(\.\.\., height, width\); got \(5,\)"):
            function(np.ones(5))


def test_a_window_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"size must be at least 1; got 0"):
        max_pool1d([1, 2], 0)


def test_padding_that_some_window_would_see_nothing_but_is_refused():
    with pytest.raises(ValueError, match=r"padding must be at most half the window \(2,\); got 2"):
        max_pool1d([1, 2], 2, padding=2)
    with pytest.raises(ValueError, match=r"padding must be at most half the window \(3, 3\)"):
        pooling_sides((9, 9), (3, 3), (1, 1), (1, 2))
