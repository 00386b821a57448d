"""Activations against torch and scipy, and their slopes against finite differences and torch."""

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark.scratch.activations import (
    ACTIVATION_NAMES,
    activate,
    activation_backward,
    identity,
    identity_derivative,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softmax_derivative,
    tanh,
    tanh_derivative,
)
from earmark.scratch.gradient_check import gradient_error, numerical_gradient

TORCH = {
    "identity": lambda z: z * 1,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softmax": lambda z: torch.softmax(z, dim=-1),
}
SLOPES = [
    (sigmoid, sigmoid_derivative),
    (tanh, tanh_derivative),
    (relu, relu_derivative),
    (identity, identity_derivative),
]
NUMBERS = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=5), elements=st.floats(-40, 40))
FEW = settings(max_examples=20, deadline=None)


@pytest.mark.slow
@FEW
@given(z=NUMBERS)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_torch_agrees_forward_and_back(name, z):
    above = np.linspace(-1.0, 2.0, z.size).reshape(z.shape)
    theirs = torch.tensor(z, requires_grad=True)
    TORCH[name](theirs).backward(torch.tensor(above))
    np.testing.assert_allclose(activate(name, z), TORCH[name](theirs).detach(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(activation_backward(name, z, above), theirs.grad, rtol=1e-9, atol=1e-14)


def test_scipy_agrees():
    z = np.random.default_rng(0).standard_normal((4, 5)) * 10
    np.testing.assert_allclose(sigmoid(z), scipy.special.expit(z), rtol=1e-12)
    np.testing.assert_allclose(softmax(z), scipy.special.softmax(z, axis=-1), rtol=1e-12)


@pytest.mark.parametrize(("function", "derivative"), SLOPES)
def test_slopes_are_what_finite_differences_show(function, derivative):
    z = np.array([-3.0, -0.7, -0.1, 0.2, 1.3, 4.0])
    numerical = numerical_gradient(lambda at: float(function(at).sum()), z)
    assert gradient_error(derivative(z), numerical) < 1e-8


def test_the_jacobian_of_softmax_is_what_finite_differences_and_torch_show():
    z = np.random.default_rng(0).standard_normal(4)
    for row in range(4):
        numerical = numerical_gradient(lambda at, row=row: float(softmax(at)[row]), z)
        assert gradient_error(softmax_derivative(z)[row], numerical) < 1e-8
    theirs = torch.autograd.functional.jacobian(lambda at: torch.softmax(at, dim=0), torch.tensor(z))
    np.testing.assert_allclose(softmax_derivative(z), theirs, atol=1e-15)


@pytest.mark.slow
@FEW
@given(z=NUMBERS)
def test_the_way_back_through_softmax_is_the_jacobian_times_the_gradient(z):
    above = np.cos(np.arange(z.size)).reshape(z.shape)
    expected = np.einsum("...ij,...i->...j", softmax_derivative(z), above)
    np.testing.assert_allclose(activation_backward("softmax", z, above), expected, atol=1e-13)


@FEW
@given(z=NUMBERS, shift=st.floats(-1e3, 1e3))
def test_softmax_sees_differences_only(z, shift):
    np.testing.assert_allclose(softmax(z).sum(axis=-1), 1.0)
    np.testing.assert_allclose(softmax(z + shift), softmax(z), rtol=1e-9, atol=1e-15)


def test_nothing_overflows():
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(-1e308) == 0.0
        assert sigmoid(1e308) == 1.0
        assert sigmoid_derivative([-1e308, 1e308]).tolist() == [0.0, 0.0]
        assert softmax([1e300, -1e300]).tolist() == [1.0, 0.0]


def test_the_sigmoid_is_nowhere_steeper_than_a_quarter_and_tanh_than_one():
    z = np.linspace(-5, 5, 1001)
    assert sigmoid_derivative(z).max() == 0.25
    assert tanh_derivative(z).max() == 1.0


def test_relu_has_no_slope_at_its_corner():
    assert relu_derivative([0.0]) == 0.0


@pytest.mark.parametrize("call", [activate, lambda name, z: activation_backward(name, z, z)])
def test_an_unknown_activation_is_refused(call):
    with pytest.raises(ValueError, match=r"got 'sigmoide' \(sigmoid\?\)"):
        call("sigmoide", [1.0])


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"gradient must have the shape \(2,\); got \(2, 1\)"):
        activation_backward("relu", [1.0, 2.0], [[1.0], [2.0]])


@pytest.mark.parametrize("bad", [[np.nan], [], [[]]])
@pytest.mark.parametrize("function", [part for pair in SLOPES for part in pair] + [softmax, softmax_derivative])
def test_nan_and_nothing_are_refused(function, bad):
    with pytest.raises(ValueError, match=r"^z must"):
        function(bad)


def test_softmax_of_one_number_without_an_axis_is_refused():
    with pytest.raises(ValueError, match=r"z must have the shape \(\.\.\., n_classes\); got \(\)"):
        softmax(1.0)
