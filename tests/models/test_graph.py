import pytest
import torch

from earmark.features.extract import Recipe
from earmark.features.mfcc import MfccSettings
from earmark.models.blueprint import Blueprint
from earmark.models.cnn import CnnSettings
from earmark.models.graph import ClassifierGraph, predict_logits, predict_views


def build():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ClassifierGraph(
            Blueprint(
                labels=("dog", "rain", "sea"),
                recipe=Recipe(front_end="mfcc", settings=MfccSettings(), segments=None),
                network="cnn",
                network_settings=CnnSettings(),
                n_bins=13,
                n_frames=44,
            )
        ).eval()


def sound(n=2, seed=0):
    return 0.1 * torch.randn(n, 22050, generator=torch.Generator().manual_seed(seed))


def test_raw_sound_in_probabilities_out():
    probabilities = build()(sound())

    assert probabilities.shape == (2, 3)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(2))


def test_it_is_front_end_standardiser_network_and_temperature_in_a_row():
    graph = build()
    graph.standardiser.mean.fill_(-3.0)
    graph.standardiser.deviation.fill_(7.0)
    graph.temperature.fill_(2.5)

    by_hand = torch.softmax(graph.network((graph.front_end(sound()) + 3.0) / 7.0) / 2.5, dim=1)

    torch.testing.assert_close(graph(sound()), by_hand)


def test_a_higher_temperature_gives_less_certain_probabilities():
    graph = build()
    before = graph(sound()).max()
    graph.temperature.fill_(10.0)

    assert graph(sound()).max() < before


def test_predicting_in_batches_leaves_dropout_off_and_changes_nothing():
    graph = build().train()
    features = torch.randn(7, 13, 44, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(
        predict_logits(graph, features, batch_size=3), predict_logits(graph, features, batch_size=7)
    )
    assert not graph.training


# ---------------------------------------------------------------- calibration one a class


def test_biases_are_added_after_the_temperature():
    graph = build()
    graph.temperature.fill_(2.5)
    graph.biases.copy_(torch.tensor([0.5, -1.0, 0.25]))
    features = graph.front_end(sound())

    by_hand = torch.softmax(graph.logits(features) / 2.5 + torch.tensor([0.5, -1.0, 0.25]), dim=1)

    torch.testing.assert_close(graph(sound()), by_hand)


def test_no_bias_changes_no_bit():
    graph = build()
    graph.temperature.fill_(1.7)
    logits = graph.logits(graph.front_end(sound()))

    assert torch.equal(graph.calibrated(logits), logits / 1.7)


def test_the_state_of_an_older_version_has_no_biases_and_no_doubts():
    graph, fresh = build(), build()
    graph.temperature.fill_(3.0)
    state = {name: tensor for name, tensor in graph.state_dict().items() if name != "biases" and "doubt" not in name}

    fresh.load_state_dict(state)

    assert torch.equal(fresh(sound()), graph(sound()))
    assert not fresh.doubt.knows_novelty


@pytest.mark.slow
def test_it_is_exported_as_one_graph_with_its_calibration_and_without_its_doubts():
    graph = build()
    graph.temperature.fill_(0.6)
    graph.biases.copy_(torch.tensor([0.5, -1.0, 0.25]))
    graph.doubt.fill(points=torch.zeros(3, 4), novelties=torch.ones(2))

    exported = torch.export.export(graph, (sound(),), dynamic_shapes=({0: torch.export.Dim("batch")},))

    torch.testing.assert_close(exported.module()(sound(5, seed=1)), graph(sound(5, seed=1)))
    assert not [node.name for node in exported.graph.nodes if "doubt" in node.name and node.users]


# ---------------------------------------------------------------- where a sound lies among others


def test_the_views_are_the_sound_over_time_and_the_direction_of_what_the_last_layer_is_given():
    graph = build()
    features = torch.randn(4, 13, 44, generator=torch.Generator().manual_seed(0))

    logits, (over_time, given) = graph.embed(features)

    standardised = graph.standardiser(features)
    torch.testing.assert_close(logits, graph.logits(features))
    torch.testing.assert_close(over_time[:, :13], standardised.mean(2))
    torch.testing.assert_close(over_time[:, 13:], standardised.std(2, correction=0))
    torch.testing.assert_close(given.norm(dim=1), torch.ones(4))
    last = [layer for layer in graph.network.modules() if isinstance(layer, torch.nn.Linear)][-1]
    assert given.shape == (4, last.in_features)


def test_looking_leaves_no_hook_behind():
    graph = build()

    predict_views(graph, torch.zeros(3, 13, 44))

    assert not any(layer._forward_pre_hooks for layer in graph.modules())


def test_views_in_batches_are_those_of_all_at_once():
    graph = build()
    features = torch.randn(7, 13, 44, generator=torch.Generator().manual_seed(0))

    one, other = (predict_views(graph, features, batch_size=size) for size in (3, 7))

    torch.testing.assert_close(one[0], other[0])
    for view, same in zip(one[1], other[1], strict=True):
        torch.testing.assert_close(view, same)
