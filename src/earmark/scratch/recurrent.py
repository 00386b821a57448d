"""Recurrent cells: a network that reads a sequence step by step, and remembers.

The same weights are used at every step, and what the cell said last comes in again beside the new input. Unrolled in
time it is a deep network, one layer a step, whose layers share their weights; and back-propagation through time is
back-propagation through that network, from the last step to the first.
"""

import numpy as np
import numpy.typing as npt

from earmark.scratch.activations import sigmoid
from earmark.scratch.checks import Floats, floats, whole_number
from earmark.scratch.layers import Layer, first_weights

_GATES = ("input", "forget", "candidate", "output")


class RecurrentCell(Layer):
    """The plain recurrent cell: h_t = tanh(x_t U + h_(t-1) V + b).

    =======================  ======================
    what                     shape
    =======================  ======================
    x, time last             (n, n_inputs, n_steps)
    x_t                      (n, n_inputs)
    U, ``"input_weights"``   (n_inputs, n_hidden)
    V, ``"hidden_weights"``  (n_hidden, n_hidden)
    b, ``"bias"``            (n_hidden,)
    h_t                      (n, n_hidden)
    =======================  ======================

    The way back, from the last step to the first. The state h_t has two descendants: what the loss saw of it, and the
    state after it. With z_t the sum inside the tanh::

        ∂L/∂h_t = what comes from above at t + ∂L/∂z_(t+1) Vᵀ
        ∂L/∂z_t = ∂L/∂h_t · (1 - h_t²)
        ∂L/∂U = Σ_t x_tᵀ ∂L/∂z_t      ∂L/∂V = Σ_t h_(t-1)ᵀ ∂L/∂z_t      ∂L/∂b = Σ_t ∂L/∂z_t
        ∂L/∂x_t = ∂L/∂z_t Uᵀ

    Each step back multiplies with Vᵀ and with slopes of at most 1: over many steps the gradient vanishes, or explodes.
    `hidden_gradients` shows it; `LSTMCell` is the cure for vanishing.

    Args:
        n_inputs: How many numbers come in at each step.
        n_hidden: How many the cell remembers.
        generator: Where the first weights come from.

    Raises:
        ValueError: A number is below 1.
        TypeError: A number is no whole one, or the generator none.

    Attributes:
        hidden_gradients: After `backward`, ∂L/∂h_t of each step, (n, n_hidden, n_steps).

    >>> cell = RecurrentCell(2, 3, generator=np.random.default_rng(0))
    >>> cell.unroll(np.zeros((4, 2, 10))).shape
    (4, 3, 10)

    Source: Elman (1990), "Finding structure in time", Cognitive Science 14(2); Werbos (1990), "Backpropagation through
    time: what it does and how to do it", Proceedings of the IEEE 78(10).
    """

    def __init__(self, n_inputs: int, n_hidden: int, *, generator: np.random.Generator) -> None:
        super().__init__()
        self.n_inputs, self.n_hidden = whole_number("n_inputs", n_inputs), whole_number("n_hidden", n_hidden)
        self.parameters = _recurrent_weights(self.n_inputs, self.n_hidden, 1, generator)
        self.hidden_gradients: Floats | None = None

    def step(self, x: npt.ArrayLike, hidden: npt.ArrayLike) -> Floats:
        """Read one step: tanh(x U + h V + b).

        Args:
            x: What comes in, (n, n_inputs).
            hidden: What was remembered, (n, n_hidden).

        Returns:
            What is remembered now, (n, n_hidden).

        Raises:
            ValueError: A shape is another, or there is a NaN.
        """
        now = floats("x", x, ("n", self.n_inputs))
        return np.tanh(_sums(self.parameters, now, floats("hidden", hidden, (len(now), self.n_hidden))))

    def unroll(self, x: npt.ArrayLike, hidden: npt.ArrayLike | None = None) -> Floats:
        """Read sequences from the first step to the last.

        Args:
            x: Sequences (n, n_inputs, n_steps).
            hidden: What is remembered before the first step, (n, n_hidden); None for zeros.

        Returns:
            What is remembered after each step, (n, n_hidden, n_steps).

        Raises:
            ValueError: A shape is another, or there is a NaN.
        """
        sequences = floats("x", x, ("n", self.n_inputs, "n_steps"))
        states = [_state("hidden", hidden, len(sequences), self.n_hidden)]
        for t in range(sequences.shape[-1]):
            states.append(self.step(sequences[..., t], states[-1]))
        self.kept = (sequences, np.stack(states, axis=-1))  # (n, n_hidden, n_steps + 1), h_0 first
        return self.kept[1][..., 1:]

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Unroll from zeros: what a network calls.

        Args:
            x: Sequences (n, n_inputs, n_steps).
            training: Makes no difference here.

        Returns:
            What is remembered after each step, (n, n_hidden, n_steps).

        Raises:
            ValueError: The shape is another, or there is a NaN.
        """
        return self.unroll(x)

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Go back through time, and fill in the gradients.

        Args:
            gradient: ∂L/∂h_t as it comes from above, (n, n_hidden, n_steps); zeros where the loss did not look.

        Returns:
            ∂L/∂x (n, n_inputs, n_steps).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `unroll` yet.
        """
        sequences, states = self.recall()
        above = floats("gradient", gradient, states[..., 1:].shape)
        self.hidden_gradients, z_gradients = np.zeros_like(above), np.zeros_like(above)
        from_later = np.zeros(above.shape[:2])
        for t in reversed(range(above.shape[-1])):
            self.hidden_gradients[..., t] = above[..., t] + from_later
            z_gradients[..., t] = self.hidden_gradients[..., t] * (1.0 - states[..., t + 1] ** 2)
            from_later = z_gradients[..., t] @ self.parameters["hidden_weights"].T
        self.gradients = _gradients_over_time(sequences, states[..., :-1], z_gradients)
        return _input_gradients(self.parameters, z_gradients)


class LSTMCell(Layer):
    """Long short-term memory: a recurrent cell with a memory line that it may leave alone.

    Four sums are computed at each step, each with weights of its own; three become gates between 0 and 1::

        i_t = s(x_t U_i + h_(t-1) V_i + b_i)           input gate: how much of the new is written
        f_t = s(x_t U_f + h_(t-1) V_f + b_f)           forget gate: how much of the old is kept
        g_t = tanh(x_t U_g + h_(t-1) V_g + b_g)        candidate: what would be written
        o_t = s(x_t U_o + h_(t-1) V_o + b_o)           output gate: how much is shown
        c_t = f_t · c_(t-1) + i_t · g_t                the memory
        h_t = o_t · tanh(c_t)                          the hidden state, which is what others see

    The four lie side by side in that order: ``"input_weights"`` U (n_inputs, 4 n_hidden), ``"hidden_weights"`` V
    (n_hidden, 4 n_hidden), ``"bias"`` b (4 n_hidden,).

    The way back, where δ is ∂L/∂ and the sums are called z::

        δh_t = what comes from above at t + δz_(t+1) Vᵀ
        δc_t = δh_t · o_t · (1 - tanh(c_t)²) + δc_(t+1) · f_(t+1)
        δi_t = δc_t · g_t     δf_t = δc_t · c_(t-1)     δg_t = δc_t · i_t     δo_t = δh_t · tanh(c_t)
        δz = δi i (1 - i),  δf f (1 - f),  δg (1 - g²),  δo o (1 - o)      side by side

    and from δz on as in `RecurrentCell`. Straight from c_t to c_(t-1) the gradient is multiplied with f_t and nothing
    else: with an open forget gate it arrives unharmed, however many steps it takes.

    The first bias of the forget gate is 1, so that the cell begins by remembering; all others are 0.

    Args:
        n_inputs: How many numbers come in at each step.
        n_hidden: How many the cell remembers, and shows.
        generator: Where the first weights come from.

    Raises:
        ValueError: A number is below 1.
        TypeError: A number is no whole one, or the generator none.

    Attributes:
        gates: After `unroll`, ``"input"``, ``"forget"``, ``"candidate"``, ``"output"`` and ``"memory"`` of each step,
            (n, n_hidden, n_steps).
        hidden_gradients: After `backward`, ∂L/∂h_t of each step, (n, n_hidden, n_steps).

    >>> lstm = LSTMCell(13, 8, generator=np.random.default_rng(0))
    >>> lstm.unroll(np.zeros((4, 13, 44))).shape  # 44 frames of 13 MFCC
    (4, 8, 44)

    Source: Hochreiter, Schmidhuber (1997), "Long short-term memory", Neural Computation 9(8); the forget gate: Gers,
    Schmidhuber, Cummins (2000), "Learning to forget", Neural Computation 12(10); its bias: Jozefowicz, Zaremba,
    Sutskever (2015), "An empirical exploration of recurrent network architectures", section 2.2.
    """

    def __init__(self, n_inputs: int, n_hidden: int, *, generator: np.random.Generator) -> None:
        super().__init__()
        self.n_inputs, self.n_hidden = whole_number("n_inputs", n_inputs), whole_number("n_hidden", n_hidden)
        self.parameters = _recurrent_weights(self.n_inputs, self.n_hidden, len(_GATES), generator)
        self.parameters["bias"][self.n_hidden : 2 * self.n_hidden] = 1.0
        self.gates: dict[str, Floats] = {}
        self.hidden_gradients: Floats | None = None

    def step(self, x: npt.ArrayLike, hidden: npt.ArrayLike, memory: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Read one step.

        Args:
            x: What comes in, (n, n_inputs).
            hidden: h_(t-1), (n, n_hidden).
            memory: c_(t-1), (n, n_hidden).

        Returns:
            h_t and c_t, (n, n_hidden) each.

        Raises:
            ValueError: A shape is another, or there is a NaN.
        """
        now = floats("x", x, ("n", self.n_inputs))
        before = floats("hidden", hidden, (len(now), self.n_hidden))
        *_, shown, remembered = self._step(now, before, floats("memory", memory, before.shape))
        return shown, remembered

    def unroll(
        self, x: npt.ArrayLike, hidden: npt.ArrayLike | None = None, memory: npt.ArrayLike | None = None
    ) -> Floats:
        """Read sequences from the first step to the last.

        Args:
            x: Sequences (n, n_inputs, n_steps).
            hidden: h_0, (n, n_hidden); None for zeros.
            memory: c_0, (n, n_hidden); None for zeros.

        Returns:
            h_t of each step, (n, n_hidden, n_steps); `gates` has the rest.

        Raises:
            ValueError: A shape is another, or there is a NaN.
        """
        sequences = floats("x", x, ("n", self.n_inputs, "n_steps"))
        shown = _state("hidden", hidden, len(sequences), self.n_hidden)
        remembered = _state("memory", memory, len(sequences), self.n_hidden)
        hiddens, memories = [shown], [remembered]
        gates: list[list[Floats]] = []
        for t in range(sequences.shape[-1]):
            *opened, shown, remembered = self._step(sequences[..., t], shown, remembered)
            hiddens, memories, gates = [*hiddens, shown], [*memories, remembered], [*gates, opened]
        self.kept = (sequences, np.stack(hiddens, axis=-1), np.stack(memories, axis=-1))  # (n, n_hidden, n_steps + 1)
        opened_at = np.moveaxis(np.array(gates), 0, -1)  # (4, n, n_hidden, n_steps)
        self.gates = {**dict(zip(_GATES, opened_at, strict=True)), "memory": self.kept[2][..., 1:]}
        return self.kept[1][..., 1:]

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Unroll from zeros: what a network calls.

        Args:
            x: Sequences (n, n_inputs, n_steps).
            training: Makes no difference here.

        Returns:
            h_t of each step, (n, n_hidden, n_steps).

        Raises:
            ValueError: The shape is another, or there is a NaN.
        """
        return self.unroll(x)

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Go back through time, and fill in the gradients.

        Two things come back from the step after: what it owes to the hidden state, by way of the weights V, and what
        it owes to the memory, by way of the forget gate alone. `_step_back` has the equations.

        Args:
            gradient: ∂L/∂h_t as it comes from above, (n, n_hidden, n_steps); zeros where the loss did not look.

        Returns:
            ∂L/∂x (n, n_inputs, n_steps).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `unroll` yet.
        """
        sequences, hiddens, memories = self.recall()
        above = floats("gradient", gradient, hiddens[..., 1:].shape)
        self.hidden_gradients, z_gradients = np.zeros_like(above), []
        from_later = memory_from_later = np.zeros(above.shape[:2])
        for t in reversed(range(above.shape[-1])):
            self.hidden_gradients[..., t] = above[..., t] + from_later
            z_gradient, memory_from_later = self._step_back(
                t, self.hidden_gradients[..., t], memory_from_later, memories[..., t]
            )
            from_later = z_gradient @ self.parameters["hidden_weights"].T
            z_gradients.append(z_gradient)
        over_time = np.stack(z_gradients[::-1], axis=-1)  # (n, 4 n_hidden, n_steps)
        self.gradients = _gradients_over_time(sequences, hiddens[..., :-1], over_time)
        return _input_gradients(self.parameters, over_time)

    def _step(self, x: Floats, hidden: Floats, memory: Floats) -> tuple[Floats, ...]:
        """Return i, f, g, o, h and c of one step."""
        i, f, g, o = np.split(_sums(self.parameters, x, hidden), len(_GATES), axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        remembered = f * memory + i * g
        return i, f, g, o, o * np.tanh(remembered), remembered

    def _step_back(self, t: int, shown: Floats, memory_from_later: Floats, before: Floats) -> tuple[Floats, Floats]:
        """Turn δh_t and what δc_t gets from later into δz_t and what δc_(t-1) gets; `before` is c_(t-1)."""
        i, f, g, o, c = (self.gates[name][..., t] for name in (*_GATES, "memory"))
        bent = np.tanh(c)
        remembered = shown * o * (1.0 - bent**2) + memory_from_later
        sums = (
            remembered * g * i * (1.0 - i),
            remembered * before * f * (1.0 - f),
            remembered * i * (1.0 - g**2),
            shown * bent * o * (1.0 - o),
        )
        return np.concatenate(sums, axis=1), remembered * f


class LastStep(Layer):
    """Keeps the last step of a sequence: what a recurrent cell thinks when it has heard everything.

    On the way back, the last step gets the gradient, and all before it get zeros.

    >>> LastStep().forward([[[1, 2, 3], [4, 5, 6]]])
    array([[3., 6.]])
    """

    def forward(self, x: npt.ArrayLike, *, training: bool = False) -> Floats:  # noqa: ARG002 - the same in training
        """Return the last step.

        Args:
            x: Sequences (n, n_hidden, n_steps).
            training: Makes no difference here.

        Returns:
            The last step (n, n_hidden).

        Raises:
            ValueError: The shape is another, or there is a NaN.
        """
        self.kept = (floats("x", x, ("n", "n_hidden", "n_steps")),)
        return self.kept[0][..., -1]

    def backward(self, gradient: npt.ArrayLike) -> Floats:
        """Put the gradient at the last step.

        Args:
            gradient: ∂L/∂y (n, n_hidden).

        Returns:
            ∂L/∂x (n, n_hidden, n_steps).

        Raises:
            ValueError: The shape is another.
            RuntimeError: There was no `forward` yet.
        """
        (sequences,) = self.recall()
        whole = np.zeros_like(sequences)
        whole[..., -1] = floats("gradient", gradient, sequences.shape[:-1])
        return whole


def _recurrent_weights(n_inputs: int, n_hidden: int, n_gates: int, generator: np.random.Generator) -> dict[str, Floats]:
    """Return first weights; what is added up is a step's input and the state before."""
    return {
        "input_weights": first_weights((n_inputs, n_gates * n_hidden), n_inputs, n_hidden, generator),
        "hidden_weights": first_weights((n_hidden, n_gates * n_hidden), n_hidden, n_hidden, generator),
        "bias": np.zeros(n_gates * n_hidden),
    }


def _state(name: str, value: npt.ArrayLike | None, n: int, n_hidden: int) -> Floats:
    """Return what is remembered before the first step."""
    return np.zeros((n, n_hidden)) if value is None else floats(name, value, (n, n_hidden))


def _sums(parameters: dict[str, Floats], x: Floats, hidden: Floats) -> Floats:
    """Return x U + h V + b."""
    sums = x @ parameters["input_weights"] + hidden @ parameters["hidden_weights"] + parameters["bias"]
    return np.asarray(sums)


def _gradients_over_time(x: Floats, before: Floats, z_gradients: Floats) -> dict[str, Floats]:
    """Add up over all examples and steps what each parameter did: the weights are the same at every step."""
    return {
        "input_weights": np.einsum("nit,nzt->iz", x, z_gradients, optimize=True),
        "hidden_weights": np.einsum("nht,nzt->hz", before, z_gradients, optimize=True),
        "bias": z_gradients.sum(axis=(0, 2)),
    }


def _input_gradients(parameters: dict[str, Floats], z_gradients: Floats) -> Floats:
    """Return ∂L/∂x_t = ∂L/∂z_t Uᵀ of every step at once."""
    return np.asarray(np.einsum("nzt,iz->nit", z_gradients, parameters["input_weights"], optimize=True))
