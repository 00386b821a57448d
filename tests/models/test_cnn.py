import pytest
import torch
from torch import nn

from earmark.errors import SettingError
from earmark.models.cnn import Cnn, CnnSettings


def build(n_bins, n_frames):
    return Cnn(n_bins=n_bins, n_frames=n_frames, n_classes=3, settings=CnnSettings())


def smallest():
    for size in range(1, 60):
        try:
            build(size, size)
        except SettingError:
            continue
        return size
    return None


def test_it_has_the_three_blocks_that_are_written_down():
    convolutions = [module for module in build(64, 216).modules() if isinstance(module, nn.Conv2d)]
    pools = [module for module in build(64, 216).modules() if isinstance(module, nn.MaxPool2d)]

    assert [(layer.out_channels, layer.kernel_size) for layer in convolutions] == [
        (32, (3, 3)),
        (32, (3, 3)),
        (32, (2, 2)),
    ]
    assert [(layer.kernel_size, layer.stride) for layer in pools] == [(3, 2), (3, 2), (2, 2)]
    assert sum(isinstance(module, nn.BatchNorm2d) for module in build(64, 216).modules()) == 3


def test_the_smallest_features_that_it_takes_really_go_through():
    size = smallest()

    assert size is not None
    assert build(size, size).eval()(torch.zeros(1, size, size)).shape == (1, 3)


def test_features_below_the_smallest_are_refused_with_what_to_do():
    size = smallest() - 1

    with pytest.raises(SettingError, match=rf"not {size} x 130: take longer segments"):
        build(size, 130)
    with pytest.raises(SettingError, match=rf"not 13 x {size}"):
        build(13, size)


def test_one_bin_less_really_does_not_go_through():
    network = build(smallest(), 130)

    with pytest.raises(RuntimeError):
        network.blocks(torch.zeros(1, 1, smallest() - 1, 130))


@pytest.mark.parametrize("settings", [{"n_channels": 0}, {"n_hidden": 0}, {"dropout": 1.0}, {"dropout": -0.1}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError):
        CnnSettings(**settings)


def test_pooling_before_relu_gives_what_relu_before_pooling_gives():
    network, features = build(20, 33).eval(), torch.randn(2, 1, 20, 33, generator=torch.Generator().manual_seed(0))
    convolution, pool, relu, _ = network.blocks[0]

    assert torch.equal(relu(pool(convolution(features))), pool(relu(convolution(features))))
