import pytest
import torch
from torch import nn

from earmark.errors import SettingError
from earmark.models.cnn_small import CnnSmall, CnnSmallSettings


def build(n_bins=13, n_frames=130, **settings):
    return CnnSmall(n_bins=n_bins, n_frames=n_frames, n_classes=3, settings=CnnSmallSettings(**settings))


def test_it_has_the_layers_that_are_written_down():
    layers = list(build().modules())

    assert [(layer.out_channels, layer.kernel_size) for layer in layers if isinstance(layer, nn.Conv2d)] == [
        (32, (3, 3)),
        (64, (3, 3)),
    ]
    assert [layer.kernel_size for layer in layers if isinstance(layer, nn.MaxPool2d)] == [2, 2]
    assert [(layer.in_features, layer.out_features) for layer in layers if isinstance(layer, nn.Linear)] == [
        (64 * 1 * 31, 64),
        (64, 3),
    ]
    assert [layer.p for layer in layers if isinstance(layer, nn.Dropout)] == [0.3]


def test_pooling_before_relu_gives_what_relu_before_pooling_gives():
    network, maps = build().eval(), torch.randn(2, 1, 13, 130, generator=torch.Generator().manual_seed(0))
    first, pool, relu, second, *_ = network.maps

    usual = pool(relu(second(pool(relu(first(maps))))))

    assert torch.equal(network.maps(maps), usual)


def test_the_smallest_features_that_it_takes_go_through_and_one_less_is_refused():
    assert build(10, 10).eval()(torch.zeros(1, 10, 10)).shape == (1, 3)
    with pytest.raises(SettingError, match="at least 10 bins and 10 frames, not 9 x 10: take longer segments"):
        build(9, 10)
    with pytest.raises(SettingError, match="not 10 x 9"):
        build(10, 9)


@pytest.mark.parametrize("settings", [{"n_channels": 0}, {"n_hidden": 0}, {"dropout": 1.0}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError, match=next(iter(settings))):
        CnnSmallSettings(**settings)
