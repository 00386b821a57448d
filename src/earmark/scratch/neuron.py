"""One artificial neuron: it weighs what comes in, adds, and bends the sum."""

import numpy as np
import numpy.typing as npt

from earmark.scratch.activations import sigmoid
from earmark.scratch.checks import Floats, floats, number, random_generator, whole_number
from earmark.scratch.losses import squared_error


class Neuron:
    """A neuron with a sigmoid: y = s(w · x + b).

    The weights say how much each input counts, and with which sign; the bias says how easily the neuron answers at all.
    Where w · x + b = 0 the answer is one half: a straight line between two inputs, a plane between three. So a single
    neuron can separate what a straight line can separate (AND, OR), and nothing else (not XOR).

    Args:
        weights: One an input, (n_inputs,).
        bias: Added to the weighted sum.

    Raises:
        ValueError: Weights or bias are empty, of another shape, or not finite.

    >>> neuron = Neuron(weights=[2, -1], bias=0.5)
    >>> neuron.weighted_sum([1, 3])  # 2 * 1 - 1 * 3 + 0.5
    -0.5
    >>> round(neuron.forward([1, 3]), 4)  # 1 / (1 + exp(0.5))
    0.3775

    Source: Rosenblatt (1958), "The perceptron", Psychological Review 65(6), with the smooth sigmoid in place of a step,
    as in Rumelhart, Hinton, Williams (1986), "Learning representations by back-propagating errors", Nature 323.
    """

    def __init__(self, weights: npt.ArrayLike, bias: float = 0.0) -> None:
        self.weights = floats("weights", weights, ("n_inputs",)).copy()
        self.bias = number("bias", bias, "finite", np.isfinite)

    @classmethod
    def random(cls, n_inputs: int, *, generator: np.random.Generator) -> "Neuron":
        """Return a neuron that has learnt nothing: normal weights with a deviation of 1 / sqrt(n_inputs), no bias.

        Args:
            n_inputs: How many inputs it has.
            generator: Where the weights come from.

        Returns:
            The neuron.

        >>> Neuron.random(3, generator=np.random.default_rng(0)).weights.shape
        (3,)
        """
        n = whole_number("n_inputs", n_inputs)
        return cls(random_generator(generator).standard_normal(n) / np.sqrt(n))

    def weighted_sum(self, x: npt.ArrayLike) -> Floats | float:
        """Return z = Σ_i w_i x_i + b.

        Args:
            x: One example (n_inputs,), or several (n, n_inputs).

        Returns:
            A number, or (n,) numbers.

        Raises:
            ValueError: The last axis is no n_inputs.

        >>> Neuron([1, 1]).weighted_sum([[1, 2], [3, 4]])
        array([3., 7.])
        """
        examples = floats("x", x, ("...", len(self.weights)))
        sums = examples @ self.weights + self.bias
        return float(sums) if np.ndim(sums) == 0 else np.asarray(sums)

    def forward(self, x: npt.ArrayLike) -> Floats | float:
        """Return the answer y = s(z), between 0 and 1.

        Args:
            x: One example (n_inputs,), or several (n, n_inputs).

        Returns:
            A number, or (n,) numbers.

        Raises:
            ValueError: The last axis is no n_inputs.

        >>> Neuron([1, -1]).forward([3, 3])
        0.5
        """
        answers = sigmoid(self.weighted_sum(x))
        return float(answers) if answers.ndim == 0 else answers

    def gradients(self, x: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[Floats, float]:
        """Return how the squared error L = 1/n Σ (y - t)² changes with each weight and with the bias.

        The chain rule, from the loss back to the weights, one step at a time::

            ∂L/∂y = 2 (y - t) / n          how the loss changes with the answer, (n,)
            ∂y/∂z = y (1 - y)              how the answer changes with the weighted sum, (n,)
            ∂z/∂w_i = x_i, ∂z/∂b = 1       how the sum changes with the weights

        Multiplied, and added up over the examples: ∂L/∂w = Σ_n ∂L/∂y · ∂y/∂z · x.

        Args:
            x: Examples (n, n_inputs).
            targets: What the answers should be, (n,).

        Returns:
            ∂L/∂w (n_inputs,) and ∂L/∂b.

        Raises:
            ValueError: Shapes do not fit.

        >>> Neuron([0.0]).gradients([[2.0]], [1.0])  # y is 0.5: it should be more
        (array([-0.5]), -0.25)
        """
        examples = floats("x", x, ("n", len(self.weights)))
        wanted = floats("targets", targets, (len(examples),))
        answers = sigmoid(self.weighted_sum(examples))
        z_gradient = 2.0 * (answers - wanted) / len(wanted) * answers * (1.0 - answers)
        return z_gradient @ examples, float(z_gradient.sum())

    def fit(self, x: npt.ArrayLike, targets: npt.ArrayLike, *, epochs: int, learning_rate: float) -> list[float]:
        """Learn by gradient descent on all examples at once: w ← w - learning_rate · ∂L/∂w, and b likewise.

        The gradient points to where the loss grows the fastest; each epoch takes one step the other way.

        Args:
            x: Examples (n, n_inputs).
            targets: What the answers should be, (n,), from 0 to 1.
            epochs: How many steps.
            learning_rate: How far each goes, above 0.

        Returns:
            The squared error before each step.

        Raises:
            ValueError: Shapes do not fit.

        Both inputs must be 1 (AND):

        >>> neuron = Neuron([0, 0])
        >>> losses = neuron.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1], epochs=1000, learning_rate=5)
        >>> neuron.forward([[0, 0], [0, 1], [1, 0], [1, 1]]).round()
        array([0., 0., 0., 1.])
        """
        rate = number("learning_rate", learning_rate, "above 0", lambda value: value > 0)
        losses = []
        for _ in range(whole_number("epochs", epochs)):
            weights_gradient, bias_gradient = self.gradients(x, targets)
            losses.append(squared_error(self.forward(x), targets))
            self.weights -= rate * weights_gradient
            self.bias -= rate * bias_gradient
        return losses
