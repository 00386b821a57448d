"""Losses: one number that says how wrong a network is, and which way each output should move.

The gradient of the loss with respect to the outputs is where back-propagation begins.

=============  ===================================  ====================
loss           equation, over n rows and c columns  gradient
=============  ===================================  ====================
squared error  L = 1/(n c) Σ (o - t)²               2 (o - t) / (n c)
cross-entropy  L = -1/n Σ t log softmax(o)          (softmax(o) - t) / n
=============  ===================================  ====================
"""

import numpy as np
import numpy.typing as npt

from earmark.scratch.activations import softmax
from earmark.scratch.checks import Floats, choice, class_labels, floats, n_axes, whole_number

LOSS_NAMES = ("squared-error", "cross-entropy")

_PROBABILITY_SLACK = 1e-6


def squared_error(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Return the mean of the squared differences: L = 1/N Σ (o - t)².

    A difference twice as large counts four times: a few bad misses weigh more than many small ones. Shapes must be
    alike: (n, 1) minus (n,) would silently become (n, n).

    Args:
        outputs: What the network says, of any shape.
        targets: What is true, of the same shape.

    Returns:
        The loss, 0 and more.

    Raises:
        ValueError: The shapes differ.

    >>> squared_error([[0.5], [1.0]], [[0.0], [1.0]])
    0.125
    """
    return float(np.mean(_differences(outputs, targets) ** 2))


def squared_error_gradient(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> Floats:
    """Return ∂L/∂o = 2 (o - t) / N: the further off, the stronger the pull.

    Args:
        outputs: What the network says, of any shape.
        targets: What is true, of the same shape.

    Returns:
        The gradient, of the same shape.

    Raises:
        ValueError: The shapes differ.

    >>> squared_error_gradient([[0.5], [1.0]], [[0.0], [1.0]])
    array([[0.5],
           [0. ]])
    """
    differences = _differences(outputs, targets)
    return np.asarray(2.0 * differences / differences.size)


def cross_entropy(scores: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Return how surprised the network is by the truth: L = -1/n Σ t log p, with p = softmax(scores).

    With a label k it is -log p_k: 0 if the network was sure and right, log(n_classes) if it says that all classes are
    alike, and without bound if it was sure and wrong. It takes scores, not probabilities: log p_k =
    z_k - log Σ exp(z_j) needs no logarithm of a number that was rounded to 0.

    Args:
        scores: What comes before the softmax, (n, n_classes).
        targets: Labels as whole numbers (n,), or probabilities (n, n_classes), each row adding up to 1.

    Returns:
        The loss, 0 and more, in nats.

    Raises:
        ValueError: Shapes do not fit, a label is no class, or a row of probabilities does not add up to 1.
        TypeError: Labels are no whole numbers.

    >>> cross_entropy([[0.0, 0.0]], [1]), float(np.log(2))
    (0.6931471805599453, 0.6931471805599453)
    """
    z = floats("scores", scores, ("n", "n_classes"))
    shifted = z - z.max(axis=1, keepdims=True)  # as in softmax: nothing overflows
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-np.sum(_distributions(targets, *z.shape) * log_probabilities) / len(z))


def cross_entropy_gradient(scores: npt.ArrayLike, targets: npt.ArrayLike) -> Floats:
    """Return ∂L/∂z = (softmax(z) - t) / n: what was said, minus what is true.

    That softmax and logarithm together come out so simple is why they are one loss. With L = -Σ_i t_i log p_i and
    ∂p_i/∂z_j = p_i (δ_ij - p_j): ∂L/∂z_j = -Σ_i t_i (δ_ij - p_j) = p_j Σ_i t_i - t_j = p_j - t_j.

    Args:
        scores: What comes before the softmax, (n, n_classes).
        targets: Labels as whole numbers (n,), or probabilities (n, n_classes).

    Returns:
        The gradient (n, n_classes); each row adds up to 0.

    Raises:
        ValueError: As of `cross_entropy`.
        TypeError: As of `cross_entropy`.

    >>> cross_entropy_gradient([[0.0, 0.0]], [1])
    array([[ 0.5, -0.5]])
    """
    z = floats("scores", scores, ("n", "n_classes"))
    return np.asarray((softmax(z) - _distributions(targets, *z.shape)) / len(z))


def one_hot(labels: npt.ArrayLike, n_classes: int) -> Floats:
    """Return labels as rows of zeros with a single 1: what a perfect network would say.

    Args:
        labels: Whole numbers (n,) from 0.
        n_classes: How many classes there are.

    Returns:
        Probabilities (n, n_classes).

    Raises:
        ValueError: A label is no class, or there are no classes.
        TypeError: Labels, or their number, are no whole numbers.

    >>> one_hot([2, 0], n_classes=3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    n = whole_number("n_classes", n_classes)
    return np.eye(n)[class_labels("labels", labels, np.size(labels), n)]


def loss_of(name: str, outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Return the loss of a name.

    Args:
        name: ``"squared-error"`` or ``"cross-entropy"``.
        outputs: What the network says; scores for the cross-entropy.
        targets: What is true.

    Returns:
        The loss.

    Raises:
        ValueError: There is no such loss, or shapes do not fit.

    >>> loss_of("squared-error", [2.0], [0.0])
    4.0
    """
    choice("loss", name, LOSS_NAMES)
    return (squared_error if name == "squared-error" else cross_entropy)(outputs, targets)


def loss_gradient(name: str, outputs: npt.ArrayLike, targets: npt.ArrayLike) -> Floats:
    """Return the gradient of the loss of a name with respect to the outputs.

    Args:
        name: ``"squared-error"`` or ``"cross-entropy"``.
        outputs: What the network says; scores for the cross-entropy.
        targets: What is true.

    Returns:
        The gradient, of the shape of the outputs.

    Raises:
        ValueError: There is no such loss, or shapes do not fit.

    >>> loss_gradient("squared-error", [2.0], [0.0])
    array([4.])
    """
    choice("loss", name, LOSS_NAMES)
    return (squared_error_gradient if name == "squared-error" else cross_entropy_gradient)(outputs, targets)


def _differences(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> Floats:
    """Subtract what is true from what was said, if their shapes are alike."""
    said = floats("outputs", outputs)
    return np.asarray(said - floats("targets", targets, said.shape))


def _distributions(targets: npt.ArrayLike, n: int, n_classes: int) -> Floats:
    """Return labels or probabilities as probabilities (n, n_classes)."""
    if n_axes("targets", targets) == 1:
        return np.eye(n_classes)[class_labels("targets", targets, n, n_classes)]
    rows = floats("targets", targets, (n, n_classes))
    sums = rows.sum(axis=1)
    if rows.min() < 0 or np.abs(sums - 1.0).max() > _PROBABILITY_SLACK:
        raise ValueError(
            "targets must be probabilities, each row adding up to 1; got numbers from "
            f"{rows.min():g}, and rows from {sums.min():g} to {sums.max():g}, in the shape {rows.shape}"
        )
    return rows
