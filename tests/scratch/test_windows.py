"""Sliding windows and the way back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.scratch.windows import add_windows, crop, pad, padding_sides, windows

SLIDES = st.integers(1, 20).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(1, n), st.integers(1, 6), st.sampled_from(["valid", "same", 0, 1, 3]))
)
FEW = settings(max_examples=50, deadline=None)


@FEW
@given(slide=SLIDES)
def test_there_are_as_many_windows_as_the_formula_says(slide):
    n, size, stride, padding = slide
    (sides,) = padding_sides((n,), (size,), (stride,), padding)
    seen = windows(pad(np.arange(n, dtype=float), (sides,)), (size,), (stride,))
    expected = -(-n // stride) if padding == "same" else (n + sum(sides) - size) // stride + 1
    assert seen.shape == (expected, size)


@FEW
@given(slide=SLIDES)
def test_same_padding_adds_no_more_than_it_must_and_the_larger_half_at_the_end(slide):
    n, size, stride, _ = slide
    ((before, after),) = padding_sides((n,), (size,), (stride,), "same")
    assert 0 <= after - before <= 1
    assert before + after <= size - 1
    if before + after:
        n_without_one = (n + before + after - 1 - size) // stride + 1
        assert n_without_one < -(-n // stride)


@FEW
@given(slide=SLIDES, second=SLIDES)
def test_laying_back_is_the_transpose_of_cutting(slide, second):
    """<windows(x), p> = <x, add_windows(p)> for all x and p: it is exactly the gradient."""
    lengths, window, stride = zip(slide[:3], second[:3], strict=True)
    generator = np.random.default_rng(0)
    x = generator.standard_normal((2, *lengths))
    seen = windows(x, window, stride)
    parts = generator.standard_normal(seen.shape)
    np.testing.assert_allclose(np.sum(seen * parts), np.sum(x * add_windows(parts, lengths, stride)), atol=1e-9)


@FEW
@given(slide=SLIDES)
def test_laying_ones_back_counts_the_windows_over_each_sample(slide):
    n, size, stride, _ = slide
    counted = add_windows(np.ones_like(windows(np.zeros(n), (size,), (stride,))), (n,), (stride,))
    starts = range(0, n - size + 1, stride)
    np.testing.assert_array_equal(counted, [sum(first <= at < first + size for first in starts) for at in range(n)])


def test_windows_share_memory_with_what_they_show():
    x = np.zeros(10)
    assert np.shares_memory(windows(x, (3,), (2,)), x)


@FEW
@given(n_before=st.integers(0, 3), n_after=st.integers(0, 3))
def test_cropping_undoes_padding(n_before, n_after):
    x = np.arange(12.0).reshape(2, 2, 3)
    sides = ((n_before, n_after), (n_after, n_before))
    assert pad(x, sides).shape == (2, 2 + n_before + n_after, 3 + n_before + n_after)
    np.testing.assert_array_equal(crop(pad(x, sides), sides), x)


@pytest.mark.parametrize(
    ("padding", "kind", "message"),
    [
        ("full", ValueError, "padding must be one of valid, same; got 'full'"),
        (-1, ValueError, "padding must be at least 0; got -1"),
        (0.5, TypeError, "padding must be a whole number, at least 0; got 0.5"),
        ((1, 2), ValueError, "padding must be one number"),
    ],
)
def test_a_padding_that_cannot_be_is_refused(padding, kind, message):
    with pytest.raises(kind, match=message):
        padding_sides((5,), (3,), (1,), padding)
