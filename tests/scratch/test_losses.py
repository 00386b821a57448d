"""Losses and their gradients against torch, finite differences and arithmetic."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark.scratch.gradient_check import gradient_error, numerical_gradient
from earmark.scratch.losses import (
    LOSS_NAMES,
    cross_entropy,
    cross_entropy_gradient,
    loss_gradient,
    loss_of,
    one_hot,
    squared_error,
    squared_error_gradient,
)

SCORES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-30, 30))
FEW = settings(max_examples=20, deadline=None)


@FEW
@given(outputs=SCORES)
def test_torch_agrees_on_the_squared_error(outputs):
    targets = np.sin(np.arange(outputs.size)).reshape(outputs.shape)
    theirs = torch.tensor(outputs, requires_grad=True)
    loss = torch.nn.functional.mse_loss(theirs, torch.tensor(targets))
    loss.backward()
    assert squared_error(outputs, targets) == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(squared_error_gradient(outputs, targets), theirs.grad, rtol=1e-12)


@pytest.mark.slow
@FEW
@given(scores=SCORES, with_labels=st.booleans())
def test_torch_agrees_on_the_cross_entropy(scores, with_labels):
    generator = np.random.default_rng(0)
    n, n_classes = scores.shape
    targets = generator.integers(n_classes, size=n) if with_labels else generator.dirichlet(np.ones(n_classes), n)
    theirs = torch.tensor(scores, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(theirs, torch.tensor(targets))
    loss.backward()
    assert cross_entropy(scores, targets) == pytest.approx(loss.item(), rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(cross_entropy_gradient(scores, targets), theirs.grad, atol=1e-12)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_gradients_are_what_finite_differences_show(name):
    generator = np.random.default_rng(1)
    outputs = generator.standard_normal((3, 4))
    targets = generator.dirichlet(np.ones(4), 3)
    numerical = numerical_gradient(lambda at: loss_of(name, at, targets), outputs)
    assert gradient_error(loss_gradient(name, outputs, targets), numerical) < 1e-8


def test_labels_and_their_one_hot_rows_are_the_same_truth():
    scores = np.random.default_rng(0).standard_normal((5, 3))
    labels = [0, 1, 2, 1, 0]
    assert cross_entropy(scores, labels) == pytest.approx(cross_entropy(scores, one_hot(labels, 3)))
    np.testing.assert_array_equal(one_hot(labels, 3).argmax(axis=1), labels)


def test_being_sure_and_wrong_is_expensive_and_nothing_overflows():
    with np.errstate(all="raise", under="ignore"):
        assert cross_entropy([[1000.0, 0.0]], [1]) == 1000.0
        assert cross_entropy([[1000.0, 0.0]], [0]) == 0.0
        np.testing.assert_allclose(cross_entropy_gradient([[1000.0, 0.0]], [1]), [[1.0, -1.0]])


@pytest.mark.parametrize("function", [squared_error, squared_error_gradient])
def test_shapes_that_would_broadcast_are_refused(function):
    with pytest.raises(ValueError, match=r"targets must have the shape \(3, 1\); got \(3,\)"):
        function(np.ones((3, 1)), np.ones(3))


@pytest.mark.parametrize("function", [cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize(
    ("targets", "kind", "message"),
    [
        ([0], ValueError, r"targets must have the shape \(2,\), one label an example; got \(1,\)"),
        ([0, 3], ValueError, r"targets must lie from 0 to 2; got 0 to 3"),
        ([0.0, 1.0], TypeError, r"targets must be whole numbers from 0 to 2; got float64"),
        ([[0.5, 0.5, 0.0], [1.0]], ValueError, r"got rows of different lengths"),
        ([[0.5, 0.5]], ValueError, r"targets must have the shape \(2, 3\); got \(1, 2\)"),
        ([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]], ValueError, r"each row adding up to 1; got .* rows from 1 to 2"),
        ([[2.0, -1.0, 0.0], [1.0, 0.0, 0.0]], ValueError, r"each row adding up to 1; got numbers from -1"),
    ],
)
def test_targets_that_are_no_labels_and_no_probabilities_are_refused(function, targets, kind, message):
    with pytest.raises(kind, match=message):
        function(np.zeros((2, 3)), targets)


@pytest.mark.parametrize("function", [loss_of, loss_gradient])
def test_an_unknown_loss_is_refused(function):
    with pytest.raises(ValueError, match=r"loss must be one of squared-error, cross-entropy; got 'cross entropy'"):
        function("cross entropy", [[1.0]], [[1.0]])


def test_a_label_that_is_no_class_has_no_row():
    with pytest.raises(ValueError, match=r"labels must lie from 0 to 1; got 0 to 2"):
        one_hot([0, 2], 2)


def test_the_number_of_classes_is_a_whole_number_of_at_least_one():
    with pytest.raises(TypeError, match=r"n_classes must be a whole number, at least 1; got 2.5"):
        one_hot([0], 2.5)
    with pytest.raises(ValueError, match=r"n_classes must be at least 1; got 0"):
        one_hot([0], 0)
