import pytest
import torch
from torch import nn

from earmark.errors import SettingError
from earmark.models.resnet_mel import ResnetMel, ResnetMelSettings


def build(n_bins=64, n_frames=100, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ResnetMel(n_bins=n_bins, n_frames=n_frames, n_classes=10, settings=ResnetMelSettings(**settings)).eval()


def features(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def n_weights(**settings):
    return sum(weight.numel() for weight in build(**settings).parameters())


def test_it_has_1400000_weights_of_which_the_modulation_takes_few():
    assert n_weights() == pytest.approx(1.352e6, rel=0.005)
    assert n_weights(modulation_frames=None) == pytest.approx(1.26e6, rel=0.005)
    assert n_weights(modulation_frames=None, stem_frames=5) == pytest.approx(1.25e6, rel=0.005)


def test_a_beat_that_pooling_would_lose_reaches_the_classes_by_its_rate():
    network, found = build(n_frames=251), []
    network.swings.register_forward_hook(lambda _, __, output: found.append(output))
    frames = torch.arange(251)
    slow, quick = (torch.sin(2 * torch.pi * frames / period).expand(1, 64, -1) for period in (16, 4))

    network(torch.cat([slow, quick]))

    assert not torch.allclose(found[0][0], found[0][1], atol=1e-3)


def test_without_modulation_there_is_no_branch_for_it():
    network = build(modulation_frames=None)
    assert network.swings is None
    assert network(features(2, 64, 100)).shape == (2, 10)


def test_stem_and_blocks_leave_what_is_written_down():
    network = build()
    maps = network.stem(torch.zeros(1, 2, 64, 100))
    shapes = [tuple(maps.shape[1:])]
    for block in network.blocks:
        maps = block(maps)
        shapes.append(tuple(maps.shape[1:]))

    assert shapes == [(32, 16, 25), (32, 16, 25), (64, 8, 13), (128, 4, 7), (256, 2, 4)]


def test_the_plane_beside_the_features_says_which_band_a_place_belongs_to():
    network, seen = build(), []
    network.stem.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))

    network(features(2, 64, 100))

    plane = seen[0][:, 1]
    assert (plane[:, 1:] > plane[:, :-1]).all()
    assert torch.equal(plane, plane[:1, :, :1].expand_as(plane))
    assert float(plane.mean()) == pytest.approx(0, abs=1e-5)
    assert float(plane.std()) == pytest.approx(1, abs=0.02)


@pytest.mark.slow
def test_away_from_the_edges_only_the_plane_tells_bands_apart():
    network = build(n_blocks=1)
    low, high = torch.zeros(1, 64, 100), torch.zeros(1, 64, 100)
    low[:, 24], high[:, 40] = 3.0, 3.0
    deaf = build(n_blocks=1)
    deaf.bands.zero_()

    told = (network(low) - network(high)).abs().max()

    assert told > 100 * (deaf(low) - deaf(high)).abs().max()


@pytest.mark.slow
def test_both_the_mean_and_the_largest_over_time_reach_the_classes():
    network, summaries = build(), []
    network.head.register_forward_hook(lambda _, inputs, __: summaries.append(inputs[0]))
    maps = []
    network.blocks.register_forward_hook(lambda _, __, output: maps.append(output))

    network(features(2, 64, 100))

    over_time, summary = maps[0].mean(2), summaries[0]
    torch.testing.assert_close(summary[:, :512], torch.cat([over_time.mean(-1), over_time.max(-1).values], dim=1))
    swings = network.swings(features(2, 1, 64, 100))
    torch.testing.assert_close(summary[:, 512:], torch.cat([swings.mean((2, 3)), swings.amax((2, 3))], dim=1))


def test_a_block_without_change_of_size_adds_to_what_went_in():
    block, maps = build().blocks[0], features(2, 32, 5, 6)
    with torch.no_grad():
        block.convolutions[4].weight.zero_()

    assert torch.equal(block(maps), torch.relu(maps))


def test_a_block_weighs_each_channel_by_all_of_its_map():
    block, maps = build().blocks[0], features(2, 32, 5, 6)
    found = block.convolutions(maps)
    with torch.no_grad():
        block.weigh[2].weight.zero_()
        block.weigh[2].bias.copy_(torch.linspace(-3, 3, 32))

    weighed = found * torch.sigmoid(torch.linspace(-3, 3, 32)).reshape(1, -1, 1, 1)

    torch.testing.assert_close(block(maps), torch.relu(weighed + maps))


def test_it_takes_sounds_of_another_length_than_it_was_told():
    assert build(n_frames=100)(features(2, 64, 251)).shape == (2, 10)


def test_the_plane_is_not_among_what_is_saved():
    assert "bands" not in build().state_dict()


def test_convolutions_before_batch_norm_have_no_bias_to_lose():
    assert all(layer.bias is None for layer in build().modules() if isinstance(layer, nn.Conv2d))


@pytest.mark.parametrize(
    "settings", [{"n_blocks": 0}, {"n_channels": 0}, {"dropout": 1.0}, {"stem_frames": 4}, {"modulation_frames": 3}]
)
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError, match=next(iter(settings))):
        ResnetMelSettings(**settings)
