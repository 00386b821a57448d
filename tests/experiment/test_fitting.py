from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.errors import SettingError
from earmark.evaluate.calibration import CalibrationSettings, fit_temperature
from earmark.experiment.fitting import fit_baseline, fit_classifier, gather, make_blueprint, standardised
from earmark.features.standardise import Standardiser
from earmark.models.graph import predict_logits

CPU = torch.device("cpu")
CLASSICAL = {
    "k-nearest": {"name": "k-nearest", "n_neighbours": 3},
    "logistic": {"name": "logistic"},
    "random-forest": {"name": "random-forest", "n_trees": 20},
}


@pytest.fixture(scope="module")
def prepared(trained):
    return trained.result.prepared


def fit(trained, prepared, **changes):
    config = replace(trained.config, **changes)
    return fit_classifier(config, prepared, device=CPU)


def bits(fitted):
    return {name: tensor.clone() for name, tensor in fitted.graph.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def planted(prepared, part):
    """Return the same data with noise in place of the features of one part."""
    rng, clips = np.random.default_rng(0), set(getattr(prepared.split, part))
    features = [
        rng.normal(50, 90, array.shape).astype(np.float32) if index in clips else array
        for index, array in enumerate(prepared.features)
    ]
    return replace(prepared, features=tuple(features), baseline=prepared.baseline)


# ---------------------------------------------------------------- what may be learnt from


@pytest.mark.slow
def test_the_test_part_changes_not_one_bit(trained, prepared):
    assert same(bits(fit(trained, planted(prepared, "test"))), bits(fit(trained, prepared)))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["train", "validation"])
def test_the_other_parts_do_change_something(trained, prepared, part):
    assert not same(bits(fit(trained, planted(prepared, part))), bits(fit(trained, prepared)))


def test_the_inputs_are_standardised_by_the_training_part_alone(trained, prepared):
    graph = fit(trained, prepared).graph
    features = np.concatenate([prepared.features[clip] for clip in prepared.split.train]).astype(np.float64)

    np.testing.assert_allclose(graph.standardiser.mean[:, 0], features.mean(axis=(0, 2)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(graph.standardiser.deviation[:, 0], features.std(axis=(0, 2)), rtol=1e-5)


def test_the_temperature_is_that_of_the_validation_part(trained, prepared):
    prepared = planted(prepared, "validation")  # of which the network is surer than it is right
    graph = fit(trained, prepared, calibration=CalibrationSettings(method="temperature")).graph
    part = gather(prepared.features, prepared.dataset.y, prepared.split.validation)
    y = prepared.dataset.y[list(prepared.split.validation)]

    logits, clip_index = predict_logits(graph, part.features).numpy(), part.clip_index.numpy()
    expected = fit_temperature(logits, y, clip_index=clip_index)

    assert float(graph.temperature) == pytest.approx(expected, rel=1e-5)
    assert expected != 1.0


def test_the_method_that_is_asked_for_is_the_one_that_is_fitted(trained, prepared):
    fitted = fit(trained, planted(prepared, "validation"), calibration=CalibrationSettings(method="per-class"))
    plain = fit(trained, prepared, calibration=CalibrationSettings(method="none"))

    assert fitted.calibration.method == "per-class"
    np.testing.assert_allclose(fitted.graph.biases, fitted.calibration.biases, rtol=1e-6)
    assert fitted.graph.biases.abs().max() > 0.01
    assert (plain.calibration.method, float(plain.graph.temperature)) == ("none", 1.0)


# ---------------------------------------------------------------- seeds


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_and_another_does_not(trained, prepared):
    first = bits(fit(trained, prepared))

    assert same(first, bits(fit(trained, prepared)))
    assert not same(first, bits(fit(trained, prepared, seed=1)))


def test_nothing_global_is_touched(trained, prepared):
    torch.manual_seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002 - on purpose

    fit(trained, prepared)

    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002 - on purpose


@pytest.mark.slow
def test_the_first_weights_follow_from_the_seed_and_not_from_what_was_drawn_before(trained, prepared):
    torch.manual_seed(1)
    one = bits(fit(trained, prepared))
    torch.manual_seed(2)

    assert same(one, bits(fit(trained, prepared)))


# ---------------------------------------------------------------- what comes out


def test_the_classifier_is_on_the_processor_and_says_how_it_was_trained(trained, prepared):
    fitted = fit(trained, prepared)

    assert {tensor.device.type for tensor in fitted.graph.state_dict().values()} == {"cpu"}
    assert len(fitted.history) == 3
    assert fitted.ended == "max_epochs"
    assert 1 <= fitted.best_epoch <= 3
    assert fitted.blueprint == make_blueprint(trained.config, prepared)
    assert fitted.blueprint.labels == ("dog", "rain ü", "sea")


def test_features_that_are_kept_are_not_changed(trained, prepared):
    before = [array.copy() for array in prepared.features]

    fit(trained, prepared)

    assert all(np.array_equal(one, other) for one, other in zip(before, prepared.features, strict=True))


def test_gathered_segments_are_those_of_the_clips_in_the_order_asked():
    features = [np.full((n, 2, 3), index, dtype=np.float32) for index, n in enumerate((2, 1, 3))]

    part = gather(features, np.array([7, 8, 9]), (2, 0))

    assert part.features[:, 0, 0].tolist() == [2, 2, 2, 0, 0]
    assert part.y.tolist() == [9, 9, 9, 7, 7]
    assert part.clip_index.tolist() == [0, 0, 0, 1, 1]


def test_standardised_segments_can_be_learnt_from(trained, prepared):
    graph = fit(trained, prepared).graph
    part = gather(prepared.features, prepared.dataset.y, prepared.split.train)

    features = standardised(graph, part).features

    assert not features.is_inference()
    torch.testing.assert_close(features.mean(dim=(0, 2)), torch.zeros(13), atol=1e-4, rtol=0)


def clouds(prepared):
    """Return statistics that no machine can tell apart well, so that answers differ."""
    rng = np.random.default_rng(5)
    y = prepared.dataset.y
    return [(0.3 * y[clip] + rng.standard_normal((1, 100, 1))).astype(np.float32) for clip in range(len(y))]


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSICAL)
def test_a_classical_network_is_solved_on_both_parts_and_calibrated_on_the_validation_part(
    trained, prepared, configure, name
):
    config = configure(trained.data, network=CLASSICAL[name], front_end={"name": "statistics"}, segments={})
    prepared = replace(prepared, features=tuple(clouds(prepared)))
    split, y = prepared.split, prepared.dataset.y

    fitted = fit_classifier(config, prepared, device=CPU)

    graph = fitted.graph
    both = gather(prepared.features, y, (*split.train, *split.validation))
    torch.testing.assert_close(graph.standardiser.mean, Standardiser.fit(both.features).mean)
    assert (fitted.history, fitted.best_epoch, fitted.ended) == ((), 0, "solved")


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSICAL)
def test_a_classical_network_follows_from_the_seed_and_never_looks_at_the_test_part(trained, prepared, configure, name):
    config = configure(trained.data, network=CLASSICAL[name], front_end={"name": "statistics"}, segments={})
    prepared = replace(prepared, features=tuple(clouds(prepared)))
    state = bits(fit_classifier(config, prepared, device=CPU))

    assert same(state, bits(fit_classifier(config, planted(prepared, "test"), device=CPU)))
    assert not same(state, bits(fit_classifier(config, planted(prepared, "train"), device=CPU)))
    other = bits(fit_classifier(replace(config, seed=1), prepared, device=CPU))
    assert same(state, other) == (name != "random-forest")


def test_a_network_that_does_not_fit_the_features_is_refused_before_any_training(trained, prepared, monkeypatch):
    monkeypatch.setattr("earmark.experiment.fitting.train_network", lambda *_, **__: pytest.fail("it was trained"))
    narrow = replace(prepared, features=tuple(array[..., :5] for array in prepared.features))

    with pytest.raises(SettingError, match=r"'cnn' needs features of at least .* not 13 x 5"):
        fit(trained, narrow)


@pytest.mark.slow
def test_the_baseline_is_scikit_learns_machine_on_training_and_validation_together(prepared):
    baseline = clouds(prepared)
    prepared = replace(prepared, baseline=tuple(baseline))
    clips = [*prepared.split.train, *prepared.split.validation]
    x = np.stack([array[0, :, 0] for array in baseline]).astype(np.float64)
    scaler = StandardScaler().fit(x[clips])
    oracle = SVC(C=10, gamma="scale").fit(scaler.transform(x[clips]), prepared.dataset.y[clips])

    graph, blueprint = fit_baseline(prepared)

    logits = predict_logits(graph, torch.from_numpy(np.concatenate(baseline)))
    np.testing.assert_allclose(logits, oracle.decision_function(scaler.transform(x)), atol=1e-3)
    assert blueprint.network == "svm"


def test_the_baseline_never_looks_at_the_test_part(prepared):
    changed = [array + 99 if clip in prepared.split.test else array for clip, array in enumerate(prepared.baseline)]

    one, _ = fit_baseline(prepared)
    other, _ = fit_baseline(replace(prepared, baseline=tuple(changed)))

    assert same(one.state_dict(), other.state_dict())


def test_a_support_vector_machine_as_the_network_is_solved_on_both_parts(trained, prepared, configure):
    svm = configure(trained.data, network={"name": "svm"}, front_end={"name": "statistics"}, segments={})
    prepared = replace(prepared, features=prepared.baseline)

    fitted = fit_classifier(svm, prepared, device=CPU)
    baseline, _ = fit_baseline(prepared)

    assert (fitted.history, fitted.best_epoch, fitted.ended) == ((), 0, "solved")
    assert torch.equal(fitted.graph.network.support, baseline.network.support)
