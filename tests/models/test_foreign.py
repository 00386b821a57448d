import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from earmark.models.foreign import Foreign


def clouds(n_classes):
    rng = np.random.default_rng(0)
    y = np.arange(30) % n_classes
    return (rng.standard_normal((30, 6)) + y[:, None]).astype(np.float32), y


def scores(estimator, n_classes):
    x, y = clouds(n_classes)
    network = Foreign(estimator.fit(x, y), n_classes=n_classes)
    return network(torch.from_numpy(x).reshape(30, 3, 2)), x


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("estimator", [LogisticRegression(), GaussianNB()])
def test_the_softmax_is_its_probabilities(estimator, n_classes):
    got, x = scores(estimator, n_classes)

    assert got.dtype == torch.float32
    np.testing.assert_allclose(torch.softmax(got, dim=1), estimator.predict_proba(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_without_probabilities_its_decisions_are_the_scores(n_classes):
    got, x = scores(SVC(), n_classes)

    expected = SVC().fit(*clouds(n_classes)).decision_function(x)
    np.testing.assert_allclose(got[:, 1] if n_classes == 2 else got, expected, rtol=1e-5)
    assert got.shape == (30, n_classes)


def test_it_has_nothing_that_a_bundle_could_keep():
    assert not Foreign(SVC(), n_classes=2).state_dict()
