"""A network: layers one after the other, a loss at the end, and the loop in which it learns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from earmark.scratch.activations import softmax
from earmark.scratch.checks import (
    Floats,
    Labels,
    choice,
    class_labels,
    floats,
    n_axes,
    number,
    random_generator,
    whole_number,
)
from earmark.scratch.layers import Layer
from earmark.scratch.losses import LOSS_NAMES, loss_gradient, loss_of
from earmark.scratch.optimisers import GradientDescent, Optimiser

_USUAL_RATE = 0.1
_WEIGHTS_OUT_OF_HAND = 1e12  # no sensible weight is near; and even many layers of them do not overflow yet


@dataclass(frozen=True)
class History:
    """How the loss went, one number an epoch, without the penalties on weights.

    Attributes:
        loss: On the training examples, as each batch came along: before its step, and with dropout.
        validation_loss: On the validation examples, after each epoch and without dropout; empty if there were none.

    >>> History().loss
    []
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)


class Network:
    """Layers one after the other; with back-propagation, and gradient descent of any batch size.

    What is made as small as possible is the loss plus penalties on the weights (not the biases), added up over all
    layers: loss + l1 Σ|w| + l2 Σ w². L1 pulls every weight towards 0 with the same force, so that useless ones get
    there; L2 pulls large ones harder, so that none gets large.

    Args:
        layers: In the order in which they are passed. With the cross-entropy, the last gives scores, without a softmax.
        generator: Where the order of examples in an epoch comes from.
        loss: ``"squared-error"`` or ``"cross-entropy"``.
        l1: Weight of Σ|w|, 0 or more.
        l2: Weight of Σ w², 0 or more.

    Raises:
        ValueError: There are no layers, no such loss, or a negative penalty.
        TypeError: A layer is none, or the generator is none.

    >>> from earmark.scratch import Activation, Dense
    >>> g = np.random.default_rng(0)
    >>> net = Network(
    ...     [Dense(2, 8, generator=g), Activation("tanh"), Dense(8, 2, generator=g)], loss="cross-entropy", generator=g
    ... )
    >>> x, labels = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]  # XOR, which no single neuron can
    >>> history = net.fit(x, labels, epochs=500, batch_size=4, learning_rate=0.5)
    >>> net.classify(x)
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        generator: np.random.Generator,
        loss: str = "squared-error",
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        if isinstance(layers, Layer):
            raise TypeError(f"layers must be a list of layers; got one {type(layers).__name__}: write [layer]")
        self.layers = list(layers)
        if not self.layers:
            raise ValueError("layers must be at least one; got none")
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"layers must be earmark.scratch layers; got {layer!r}")
        self.generator = random_generator(generator)
        self.loss_name = choice("loss", loss, LOSS_NAMES)
        self.l1 = number("l1", l1, "0 or more", lambda value: value >= 0)
        self.l2 = number("l2", l2, "0 or more", lambda value: value >= 0)

    @property
    def n_parameters(self) -> int:
        """How many numbers are learnt."""
        return sum(parameter.size for layer in self.layers for parameter in layer.parameters.values())

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:
        """Hand the examples through all layers.

        Args:
            x: Examples (n, ...), as the first layer wants them.
            training: Whether it is learning, so that dropout drops.

        Returns:
            What the last layer gives, (n, n_outputs); scores, with the cross-entropy.

        Raises:
            ValueError: The shape is none that the first layer takes, or there is a NaN.
        """
        output = floats("x", x)
        for layer in self.layers:
            output = layer.forward(output, training=training)
        return output

    def predict(self, x: npt.ArrayLike) -> Floats:
        """Return what the network says.

        Args:
            x: Examples (n, ...).

        Returns:
            Outputs (n, n_outputs); probabilities, with the cross-entropy.

        Raises:
            ValueError: The shape is none that the first layer takes, or there is a NaN.
        """
        outputs = self.forward(x)
        return softmax(outputs) if self.loss_name == "cross-entropy" else outputs

    def classify(self, x: npt.ArrayLike) -> Labels:
        """Return the class with the largest output.

        Args:
            x: Examples (n, ...).

        Returns:
            Labels (n,) from 0 to n_outputs - 1.

        Raises:
            ValueError: The shape is none that the first layer takes, or there is a NaN.
        """
        return np.asarray(self.forward(x).argmax(axis=1), dtype=np.int64)

    def accuracy_score(self, x: npt.ArrayLike, labels: npt.ArrayLike) -> float:
        """Return the share of examples that are put into the right class.

        Args:
            x: Examples (n, ...).
            labels: The right classes (n,), whole numbers.

        Returns:
            From 0 to 1.

        Raises:
            ValueError: Shapes do not fit, or a label is no class.
            TypeError: Labels are no whole numbers.
        """
        outputs = self.forward(x)
        return float(np.mean(outputs.argmax(axis=1) == class_labels("labels", labels, *outputs.shape)))

    def loss(self, x: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Return how wrong the network is, without penalties.

        Args:
            x: Examples (n, ...).
            y: What is true: (n, n_outputs); with the cross-entropy labels (n,), or probabilities.

        Returns:
            The loss.

        Raises:
            ValueError: Shapes do not fit, or there is a NaN.
        """
        return loss_of(self.loss_name, self.forward(x), y)

    def penalty(self) -> float:
        """Return l1 Σ|w| + l2 Σ w².

        Returns:
            What is added to the loss.
        """
        weights = [layer.parameters[name] for layer, name in self._weights()]
        return float(sum(self.l1 * np.abs(w).sum() + self.l2 * (w**2).sum() for w in weights))

    def backpropagate(self, x: npt.ArrayLike, y: npt.ArrayLike, *, training: bool = False) -> float:
        """Go forward and back once, and fill in the gradients of all layers.

        From the loss, which knows ∂L/∂outputs, through the layers in reverse: each turns the gradient of its output
        into that of its input. Then the penalties' gradients are added: l1 sign(w) + 2 l2 w.

        Args:
            x: Examples (n, ...).
            y: What is true, as of `loss`.
            training: Whether dropout drops.

        Returns:
            The loss plus the penalty.

        Raises:
            ValueError: Shapes do not fit, or there is a NaN.
        """
        return self._back(x, y, training=training) + self.penalty()

    def fit(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        epochs: int,
        learning_rate: float | None = None,
        batch_size: int | None = 1,
        optimiser: Optimiser | None = None,
        validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    ) -> History:
        """Learn: in each epoch all examples come along once, in a new order, one batch after the other.

        A batch of one is stochastic gradient descent: many quick steps, each after one example's opinion. The whole set
        is full-batch descent: one step an epoch, in the right direction on average. Mini-batches lie between. Calling
        `fit` again goes on from where it stopped.

        Args:
            x: Examples (n, ...).
            y: What is true: (n, n_outputs); with the cross-entropy labels (n,), or probabilities (n, n_classes).
            epochs: How often all examples come along.
            learning_rate: Of plain gradient descent; None for 0.1.
            batch_size: How many examples a step; None for all, as is any number above that.
            optimiser: In place of a learning rate: `Momentum`, `Adam`, or one of your own.
            validation: (x, y) that are not learnt from, to be measured after each epoch.

        Returns:
            How the loss went.

        Raises:
            ValueError: Shapes do not fit, there is a NaN, `validation` is no pair, both a rate and an optimiser were
                given, or the weights grew beyond all bounds.
            TypeError: Labels are no whole numbers, or the optimiser has no `update`.
        """
        examples = floats("x", x)
        targets = self._targets(y)
        if examples.ndim == 0 or targets.shape[:1] != examples.shape[:1]:
            raise ValueError(f"x and y must hold as many examples; got the shapes {examples.shape} and {targets.shape}")
        self._refuse_misfits(examples, targets)
        if validation is not None:
            self._refuse_misfits(*_validation_pair(validation))
        size = len(examples) if batch_size is None else whole_number("batch_size", batch_size)
        steps = _chosen_optimiser(learning_rate, optimiser)
        history = History()
        for _ in range(whole_number("epochs", epochs)):
            order = self.generator.permutation(len(examples))
            batches = [order[first : first + size] for first in range(0, len(order), size)]
            sums = [len(rows) * self._learn(examples[rows], targets[rows], steps) for rows in batches]
            history.loss.append(sum(sums) / len(examples))
            if validation is not None:
                history.validation_loss.append(self.loss(*validation))
        return history

    def _refuse_misfits(self, x: Floats, y: npt.ArrayLike) -> None:
        """Look at all that is true before anything is learnt, so that a fault leaves the network as it was."""
        one_output = self.forward(x[:1])
        loss_of(self.loss_name, np.zeros((len(x), *one_output.shape[1:])), y)

    def _targets(self, y: npt.ArrayLike) -> npt.NDArray[np.generic]:
        """Return what is true as an array: floats, or with the cross-entropy labels."""
        is_labels = self.loss_name == "cross-entropy" and n_axes("y", y) == 1
        return np.asarray(y) if is_labels else floats("y", y)

    def _back(self, x: npt.ArrayLike, y: npt.ArrayLike, *, training: bool) -> float:
        """Fill in the gradients, penalties' included, and return the loss without them."""
        outputs = self.forward(x, training=training)
        gradient = loss_gradient(self.loss_name, outputs, y)
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        for layer, name in self._weights():
            weights = layer.parameters[name]
            layer.gradients[name] = layer.gradients[name] + self.l1 * np.sign(weights) + 2.0 * self.l2 * weights
        return loss_of(self.loss_name, outputs, y)

    def _learn(self, x: Floats, y: npt.NDArray[np.generic], optimiser: Optimiser) -> float:
        """Take one step on one batch, and return its loss before."""
        loss = self._back(x, y, training=True)
        names = [(layer, name) for layer in self.layers for name in layer.parameters]
        optimiser.update(
            [layer.parameters[name] for layer, name in names], [layer.gradients[name] for layer, name in names]
        )
        largest = max((float(np.abs(layer.parameters[name]).max()) for layer, name in names), default=0.0)
        if not largest <= _WEIGHTS_OUT_OF_HAND:
            raise ValueError(f"the weights grew to {largest:.1g}: the learning rate is too high; divide it by 10")
        return loss

    def _weights(self) -> Iterator[tuple[Layer, str]]:
        """Go through all parameters that are weights, not biases."""
        return ((layer, name) for layer in self.layers for name in layer.parameters if name.endswith("weights"))


def _chosen_optimiser(learning_rate: float | None, optimiser: Optimiser | None) -> Optimiser:
    """Return the optimiser, or plain gradient descent with the rate."""
    if optimiser is None:
        return GradientDescent(_USUAL_RATE if learning_rate is None else learning_rate)
    if isinstance(optimiser, type) or not hasattr(optimiser, "update"):
        raise TypeError(f"optimiser must have update(parameters, gradients), as Adam() has; got {optimiser!r}")
    if learning_rate is not None:
        raise ValueError("give a learning_rate or an optimiser, which has one of its own; got both")
    return optimiser


def _validation_pair(validation: tuple[npt.ArrayLike, npt.ArrayLike]) -> tuple[Floats, npt.ArrayLike]:
    """Return what the network is asked with, and what is true."""
    try:
        x, y = validation
    except (TypeError, ValueError) as error:
        raise ValueError(f"validation must be a pair (x, y); got a {type(validation).__name__}: {error}") from error
    return np.atleast_1d(floats("the validation's x", x)), y
