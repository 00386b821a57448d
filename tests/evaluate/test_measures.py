from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from earmark.errors import SettingError
from earmark.evaluate import measures
from earmark.evaluate.calibration import expected_calibration_error
from earmark.evaluate.measures import CLASS_MEASURES, MEASURES, Items, draw_weights, measure


def plain(items):
    """Return the scores of each class and those of all, with every group counting once."""
    found = measure(items, np.ones((1, items.n_groups)))
    scores = {name: float(values[0]) for name, values in found.scores.items()}
    return {name: values[0] for name, values in found.classes.items()}, scores


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12), st.floats(0, 4))
def test_every_score_is_that_of_scikit_learn(tested, seed, n_classes, skill):
    items = Items.of_clips(tested(seed=seed, n_classes=n_classes, skill=skill))
    y, said, p = items.y, items.predicted, items.probabilities

    classes, scores = plain(items)

    expected = {
        "accuracy": metrics.accuracy_score(y, said),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, said),
        "macro_f1": metrics.f1_score(y, said, average="macro", zero_division=0),
        "weighted_f1": metrics.f1_score(y, said, average="weighted", zero_division=0),
        "log_loss": metrics.log_loss(y, p),
        "brier_score": metrics.brier_score_loss(y, p, scale_by_half=False)
        if n_classes > 2
        else 2 * metrics.brier_score_loss(y, p[:, 1]),
        "average_precision": metrics.average_precision_score(np.eye(n_classes)[y], p, average="macro"),
        "roc_auc": metrics.roc_auc_score(np.eye(n_classes)[y], p, average="macro"),
        "expected_calibration_error": expected_calibration_error(p, y),
    }
    expected |= {f"top_{k}": metrics.top_k_accuracy_score(y, p, k=k) for k in (3, 5) if f"top_{k}" in scores}
    assert scores == pytest.approx(expected, abs=1e-6)
    of_classes = metrics.precision_recall_fscore_support(y, said, labels=range(n_classes), zero_division=np.nan)
    for name, row in zip(("precision", "recall", "f1"), of_classes, strict=False):
        np.testing.assert_allclose(classes[name], row, atol=1e-12)
    assert set(classes) == set(CLASS_MEASURES)


def test_the_shares_of_the_likeliest_are_shown_where_they_say_something(tested):
    shown = {
        n: [name for name in plain(Items.of_clips(tested(n_classes=n)))[1] if name.startswith("top")]
        for n in (4, 5, 10)
    }
    assert shown == {4: [], 5: ["top_3"], 10: ["top_3", "top_5"]}


def test_a_tie_is_won_by_the_first_class_in_the_likeliest_too():
    items = Items(
        y=np.array([0, 4]),
        predicted=np.array([0, 0]),
        probabilities=np.full((2, 5), 0.2),
        group=np.arange(2),
        n_groups=2,
        n_classes=5,
    )
    assert plain(items)[1]["top_3"] == 0.5


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_drawing_a_group_twice_is_as_good_as_having_its_clips_twice(tested, seed):
    items = Items.of_clips(tested(seed=seed, n_groups=6))
    weights = draw_weights(6, 4, np.random.default_rng(seed))

    found = measure(items, weights)

    for row, weight in enumerate(weights):
        written = np.repeat(np.arange(len(items.y)), weight[items.group].astype(int))
        again = replace(
            items,
            y=items.y[written],
            predicted=items.predicted[written],
            probabilities=items.probabilities[written],
            group=items.group[written],
        )
        classes, scores = plain(again)
        assert {name: values[row] for name, values in found.scores.items()} == pytest.approx(
            scores, abs=1e-5, nan_ok=True
        )
        for name, values in found.classes.items():
            np.testing.assert_allclose(values[row], classes[name], atol=1e-5)


def test_bare_answers_have_no_scores_of_probabilities(tested):
    items = replace(Items.of_clips(tested()), probabilities=None)
    assert set(plain(items)[1]) == {name for name, one in MEASURES.items() if not one.needs_probabilities}


def test_a_true_class_that_is_given_nothing_costs_much_but_not_everything():
    items = Items(
        y=np.array([1]),
        predicted=np.array([0]),
        probabilities=np.array([[1.0, 0.0]]),
        group=np.array([0]),
        n_groups=1,
        n_classes=2,
    )
    scores = plain(items)[1]
    assert scores["log_loss"] == pytest.approx(metrics.log_loss([1], [[1.0, 0.0]], labels=[0, 1]))
    assert scores["brier_score"] == 2


def test_working_in_parts_changes_nothing(tested, monkeypatch):
    items, weights = Items.of_clips(tested()), draw_weights(15, 50, np.random.default_rng(0))
    whole = measure(items, weights)
    monkeypatch.setattr(measures, "_N_NUMBERS_AT_ONCE", 200)
    parts = measure(items, weights)
    for name, values in whole.scores.items():
        np.testing.assert_allclose(parts.scores[name], values, atol=1e-12)


def test_of_very_many_answers_fewer_draws_are_ranked(tested, monkeypatch):
    items, weights = Items.of_clips(tested()), draw_weights(15, 300, np.random.default_rng(0))
    monkeypatch.setattr(measures, "_MOST_RANKED", 1)
    found = measure(items, weights)
    assert len(found.scores["roc_auc"]) == len(found.classes["average_precision"]) == 200
    assert len(found.scores["accuracy"]) == 300


def test_each_draw_takes_as_many_groups_as_there_are():
    weights = draw_weights(7, 100, np.random.default_rng(0))
    assert (weights.sum(axis=1) == 7).all()
    assert len(np.unique(weights, axis=0)) > 50


def test_nothing_to_measure_is_refused(tested):
    one = tested()
    with pytest.raises(SettingError, match="nothing to measure"):
        Items.of(one, one.y, None, one.group_index)
