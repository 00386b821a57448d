import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.report.matrix import class_orders


@settings(deadline=None, max_examples=40)  # scipy is loaded in the first
@given(
    st.integers(1, 9).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 9), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_every_order_holds_every_class_once(counts):
    labels = [f"c{n}" for n in range(len(counts))]
    for order in class_orders(labels, counts).values():
        assert sorted(order) == list(range(len(counts)))


def test_recall_rises_and_untested_classes_stand_last():
    counts = [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 4, 0], [3, 0, 0, 0]]
    assert class_orders(list("abcd"), counts)["recall"] == [3, 0, 2, 1]
    assert class_orders(list("abcd"), counts)["size"] == [2, 3, 0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_classes_that_are_confused_in_pairs_stand_in_pairs(seed):
    order = np.random.default_rng(seed).permutation(8)
    counts = 9 * np.eye(8, dtype=int)
    for first, second in zip(order[::2], order[1::2], strict=True):
        counts[first, second] = counts[second, first] = 5
    found = class_orders([f"c{n}" for n in range(8)], counts.tolist())["similarity"]
    for first, second in zip(order[::2], order[1::2], strict=True):
        assert abs(found.index(first) - found.index(second)) == 1


def test_labels_are_ordered_as_text():
    assert class_orders(["b", "a"], [[1, 0], [0, 1]])["label"] == [1, 0]
