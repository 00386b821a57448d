import numpy as np
import pytest
import torch

from earmark.errors import MissingExtraError, SettingError
from earmark.explain.attribution import METHODS, Asked, check_method, default_method, layer_for
from earmark.explain.axes import axes_of
from earmark.explain.replacements import replacement_for
from earmark.models.catalogue import NETWORKS


def asked(built, features, **more):
    graph, blueprint = built
    features = torch.as_tensor(np.asarray(features, dtype=np.float32))
    axes = axes_of(blueprint.recipe, features.shape[-2], features.shape[-1])
    return Asked(graph=graph, features=features, axes=axes, **{"target": 0, **more})


def test_integrated_gradients_of_a_sum_are_its_terms(listener, features):
    weights = np.zeros((16, 32))
    weights[3, 5], weights[9, 20] = 2.0, -1.5
    built = listener(weights)

    found = METHODS["integrated-gradients"].attribute(asked(built, features[:1])).numpy()

    tensor = torch.from_numpy(features[:1])
    terms = weights * (tensor - replacement_for(built[0], tensor, "blur"))[0].numpy()
    assert found == pytest.approx(np.maximum(terms, 0), abs=1e-5)


def test_integrated_gradients_add_up_to_what_the_features_changed(make, features):
    built = make()
    one = features[:1]
    graph = built[0]

    # Both signs are wanted here, and the negative part is dropped: that of the other sign of the score is it.
    positive = METHODS["integrated-gradients"].attribute(asked(built, one, target=1)).sum()
    graph.network.head[-1].weight.data.neg_()
    graph.network.head[-1].bias.data.neg_()
    negative = METHODS["integrated-gradients"].attribute(asked(built, one, target=1)).sum()
    tensor = torch.from_numpy(one)
    with torch.inference_mode():
        ends = -graph.logits(torch.cat([tensor, replacement_for(graph, tensor, "blur")]))[:, 1]

    assert float(positive - negative) == pytest.approx(float(ends[0] - ends[1]), abs=0.02)


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion"])
def test_what_the_network_does_not_look_at_has_no_relevance(listener, features, method):
    weights = np.zeros((16, 32))
    weights[:, :8] = 1.0
    graph_and = listener(weights)

    found = METHODS[method].attribute(asked(graph_and, features[:1] + 3)).numpy()

    assert found.min() >= 0
    assert found[:, 12:].max() == pytest.approx(0.0, abs=1e-6)


def test_occlusion_finds_the_loud_part_that_the_class_lives_on(listener):
    loud = np.zeros((1, 16, 32), dtype=np.float32)
    loud[0, 4:6, 10:14] = 5.0
    built = listener(np.full((16, 32), 0.1))

    found = METHODS["occlusion"].attribute(asked(built, loud)).numpy()

    assert np.unravel_index(found.argmax(), found.shape)[0] in range(2, 8)
    assert found[12:].sum() == pytest.approx(0.0, abs=1e-3)


def test_statistics_of_one_coefficient_are_hidden_together(make):
    graph, blueprint = make("svm", "statistics", n_bins=100, n_frames=1)
    values = np.random.default_rng(3).standard_normal((1, 100, 1))

    found = METHODS["occlusion"].attribute(asked((graph, blueprint), values)).numpy()[:, 0]

    assert found.any()
    for index in range(20):
        assert len(np.unique(found[index::20])) == 1


@pytest.mark.slow
@pytest.mark.parametrize("network", ["cnn", "cnn-small", "resnet-mel", "lstm", "gru", "mlp", "lstm-multiscale"])
def test_each_network_with_a_gradient_is_explained(make, network):
    built = make(network, n_frames=40)

    found = METHODS["integrated-gradients"].attribute(
        asked(built, np.random.default_rng(0).standard_normal((1, 16, 40)))
    )

    assert found.shape == (16, 40)
    assert float(found.max()) > 0


@pytest.mark.parametrize("network", ["cnn-small", "resnet-mel"])
def test_grad_cam_gives_a_map_as_large_as_the_features(make, features, network):
    found = METHODS["gradcam"].attribute(asked(make(network), features[:1]))

    assert found.shape == (16, 32)
    assert float(found.min()) >= 0
    assert float(found.max()) > 0


@pytest.mark.slow
def test_grad_cam_of_a_waveform_and_of_a_picture_fit_theirs(make):
    wave = METHODS["gradcam"].attribute(
        asked(make("wave-cnn", "waveform", n_bins=1, n_frames=31000), np.ones((1, 1, 31000)))
    )
    picture = METHODS["gradcam"].attribute(
        asked(make("cnn-small", "picture", n_bins=24, n_frames=30), np.random.default_rng(0).random((1, 4, 24, 30)))
    )

    assert wave.shape == (1, 31000)
    assert picture.shape == (24, 30)


def test_explaining_leaves_the_classifier_as_it_was(make, features):
    graph, blueprint = make("resnet-mel")
    before = {name: tensor.clone() for name, tensor in graph.state_dict().items()}

    for method in METHODS.values():
        method.attribute(asked((graph, blueprint), features[:1]))

    assert all(torch.equal(before[name], tensor) for name, tensor in graph.state_dict().items())
    assert all(parameter.grad is None for parameter in graph.parameters())
    assert not any(module._forward_hooks for module in graph.modules())


@pytest.mark.parametrize("name", NETWORKS)
def test_each_network_has_a_method_that_it_can_be_explained_by(make, name):
    front_end = NETWORKS[name].front_end
    sizes = {"statistics": (100, 1), "waveform": (1, 31000), "picture": (200, 380), "stack": (29, 40)}
    n_bins, n_frames = sizes.get(front_end, (16, 40))
    graph, blueprint = make(
        name, front_end, n_bins=n_bins, n_frames=n_frames, **({"n_mels": 16} if n_bins == 29 else {})
    )

    check_method(graph, blueprint, default_method(blueprint))
    check_method(graph, blueprint, "occlusion")


def test_methods_that_do_not_suit_a_network_are_refused_with_what_does(make):
    with pytest.raises(SettingError, match="'svm' has no gradient for 'gradcam': take occlusion"):
        check_method(*make("svm", "statistics", n_bins=100, n_frames=1), "gradcam")
    with pytest.raises(SettingError, match="'lstm' has no convolutions for 'gradcam': take integrated-gradients"):
        check_method(*make("lstm"), "gradcam")
    with pytest.raises(SettingError, match=r"no method called 'gradcan': did you mean 'gradcam'\?"):
        check_method(*make(), "gradcan")


def test_a_layer_without_times_is_refused_for_grad_cam(make, features):
    graph, _ = make("resnet-mel")

    with pytest.raises(SettingError, match=r"'swings.2' comes after a modulation spectrum.* take 'blocks.0'"):
        layer_for(graph, torch.from_numpy(features), "swings.2")
    assert layer_for(graph, torch.from_numpy(features), "blocks.2") == "blocks.2"


def test_without_captum_the_message_says_what_to_install(make, features, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "captum.attr", None)

    for method in METHODS.values():
        with pytest.raises(MissingExtraError, match=r"pip install 'earmark\[explain\]'"):
            method.attribute(asked(make(), features[:1]))
