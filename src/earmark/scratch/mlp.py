"""The multilayer perceptron: dense layers with something bent in between."""

import itertools
from collections.abc import Sequence

import numpy as np

from earmark.scratch.activations import ELEMENTWISE_NAMES
from earmark.scratch.checks import choice, number, whole_number
from earmark.scratch.layers import Activation, Dense, Dropout, Layer
from earmark.scratch.network import Network


class Perceptron(Network):
    """One layer of neurons: Y = a(X W + b), without any hidden layer.

    Each output draws one straight line (a plane, a hyperplane) through the space of inputs.

    Args:
        n_inputs: How many numbers go in.
        n_outputs: How many neurons there are.
        generator: Where first weights, dropout and the order of examples come from.
        output: The activation: ``"identity"``, ``"sigmoid"``, ``"tanh"``, ``"relu"``; None for the sigmoid, with the
            cross-entropy for the identity.
        loss: ``"squared-error"`` or ``"cross-entropy"``.
        l1: As of `Network`.
        l2: As of `Network`.

    Raises:
        ValueError: A number is too small, a name unknown, or the cross-entropy meets another output than the identity.
        TypeError: A number is no whole one, or the generator none.

    >>> perceptron = Perceptron(2, 1, generator=np.random.default_rng(0))
    >>> perceptron.n_parameters  # two weights and a bias
    3
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        generator: np.random.Generator,
        output: str | None = None,
        loss: str = "squared-error",
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        name = _output_name(output, loss, usual="sigmoid")
        layers = [Dense(n_inputs, n_outputs, generator=generator), *_bend(name)]
        super().__init__(layers, generator=generator, loss=loss, l1=l1, l2=l2)


class MLP(Network):
    """Layers of neurons, each fed by the one before: H = a(X W + b), and so on, Y = H W' + b' at last.

    With one hidden layer of sigmoids that is wide enough, it comes as near as you like to any continuous function of
    inputs within bounds (Cybenko (1989), "Approximation by superpositions of a sigmoidal function"). That does not say
    how to find the weights, which is what back-propagation is for.

    With ``hidden=[5]``, 2 inputs, 1 output, and n examples: X (n, 2) → X W + b (n, 5) → a (n, 5) → H W' + b' (n, 1).

    Args:
        n_inputs: How many numbers go in.
        hidden: Width of each hidden layer.
        n_outputs: How many numbers come out.
        generator: Where first weights, dropout and the order of examples come from.
        activation: Of the hidden layers: ``"identity"``, ``"sigmoid"``, ``"tanh"`` or ``"relu"``.
        output: Of the last layer, one of the same; None for the identity, so that any number may come out.
        loss: ``"squared-error"`` or ``"cross-entropy"``.
        dropout: Share of hidden neurons that are silenced while learning, from 0 to below 1.
        l1: Weight of Σ|w| over all weights.
        l2: Weight of Σ w² over all weights.

    Raises:
        ValueError: A number is too small, a name unknown, or the cross-entropy meets another output than the identity.
        TypeError: A number is no whole one, or the generator none.

    To learn to add two numbers:

    >>> g = np.random.default_rng(0)
    >>> x = g.uniform(0, 0.5, size=(200, 2))
    >>> mlp = MLP(2, [5], 1, generator=g)
    >>> history = mlp.fit(x, x.sum(axis=1, keepdims=True), epochs=20, batch_size=4, learning_rate=0.5)
    >>> mlp.predict([[0.1, 0.2]]).round(1)
    array([[0.3]])
    """

    def __init__(
        self,
        n_inputs: int,
        hidden: Sequence[int],
        n_outputs: int,
        *,
        generator: np.random.Generator,
        activation: str = "sigmoid",
        output: str | None = None,
        loss: str = "squared-error",
        dropout: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        name = _output_name(output, loss, usual="identity")
        widths = [whole_number("n_inputs", n_inputs), *_widths(hidden)]
        layers: list[Layer] = []
        for before, width in itertools.pairwise(widths):
            layers += _hidden_layer(before, width, activation, dropout, generator)
        layers += [Dense(widths[-1], n_outputs, generator=generator), *_bend(name)]
        super().__init__(layers, generator=generator, loss=loss, l1=l1, l2=l2)


def _hidden_layer(
    n_inputs: int, width: int, activation: str, dropout: float, generator: np.random.Generator
) -> list[Layer]:
    """Return weights, activation and dropout of one hidden layer."""
    choice("activation", activation, ELEMENTWISE_NAMES)
    # ReLU silences half of what comes: twice the variance makes up for it (He et al., 2015, arXiv:1502.01852, eq. 10).
    scale = float(np.sqrt(2.0 / n_inputs)) if activation == "relu" else None
    layers: list[Layer] = [Dense(n_inputs, width, generator=generator, scale=scale), Activation(activation)]
    if number("dropout", dropout, "from 0 to below 1", lambda share: 0 <= share < 1):
        layers.append(Dropout(dropout, generator=generator))
    return layers


def _bend(name: str) -> list[Layer]:
    """Return the activation of the last layer; nothing, where it would do nothing."""
    return [] if name == "identity" else [Activation(name)]


def _widths(hidden: Sequence[int]) -> list[int]:
    """Return the widths of hidden layers as whole numbers."""
    if not isinstance(hidden, list | tuple):
        raise TypeError(f"hidden must be a list of widths, such as [5]; got {hidden!r}")
    return [whole_number("a width in hidden", width) for width in hidden]


def _output_name(output: str | None, loss: str, *, usual: str) -> str:
    """Return the activation of the last layer."""
    if loss == "cross-entropy":
        usual = "identity"
    name = choice("output", usual if output is None else output, ELEMENTWISE_NAMES)
    if loss == "cross-entropy" and name != "identity":
        raise ValueError(f"output must be 'identity' with the cross-entropy, which has the softmax in it; got {name!r}")
    return name
