import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.evaluate.checks import check_indices, check_labels, check_probabilities, check_rows


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 3], r"1 of 2 numbers of y are out of range \(such as 3\): pass whole numbers in 0..2"),
        ([-1, 0], "such as -1"),
        ([0.0, 1.0], "float64"),
        (["dog", "rain"], "pass whole numbers"),
        ([[0, 1]], "shape"),
        ([0], "1 numbers where 2 are needed"),
    ],
)
def test_numbers_that_point_nowhere_are_refused(values, message):
    with pytest.raises(SettingError, match=message):
        check_indices("y", values, n_kinds=3, length=2)


def test_no_numbers_at_all_point_nowhere_wrong():
    assert check_indices("y", [], n_kinds=3).dtype == np.int64


def test_unsigned_numbers_are_no_trouble():
    assert check_indices("y", np.array([0, 2], dtype=np.uint8), n_kinds=3).tolist() == [0, 2]


def test_rows_with_nan_or_infinity_are_counted():
    table = np.zeros((5, 3))
    table[1, 0] = table[1, 2] = np.nan
    table[4, 1] = -np.inf
    with pytest.raises(SettingError, match="2 of 5 rows of scores have NaN or infinite"):
        check_rows("scores", table)


@pytest.mark.parametrize("shape", [(4,), (4, 2), (4, 3, 1), (4, 0)])
def test_a_table_of_another_shape_is_refused(shape):
    with pytest.raises(SettingError, match="shape"):
        check_rows("scores", np.zeros(shape), n_columns=3)


def test_a_table_without_columns_is_refused():
    with pytest.raises(SettingError, match="shape"):
        check_rows("scores", np.zeros((4, 0)))


def test_logits_passed_for_probabilities_are_refused_with_the_way_out():
    with pytest.raises(SettingError, match="softmax"):
        check_probabilities("probabilities", [[-3.0, 4.0]])


def test_the_rounding_of_half_precision_passes_for_a_probability():
    assert check_probabilities("probabilities", np.array([[1.0005, 0.0]], dtype=np.float16)).shape == (1, 2)


@pytest.mark.parametrize(("labels", "message"), [([], "none given"), (["dog", "rain", "dog"], "twice: dog")])
def test_classes_without_a_name_of_their_own_are_refused(labels, message):
    with pytest.raises(SettingError, match=message):
        check_labels(labels)


def test_names_of_classes_keep_their_order():
    assert check_labels(iter(["rain", "dog"])) == ("rain", "dog")
