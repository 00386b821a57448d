import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier

from earmark.models.forest import Forest, ForestSettings
from earmark.train.forest import fit_forest


def clouds(n_classes, n=80, n_bins=6, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    centres = np.random.default_rng(99).standard_normal((n_classes, n_bins))
    return (centres[y] + rng.standard_normal((n, n_bins))).astype(np.float32), y


def fit(x, y, n_classes, seed=7, **chosen):
    network = Forest(
        n_bins=x.shape[1], n_frames=1, n_classes=n_classes, settings=ForestSettings(**{"n_trees": 12} | chosen)
    )
    fit_forest(network, torch.from_numpy(x).unsqueeze(-1), y, seed=seed)
    return network


def probabilities(network, x):
    return torch.softmax(network(torch.from_numpy(x).unsqueeze(-1)), dim=1).numpy()


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("chosen", [{}, {"max_depth": 1}, {"min_leaf": 4}, {"n_trees": 1}])
def test_its_probabilities_are_those_of_scikit_learn(n_classes, chosen):
    x, y = clouds(n_classes)
    others, _ = clouds(n_classes, n=200, seed=1)
    oracle = RandomForestClassifier(
        n_estimators=chosen.get("n_trees", 12),
        max_depth=chosen.get("max_depth"),
        min_samples_leaf=chosen.get("min_leaf", 1),
        random_state=7,
    ).fit(x, y)

    np.testing.assert_allclose(
        probabilities(fit(x, y, n_classes, **chosen), others), oracle.predict_proba(others), rtol=0, atol=1e-5
    )


def test_values_next_to_a_threshold_stay_on_their_side():
    x, y = clouds(3)
    oracle = RandomForestClassifier(n_estimators=12, random_state=7).fit(x, y)
    thresholds = np.concatenate([tree.tree_.threshold for tree in oracle.estimators_]).astype(np.float32)
    near = [np.nextafter(thresholds, np.float32(side)) for side in (-np.inf, np.inf)]
    edges = np.stack([thresholds, *near]).reshape(-1, 1).repeat(6, axis=1)

    np.testing.assert_allclose(probabilities(fit(x, y, 3), edges), oracle.predict_proba(edges), rtol=0, atol=1e-5)


def test_the_same_seed_grows_the_same_forest_and_another_does_not():
    x, y = clouds(3)
    first, again, other = (fit(x, y, 3, seed=seed).state_dict() for seed in (1, 1, 2))

    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["roots"], other["roots"]) or not torch.equal(first["feature"], other["feature"])


def test_clips_that_are_all_the_same_make_trees_without_a_question():
    network = fit(np.ones((6, 2), dtype=np.float32), np.arange(6) % 2, 2)

    assert network.n_steps == 0
    np.testing.assert_allclose(probabilities(network, np.zeros((1, 2), dtype=np.float32)).sum(), 1, atol=1e-6)
