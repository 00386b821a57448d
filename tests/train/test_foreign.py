import numpy as np
import pytest
import torch
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from earmark.errors import TrainingError
from earmark.models.foreign import Foreign
from earmark.train.foreign import fit_foreign

X = np.random.default_rng(0).standard_normal((24, 3, 2)).astype(np.float32)
Y = np.arange(24) % 4


def fit(estimator, seed=5, n_classes=4):
    network = Foreign(estimator, n_classes=n_classes)
    fit_foreign(network, torch.from_numpy(X), Y, seed=seed)
    return network


def test_the_users_estimator_is_left_as_it_was():
    estimator = RandomForestClassifier(n_estimators=2)

    network = fit(estimator)

    assert network.estimator is not estimator
    assert not hasattr(estimator, "classes_")
    assert estimator.random_state is None


def test_it_learns_what_it_would_learn_by_itself():
    oracle = RandomForestClassifier(n_estimators=5, random_state=5).fit(X.reshape(24, 6), Y)

    got = torch.softmax(fit(RandomForestClassifier(n_estimators=5))(torch.from_numpy(X)), dim=1)

    np.testing.assert_allclose(got, oracle.predict_proba(X.reshape(24, 6)), rtol=0, atol=1e-5)


def test_open_seeds_are_settled_inside_of_others_too_and_chosen_ones_are_kept():
    open_one = make_pipeline(StandardScaler(), BaggingClassifier(SVC(), n_estimators=2))
    chosen = RandomForestClassifier(n_estimators=2, random_state=9)

    assert fit(open_one).estimator.get_params()["baggingclassifier__random_state"] == 5
    assert fit(open_one).estimator.get_params()["baggingclassifier__estimator__random_state"] == 5
    assert fit(chosen).estimator.random_state == 9


def test_fitting_again_begins_anew():
    network = fit(RandomForestClassifier(n_estimators=2, warm_start=True))

    fit_foreign(network, torch.from_numpy(X), Y, seed=5)

    assert len(network.estimator.estimators_) == 2


@pytest.mark.parametrize(
    ("estimator", "match"),
    [
        (MultinomialNB(), "MultinomialNB cannot be fitted to 24 segments of 6 values in 4 classes: Negative values"),
        (SVC(C=-1), "SVC cannot be fitted .* 'C' parameter"),
        (SVC(decision_function_shape="ovo"), "SVC gives 6 scores for 4 classes"),
    ],
)
def test_what_it_refuses_is_said_in_one_line(estimator, match):
    with pytest.raises(TrainingError, match=match) as caught:
        fit(estimator)

    assert "\n" not in str(caught.value)
