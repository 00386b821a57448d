import pytest
import torch
from torch import nn

from earmark.errors import SettingError
from earmark.models.recurrent import Gru, Lstm, RecurrentSettings, dense_head, frames_first, keep_at_first, run_lstm


def build(kind, n_bins=5, n_frames=7, n_channels=1, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(
            n_bins=n_bins,
            n_frames=n_frames,
            n_channels=n_channels,
            n_classes=3,
            settings=RecurrentSettings(**settings),
        )


def features(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def step_by_step(cells, sequence):
    """The last state of cells above each other, moved over a sequence (n_frames, batch, n_in) by hand."""
    inputs = list(sequence)
    for cell in cells:
        state, outputs = None, []
        for frame in inputs:
            state = cell(frame, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        inputs = outputs
    return inputs[-1]


def cells_of(layers, cell):
    cells = [cell(layers.input_size, layers.hidden_size), cell(layers.hidden_size, layers.hidden_size)]
    for number, one in enumerate(cells):
        one.load_state_dict({key: getattr(layers, f"{key}_l{number}") for key in one.state_dict()})
    return cells


@pytest.mark.parametrize(("kind", "cell"), [(Lstm, nn.LSTMCell), (Gru, nn.GRUCell)])
def test_it_is_two_layers_of_cells_and_looks_at_the_last_state_of_the_second(kind, cell):
    network, batch = build(kind).eval(), features(4, 5, 7)

    last = step_by_step(cells_of(network.layers, cell), batch.permute(2, 0, 1))

    torch.testing.assert_close(network(batch), network.head(last), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [Lstm, Gru])
def test_it_is_what_torchs_module_makes_in_training_too(kind):
    network, batch = build(kind, dropout=0.0).train(), features(4, 5, 7)

    states, _ = network.layers(frames_first(batch))

    torch.testing.assert_close(network(batch), network.head(states[-1]))


@pytest.mark.parametrize("kind", [Lstm, Gru])
def test_it_has_the_sizes_that_are_written_down(kind):
    network = build(kind, n_bins=13)

    assert (network.layers.input_size, network.layers.hidden_size, network.layers.num_layers) == (13, 64, 2)
    assert [(layer.in_features, layer.out_features) for layer in network.head if isinstance(layer, nn.Linear)] == [
        (64, 64),
        (64, 3),
    ]


@pytest.mark.parametrize("kind", [Lstm, Gru])
def test_the_order_of_frames_matters(kind):
    network, batch = build(kind).eval(), features(2, 5, 7)

    assert not torch.allclose(network(batch), network(batch.flip(-1)))


@pytest.mark.parametrize("kind", [Lstm, Gru])
def test_it_takes_sequences_of_another_length_than_it_was_told(kind):
    assert build(kind, n_frames=7).eval()(features(2, 5, 19)).shape == (2, 3)


def test_a_fresh_memory_keeps_what_it_holds():
    network = build(Lstm)

    for number in range(2):
        bias = getattr(network.layers, f"bias_ih_l{number}") + getattr(network.layers, f"bias_hh_l{number}")
        inputs, forget, cell, output = bias.detach().chunk(4)
        assert (forget == 1.0).all()
        assert all((part.abs() > 0).all() and (part.abs() <= 2 / 64**0.5).all() for part in (inputs, cell, output))


def test_the_gate_that_gets_the_bias_is_the_one_that_forgets():
    lstm = nn.LSTM(1, 1)
    with torch.no_grad():
        for weight in lstm.parameters():
            weight.zero_()
    keep_at_first(lstm)

    _, (_, cell) = lstm(torch.zeros(1, 1, 1), (torch.zeros(1, 1, 1), torch.ones(1, 1, 1)))

    assert cell.item() == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item())


def test_channels_are_read_together_with_the_bins_of_their_frame():
    batch = features(2, 3, 5, 7)

    sequence = frames_first(batch)

    assert sequence.shape == (7, 2, 15)
    assert torch.equal(sequence[4, 1], batch[1, :, :, 4].flatten())


def test_the_function_gives_the_states_of_the_module():
    lstm, sequence = nn.LSTM(5, 6, num_layers=3), features(7, 2, 5)

    assert torch.equal(run_lstm(lstm, sequence), lstm(sequence)[0])


def test_the_head_leaves_units_out_in_training_only():
    head, states = dense_head(4, 50, 3, 0.5), features(2, 4)

    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.equal(head.train()(states), head(states))
        assert torch.equal(head.eval()(states), head(states))


@pytest.mark.parametrize("settings", [{"n_units": 0}, {"n_hidden": 0}, {"dropout": 1.0}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError, match=next(iter(settings))):
        RecurrentSettings(**settings)
