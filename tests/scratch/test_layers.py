"""Dense, activation, flattening and dropout: against torch and finite differences."""

import numpy as np
import pytest
import torch

from earmark.scratch.activations import ACTIVATION_NAMES
from earmark.scratch.gradient_check import check_layer
from earmark.scratch.layers import Activation, Dense, Dropout, Flatten, Layer, first_weights


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def test_torch_agrees_on_a_dense_layer_forward_and_back(generator):
    x, above = generator.standard_normal((5, 3)), generator.standard_normal((5, 4))
    layer = Dense(3, 4, generator=generator)
    layer.parameters["bias"][:] = generator.standard_normal(4)
    theirs = torch.nn.Linear(3, 4, dtype=torch.float64)
    theirs.weight.data = torch.tensor(layer.parameters["weights"].T)
    theirs.bias.data = torch.tensor(layer.parameters["bias"])
    their_x = torch.tensor(x, requires_grad=True)
    their_y = theirs(their_x)
    their_y.backward(torch.tensor(above))
    np.testing.assert_allclose(layer.forward(x), their_y.detach(), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(above), their_x.grad, rtol=1e-12)
    np.testing.assert_allclose(layer.gradients["weights"], theirs.weight.grad.T, rtol=1e-12)
    np.testing.assert_allclose(layer.gradients["bias"], theirs.bias.grad, rtol=1e-12)


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_gradients_of_activations_are_what_finite_differences_show(name, generator):
    x = generator.standard_normal((3, 4)) + 0.05
    assert max(check_layer(Activation(name), x, generator=generator).values()) < 1e-6


@pytest.mark.parametrize(("n", "n_inputs", "n_outputs"), [(1, 1, 1), (4, 3, 2), (2, 5, 7)])
def test_gradients_of_a_dense_layer_are_what_finite_differences_show(n, n_inputs, n_outputs, generator):
    x = generator.standard_normal((n, n_inputs))
    errors = check_layer(Dense(n_inputs, n_outputs, generator=generator), x, generator=generator)
    assert set(errors) == {"input", "weights", "bias"}
    assert max(errors.values()) < 1e-6


def test_flattening_lays_out_as_torch_does_and_back(generator):
    x = generator.standard_normal((2, 3, 4, 5))
    layer = Flatten()
    np.testing.assert_array_equal(layer.forward(x), torch.flatten(torch.tensor(x), 1))
    np.testing.assert_array_equal(layer.backward(layer.forward(x)), x)


def test_dropout_silences_its_share_and_keeps_the_mean(generator):
    dropped = Dropout(0.3, generator=generator).forward(np.ones((200, 200)), training=True)
    assert set(np.unique(dropped)) == {0.0, 1 / 0.7}
    assert np.mean(dropped == 0) == pytest.approx(0.3, abs=0.01)
    assert dropped.mean() == pytest.approx(1.0, abs=0.02)


def test_dropout_silences_the_same_numbers_on_the_way_back(generator):
    layer = Dropout(0.5, generator=generator)
    x = np.ones((4, 5))
    np.testing.assert_array_equal(layer.forward(x, training=True), layer.backward(x))


def test_dropout_draws_anew_each_time_and_does_nothing_when_not_learning(generator):
    layer = Dropout(0.5, generator=generator)
    x = generator.standard_normal((8, 8))
    assert not np.array_equal(layer.forward(x, training=True), layer.forward(x, training=True))
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)
    np.testing.assert_array_equal(Dropout(0, generator=generator).forward(x, training=True), x)


def test_the_same_seed_gives_the_same_weights_and_masks():
    def both():
        generator = np.random.default_rng(3)
        return Dense(4, 4, generator=generator).parameters["weights"], Dropout(0.5, generator=generator).forward(
            np.ones((4, 4)), training=True
        )

    np.testing.assert_array_equal(both(), both())


def test_first_weights_have_the_deviation_of_glorot_or_the_one_asked_for(generator):
    assert Dense(300, 100, generator=generator).parameters["weights"].std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    weights = Dense(300, 100, generator=generator, scale=2.0).parameters["weights"]
    assert weights.std() == pytest.approx(2.0, rel=0.02)


def test_a_layer_of_ones_own_says_what_it_lacks():
    class Half(Layer):
        """Nothing yet."""

    with pytest.raises(NotImplementedError, match=r"Half must have forward"):
        Half().forward([[1.0]])
    with pytest.raises(NotImplementedError, match=r"Half must have backward"):
        Half().backward([[1.0]])


LAYERS = {
    "dense": lambda g: Dense(3, 2, generator=g),
    "activation": lambda g: Activation("tanh"),
    "softmax": lambda g: Activation("softmax"),
    "flatten": lambda g: Flatten(),
    "dropout": lambda g: Dropout(0.5, generator=g),
}
EVERY = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


@EVERY
def test_going_back_before_forward_is_refused(make, generator):
    with pytest.raises(RuntimeError, match=r"\.backward needs a forward before it"):
        make(generator).backward([[1.0]])


@EVERY
@pytest.mark.parametrize("shape", [(4, 9), (9, 2), (4,), (4, 2, 1), (0, 2)])
def test_a_gradient_of_another_shape_is_refused(make, shape, generator):
    layer = make(generator)
    layer.forward(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"gradient must have the shape \(4, \d\); got"):
        layer.backward(np.ones(shape))


@EVERY
def test_nan_nothing_and_integers_are_refused(make, generator):
    with pytest.raises(ValueError, match=r"x must hold finite numbers"):
        make(generator).forward([[1.0, np.nan, 2.0]])
    with pytest.raises(ValueError, match=r"got \(0, 3\), which is empty"):
        make(generator).forward(np.ones((0, 3)))
    with pytest.raises(TypeError, match=r"x must hold floats; got uint8 of shape \(4, 3\)"):
        make(generator).forward(np.ones((4, 3), np.uint8))


def test_another_number_of_inputs_is_refused(generator):
    with pytest.raises(ValueError, match=r"x must have the shape \(n, 3\); got \(4, 2\)"):
        Dense(3, 2, generator=generator).forward(np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"x must have the shape \(n, 3\); got \(3,\)"):
        Dense(3, 2, generator=generator).forward([1, 2, 3])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda g: Dense(0, 2, generator=g), ValueError, "n_inputs must be at least 1; got 0"),
        (lambda g: Dense(2, 2.0, generator=g), TypeError, "n_outputs must be a whole number, at least 1; got 2.0"),
        (lambda g: Dense(2, 2, generator=0), TypeError, "generator must be a np.random.Generator"),
        (lambda g: Dense(2, 2, generator=g, scale=0), ValueError, "scale must be above 0; got 0"),
        (lambda g: first_weights((2,), 1, 1, None), TypeError, "generator must be a np.random.Generator"),
        (lambda g: Activation("Relu"), ValueError, r"activation must be one of .*; got 'Relu' \(relu\?\)"),
        (lambda g: Dropout(1.0, generator=g), ValueError, "share must be from 0 to below 1; got 1.0"),
        (lambda g: Dropout(-0.1, generator=g), ValueError, "share must be from 0 to below 1; got -0.1"),
        (lambda g: Dropout(0.1, generator=1), TypeError, "generator must be a np.random.Generator"),
    ],
)
def test_settings_that_cannot_be_are_refused(call, kind, message, generator):
    with pytest.raises(kind, match=message):
        call(generator)
