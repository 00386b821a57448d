import pytest
import torch

from earmark.errors import SettingError
from earmark.models.multiscale import LstmMultiscale, LstmMultiscaleSettings
from earmark.models.recurrent import Lstm, RecurrentSettings


def build(n_bins=13, n_frames=130, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LstmMultiscale(
            n_bins=n_bins, n_frames=n_frames, n_classes=3, settings=LstmMultiscaleSettings(**settings)
        ).eval()


def features(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def n_weights(network):
    return sum(weight.numel() for weight in network.parameters())


def test_each_memory_hears_means_over_twice_as_many_frames_as_the_one_before():
    network, batch = build(n_bins=2, n_frames=8), features(3, 2, 8)

    heard = [batch.unflatten(-1, (-1, step)).mean(-1) for step in (1, 2, 4, 8)]

    for memory, means in zip(network.memories, heard, strict=True):
        states, _ = memory.lstm(means.permute(2, 0, 1))
        torch.testing.assert_close(memory(batch), states[-1])


def test_frames_that_do_not_fill_a_mean_are_averaged_among_themselves():
    memory, batch = build(n_bins=2, n_frames=11).memories[2], features(3, 2, 11)

    means = torch.stack([batch[:, :, :4].mean(-1), batch[:, :, 4:8].mean(-1), batch[:, :, 8:].mean(-1)])

    torch.testing.assert_close(memory(batch), memory.lstm(means)[0][-1])


def test_the_same_cell_forgets_as_many_times_as_slowly_as_its_steps_are_long():
    network = build(n_bins=1, n_frames=64)
    fast, slow = network.memories[0], network.memories[3]
    slow.lstm.load_state_dict(fast.lstm.state_dict())
    silence, click = torch.zeros(1, 1, 64), torch.zeros(1, 1, 64)
    click[..., :8] = 5.0

    kept = [float((memory(click) - memory(silence)).abs().sum().detach()) for memory in (fast, slow)]

    assert kept[1] > 100 * kept[0]


def test_the_default_is_about_as_large_as_the_lstm():
    lstm = Lstm(n_bins=13, n_frames=130, n_classes=3, settings=RecurrentSettings())

    assert n_weights(build()) == pytest.approx(n_weights(lstm), rel=0.1)


def test_features_shorter_than_a_step_of_the_slowest_are_refused_with_what_to_do():
    assert build(n_frames=8)(features(2, 13, 8)).shape == (2, 3)
    with pytest.raises(SettingError, match=r"of at least 8 frames, not 7: take longer segments, .* n_memories"):
        build(n_frames=7)
    assert build(n_frames=7, n_memories=3)(features(2, 13, 7)).shape == (2, 3)


@pytest.mark.parametrize("settings", [{"n_memories": 0}, {"n_units": 0}, {"n_hidden": 0}, {"dropout": 1.0}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError, match=next(iter(settings))):
        LstmMultiscaleSettings(**settings)
