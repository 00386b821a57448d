"""Recurrent cells: torch agrees at every step and through time, and so do finite differences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.scratch.gradient_check import check_layer
from earmark.scratch.recurrent import LastStep, LSTMCell, RecurrentCell

KINDS = pytest.mark.parametrize(("make", "theirs"), [(RecurrentCell, torch.nn.RNN), (LSTMCell, torch.nn.LSTM)])
CELLS = pytest.mark.parametrize("make", [RecurrentCell, LSTMCell])


def with_weights_of(cell, kind):
    """Return torch's layer with the weights of a cell; torch has two biases, of which one stays 0."""
    layer = kind(cell.n_inputs, cell.n_hidden, batch_first=True, dtype=torch.float64)
    layer.weight_ih_l0.data = torch.tensor(cell.parameters["input_weights"].T)
    layer.weight_hh_l0.data = torch.tensor(cell.parameters["hidden_weights"].T)
    layer.bias_ih_l0.data = torch.tensor(cell.parameters["bias"])
    layer.bias_hh_l0.data.zero_()
    return layer


@pytest.mark.slow
@KINDS
@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 3), n_inputs=st.integers(1, 4), n_hidden=st.integers(1, 4), n_steps=st.integers(1, 8))
def test_torch_agrees_forward_and_back_through_time(make, theirs, n, n_inputs, n_hidden, n_steps):
    generator = np.random.default_rng(0)
    cell = make(n_inputs, n_hidden, generator=generator)
    cell.parameters["bias"] += generator.standard_normal(cell.parameters["bias"].shape)
    x, above = generator.standard_normal((n, n_inputs, n_steps)), generator.standard_normal((n, n_hidden, n_steps))
    layer, their_x = with_weights_of(cell, theirs), torch.tensor(x, requires_grad=True)
    expected = layer(their_x.transpose(1, 2))[0].transpose(1, 2)
    expected.backward(torch.tensor(above))
    np.testing.assert_allclose(cell.forward(x), expected.detach(), atol=1e-12)
    np.testing.assert_allclose(cell.backward(above), their_x.grad, atol=1e-12)
    for name, gradient in (
        ("input_weights", layer.weight_ih_l0.grad.T),
        ("hidden_weights", layer.weight_hh_l0.grad.T),
        ("bias", layer.bias_ih_l0.grad),
    ):
        np.testing.assert_allclose(cell.gradients[name], gradient, atol=1e-11)


@CELLS
def test_gradients_through_time_are_what_finite_differences_show(make):
    generator = np.random.default_rng(0)
    errors = check_layer(make(3, 4, generator=generator), generator.standard_normal((2, 3, 7)), generator=generator)
    assert set(errors) == {"input", "input_weights", "hidden_weights", "bias"}
    assert max(errors.values()) < 1e-6


def test_torch_agrees_from_a_given_state():
    generator = np.random.default_rng(1)
    x, hidden, memory = generator.standard_normal((2, 3, 5)), *generator.standard_normal((2, 2, 4))
    ours = torch.tensor(x).transpose(1, 2), torch.tensor(hidden)[None], torch.tensor(memory)[None]
    plain, lstm = (make(3, 4, generator=generator) for make in (RecurrentCell, LSTMCell))
    with torch.no_grad():
        expected = with_weights_of(plain, torch.nn.RNN)(ours[0], ours[1])[0].transpose(1, 2)
        np.testing.assert_allclose(plain.unroll(x, hidden), expected, atol=1e-12)
        expected = with_weights_of(lstm, torch.nn.LSTM)(ours[0], ours[1:])[0].transpose(1, 2)
        np.testing.assert_allclose(lstm.unroll(x, hidden, memory), expected, atol=1e-12)


def test_unrolling_is_one_step_after_the_other():
    generator = np.random.default_rng(0)
    x = generator.standard_normal((2, 3, 6))
    plain, lstm = (make(3, 4, generator=generator) for make in (RecurrentCell, LSTMCell))
    hidden = shown = memory = np.zeros((2, 4))
    whole, whole_lstm = plain.unroll(x), lstm.unroll(x)
    for t in range(6):
        hidden = plain.step(x[..., t], hidden)
        shown, memory = lstm.step(x[..., t], shown, memory)
        np.testing.assert_array_equal(whole[..., t], hidden)
        np.testing.assert_array_equal(whole_lstm[..., t], shown)
        np.testing.assert_array_equal(lstm.gates["memory"][..., t], memory)


def test_gates_are_those_of_the_equations():
    generator = np.random.default_rng(0)
    lstm = LSTMCell(3, 4, generator=generator)
    x = generator.standard_normal((2, 3, 6))
    shown = lstm.unroll(x)
    gates = lstm.gates
    assert list(gates) == ["input", "forget", "candidate", "output", "memory"]
    before = np.concatenate([np.zeros((2, 4, 1)), gates["memory"][..., :-1]], axis=-1)
    np.testing.assert_allclose(gates["memory"], gates["forget"] * before + gates["input"] * gates["candidate"])
    np.testing.assert_allclose(shown, gates["output"] * np.tanh(gates["memory"]))


def test_the_forget_gate_begins_open_and_nothing_else():
    bias = LSTMCell(2, 3, generator=np.random.default_rng(0)).parameters["bias"]
    assert bias.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6


def test_the_gradient_of_the_plain_cell_vanishes_over_time_and_an_open_lstm_keeps_it():
    generator = np.random.default_rng(0)
    x, above = 0.1 * generator.standard_normal((4, 2, 60)), np.zeros((4, 8, 60))
    above[..., -1] = 1.0
    plain, lstm = (make(2, 8, generator=generator) for make in (RecurrentCell, LSTMCell))
    plain.parameters["hidden_weights"] *= 0.5
    lstm.parameters["bias"][8:16] = 8.0  # forget nothing
    lost = []
    for cell in (plain, lstm):
        cell.unroll(x)
        x_gradient = cell.backward(above)
        lost.append(np.abs(x_gradient[..., 0]).mean() / np.abs(x_gradient[..., -1]).mean())
    np.testing.assert_array_equal(plain.hidden_gradients[..., -1], above[..., -1])
    assert lost[0] < 1e-6
    assert lost[1] > 0.1


def test_the_last_step_gets_the_gradient_and_no_other():
    layer = LastStep()
    x = np.arange(12.0).reshape(2, 2, 3)
    np.testing.assert_array_equal(layer.forward(x), x[..., -1])
    back = layer.backward([[1, 2], [3, 4]])
    assert back[..., -1].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert not back[..., :-1].any()
    errors = check_layer(LastStep(), x, generator=np.random.default_rng(0))
    assert max(errors.values()) < 1e-6


@CELLS
def test_what_cannot_be_read_is_refused(make):
    cell = make(3, 4, generator=np.random.default_rng(0))
    for bad in ((2, 5, 3), (3, 5), (2, 3, 5, 1), (2, 3, 0)):
        with pytest.raises(ValueError, match=r"x must have the shape \(n, 3, n_steps\); got"):
            cell.unroll(np.ones(bad))
    with pytest.raises(ValueError, match=r"x must hold finite numbers"):
        cell.unroll(np.full((2, 3, 5), np.nan))
    with pytest.raises(TypeError, match=r"x must hold floats; got int64 of shape \(2, 3, 5\)"):
        cell.unroll(np.ones((2, 3, 5), int))
    with pytest.raises(ValueError, match=r"hidden must have the shape \(2, 4\); got \(2, 3\)"):
        cell.unroll(np.ones((2, 3, 5)), np.ones((2, 3)))


def test_a_memory_of_another_shape_is_refused():
    cell = LSTMCell(3, 4, generator=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"memory must have the shape \(2, 4\); got \(1, 4\)"):
        cell.unroll(np.ones((2, 3, 5)), memory=np.ones((1, 4)))
    with pytest.raises(ValueError, match=r"memory must have the shape \(2, 4\); got \(2, 3\)"):
        cell.step(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"x must have the shape \(n, 3\); got \(3,\)"):
        RecurrentCell(3, 4, generator=np.random.default_rng(0)).step(np.ones(3), np.ones(4))


@pytest.mark.parametrize("make", [lambda g: RecurrentCell(3, 4, generator=g), lambda g: LSTMCell(3, 4, generator=g)])
def test_a_way_back_that_does_not_fit_is_refused(make):
    cell = make(np.random.default_rng(0))
    with pytest.raises(RuntimeError, match="needs a forward before it"):
        cell.backward(np.ones((2, 4, 5)))
    cell.forward(np.ones((2, 3, 5)))
    with pytest.raises(ValueError, match=r"gradient must have the shape \(2, 4, 5\); got \(2, 4\)"):
        cell.backward(np.ones((2, 4)))


@CELLS
@pytest.mark.parametrize(
    ("sizes", "kind", "message"),
    [
        ((0, 4), ValueError, "n_inputs must be at least 1; got 0"),
        ((3, 0), ValueError, "n_hidden must be at least 1; got 0"),
        ((3, 4.0), TypeError, "n_hidden must be a whole number, at least 1; got 4.0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(make, sizes, kind, message):
    with pytest.raises(kind, match=message):
        make(*sizes, generator=np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"generator must be a np\.random\.Generator"):
        make(3, 4, generator=0)
