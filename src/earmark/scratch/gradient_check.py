"""Is a gradient right? Move each number a little, and look.

The gradient says how much the loss would change if a number were moved. So move it, and compare. It takes two
evaluations a number, which is why nobody learns this way, and why anybody may check this way.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from earmark.scratch.checks import Floats, floats, number, random_generator
from earmark.scratch.layers import Layer
from earmark.scratch.network import Network

_STEP = 1e-6


def numerical_gradient(function: Callable[[Floats], float], at: npt.ArrayLike, *, step: float = _STEP) -> Floats:
    """Return the gradient by central differences: ∂f/∂x_i ≈ (f(x + h e_i) - f(x - h e_i)) / 2h.

    Looking both ways is worth it: the error is of the order h², one way it is h. A smaller h is not better for ever:
    below some 1e-6 the difference of two nearly equal numbers loses its digits.

    Args:
        function: From an array like `at` to one number. The array is changed in place between calls.
        at: Where the gradient is wanted, of any shape.
        step: h, above 0.

    Returns:
        The gradient, of the shape of `at`.

    Raises:
        ValueError: `at` is empty or not finite, or the step not above 0.

    >>> numerical_gradient(lambda x: float(np.sum(x**2)), [1.0, 3.0]).round(6)
    array([2., 6.])
    """
    point = floats("at", at).copy()
    return _moved(lambda: function(point), point, number("step", step, "above 0", lambda value: value > 0))


def gradient_error(gradient: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Return how far two gradients are apart: the largest `|a - b| / max(1, |a|, |b|)`.

    Relative for large numbers, absolute for small ones. Below 1e-6 they agree as well as central differences can; a
    sign or a factor that is wrong gives 0.1 and more.

    Args:
        gradient: One, of any shape.
        other: The other, of the same shape.

    Returns:
        0 and more.

    Raises:
        ValueError: The shapes differ.

    >>> gradient_error([1.0, 200.0], [1.0, 100.0])
    0.5
    """
    a = floats("gradient", gradient)
    b = floats("other", other, a.shape)
    return float(np.max(np.abs(a - b) / np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))))


def check_layer(layer: Layer, x: npt.ArrayLike, *, generator: np.random.Generator) -> dict[str, float]:
    """Compare what a layer says about its gradients with what moving numbers shows.

    A layer has no loss of its own: the sum of its outputs, each times a random number, does as one.

    Where an activation has a corner, as ReLU at 0, there is no gradient, and the two may differ.

    Args:
        layer: Any layer, of your own as well.
        x: An input that it takes.
        generator: Where the random numbers come from.

    Returns:
        `gradient_error` for the ``"input"`` and for each parameter by its name.

    Raises:
        ValueError: The layer does not take the input.

    >>> from earmark.scratch import Dense
    >>> g = np.random.default_rng(0)
    >>> errors = check_layer(Dense(3, 2, generator=g), g.standard_normal((4, 3)), generator=g)
    >>> {name: error < 1e-6 for name, error in errors.items()}
    {'input': True, 'weights': True, 'bias': True}
    """
    point = floats("x", x).copy()
    factors = random_generator(generator).standard_normal(layer.forward(point).shape)

    def loss() -> float:
        return float(np.sum(factors * layer.forward(point)))

    errors = {"input": gradient_error(layer.backward(factors), _moved(loss, point))}
    for name, parameter in layer.parameters.items():
        errors[name] = gradient_error(layer.gradients[name], _moved(loss, parameter))
    return errors


def check_network(network: Network, x: npt.ArrayLike, y: npt.ArrayLike) -> dict[str, float]:
    """Compare what back-propagation says with what moving every weight shows, penalties included.

    A number that sits exactly on the corner of a ReLU shows as an error that is none: a bias of 0 after a row of zeros
    does. Give biases other values, and check again.

    Args:
        network: Any; dropout does not drop here.
        x: Examples (n, ...).
        y: What is true.

    Returns:
        `gradient_error` for each parameter, by the number of its layer and its name.

    Raises:
        ValueError: Shapes do not fit.

    >>> from earmark.scratch import MLP
    >>> mlp = MLP(2, [3], 1, l2=0.1, generator=np.random.default_rng(0))
    >>> errors = check_network(mlp, [[0.1, 0.2]], [[0.3]])
    >>> list(errors), max(errors.values()) < 1e-6
    (['0.weights', '0.bias', '2.weights', '2.bias'], True)
    """
    network.backpropagate(x, y)
    return {
        f"{place}.{name}": gradient_error(
            layer.gradients[name], _moved(lambda: network.loss(x, y) + network.penalty(), parameter)
        )
        for place, layer in enumerate(network.layers)
        for name, parameter in layer.parameters.items()
    }


def _moved(loss: Callable[[], float], point: Floats, step: float = _STEP) -> Floats:
    """Move each number of an array in place, a little up and down, and see how the loss changes."""
    gradient = np.zeros_like(point)
    for place in np.ndindex(point.shape):
        value = point[place]
        point[place] = value + step
        above = loss()
        point[place] = value - step
        gradient[place] = (above - loss()) / (2.0 * step)
        point[place] = value
    return gradient
