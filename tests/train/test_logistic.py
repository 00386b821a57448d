import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from earmark.models.logistic import Logistic, LogisticSettings
from earmark.train.logistic import fit_logistic


def clouds(n_classes, n_each=12, n_bins=6, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(n_classes), n_each)
    return (rng.standard_normal((n_classes, n_bins))[y] + rng.standard_normal((len(y), n_bins))).astype(np.float32), y


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_its_probabilities_are_those_of_scikit_learn(n_classes, penalty):
    x, y = clouds(n_classes)
    others, _ = clouds(n_classes, seed=1)
    oracle = LogisticRegression(C=penalty, max_iter=5000).fit(x.astype(np.float64), y)
    network = Logistic(n_bins=6, n_frames=1, n_classes=n_classes, settings=LogisticSettings(penalty=penalty))

    fit_logistic(network, torch.from_numpy(x).unsqueeze(-1), y)

    probabilities = torch.softmax(network(torch.from_numpy(others).unsqueeze(-1)), dim=1).numpy()
    np.testing.assert_allclose(probabilities, oracle.predict_proba(others.astype(np.float64)), rtol=0, atol=1e-5)


def test_its_weights_lie_in_memory_as_a_bundle_gives_them_back():
    x, y = clouds(4)
    network = Logistic(n_bins=6, n_frames=1, n_classes=4, settings=LogisticSettings())

    fit_logistic(network, torch.from_numpy(x).unsqueeze(-1), y)

    assert network.weight.is_contiguous()
