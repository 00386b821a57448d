"""Activations: what bends a weighted sum, and how steep the bend is.

Without them a network of many layers would be no more than one: a matrix times a matrix is a matrix. With them, each
layer can do what the one before could not.

=======  =============================  ============================  ==========
name     equation                       derivative                    steepest
=======  =============================  ============================  ==========
sigmoid  s(z) = 1 / (1 + exp(-z))       s(z) (1 - s(z))               0.25, at 0
tanh     tanh(z)                        1 - tanh(z)²                  1, at 0
ReLU     max(0, z)                      1 where z > 0, else 0         1, above 0
softmax  p_i = exp(z_i) / Σ_j exp(z_j)  ∂p_i/∂z_j = p_i (δ_ij - p_j)
=======  =============================  ============================  ==========

The last column is why deep networks of sigmoids learn slowly: going back through a layer multiplies the gradient with
its weights and with a slope of at most 0.25; the slopes of ten layers make at most 0.25¹⁰, a millionth.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from earmark.scratch.checks import Floats, choice, floats


def sigmoid(z: npt.ArrayLike) -> Floats:
    """Squash every number into (0, 1): s(z) = 1 / (1 + exp(-z)).

    0 becomes one half, large numbers nearly 1, very negative ones nearly 0. exp(1000) would be infinite; so where z is
    negative, numerator and denominator are multiplied with exp(z): s(z) = exp(z) / (1 + exp(z)). One formula for both
    is `exp(min(z, 0)) / (1 + exp(-|z|))`, in which no exponent is above 0.

    Args:
        z: Numbers of any shape.

    Returns:
        The same shape, from 0 to 1.

    >>> sigmoid([-1000, 0, 1000])
    array([0. , 0.5, 1. ])
    """
    numbers = floats("z", z)
    return np.asarray(np.exp(np.minimum(numbers, 0.0)) / (1.0 + np.exp(-np.abs(numbers))))


def sigmoid_derivative(z: npt.ArrayLike) -> Floats:
    """Return the slope of the sigmoid: s'(z) = s(z) (1 - s(z)).

    From s = (1 + e)⁻¹ with e = exp(-z): s' = e (1 + e)⁻² = s · e / (1 + e) = s (1 - s).

    Args:
        z: Numbers of any shape: what goes into the sigmoid, not what comes out.

    Returns:
        The same shape, from 0 to 0.25.

    >>> sigmoid_derivative([0.0, 10.0]).round(5)
    array([2.5e-01, 5.0e-05])
    """
    return np.asarray(sigmoid(z) * sigmoid(-floats("z", z)))


def tanh(z: npt.ArrayLike) -> Floats:
    """Squash every number into (-1, 1): a sigmoid that is stretched and goes through 0.

    tanh(z) = (exp(z) - exp(-z)) / (exp(z) + exp(-z)) = 2 s(2z) - 1.

    Args:
        z: Numbers of any shape.

    Returns:
        The same shape, from -1 to 1.

    >>> tanh([-1000, 0, 1000])
    array([-1.,  0.,  1.])
    """
    return np.asarray(np.tanh(floats("z", z)))


def tanh_derivative(z: npt.ArrayLike) -> Floats:
    """Return the slope of the hyperbolic tangent: 1 - tanh(z)².

    Args:
        z: Numbers of any shape: what goes in, not what comes out.

    Returns:
        The same shape, from 0 to 1.

    >>> tanh_derivative([0.0, 2.0]).round(3)
    array([1.   , 0.071])
    """
    return np.asarray(1.0 - tanh(z) ** 2)


def relu(z: npt.ArrayLike) -> Floats:
    """Keep what is above 0 and put 0 in place of the rest: max(0, z).

    Args:
        z: Numbers of any shape.

    Returns:
        The same shape, 0 and more.

    >>> relu([-2, 0, 3])
    array([0., 0., 3.])
    """
    return np.maximum(floats("z", z), 0.0)


def relu_derivative(z: npt.ArrayLike) -> Floats:
    """Return the slope of ReLU: 1 above 0, and 0 below.

    At 0 itself there is a corner and no slope; 0 is taken, as is the custom. A gradient passes either whole or not at
    all: where it passes, the slope does not shrink it.

    Args:
        z: Numbers of any shape: what goes in, not what comes out.

    Returns:
        The same shape, zeros and ones.

    >>> relu_derivative([-2, 0, 3])
    array([0., 0., 1.])
    """
    return (floats("z", z) > 0).astype(np.float64)


def softmax(z: npt.ArrayLike) -> Floats:
    """Turn scores into probabilities: p_i = exp(z_i) / Σ_j exp(z_j), over the last axis.

    Only differences between scores count: adding a constant to all of them multiplies numerator and denominator alike.
    So the largest is subtracted first, and no exponential is above 1: nothing overflows.

    Args:
        z: Scores (..., n_classes).

    Returns:
        The same shape; from 0 to 1, and adding up to 1 along the last axis.

    >>> softmax([[1000, 1000, 1000, 1000], [0, 0, 0, 100]]).round(3)
    array([[0.25, 0.25, 0.25, 0.25],
           [0.  , 0.  , 0.  , 1.  ]])
    """
    scores = floats("z", z, ("...", "n_classes"))
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def softmax_derivative(z: npt.ArrayLike) -> Floats:
    """Return how every probability changes with every score: ∂p_i/∂z_j = p_i (δ_ij - p_j).

    Each probability depends on all scores, through the sum in the denominator: the slope is a matrix, the Jacobian. It
    is symmetric, and its rows add up to 0, since what one class gains, the others lose.

    Args:
        z: Scores (..., n_classes).

    Returns:
        Matrices (..., n_classes, n_classes).

    >>> softmax_derivative([0.0, 0.0])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    probabilities = softmax(z)
    own = np.eye(probabilities.shape[-1]) * probabilities[..., None]  # (..., n_classes, n_classes), a diagonal
    return np.asarray(own - probabilities[..., :, None] * probabilities[..., None, :])


def identity(z: npt.ArrayLike) -> Floats:
    """Return what comes in: for the last layer, when any number may be the answer.

    Args:
        z: Numbers of any shape.

    Returns:
        The same.

    >>> identity([-2, 3])
    array([-2.,  3.])
    """
    return floats("z", z)


def identity_derivative(z: npt.ArrayLike) -> Floats:
    """Return the slope of a straight line through 0, which is 1 everywhere.

    Args:
        z: Numbers of any shape.

    Returns:
        Ones of the same shape.

    >>> identity_derivative([-2, 3])
    array([1., 1.])
    """
    return np.ones_like(floats("z", z))


_ELEMENTWISE: dict[str, tuple[Callable[[npt.ArrayLike], Floats], Callable[[npt.ArrayLike], Floats]]] = {
    "identity": (identity, identity_derivative),
    "sigmoid": (sigmoid, sigmoid_derivative),
    "tanh": (tanh, tanh_derivative),
    "relu": (relu, relu_derivative),
}
ELEMENTWISE_NAMES = tuple(_ELEMENTWISE)
ACTIVATION_NAMES = (*ELEMENTWISE_NAMES, "softmax")


def activate(name: str, z: npt.ArrayLike) -> Floats:
    """Apply the activation of a name.

    Args:
        name: One of ``"identity"``, ``"sigmoid"``, ``"tanh"``, ``"relu"``, ``"softmax"``.
        z: What goes in, of any shape; for softmax (..., n_classes).

    Returns:
        What comes out, of the same shape.

    Raises:
        ValueError: There is no such activation.

    >>> activate("relu", [-1, 1])
    array([0., 1.])
    """
    choice("activation", name, ACTIVATION_NAMES)
    return softmax(z) if name == "softmax" else _ELEMENTWISE[name][0](z)


def activation_backward(name: str, z: npt.ArrayLike, gradient: npt.ArrayLike) -> Floats:
    """Take a gradient back through an activation: from ∂L/∂a, where a = activation(z), to ∂L/∂z.

    The chain rule. Where each output depends on its own input only, it is a product of numbers:
    ∂L/∂z_i = ∂L/∂a_i · a'(z_i). For softmax it is the sum over all outputs, ∂L/∂z_j = Σ_i ∂L/∂p_i · p_i (δ_ij - p_j),
    which is p_j (∂L/∂p_j - Σ_i p_i ∂L/∂p_i): no matrix needs to be built.

    Args:
        name: One of the names of `activate`.
        z: What went in.
        gradient: ∂L/∂a, of the shape of `z`.

    Returns:
        ∂L/∂z, of the same shape.

    Raises:
        ValueError: There is no such activation, or the shapes differ.

    >>> activation_backward("sigmoid", [0.0, 0.0], [1.0, 2.0])
    array([0.25, 0.5 ])
    """
    choice("activation", name, ACTIVATION_NAMES)
    above = floats("gradient", gradient, np.shape(z))
    if name == "softmax":
        probabilities = softmax(z)
        return np.asarray(probabilities * (above - (probabilities * above).sum(axis=-1, keepdims=True)))
    return np.asarray(above * _ELEMENTWISE[name][1](z))
