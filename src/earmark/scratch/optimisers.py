"""Optimisers: given which way is downhill, how far to go.

All change parameters in place and remember, for each, what their rule needs. So one optimiser belongs to one network.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from earmark.scratch.checks import Floats, floats, number


class Optimiser(Protocol):
    """Whatever can take a step: anything with this method may be passed to `Network.fit`."""

    def update(self, parameters: Sequence[Floats], gradients: Sequence[Floats]) -> None:
        """Change parameters in place.

        Args:
            parameters: What is learnt; the same arrays each time.
            gradients: ∂L/∂parameter, of the same shapes.
        """


class GradientDescent:
    """One step downhill: w ← w - η g, with the gradient g = ∂L/∂w and the learning rate η.

    Too small an η takes forever; too large a one jumps across the valley and climbs the other side.

    Args:
        learning_rate: η, above 0.

    Raises:
        ValueError: The rate is not above 0.

    >>> weights = np.array([1.0])
    >>> GradientDescent(learning_rate=0.1).update([weights], [np.array([2.0])])
    >>> weights
    array([0.8])
    """

    def __init__(self, learning_rate: float = 0.1) -> None:
        self.learning_rate = _rate(learning_rate)

    def update(self, parameters: Sequence[Floats], gradients: Sequence[Floats]) -> None:
        """Take one step.

        Args:
            parameters: Changed in place.
            gradients: Of the same shapes.

        Raises:
            ValueError: Their numbers or shapes differ.
        """
        for parameter, gradient in _pairs(parameters, gradients):
            parameter[...] -= self.learning_rate * gradient


class Momentum:
    """A ball that rolls: v ← μ v + g, then w ← w - η v.

    Where gradients agree from step to step, it becomes up to 1 / (1 - μ) times as fast; where they turn to and fro, as
    in a narrow valley, they cancel.

    Args:
        learning_rate: η, above 0.
        momentum: μ, how much of the speed is kept, from 0 to below 1.

    Raises:
        ValueError: A number is outside its range.

    >>> weights, optimiser = np.array([1.0]), Momentum(learning_rate=0.1, momentum=0.5)
    >>> optimiser.update([weights], [np.array([2.0])])  # v = 2
    >>> optimiser.update([weights], [np.array([2.0])])  # v = 3
    >>> weights
    array([0.5])

    Source: Polyak (1964), "Some methods of speeding up the convergence of iteration methods"; the learning rate
    multiplies the speed, as in torch.
    """

    def __init__(self, learning_rate: float = 0.1, momentum: float = 0.9) -> None:
        self.learning_rate = _rate(learning_rate)
        self.momentum = _decay("momentum", momentum)
        self._speeds: list[Floats] = []

    def update(self, parameters: Sequence[Floats], gradients: Sequence[Floats]) -> None:
        """Gather speed, and take one step.

        Args:
            parameters: Changed in place.
            gradients: Of the same shapes.

        Raises:
            ValueError: Their numbers or shapes differ, or are not those of the update before.
        """
        pairs = _pairs(parameters, gradients)
        self._speeds = _remembered(self._speeds, parameters)
        for (parameter, gradient), speed in zip(pairs, self._speeds, strict=True):
            speed[...] = self.momentum * speed + gradient
            parameter[...] -= self.learning_rate * speed


class Adam:
    """Each weight gets a step of its own, about η long whatever the size of its gradient.

    With the gradient g, and m and v of the step before::

        m ← β₁ m + (1 - β₁) g             the mean of recent gradients: which way
        v ← β₂ v + (1 - β₂) g²            the mean of their squares: how large they usually are
        w ← w - η m̂ / (√v̂ + ε),           m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)

    m and v begin at 0 and are too small at first; dividing by 1 - βᵗ, with t the number of the step, mends that.

    Args:
        learning_rate: η, above 0.
        decay1: β₁, from 0 to below 1.
        decay2: β₂, from 0 to below 1.
        epsilon: ε, above 0, so that nothing is divided by 0.

    Raises:
        ValueError: A number is outside its range.

    >>> weights = np.array([1.0, 1.0])
    >>> Adam(learning_rate=0.1).update([weights], [np.array([2000.0, 0.002])])
    >>> weights.round(4)  # the gradients differ a millionfold, the steps do not
    array([0.9, 0.9])

    Source: Kingma, Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.
    """

    def __init__(
        self, learning_rate: float = 0.001, decay1: float = 0.9, decay2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        self.learning_rate = _rate(learning_rate)
        self.decay1, self.decay2 = _decay("decay1", decay1), _decay("decay2", decay2)
        self.epsilon = number("epsilon", epsilon, "above 0", lambda value: value > 0)
        self._means: list[Floats] = []
        self._squares: list[Floats] = []
        self._n_steps = 0

    def update(self, parameters: Sequence[Floats], gradients: Sequence[Floats]) -> None:
        """Renew both means, and take one step.

        β m + (1 - β) g is written as m + (1 - β) (g - m): the mean moves a little towards what is new.

        Args:
            parameters: Changed in place.
            gradients: Of the same shapes.

        Raises:
            ValueError: Their numbers or shapes differ, or are not those of the update before.
        """
        pairs = _pairs(parameters, gradients)
        self._means, self._squares = _remembered(self._means, parameters), _remembered(self._squares, parameters)
        self._n_steps += 1
        grown1, grown2 = 1.0 - self.decay1**self._n_steps, 1.0 - self.decay2**self._n_steps
        for (parameter, gradient), mean, square in zip(pairs, self._means, self._squares, strict=True):
            mean[...] += (1.0 - self.decay1) * (gradient - mean)
            square[...] += (1.0 - self.decay2) * (gradient**2 - square)
            parameter[...] -= self.learning_rate * (mean / grown1) / (np.sqrt(square / grown2) + self.epsilon)


def _rate(learning_rate: float) -> float:
    """Return a learning rate above 0."""
    return number("learning_rate", learning_rate, "above 0", lambda value: value > 0)


def _decay(name: str, value: float) -> float:
    """Return a share that is kept from step to step."""
    return number(name, value, "from 0 to below 1", lambda share: 0 <= share < 1)


def _pairs(parameters: Sequence[Floats], gradients: Sequence[Floats]) -> list[tuple[Floats, Floats]]:
    """Pair each parameter with its gradient, if there are as many and their shapes are alike."""
    if len(parameters) != len(gradients):
        raise ValueError(f"there must be one gradient a parameter, {len(parameters)}; got {len(gradients)}")
    for parameter in parameters:
        if getattr(parameter, "dtype", None) != np.float64:
            raise TypeError(f"parameters must be float64 arrays, which are changed in place; got {parameter!r}")
    return [
        (parameter, floats("the gradient", gradient, parameter.shape))
        for parameter, gradient in zip(parameters, gradients, strict=True)
    ]


def _remembered(state: list[Floats], parameters: Sequence[Floats]) -> list[Floats]:
    """Return what is remembered of each parameter: zeros at first."""
    shapes = [parameter.shape for parameter in parameters]
    if not state:
        return [np.zeros(shape) for shape in shapes]
    if [array.shape for array in state] != shapes:
        known = [array.shape for array in state]
        raise ValueError(
            f"an optimiser belongs to one network: its parameters must have the shapes {known}; got {shapes}"
        )
    return state
