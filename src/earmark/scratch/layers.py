"""Layers: each can go forward, and take a gradient back.

Back-propagation is the chain rule, kept local. A layer that computed y = f(x, w) is handed ∂L/∂y, and needs to know
nothing else of the network: it works out ∂L/∂w = ∂L/∂y · ∂y/∂w for itself, and hands ∂L/∂x = ∂L/∂y · ∂y/∂x to the layer
before it, whose ∂L/∂y that is.
"""

import numpy as np
import numpy.typing as npt

from earmark.scratch.activations import ACTIVATION_NAMES, activate, activation_backward
from earmark.scratch.checks import Floats, choice, floats, number, random_generator, whole_number


class Layer:
    """What every layer has: a way forward, a way back, parameters, and their gradients.

    To write one of your own, derive from it, remember in `forward` what `backward` will need (`self.kept`), and test it
    with `check_layer`.

    Attributes:
        parameters: What is learnt, by name; optimisers change these arrays in place.
        gradients: ∂L/∂parameter, by the same names, as the last `backward` left them.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, Floats] = {}
        self.gradients: dict[str, Floats] = {}
        self.kept: tuple[Floats, ...] = ()

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:
        """Return what the layer makes of its input.

        Args:
            x: The input; the first axis counts examples.
            training: Whether it is learning: dropout asks.

        Raises:
            NotImplementedError: The layer has no way forward.
        """
        raise NotImplementedError(f"{type(self).__name__} must have forward(x, training)")

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Turn the gradient of the output into that of the input, and fill `gradients`.

        Args:
            gradient: ∂L/∂y, of the shape of the last output.

        Raises:
            NotImplementedError: The layer has no way back.
        """
        raise NotImplementedError(f"{type(self).__name__} must have backward(gradient)")

    def recall(self) -> tuple[Floats, ...]:
        """Return what the last `forward` left for `backward`.

        Returns:
            Arrays, as many as were kept.

        Raises:
            RuntimeError: There was no `forward` yet.
        """
        if not self.kept:
            raise RuntimeError(
                f"{type(self).__name__}.backward needs a forward before it: there is nothing to go back to"
            )
        return self.kept


class Dense(Layer):
    """Every output is a weighted sum of every input: Y = X W + b.

    ================  =====================
    what              shape
    ================  =====================
    X                 (n, n_inputs)
    W, ``"weights"``  (n_inputs, n_outputs)
    b, ``"bias"``     (n_outputs,)
    Y                 (n, n_outputs)
    ================  =====================

    A column of W is a neuron. The way back, with G = ∂L/∂Y (n, n_outputs): ∂L/∂W = Xᵀ G, since W_ij is multiplied with
    x_i on its way to y_j; ∂L/∂b is G added up over the examples; ∂L/∂X = G Wᵀ.

    The first weights are normal with a deviation of sqrt(2 / (n_inputs + n_outputs)): then sums are about as large as
    what went into them, forward and back (Glorot, Bengio (2010), "Understanding the difficulty of training deep
    feedforward neural networks", equation 12). The bias begins at 0.

    Args:
        n_inputs: How many numbers go in.
        n_outputs: How many come out.
        generator: Where the first weights come from.
        scale: Their deviation, if another.

    Raises:
        ValueError: A number is below 1, or `scale` not above 0.
        TypeError: A number is no whole one, or the generator none.

    >>> layer = Dense(2, 1, generator=np.random.default_rng(0))
    >>> layer.parameters["weights"][:] = [[1], [2]]
    >>> layer.forward([[10, 20], [30, 40]])
    array([[ 50.],
           [110.]])
    >>> layer.backward([[1], [0]])
    array([[1., 2.],
           [0., 0.]])
    >>> layer.gradients["weights"]
    array([[10.],
           [20.]])
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, *, generator: np.random.Generator, scale: float | None = None
    ) -> None:
        super().__init__()
        shape = whole_number("n_inputs", n_inputs), whole_number("n_outputs", n_outputs)
        self.parameters = {"weights": first_weights(shape, *shape, generator, scale), "bias": np.zeros(shape[1])}

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Return X W + b.

        Args:
            x: Examples (n, n_inputs).
            training: Makes no difference here.

        Returns:
            Weighted sums (n, n_outputs).

        Raises:
            ValueError: The shape is another, or there is a NaN.
        """
        weights, bias = self.parameters["weights"], self.parameters["bias"]
        examples = floats("x", x, ("n", len(weights)))
        self.kept = (examples,)
        return np.asarray(examples @ weights + bias)

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Fill in Xᵀ G and Σ G, and return G Wᵀ.

        Args:
            gradient: G = ∂L/∂Y (n, n_outputs).

        Returns:
            ∂L/∂X (n, n_inputs).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        (examples,) = self.recall()
        weights = self.parameters["weights"]
        above = floats("gradient", gradient, (len(examples), weights.shape[1]))
        self.gradients = {"weights": examples.T @ above, "bias": above.sum(axis=0)}
        return np.asarray(above @ weights.T)


class Activation(Layer):
    """Bends every number, Y = a(X); the way back is ∂L/∂X = ∂L/∂Y · a'(X).

    Args:
        name: ``"identity"``, ``"sigmoid"``, ``"tanh"``, ``"relu"``, or ``"softmax"`` over the last axis.

    Raises:
        ValueError: There is no such activation.

    >>> Activation("relu").forward([[-1, 2]])
    array([[0., 2.]])
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = choice("activation", name, ACTIVATION_NAMES)

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Return a(X).

        Args:
            x: Numbers of any shape.
            training: Makes no difference here.

        Returns:
            The same shape.

        Raises:
            ValueError: There is a NaN.
        """
        self.kept = (floats("x", x),)
        return activate(self.name, self.kept[0])

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Multiply with the slope.

        Args:
            gradient: ∂L/∂Y, of the shape of the last output.

        Returns:
            ∂L/∂X, of the same shape.

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        (x,) = self.recall()
        return activation_backward(self.name, x, gradient)


class Flatten(Layer):
    """Lays everything but the examples into one row: (n, a, b, ...) becomes (n, a b ...); the way back undoes it.

    >>> Flatten().forward([[[1, 2], [3, 4]]])
    array([[1., 2., 3., 4.]])
    """

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Return one row an example.

        Args:
            x: Numbers (n, ...).
            training: Makes no difference here.

        Returns:
            Rows (n, n_features).

        Raises:
            ValueError: It is empty or holds a NaN.
        """
        self.kept = (np.atleast_1d(floats("x", x)),)
        return self.kept[0].reshape(len(self.kept[0]), -1)

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Give every number its place back.

        Args:
            gradient: ∂L/∂Y (n, n_features).

        Returns:
            ∂L/∂X (n, ...).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        (x,) = self.recall()
        return floats("gradient", gradient, (len(x), x.size // len(x))).reshape(x.shape)


class Dropout(Layer):
    """Silences a share of the numbers at random while it learns, so that no neuron can rely on one other.

    Y = X · M / (1 - share), where M is 0 with the probability `share` and else 1, drawn anew each time. The division
    keeps sums as large as they will be without dropout: when not learning, Y = X. The way back is the same product.

    Args:
        share: Of the numbers that become 0, from 0 to below 1.
        generator: Where the mask comes from.

    Raises:
        ValueError: The share is not from 0 to below 1.
        TypeError: The generator is none.

    >>> layer = Dropout(0.5, generator=np.random.default_rng(0))
    >>> layer.forward([[1, 1, 1, 1]], training=True)
    array([[2., 0., 0., 0.]])
    >>> layer.forward([[1, 1, 1, 1]])
    array([[1., 1., 1., 1.]])

    Source: Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting", Journal of
    Machine Learning Research 15; differs in scaling while learning, as is now usual, not afterwards.
    """

    def __init__(self, share: float, *, generator: np.random.Generator) -> None:
        super().__init__()
        self.share = number("share", share, "from 0 to below 1", lambda value: 0 <= value < 1)
        self.generator = random_generator(generator)

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:
        """Return X · M / (1 - share) while learning, else X.

        Args:
            x: Numbers of any shape.
            training: Whether it is learning.

        Returns:
            The same shape.

        Raises:
            ValueError: There is a NaN.
        """
        numbers = floats("x", x)
        mask = np.ones_like(numbers)
        if training:
            mask = (self.generator.random(numbers.shape) >= self.share) / (1.0 - self.share)
        self.kept = (mask,)
        return np.asarray(numbers * mask)

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Silence the same numbers on the way back.

        Args:
            gradient: ∂L/∂Y, of the shape of the last output.

        Returns:
            ∂L/∂X, of the same shape.

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        (mask,) = self.recall()
        return np.asarray(floats("gradient", gradient, mask.shape) * mask)


def first_weights(
    shape: tuple[int, ...], n_inputs: int, n_outputs: int, generator: np.random.Generator, scale: float | None = None
) -> Floats:
    """Return normal weights that keep sums about as large as what goes into them.

    Args:
        shape: Of the weights.
        n_inputs: How many numbers are added up into one output.
        n_outputs: How many outputs one input goes into.
        generator: Where they come from.
        scale: The deviation; None for sqrt(2 / (n_inputs + n_outputs)).

    Returns:
        Weights of the shape.

    Raises:
        ValueError: `scale` is not above 0.
        TypeError: The generator is none.

    >>> first_weights((50, 50), 50, 50, np.random.default_rng(0)).std().round(2)  # sqrt(2 / 100) is 0.14
    np.float64(0.14)
    """
    glorot = float(np.sqrt(2.0 / (n_inputs + n_outputs)))
    deviation = glorot if scale is None else number("scale", scale, "above 0", lambda value: value > 0)
    return random_generator(generator).standard_normal(shape) * deviation
