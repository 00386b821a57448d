import pytest
import torch
from torch import nn

from earmark.errors import SettingError
from earmark.models.alexnet import AlexNet, AlexNetSettings


def build(n_bins=300, n_frames=600, n_channels=4, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AlexNet(
            n_bins=n_bins,
            n_frames=n_frames,
            n_channels=n_channels,
            n_classes=3,
            settings=AlexNetSettings(**settings),
        ).eval()


def pictures(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def layers(network, kind):
    return [layer for layer in network.modules() if isinstance(layer, kind)]


def test_it_has_the_layers_that_are_written_down():
    network = build()

    assert [(layer.out_channels, layer.kernel_size[0], layer.stride[0]) for layer in layers(network, nn.Conv2d)] == [
        (64, 11, 4),
        (128, 5, 1),
        (256, 3, 1),
        (256, 3, 1),
        (256, 3, 1),
    ]
    assert [(pool.kernel_size, pool.stride) for pool in layers(network, nn.MaxPool2d)] == [
        (3, (2, 4)),
        (3, (2, 2)),
        (3, (2, 2)),
    ]
    assert [(dense.in_features, dense.out_features) for dense in layers(network, nn.Linear)] == [
        (256 * 4 * 4, 256),
        (256, 256),
        (256, 3),
    ]
    assert [slopes.num_parameters for slopes in layers(network, nn.PReLU)] == [64, 128, 256, 256, 256, 256, 256]
    assert [dropout.p for dropout in layers(network, nn.Dropout)] == [0.5]
    assert not layers(network, nn.ReLU)


def test_the_notebooks_pictures_go_through():
    with torch.inference_mode():
        assert build()(pictures(1, 4, 300, 600)).shape == (1, 3)


def test_of_the_notebooks_pictures_the_first_pooling_leaves_about_a_square():
    network = build(n_channels=1)

    with torch.inference_mode():
        assert network.maps[:2](pictures(1, 1, 300, 600)).shape == (1, 64, 36, 37)


def test_pooling_before_prelu_gives_what_prelu_before_pooling_gives():
    network, maps = build(63, 111, padded=True), pictures(2, 4, 63, 111)
    convolution, pool, prelu, *_ = network.maps
    with torch.no_grad():
        prelu.weight.copy_(torch.linspace(0, 1, 64))

    assert torch.equal(prelu(pool(convolution(maps))), pool(prelu(convolution(maps))))


@pytest.mark.parametrize(("padded", "least"), [(False, (195, 371)), (True, (63, 111))])
def test_the_smallest_pictures_go_through_and_one_row_or_column_less_is_refused(padded, least):
    rows, columns = least
    with torch.inference_mode():
        network = build(rows, columns, n_channels=1, padded=padded)
        assert network(pictures(1, rows, columns)).shape == (1, 3)
        with pytest.raises(RuntimeError):
            network.maps(pictures(1, 1, rows - 1, columns))
        with pytest.raises(RuntimeError):
            network.maps(pictures(1, 1, rows, columns - 1))
    for size in ((rows - 1, columns), (rows, columns - 1)):
        with pytest.raises(SettingError, match=f"at least {rows} bins and {columns} frames, not {size[0]} x {size[1]}"):
            build(*size, padded=padded)


def test_padding_is_advised_only_to_those_who_have_none():
    with pytest.raises(SettingError, match=r"take larger pictures .* or padded = true"):
        build(75, 150)
    with pytest.raises(SettingError) as refusal:
        build(30, 150, padded=True)
    assert "padded" not in str(refusal.value)


def test_what_goes_through_keeps_its_size():
    network, maps = build(75, 150, padded=True), pictures(8, 4, 75, 150)

    spreads = []
    with torch.inference_mode():
        for layer in network.maps:
            maps = layer(maps)
            if isinstance(layer, nn.Conv2d):
                spreads.append(float(maps.square().mean().sqrt()))

    assert all(0.5 < spread < 8 for spread in spreads), spreads


@pytest.mark.parametrize("settings", [{"n_channels": 0}, {"n_hidden": 0}, {"dropout": 1.0}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError, match=next(iter(settings))):
        AlexNetSettings(**settings)
