import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from earmark.errors import TrainingError
from earmark.models.nearest import Nearest, NearestSettings
from earmark.train.nearest import fit_nearest


def fit(x, y, n_classes, **chosen):
    network = Nearest(n_bins=x.shape[1], n_frames=1, n_classes=n_classes, settings=NearestSettings(**chosen))
    fit_nearest(network, torch.from_numpy(x).unsqueeze(-1), y)
    return network


def probabilities(network, x):
    return torch.softmax(network(torch.from_numpy(x).unsqueeze(-1)), dim=1).numpy()


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**20),
    n_neighbours=st.integers(1, 7),
    weights=st.sampled_from(["uniform", "distance"]),
    is_lattice=st.booleans(),  # where distances are whole numbers, of which many are the same
)
def test_its_probabilities_are_those_of_scikit_learn(seed, n_neighbours, weights, is_lattice):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((60, 3))
    x = (np.rint(x * 1.5) if is_lattice else x).astype(np.float32)
    y = np.arange(60) % 4
    oracle = KNeighborsClassifier(n_neighbours, weights=weights, algorithm="brute").fit(x[:40], y[:40])

    got = probabilities(fit(x[:40], y[:40], 4, n_neighbours=n_neighbours, weights=weights), x[40:])

    distances, _ = oracle.kneighbors(x[40:], n_neighbors=n_neighbours + 1)
    is_settled = distances[:, -1] > distances[:, -2] + 1e-6  # who else is a neighbour scikit-learn leaves open
    assert is_lattice or is_settled.any()
    np.testing.assert_allclose(got[is_settled], oracle.predict_proba(x[40:])[is_settled], rtol=0, atol=1e-5)


def test_more_neighbours_than_clips_are_refused():
    with pytest.raises(TrainingError, match="n_neighbours is 5 and there are 4 segments to learn from: ask for 4"):
        fit(np.zeros((4, 2), dtype=np.float32), np.arange(4) % 2, 2)


def test_the_clips_are_kept_and_not_shared():
    x, y = np.random.default_rng(0).standard_normal((8, 2)).astype(np.float32), np.arange(8) % 2
    features = torch.from_numpy(x.copy()).unsqueeze(-1)
    network = Nearest(n_bins=2, n_frames=1, n_classes=2, settings=NearestSettings(n_neighbours=1))
    fit_nearest(network, features, y)

    features.zero_()
    y[:] = 0

    assert torch.equal(network.points, torch.from_numpy(x))
    assert network.y.tolist() == [0, 1] * 4
