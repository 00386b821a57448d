"""The check itself: it agrees with calculus and SciPy, and it catches what is planted."""

import numpy as np
import pytest
import scipy.optimize

from earmark.scratch.gradient_check import check_layer, check_network, gradient_error, numerical_gradient
from earmark.scratch.layers import Activation, Dense
from earmark.scratch.mlp import MLP


def test_it_agrees_with_calculus_and_scipy():
    at = np.array([[0.3, -1.0], [2.0, 0.7]])
    numerical = numerical_gradient(lambda x: float(np.sum(np.sin(x) * x[0, 0])), at)
    exact = np.cos(at) * 0.3
    exact[0, 0] += np.sin(at).sum()
    np.testing.assert_allclose(numerical, exact, rtol=1e-8)
    theirs = scipy.optimize.approx_fprime(at.ravel(), lambda x: np.sum(np.sin(x) * x[0]), 1e-7)
    np.testing.assert_allclose(numerical.ravel(), theirs, atol=1e-5)


def test_a_point_is_left_as_it_was():
    at = np.array([1.0, 2.0])
    numerical_gradient(lambda x: float(x.sum()), at)
    assert at.tolist() == [1.0, 2.0]
    mlp = MLP(2, [2], 1, generator=np.random.default_rng(0))
    before = mlp.layers[0].parameters["weights"].copy()
    check_network(mlp, [[0.1, 0.2]], [[0.3]])
    np.testing.assert_array_equal(mlp.layers[0].parameters["weights"], before)


def test_errors_are_relative_for_large_numbers_and_absolute_for_small_ones():
    assert gradient_error([1e6], [1e6 + 1]) == pytest.approx(1e-6)
    assert gradient_error([1e-9], [2e-9]) == pytest.approx(1e-9)
    assert gradient_error([1.0, -1.0], [1.0, 1.0]) == 2.0


class Forgetful(Dense):
    """A dense layer with a fault of one's choice."""

    def __init__(self, fault, generator):
        super().__init__(3, 2, generator=generator)
        self.fault = fault

    def backward(self, gradient):
        input_gradient = super().backward(gradient)
        if self.fault == "input":
            return 2 * input_gradient
        self.gradients[self.fault] = -self.gradients[self.fault]
        return input_gradient


@pytest.mark.parametrize("fault", ["input", "weights", "bias"])
def test_a_planted_fault_is_caught_where_it_is(fault):
    generator = np.random.default_rng(0)
    errors = check_layer(Forgetful(fault, generator), generator.standard_normal((4, 3)), generator=generator)
    assert {name for name, error in errors.items() if error > 1e-2} == {fault}


def test_a_penalty_that_was_forgotten_is_caught():
    mlp = MLP(2, [3], 1, l2=0.1, generator=np.random.default_rng(0))
    mlp._back = lambda x, y, *, training: _without_penalty(mlp, x, y)
    errors = check_network(mlp, [[0.1, 0.2]], [[0.3]])
    assert {name for name, error in errors.items() if error > 1e-3} == {"0.weights", "2.weights"}


def _without_penalty(mlp, x, y):
    gradient = 2 * (mlp.forward(x) - np.asarray(y))
    for layer in reversed(mlp.layers):
        gradient = layer.backward(gradient)
    return mlp.loss(x, y)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: numerical_gradient(lambda x: 0.0, []), ValueError, "at must have the shape .*, which is empty"),
        (lambda: numerical_gradient(lambda x: 0.0, [np.nan]), ValueError, "at must hold finite numbers"),
        (lambda: numerical_gradient(lambda x: 0.0, np.array([1])), TypeError, "at must hold floats; got int64"),
        (lambda: numerical_gradient(lambda x: 0.0, [1.0], step=0), ValueError, "step must be above 0; got 0"),
        (lambda: gradient_error([1.0], [1.0, 2.0]), ValueError, r"other must have the shape \(1,\); got \(2,\)"),
        (lambda: check_layer(Activation("relu"), [1.0], generator=0), TypeError, "generator must be"),
        (lambda: check_layer(Activation("relu"), [], generator=np.random.default_rng(0)), ValueError, "x must have"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
