"""The multilayer perceptron: what it is made of, and the sum task."""

import numpy as np
import pytest

from earmark.scratch.gradient_check import check_network
from earmark.scratch.mlp import MLP, Perceptron
from earmark.scratch.optimisers import Adam, Momentum


def kinds(net):
    return [type(layer).__name__ for layer in net.layers]


def sums(n, generator):
    """Two numbers below 0.5, and their sum."""
    x = generator.uniform(0, 0.5, size=(n, 2))
    return x, x.sum(axis=1, keepdims=True)


def error_after_50_epochs(seed, *, n=200, **how):
    generator = np.random.default_rng(seed)
    mlp = MLP(2, [5], 1, generator=generator, output=how.pop("output", None))
    mlp.fit(*sums(n, generator), epochs=50, **how)
    return mlp.loss(*sums(500, generator))


@pytest.mark.slow
def test_it_learns_to_add_two_numbers_in_fifty_epochs():
    assert error_after_50_epochs(0, batch_size=8, learning_rate=0.5) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 3))
@pytest.mark.parametrize(
    "how",
    [
        {"batch_size": 1, "learning_rate": 0.1, "n": 100},
        {"batch_size": 8, "learning_rate": 0.5},
        {"batch_size": 8, "optimiser": Momentum},
        {"batch_size": 8, "optimiser": Adam},
        {"batch_size": 4, "learning_rate": 0.5, "output": "sigmoid", "n": 300},
    ],
)
def test_it_learns_to_add_from_any_seed_one_by_one_and_in_batches(seed, how):
    settings = {name: value(0.02) if name == "optimiser" else value for name, value in how.items()}
    assert error_after_50_epochs(seed, **settings) < 1e-3


def test_it_learns_xor_which_a_perceptron_cannot():
    x, labels = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    generator = np.random.default_rng(0)
    perceptron = Perceptron(2, 2, generator=generator, loss="cross-entropy")
    perceptron.fit(x, labels, epochs=200, batch_size=None, learning_rate=0.5)
    assert perceptron.accuracy_score(x, labels) < 1.0
    mlp = MLP(2, [8], 2, generator=generator, activation="tanh", loss="cross-entropy")
    mlp.fit(x, labels, epochs=300, batch_size=None, learning_rate=0.5)
    assert mlp.accuracy_score(x, labels) == 1.0


def test_layers_come_in_order():
    generator = np.random.default_rng(0)
    assert kinds(MLP(2, [], 1, generator=generator)) == ["Dense"]
    assert kinds(MLP(2, [5], 1, generator=generator)) == ["Dense", "Activation", "Dense"]
    assert kinds(MLP(2, [5, 4], 1, generator=generator, dropout=0.2, output="sigmoid")) == [
        *["Dense", "Activation", "Dropout"] * 2,
        *["Dense", "Activation"],
    ]
    assert kinds(Perceptron(2, 3, generator=generator)) == ["Dense", "Activation"]
    assert kinds(Perceptron(2, 3, generator=generator, loss="cross-entropy")) == ["Dense"]
    assert MLP(7, [5, 4], 3, generator=generator).forward(np.ones((2, 7))).shape == (2, 3)


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu"])
def test_gradients_of_every_activation_are_what_finite_differences_show(activation):
    generator = np.random.default_rng(0)
    mlp = MLP(3, [4, 4], 2, generator=generator, activation=activation, output=activation, l1=0.01, l2=0.1)
    for layer in mlp.layers[::2]:  # with a bias of 0, a row of zeros after ReLU lands on the corner of the next one
        layer.parameters["bias"][:] = generator.uniform(0.1, 0.5, layer.parameters["bias"].shape)
    errors = check_network(mlp, generator.standard_normal((5, 3)), generator.standard_normal((5, 2)))
    assert max(errors.values()) < 1e-6


def test_weights_before_relu_begin_larger():
    generator = np.random.default_rng(0)
    weights = MLP(200, [200], 1, generator=generator, activation="relu").layers[0].parameters["weights"]
    assert weights.std() == pytest.approx(np.sqrt(2 / 200), rel=0.02)


def test_a_deep_network_of_sigmoids_learns_least_in_its_first_layers():
    generator = np.random.default_rng(0)
    mlp = MLP(4, [10] * 8, 1, generator=generator)
    mlp.backpropagate(generator.standard_normal((20, 4)), generator.standard_normal((20, 1)))
    first, last = (np.abs(mlp.layers[place].gradients["weights"]).mean() for place in (2, -3))
    assert first < last / 1000


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda g: MLP(2, 5, 1, generator=g), TypeError, r"hidden must be a list of widths, such as \[5\]; got 5"),
        (lambda g: MLP(2, [0], 1, generator=g), ValueError, "a width in hidden must be at least 1; got 0"),
        (lambda g: MLP(0, [5], 1, generator=g), ValueError, "n_inputs must be at least 1; got 0"),
        (lambda g: MLP(2, [5], 0, generator=g), ValueError, "n_outputs must be at least 1; got 0"),
        (lambda g: MLP(2, [5], 1, generator=0), TypeError, "generator must be a np.random.Generator"),
        (lambda g: MLP(2, [5], 1, generator=g, dropout=1), ValueError, "dropout must be from 0 to below 1; got 1"),
        (lambda g: MLP(2, [5], 1, generator=g, activation="softmax"), ValueError, "activation must be one of"),
        (lambda g: MLP(2, [5], 1, generator=g, output="sigmoide"), ValueError, r"\(sigmoid\?\)"),
        (
            lambda g: MLP(2, [5], 2, generator=g, output="sigmoid", loss="cross-entropy"),
            ValueError,
            "output must be 'identity' with the cross-entropy, which has the softmax in it; got 'sigmoid'",
        ),
        (lambda g: Perceptron(2, 1, generator=g, loss="mse"), ValueError, "loss must be one of"),
    ],
)
def test_settings_that_cannot_be_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(np.random.default_rng(0))
