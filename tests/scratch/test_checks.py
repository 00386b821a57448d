"""The door of earmark.scratch: what may come in, and what the errors say."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.scratch.checks import choice, class_labels, floats, number, random_generator, sizes, whole_number


@pytest.mark.parametrize("value", [[1, 2], [1.0, 2], (1, 2), np.array([1, 2], np.float32), np.array([1.0, 2.0])])
def test_numbers_become_float64(value):
    read = floats("x", value, (2,))
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, [1.0, 2.0])


def test_what_is_float64_already_is_not_copied():
    x = np.ones(3)
    assert np.shares_memory(floats("x", x), x)


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.uint8, bool])
def test_an_array_of_integers_is_refused_with_its_dtype_and_shape(dtype):
    with pytest.raises(TypeError, match=rf"x must hold floats; got {np.dtype(dtype)} of shape \(2, 3\): .*astype"):
        floats("x", np.ones((2, 3), dtype))


@pytest.mark.parametrize("value", [["a"], [1j], [None], None, [object()], [True, False]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=r"^x must hold"):
        floats("x", value)


@pytest.mark.parametrize(
    ("value", "wanted", "message"),
    [
        ([1.0, 2.0], ("n", 3), "x must have the shape (n, 3); got (2,)"),
        ([[1.0, 2.0]], ("n", 3), "x must have the shape (n, 3); got (1, 2)"),
        (1.0, ("...", "n_samples"), "x must have the shape (..., n_samples); got ()"),
        ([[1.0]], ("n_samples",), "x must have the shape (n_samples,); got (1, 1)"),
        ([], ("n_samples",), "x must have the shape (n_samples,); got (0,), which is empty"),
        (np.zeros((3, 0)), ("...",), "x must have the shape (...,); got (3, 0), which is empty"),
        ([[1.0], [1.0, 2.0]], ("n", 2), "x must have the shape (n, 2); got rows of different lengths"),
    ],
)
def test_another_shape_is_refused_with_what_it_was_and_must_be(value, wanted, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        floats("x", value, wanted)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused_and_counted(bad):
    with pytest.raises(
        ValueError, match=r"x must hold finite numbers; got NaN or infinity 2 times in the shape \(2, 2\)"
    ):
        floats("x", [[bad, 1.0], [1.0, bad]])


def test_large_finite_numbers_are_no_infinities():
    assert floats("x", [1e308, 1e308]).max() == 1e308


@given(shape=st.lists(st.integers(1, 4), min_size=0, max_size=4), n_free=st.integers(0, 4))
def test_any_axes_in_front_fit_where_they_are_free(shape, n_free):
    wanted = ("...", *shape[n_free:])
    assert floats("x", np.ones(shape), wanted).shape == tuple(shape)


def test_labels_must_be_whole_numbers_of_classes_one_an_example():
    np.testing.assert_array_equal(class_labels("y", np.array([0, 2], np.uint8), 2, 3), [0, 2])
    with pytest.raises(ValueError, match=r"shape \(3,\), one label an example; got \(2,\)"):
        class_labels("y", [0, 1], 3, 3)
    with pytest.raises(TypeError, match=r"whole numbers from 0 to 2; got float64"):
        class_labels("y", [0.0, 1.0], 2, 3)
    for wrong in ([-1, 0], [0, 3]):
        with pytest.raises(ValueError, match=f"from 0 to 2; got {wrong[0]} to {wrong[1]}"):
            class_labels("y", wrong, 2, 3)


@pytest.mark.parametrize("value", [2.0, "2", True, None, [2]])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(TypeError, match=r"stride must be a whole number, at least 1; got"):
        whole_number("stride", value)


def test_a_whole_number_that_is_too_small_is_refused():
    assert whole_number("stride", np.int32(1)) == 1
    with pytest.raises(ValueError, match=r"stride must be at least 1; got 0"):
        whole_number("stride", 0)


def test_one_size_stands_for_all_axes_and_others_must_be_as_many():
    assert sizes("size", 3, 2) == (3, 3)
    assert sizes("size", (3, 4), 2) == (3, 4)
    for value, n_axes in (((1, 2, 3), 2), ((1, 2), 1), ((), 2)):
        with pytest.raises(ValueError, match=r"size must be one number"):
            sizes("size", value, n_axes)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_a_number_out_of_range_is_refused(value):
    with pytest.raises(ValueError, match=r"rate must be above 0; got"):
        number("rate", value, "above 0", lambda rate: rate > 0)


@pytest.mark.parametrize("value", ["0.1", True, None, [0.1]])
def test_what_is_no_number_at_all_is_refused(value):
    with pytest.raises(TypeError, match=r"rate must be a number, above 0; got"):
        number("rate", value, "above 0", lambda rate: rate > 0)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"one of relu, tanh; got 'rellu' \(relu\?\)"):
        choice("activation", "rellu", ("relu", "tanh"))
    with pytest.raises(ValueError, match=r"got 'zzz'$"):
        choice("activation", "zzz", ("relu", "tanh"))


@pytest.mark.parametrize("value", [0, None, np.random, np.random.RandomState(0)])
def test_a_seed_is_no_generator(value):
    with pytest.raises(TypeError, match=r"np\.random\.default_rng\(0\)"):
        random_generator(value)
