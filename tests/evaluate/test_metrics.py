import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from earmark.errors import SettingError
from earmark.evaluate.metrics import (
    accuracy_of_counts,
    accuracy_score,
    class_counts,
    class_table,
    confusion_matrix,
    group_class_counts,
    macro_f1_of_counts,
    macro_f1_score,
)

N_CLASSES = 5
PAIRS = st.lists(st.tuples(st.integers(0, N_CLASSES - 1), st.integers(0, N_CLASSES - 1)), min_size=1, max_size=40)


def confusion_of(pairs):
    y_true, y_pred = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return y_true, y_pred, confusion_matrix(y_true, y_pred, N_CLASSES)


@pytest.mark.slow
@given(PAIRS)
def test_every_score_is_that_of_scikit_learn(pairs):
    y_true, y_pred, confusion = confusion_of(pairs)
    labels = list(range(N_CLASSES))
    assert (confusion == oracle.confusion_matrix(y_true, y_pred, labels=labels)).all()
    assert accuracy_score(confusion) == pytest.approx(oracle.accuracy_score(y_true, y_pred), abs=1e-12)
    occurring = sorted({*y_true.tolist(), *y_pred.tolist()})
    expected = oracle.f1_score(y_true, y_pred, labels=occurring, average="macro", zero_division=0)
    assert macro_f1_score(confusion) == pytest.approx(expected, abs=1e-12)


@pytest.mark.slow
@given(PAIRS)
def test_the_class_table_is_that_of_scikit_learn(pairs):
    y_true, y_pred, confusion = confusion_of(pairs)
    names = ["a", "b", "c", "d", "e"]
    rows = class_table(confusion, names)
    expected = oracle.precision_recall_fscore_support(y_true, y_pred, labels=list(range(N_CLASSES)), zero_division=0)
    ours = [[row.precision, row.recall, row.f1, row.n] for row in rows]
    np.testing.assert_allclose(ours, np.transpose(expected), atol=1e-12)
    assert [row.label for row in rows] == names


def test_scores_computed_by_hand():
    # a: 2 of 3 found, 1 of another called so -> f1 2/3; b: 1 of 2 -> 2 * 1 / (2 + 2) = 1/2; c occurs nowhere.
    confusion = np.array([[2, 1, 0], [1, 1, 0], [0, 0, 0]])
    assert accuracy_score(confusion) == 3 / 5
    assert macro_f1_score(confusion) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_a_class_that_is_only_ever_predicted_counts_as_a_failure():
    assert macro_f1_score(np.array([[1, 1], [0, 0]])) == pytest.approx((2 / 3 + 0) / 2)


def test_rows_are_true_and_columns_predicted():
    assert confusion_matrix(np.array([0]), np.array([2]), 3)[0, 2] == 1


@pytest.mark.slow
@given(st.lists(PAIRS, min_size=1, max_size=6))
def test_a_stack_scores_like_its_matrices_one_by_one(stack):
    matrices = np.stack([confusion_of(pairs)[2] for pairs in stack]).reshape(1, len(stack), N_CLASSES, N_CLASSES)
    for score in (accuracy_score, macro_f1_score):
        assert score(matrices).tolist() == [[float(score(matrix)) for matrix in matrices[0]]]


@pytest.mark.parametrize("score", [accuracy_score, macro_f1_score])
def test_nothing_counted_has_no_score_and_does_not_spoil_its_neighbours(score):
    scores = score(np.stack([np.zeros((2, 2)), np.eye(2)]))
    assert np.isnan(scores[0])
    assert scores[1] == 1


@pytest.mark.slow
@given(PAIRS, st.data())
def test_counting_by_group_adds_up_to_the_counts_of_each_matrix(pairs, data):
    y_true, y_pred, _ = confusion_of(pairs)
    group = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs))))
    counts = group_class_counts(y_true, y_pred, group, n_classes=N_CLASSES, n_groups=4)
    for index in range(4):
        chosen = group == index
        matrix = confusion_matrix(y_true[chosen], y_pred[chosen], N_CLASSES)
        assert (counts[index] == class_counts(matrix)).all()
        np.testing.assert_equal(accuracy_of_counts(counts[index]), accuracy_score(matrix))
        np.testing.assert_equal(macro_f1_of_counts(counts[index]), macro_f1_score(matrix))


@pytest.mark.parametrize(
    ("y_true", "y_pred"), [([0, 1], [0]), ([0], [0, 1]), ([0, 2], [0, 1]), ([0, 1], [0, -1]), ([0.5], [0])]
)
def test_classes_that_do_not_fit_are_refused(y_true, y_pred):
    with pytest.raises(SettingError):
        confusion_matrix(np.array(y_true), np.array(y_pred), 2)
    with pytest.raises(SettingError):
        group_class_counts(np.array(y_true), np.array(y_pred), np.zeros(len(y_true), int), n_classes=2, n_groups=1)


def test_groups_that_do_not_fit_are_refused():
    with pytest.raises(SettingError, match="group_index"):
        group_class_counts(np.array([0]), np.array([0]), np.array([1]), n_classes=2, n_groups=1)


def test_labels_that_do_not_fit_the_matrix_are_refused():
    with pytest.raises(SettingError, match="3 labels"):
        class_table(np.eye(2, dtype=int), ["a", "b", "c"])
