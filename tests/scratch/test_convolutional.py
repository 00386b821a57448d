"""Convolution and pooling as layers: against torch and finite differences, over shapes, strides and paddings."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.scratch.convolution import convolve1d, convolve2d, max_pool1d, max_pool2d
from earmark.scratch.convolutional import Conv1d, Conv2d, MaxPool1d, MaxPool2d
from earmark.scratch.gradient_check import check_layer

AXIS = st.integers(1, 7).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(1, n), st.integers(1, 3), st.integers(0, 2))
)
COUNTS = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))  # examples, channels in, channels out
FEW = settings(max_examples=20, deadline=None)


def agrees_with_torch(layer, x, function, parameters):
    """Compare outputs and all gradients with those of a torch function of (x, *parameters)."""
    theirs = [torch.tensor(array, requires_grad=True) for array in (x, *parameters)]
    expected = function(*theirs)
    above = np.random.default_rng(5).standard_normal(expected.shape)
    expected.backward(torch.tensor(above))
    np.testing.assert_allclose(layer.forward(x), expected.detach(), atol=1e-12)
    np.testing.assert_allclose(layer.backward(above), theirs[0].grad, atol=1e-12)
    for ours, their in zip(layer.gradients.values(), theirs[1:], strict=True):
        np.testing.assert_allclose(ours, their.grad, atol=1e-11)


@pytest.mark.slow
@FEW
@given(axis=AXIS, counts=COUNTS)
def test_torch_agrees_on_kernels_along_time(axis, counts):
    (n, size, stride, padding), (n_examples, n_in, n_out) = axis, counts
    generator = np.random.default_rng(0)
    layer = Conv1d(n_in, n_out, size, generator=generator, stride=stride, padding=padding)
    layer.parameters["bias"][:] = generator.standard_normal(n_out)
    agrees_with_torch(
        layer,
        generator.standard_normal((n_examples, n_in, n)),
        lambda x, w, b: torch.nn.functional.conv1d(x, w, b, stride=stride, padding=padding),
        layer.parameters.values(),
    )


@pytest.mark.slow
@FEW
@given(rows=AXIS, columns=AXIS, counts=COUNTS)
def test_torch_agrees_on_kernels_over_pictures(rows, columns, counts):
    (shape, size, stride, padding), (n_examples, n_in, n_out) = zip(rows, columns, strict=True), counts
    generator = np.random.default_rng(0)
    layer = Conv2d(n_in, n_out, size, generator=generator, stride=stride, padding=padding)
    layer.parameters["bias"][:] = generator.standard_normal(n_out)
    agrees_with_torch(
        layer,
        generator.standard_normal((n_examples, n_in, *shape)),
        lambda x, w, b: torch.nn.functional.conv2d(x, w, b, stride=stride, padding=padding),
        layer.parameters.values(),
    )


@pytest.mark.slow
@FEW
@given(rows=AXIS, columns=AXIS)
def test_torch_agrees_on_pooling_and_its_way_back(rows, columns):
    shape, size, stride, padding = zip(rows, columns, strict=True)
    padding = tuple(min(p, k // 2) for p, k in zip(padding, size, strict=True))
    x = np.random.default_rng(0).standard_normal((2, 3, *shape))
    agrees_with_torch(
        MaxPool2d(size, stride=stride, padding=padding),
        x,
        lambda x: torch.nn.functional.max_pool2d(x, size, stride=stride, padding=padding),
        (),
    )
    agrees_with_torch(
        MaxPool1d(size[1], stride=stride[1], padding=padding[1]),
        x[:, :, 0],
        lambda x: torch.nn.functional.max_pool1d(x, size[1], stride=stride[1], padding=padding[1]),
        (),
    )


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same", 1])
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda g, **how: Conv1d(2, 3, 4, generator=g, **how), (2, 2, 7)),
        (lambda g, **how: Conv2d(2, 2, (2, 3), generator=g, **how), (2, 2, 4, 5)),
        (lambda g, **how: MaxPool1d(3, **how), (2, 2, 8)),
        (lambda g, **how: MaxPool2d((2, 3), **how), (2, 2, 5, 4)),
    ],
)
def test_gradients_are_what_finite_differences_show(make, shape, padding, stride):
    generator = np.random.default_rng(0)
    layer = make(generator, stride=stride, padding=padding)
    errors = check_layer(layer, generator.standard_normal(shape), generator=generator)
    assert set(errors) == {"input", *layer.parameters}
    assert max(errors.values()) < 1e-6


@FEW
@given(axis=AXIS, padding=st.sampled_from(["valid", "same"]))
def test_a_layer_of_one_channel_is_the_plain_function(axis, padding):
    n, size, stride, _ = axis
    generator = np.random.default_rng(0)
    x = generator.standard_normal((2, 1, n, n))
    flat, deep = (kind(1, 1, size, generator=generator, stride=stride, padding=padding) for kind in (Conv1d, Conv2d))
    kernel1, kernel2 = flat.parameters["weights"][0, 0], deep.parameters["weights"][0, 0]
    how = {"stride": stride, "padding": padding}
    np.testing.assert_allclose(flat.forward(x[..., 0]), convolve1d(x[..., 0], kernel1, **how), atol=1e-12)
    np.testing.assert_allclose(deep.forward(x), convolve2d(x, kernel2, **how), atol=1e-12)
    np.testing.assert_array_equal(MaxPool1d(size, **how).forward(x[..., 0]), max_pool1d(x[..., 0], size, **how))
    np.testing.assert_array_equal(MaxPool2d(size, **how).forward(x), max_pool2d(x, size, **how))


def test_of_several_largest_the_first_gets_the_gradient():
    layer = MaxPool1d(3)
    layer.forward([[[7, 7, 7]]])
    assert layer.backward([[[1]]]).tolist() == [[[1.0, 0.0, 0.0]]]


def test_overlapping_windows_with_the_same_largest_add_up():
    layer = MaxPool1d(2, stride=1)
    layer.forward([[[0, 9, 0]]])
    assert layer.backward([[[1, 10]]]).tolist() == [[[0.0, 11.0, 0.0]]]


def test_a_window_moves_on_by_its_size_unless_told_otherwise():
    assert MaxPool2d((2, 3)).forward(np.ones((1, 1, 4, 9))).shape == (1, 1, 2, 3)
    assert MaxPool2d((2, 3), stride=1).forward(np.ones((1, 1, 4, 9))).shape == (1, 1, 3, 7)


LAYERS = {
    "Conv1d": (lambda g: Conv1d(2, 3, 3, generator=g), (1, 2, 5)),
    "Conv2d": (lambda g: Conv2d(2, 3, 3, generator=g), (1, 2, 5, 5)),
    "MaxPool1d": (lambda g: MaxPool1d(3), (1, 2, 5)),
    "MaxPool2d": (lambda g: MaxPool2d(3), (1, 2, 5, 5)),
}
EVERY = pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS)


@EVERY
def test_what_cannot_be_read_is_refused(make, shape):
    layer = make(np.random.default_rng(0))
    for bad in (shape[1:], (*shape, 1), (0, *shape[1:])):
        with pytest.raises(ValueError, match=r"x must have the shape \(n, .*\); got"):
            layer.forward(np.ones(bad))
    with pytest.raises(ValueError, match=r"must be no longer than what it moves along, \(.*2.*\); got \(3"):
        layer.forward(np.ones((*shape[:-1], 2)))
    with pytest.raises(ValueError, match=r"x must hold finite numbers"):
        layer.forward(np.full(shape, np.nan))
    with pytest.raises(TypeError, match=r"x must hold floats; got uint8"):
        layer.forward(np.ones(shape, np.uint8))


@EVERY
def test_a_way_back_that_does_not_fit_is_refused(make, shape):
    layer = make(np.random.default_rng(0))
    with pytest.raises(RuntimeError, match="needs a forward before it"):
        layer.backward(np.ones(shape))
    out = layer.forward(np.ones(shape)).shape
    for bad in (out[1:], (*out[:-1], out[-1] + 1), (2, *out[1:])):
        with pytest.raises(ValueError, match=r"gradient must have the shape \(1, .*\); got"):
            layer.backward(np.ones(bad))


def test_another_number_of_channels_is_refused():
    with pytest.raises(ValueError, match=r"x must have the shape \(n, 2, n_samples\); got \(1, 3, 5\)"):
        Conv1d(2, 1, 3, generator=np.random.default_rng(0)).forward(np.ones((1, 3, 5)))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda g: Conv1d(1, 1, 0, generator=g), ValueError, "size must be at least 1; got 0"),
        (lambda g: Conv1d(1, 1, 3, generator=g, stride=0), ValueError, "stride must be at least 1; got 0"),
        (lambda g: Conv1d(1, 1, (3, 3), generator=g), ValueError, r"size must be one number; got \(3, 3\)"),
        (lambda g: Conv2d(0, 1, 3, generator=g), ValueError, "n_channels_in must be at least 1; got 0"),
        (lambda g: Conv2d(1, 1.5, 3, generator=g), TypeError, "n_channels_out must be a whole number"),
        (lambda g: Conv2d(1, 1, 3, generator=g, padding="ful"), ValueError, "padding must be one of valid, same"),
        (lambda g: Conv1d(1, 1, 3, generator=g, padding=-1), ValueError, "padding must be at least 0; got -1"),
        (lambda g: Conv2d(1, 1, 3, generator=0), TypeError, "generator must be a np.random.Generator"),
        (lambda g: MaxPool1d(2, stride=0), ValueError, "stride must be at least 1; got 0"),
        (lambda g: MaxPool2d((2, 2, 2)), ValueError, "size must be one number or two numbers"),
        (lambda g: MaxPool2d(2, padding="sane"), ValueError, r"got 'sane' \(same\?\)"),
        (lambda g: MaxPool1d(2, padding=2), ValueError, "padding must be at most half the window"),
    ],
)
def test_settings_that_cannot_be_are_refused_when_the_layer_is_made(call, kind, message):
    with pytest.raises(kind, match=message):
        call(np.random.default_rng(0))
