"""One neuron: torch agrees, its gradients are right, and it learns what a line can separate."""

import numpy as np
import pytest
import torch

from earmark.scratch.gradient_check import gradient_error, numerical_gradient
from earmark.scratch.losses import squared_error
from earmark.scratch.neuron import Neuron

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.fixture
def task():
    generator = np.random.default_rng(0)
    return Neuron.random(4, generator=generator), generator.standard_normal((6, 4)), generator.random(6)


def test_torch_agrees_forward_and_back(task):
    neuron, x, targets = task
    weights = torch.tensor(neuron.weights, requires_grad=True)
    bias = torch.tensor(neuron.bias, dtype=torch.float64, requires_grad=True)
    answers = torch.sigmoid(torch.tensor(x) @ weights + bias)
    torch.nn.functional.mse_loss(answers, torch.tensor(targets)).backward()
    np.testing.assert_allclose(neuron.forward(x), answers.detach(), rtol=1e-12)
    weights_gradient, bias_gradient = neuron.gradients(x, targets)
    np.testing.assert_allclose(weights_gradient, weights.grad, rtol=1e-10)
    assert bias_gradient == pytest.approx(bias.grad.item(), rel=1e-10)


def test_gradients_are_what_finite_differences_show(task):
    neuron, x, targets = task
    weights_gradient, bias_gradient = neuron.gradients(x, targets)
    together = np.append(neuron.weights, neuron.bias)
    numerical = numerical_gradient(lambda at: squared_error(Neuron(at[:-1], at[-1]).forward(x), targets), together)
    assert gradient_error([*weights_gradient, bias_gradient], numerical) < 1e-8


def test_one_example_gives_a_number_and_several_an_array():
    neuron = Neuron([1, 2], 0.5)
    assert neuron.weighted_sum([1, 1]) == 3.5
    assert isinstance(neuron.forward([1, 1]), float)
    assert neuron.forward([[1, 1], [0, 0]]).shape == (2,)


@pytest.mark.parametrize("truth", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 0, 0, 0]])
def test_it_learns_what_a_line_separates(truth):
    neuron = Neuron([0, 0])
    losses = neuron.fit(CORNERS, truth, epochs=800, learning_rate=5.0)
    assert len(losses) == 800
    assert losses[-1] < 0.02 < losses[0]
    np.testing.assert_array_equal(np.round(neuron.forward(CORNERS)), truth)


def test_it_cannot_learn_xor():
    neuron = Neuron([0.3, -0.2])
    neuron.fit(CORNERS, [0, 1, 1, 0], epochs=500, learning_rate=2.0)
    assert np.mean(np.round(neuron.forward(CORNERS)) == [0, 1, 1, 0]) < 1.0


def test_the_array_it_was_made_of_is_not_changed():
    weights = np.zeros(2)
    Neuron(weights).fit(CORNERS, [0, 0, 0, 1], epochs=1, learning_rate=1.0)
    assert weights.tolist() == [0.0, 0.0]


def test_the_same_generator_gives_the_same_neuron():
    first, second = (Neuron.random(5, generator=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)
    assert first.bias == 0.0


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda n: Neuron([]), ValueError, r"weights must have the shape \(n_inputs,\); got \(0,\), which is empty"),
        (lambda n: Neuron([[1.0]]), ValueError, r"weights must have the shape \(n_inputs,\); got \(1, 1\)"),
        (lambda n: Neuron([1.0], np.nan), ValueError, "bias must be finite; got nan"),
        (lambda n: Neuron.random(0, generator=np.random.default_rng(0)), ValueError, "n_inputs must be at least 1"),
        (lambda n: Neuron.random(2, generator=0), TypeError, "generator must be"),
        (lambda n: n.forward([1.0, 2.0, 3.0]), ValueError, r"x must have the shape \(\.\.\., 2\); got \(3,\)"),
        (lambda n: n.weighted_sum([1.0, np.nan]), ValueError, "x must hold finite numbers"),
        (lambda n: n.forward(np.array([1, 2])), TypeError, r"x must hold floats; got int64 of shape \(2,\)"),
        (lambda n: n.gradients([1.0, 2.0], [1.0]), ValueError, r"x must have the shape \(n, 2\); got \(2,\)"),
        (lambda n: n.gradients([[1.0, 2.0]], [[1.0]]), ValueError, r"targets must have the shape \(1,\); got \(1, 1\)"),
        (
            lambda n: n.fit(CORNERS, [0, 1], epochs=1, learning_rate=1),
            ValueError,
            r"targets must have the shape \(4,\)",
        ),
        (lambda n: n.fit(CORNERS, [0] * 4, epochs=0, learning_rate=1), ValueError, "epochs must be at least 1; got 0"),
        (lambda n: n.fit(CORNERS, [0] * 4, epochs=1, learning_rate=0), ValueError, "learning_rate must be above 0"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(Neuron([1.0, 2.0]))
