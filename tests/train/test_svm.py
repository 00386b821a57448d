import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from earmark.models.svm import Svm, SvmSettings
from earmark.train.svm import fit_svm


def clouds(n_classes, n_each=15, n_bins=6, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(n_classes), n_each)
    centres = rng.standard_normal((n_classes, n_bins))
    return (centres[y] + rng.standard_normal((len(y), n_bins))).astype(np.float32), y


def fit(x, y, n_classes):
    network = Svm(n_bins=x.shape[1], n_frames=1, n_classes=n_classes, settings=SvmSettings())
    fit_svm(network, torch.from_numpy(x).unsqueeze(-1), y)
    return network


@pytest.mark.parametrize("n_classes", [3, 4, 10])
def test_its_scores_are_those_of_scikit_learn(n_classes):
    x, y = clouds(n_classes)
    other, _ = clouds(n_classes, seed=1)
    oracle = SVC(C=10, gamma="scale", decision_function_shape="ovr").fit(x.astype(np.float64), y)

    scores = fit(x, y, n_classes)(torch.from_numpy(other).unsqueeze(-1)).numpy()

    np.testing.assert_allclose(scores, oracle.decision_function(other.astype(np.float64)), atol=2e-4)


def test_with_two_classes_it_decides_as_scikit_learn():
    x, y = clouds(2, n_each=40)
    other, _ = clouds(2, n_each=40, seed=1)
    oracle = SVC(C=10, gamma="scale").fit(x.astype(np.float64), y)

    predicted = fit(x, y, 2)(torch.from_numpy(other).unsqueeze(-1)).argmax(1).numpy()

    assert 0.2 < predicted.mean() < 0.8
    np.testing.assert_array_equal(predicted, oracle.predict(other.astype(np.float64)))
