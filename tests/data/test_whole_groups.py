from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.data import whole_groups
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.whole_groups import GroupTable, take_groups
from earmark.errors import SplitError


def table(*rows):
    clips = [Clip(name=str(n), path=Path(), label=label, group=group) for n, (group, label) in enumerate(rows)]
    return GroupTable(Dataset(clips, root=Path()))


def test_a_table_counts_the_clips_of_each_label_in_each_group():
    counted = table(("b", "y"), ("a", "x"), ("b", "x"), ("b", "y"))

    assert counted.groups == ["a", "b"]
    assert counted.counts.tolist() == [[1, 0], [1, 2]]
    assert counted.clips_of(np.array([False, True])) == (0, 2, 3)
    assert counted.names_of(counted.labels_in(np.array([True, False]))) == ["x"]


def test_no_clips_make_no_table():
    with pytest.raises(SplitError, match="no clips"):
        table()


ROWS = st.lists(st.tuples(st.integers(0, 9).map("g{}".format), st.sampled_from("xyz")), min_size=1, max_size=40)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 99), fraction=st.floats(0.02, 0.95), data=st.data())
def test_what_is_left_of_a_pool_keeps_its_labels_and_nothing_outside_it_is_taken(rows, seed, fraction, data):
    counted = table(*rows)
    n_groups = len(counted.groups)
    pool = np.array(data.draw(st.lists(st.booleans(), min_size=n_groups, max_size=n_groups)), dtype=bool)

    taken = take_groups(counted, pool, fraction, seed, "test")

    assert not (taken & ~pool).any()
    assert (counted.labels_in(pool & ~taken) == counted.labels_in(pool)).all()


def test_nothing_is_taken_where_each_group_is_the_only_one_of_a_label():
    assert not take_groups(table(("a", "x"), ("b", "y")), np.ones(2, dtype=bool), 0.5, 0, "test").any()


@pytest.mark.slow
def test_each_part_has_random_numbers_of_its_own():
    counted = table(*((f"g{n}", "x") for n in range(40)))
    everything = np.ones(40, dtype=bool)

    takes = [take_groups(counted, everything, 0.2, 0, part).tolist() for part in ("test", "validation")]
    assert takes[0] != takes[1]


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.15, 0.2, 1 / 3, 0.5, 0.75, 0.99])
def test_folds_come_within_a_tenth_of_the_share(fraction):
    n_folds, n_taken = whole_groups._folds_near(fraction, most=1000)

    assert abs(n_taken / n_folds - fraction) <= 0.1 * min(fraction, 1 - fraction) + 1e-12
    assert 0 < n_taken < n_folds


@pytest.mark.slow
def test_bundles_hold_groups_of_one_label_and_are_few():
    counted = table(*((f"g{n}", "xy"[n % 2]) for n in range(5000)))
    bundles = whole_groups._bundles(counted, seed=0)

    assert len(set(bundles.tolist())) == 2000
    labels_by_bundle = set(zip(bundles.tolist(), counted.counts.argmax(axis=1).tolist(), strict=True))
    assert len(labels_by_bundle) == 2000
    assert (np.bincount(bundles) <= 3).all()


def test_few_groups_are_not_bundled():
    assert whole_groups._bundles(table(("a", "x"), ("b", "x")), seed=0).tolist() == [0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_small_label_is_not_taken_whole_however_large_the_share(seed):
    counted = table(*((f"x{n}", "x") for n in range(30)), ("y0", "y"), ("y1", "y"))
    taken = take_groups(counted, np.ones(32, dtype=bool), 0.9, seed, "test")

    assert sorted(taken[30:].tolist()) == [False, True]


def test_a_part_that_holds_the_whole_of_a_label_gives_its_smallest_group_back():
    counted = table(("big", "x"), ("big", "x"), ("small", "x"), ("a", "y"), ("b", "y"))
    everything = np.ones(4, dtype=bool)
    part = np.array([name in {"big", "small", "a"} for name in counted.groups])

    mended = whole_groups._mended(
        part, counted, counted.holds, free=everything, wanted=np.ones(2, dtype=bool), order=np.arange(4)
    )

    assert [name for name, taken in zip(counted.groups, mended, strict=True) if taken] == ["a", "big"]


def test_a_part_that_lacks_a_label_is_given_its_smallest_spare_group():
    # The smallest group with x is the only one with z outside, so the next is taken.
    counted = table(("a", "x"), ("a", "z"), ("b", "x"), ("b", "x"), ("b", "x"), ("c", "x"), ("c", "x"), ("d", "z"))
    part = np.array([False, False, False, True])

    mended = whole_groups._mended(
        part, counted, counted.holds, free=np.ones(4, dtype=bool), wanted=np.ones(2, dtype=bool), order=np.arange(4)
    )

    assert mended.tolist() == [False, False, True, True]
