import numpy as np
import pytest
import torch

from earmark.errors import SettingError
from earmark.explain.layers import (
    feature_maps,
    find_layer,
    first_filters,
    is_convolutional,
    layers_of,
    locating_layer,
    stages_of,
)

SEGMENT = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 16, 40)).astype(np.float32))


def test_maps_are_what_the_layer_gives(make):
    graph, _ = make("cnn-small", n_frames=40)

    maps = feature_maps(graph, SEGMENT, "maps.0")

    with torch.inference_mode():
        expected = graph.network.maps[0](graph.standardiser(SEGMENT).unsqueeze(1)).numpy()
    np.testing.assert_allclose(maps, expected, rtol=1e-5, atol=1e-6)


def test_filters_are_the_weights_of_the_first_convolution(make):
    graph, _ = make("resnet-mel")

    name, filters = first_filters(graph)

    assert name == "stem.0"
    assert np.array_equal(filters, graph.network.stem[0].weight.detach().numpy())


def test_layers_come_in_the_order_in_which_they_are_computed_with_their_sizes(make):
    graph, _ = make("cnn-small", n_frames=40)

    layers = layers_of(graph, SEGMENT)

    assert [layer.name for layer in layers[:3]] == ["maps.0", "maps.1", "maps.2"]
    assert (layers[0].n_channels, layers[0].n_rows, layers[0].n_columns) == (32, 14, 38)


def test_the_path_of_the_modulation_spectrum_has_no_times(make):
    graph, _ = make("resnet-mel", n_frames=40)

    without = {layer.name.split(".")[0] for layer in layers_of(graph, SEGMENT) if not layer.has_time}

    assert without == {"swings"}


@pytest.mark.parametrize(("network", "expected"), [("resnet-mel", "blocks.0"), ("cnn-small", "maps.3")])
def test_the_layer_that_locates_is_deep_and_still_fine(make, network, expected):
    graph, _ = make(network, n_frames=40)

    layer = locating_layer(graph, SEGMENT)

    assert layer.name == expected
    assert layer.n_rows * 5 >= 16
    assert layer.n_columns * 5 >= 40


def test_an_unknown_layer_is_refused_with_the_names_there_are(make):
    graph, _ = make("resnet-mel", n_frames=40)

    with pytest.raises(SettingError, match=r"'blocks.9' that gives maps: did you mean 'blocks.\d'\? .*known: blocks"):
        find_layer(graph, SEGMENT, "blocks.9")
    with pytest.raises(SettingError, match="no layer called 'head'"):
        feature_maps(graph, SEGMENT, "head")


def test_a_network_without_convolutions_has_neither_maps_nor_filters(make):
    graph, _ = make("lstm", n_frames=40)

    assert not is_convolutional(graph)
    for ask in (first_filters, lambda one: locating_layer(one, SEGMENT), lambda one: find_layer(one, SEGMENT, "x")):
        with pytest.raises(SettingError, match="Lstm has no convolutions"):
            ask(graph)


def test_the_stages_are_blocks_or_activations(make):
    resnet, _ = make("resnet-mel", n_frames=40)
    small, _ = make("cnn-small", n_frames=40)

    assert [layer.name for layer in stages_of(resnet, SEGMENT)][:3] == ["stem.3", "blocks.0", "blocks.1"]
    assert [layer.kind for layer in stages_of(small, SEGMENT)] == ["ReLU", "ReLU"]


def test_looking_at_layers_leaves_no_hooks_behind_even_when_it_fails(make):
    graph, _ = make("cnn-small", n_frames=40)

    layers_of(graph, SEGMENT)
    with pytest.raises(RuntimeError):
        layers_of(graph, torch.zeros(1, 3, 3))

    assert not any(module._forward_hooks for module in graph.modules())
