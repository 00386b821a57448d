"""Optimisers, step by step, against torch."""

import numpy as np
import pytest
import torch

from earmark.scratch.optimisers import Adam, GradientDescent, Momentum

PAIRS = {
    "gradient descent": (lambda: GradientDescent(0.3), lambda p: torch.optim.SGD(p, lr=0.3)),
    "momentum": (lambda: Momentum(0.1, 0.8), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8)),
    "adam": (lambda: Adam(0.05), lambda p: torch.optim.Adam(p, lr=0.05)),
    "adam, other decays": (
        lambda: Adam(0.05, 0.5, 0.9, 1e-3),
        lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.5, 0.9), eps=1e-3),
    ),
}
OURS = pytest.mark.parametrize("make", [pair[0] for pair in PAIRS.values()], ids=PAIRS)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "theirs"), PAIRS.values(), ids=PAIRS)
def test_torch_takes_the_same_steps(make, theirs):
    generator = np.random.default_rng(0)
    ours = [generator.standard_normal((3, 2)), generator.standard_normal(4)]
    tensors = [torch.tensor(array) for array in ours]
    optimiser, reference = make(), theirs(tensors)
    for _ in range(20):
        gradients = [generator.standard_normal(array.shape) for array in ours]
        optimiser.update(ours, gradients)
        for tensor, gradient in zip(tensors, gradients, strict=True):
            tensor.grad = torch.tensor(gradient)
        reference.step()
        for array, tensor in zip(ours, tensors, strict=True):
            np.testing.assert_allclose(array, tensor, rtol=1e-10, atol=1e-13)


@OURS
def test_gradients_are_left_as_they_are_and_parameters_changed_in_place(make):
    parameter, gradient = np.ones(3), np.ones(3)
    make().update([parameter], [gradient])
    assert gradient.tolist() == [1.0] * 3
    assert parameter.max() < 1.0


@OURS
def test_what_does_not_fit_is_refused_and_changes_nothing(make):
    parameter = np.ones(3)
    for gradients, kind, message in (
        ([], ValueError, "one gradient a parameter, 1; got 0"),
        ([np.ones(2)], ValueError, r"the gradient must have the shape \(3,\); got \(2,\)"),
        ([np.array([1.0, np.nan, 1.0])], ValueError, "the gradient must hold finite numbers"),
    ):
        with pytest.raises(kind, match=message):
            make().update([parameter], gradients)
    assert parameter.tolist() == [1.0] * 3


@OURS
@pytest.mark.parametrize("parameter", [np.ones(3, int), np.ones(3, np.float32), [1.0, 1.0, 1.0]])
def test_parameters_that_cannot_be_changed_in_place_are_refused(make, parameter):
    with pytest.raises(TypeError, match="parameters must be float64 arrays, which are changed in place"):
        make().update([parameter], [np.ones(3)])


@pytest.mark.parametrize("make", [Momentum, Adam])
def test_an_optimiser_of_another_network_is_refused(make):
    optimiser = make()
    optimiser.update([np.ones(3)], [np.ones(3)])
    with pytest.raises(ValueError, match=r"belongs to one network.*\[\(3,\)\]; got \[\(2,\)\]"):
        optimiser.update([np.ones(2)], [np.ones(2)])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GradientDescent(0), "learning_rate must be above 0; got 0"),
        (lambda: Momentum(-0.1), "learning_rate must be above 0; got -0.1"),
        (lambda: Momentum(0.1, 1.0), "momentum must be from 0 to below 1; got 1.0"),
        (lambda: Adam(decay1=1.0), "decay1 must be from 0 to below 1"),
        (lambda: Adam(decay2=-1.0), "decay2 must be from 0 to below 1"),
        (lambda: Adam(epsilon=0.0), "epsilon must be above 0"),
        (lambda: Adam(np.nan), "learning_rate must be above 0; got nan"),
    ],
)
def test_settings_that_cannot_be_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
