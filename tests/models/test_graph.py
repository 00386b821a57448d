import torch

from earmark.features.extract import Recipe
from earmark.features.mfcc import MfccSettings
from earmark.models.blueprint import Blueprint
from earmark.models.cnn import CnnSettings
from earmark.models.graph import ClassifierGraph, predict_logits


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
