from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit import spelling
from earmark.audit.spelling import (
    find_imbalance,
    find_small_classes,
    find_spelling_variants,
    is_one_slip,
    plain_name,
)
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset

words = st.text("abc", max_size=6)


def data_set(counts, *, clips_a_group=1, fold=None):
    clips = [
        Clip(name=f"{label}{k}.wav", path=Path(), label=label, group=f"{label}{k // clips_a_group}", fold=fold)
        for label, n in counts.items()
        for k in range(n)
    ]
    return Dataset(clips, root=Path())


def distance(first, second):
    """The optimal string alignment distance, by its recursion."""
    rows = {(-1, -1): 0}
    for i in range(-1, len(first)):
        for j in range(-1, len(second)):
            if i == j == -1:
                continue
            ways = []
            if i >= 0:
                ways.append(rows[i - 1, j] + 1)
            if j >= 0:
                ways.append(rows[i, j - 1] + 1)
            if i >= 0 and j >= 0:
                ways.append(rows[i - 1, j - 1] + (first[i] != second[j]))
            if i > 0 and j > 0 and first[i] == second[j - 1] and first[i - 1] == second[j]:
                ways.append(rows[i - 2, j - 2] + 1)
            rows[i, j] = min(ways)
    return rows[len(first) - 1, len(second) - 1]


# ---------------------------------------------------------------- one slip


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(words, words)
def test_one_slip_is_an_edit_distance_of_one(first, second):
    assert is_one_slip(first, second) == is_one_slip(second, first) == (distance(first, second) == 1)


@pytest.mark.parametrize(
    ("first", "second"), [("class1", "class2"), ("take1", "take"), ("set10", "set1"), ("a12", "a21"), ("x1y", "xy")]
)
def test_a_digit_is_never_a_slip(first, second):
    assert not is_one_slip(first, second)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(words, unique=True, max_size=12))
def test_every_pair_that_is_one_slip_apart_is_found_without_comparing_all(names):
    expected = [pair for pair in combinations(sorted(names), 2) if is_one_slip(*pair)]
    assert spelling._near_pairs(sorted(names)) == expected


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_a_plain_name_stays_itself_and_is_never_empty(label):
    assert plain_name(plain_name(label)) == plain_name(label)
    assert bool(plain_name(label)) == bool(label)


# ---------------------------------------------------------------- names of classes


@pytest.mark.parametrize(
    ("one", "other"), [("dog", "Dog"), ("sea waves", "sea_waves"), ("Café", "cafe"), ("hip-hop", "hiphop ")]
)
def test_names_that_differ_in_signs_alone_are_a_warning_on_the_rarer_class(one, other):
    (finding,) = find_spelling_variants(data_set({one: 5, other: 2, "rain": 5}))
    assert (finding.kind, finding.severity, finding.score) == ("label", "warning", 1.0)
    assert finding.clips == (f"{other}0.wav", f"{other}1.wav")
    assert finding.advice == f"if they mean the same, write {one!r} for both"


def test_one_letter_apart_is_a_warning_where_one_is_rare_and_else_a_note():
    (rare,) = find_spelling_variants(data_set({"rooster": 20, "roster": 1, "rain": 20}))
    (even,) = find_spelling_variants(data_set({"sheep": 20, "sleep": 19}))
    assert (rare.severity, rare.clips) == ("warning", ("roster0.wav",))
    assert even.severity == "note"
    assert even.score < rare.score


def test_names_that_are_words_of_their_own_are_left_alone():
    assert find_spelling_variants(data_set({"cat": 9, "car": 1, "class1": 9, "class2": 1, "rain": 9, "train": 1})) == []


def test_names_without_a_letter_are_not_all_the_same():
    assert find_spelling_variants(data_set({"+": 3, "-": 3, "": 3})) == []


# ---------------------------------------------------------------- small classes


@pytest.mark.parametrize(("n_groups", "severity"), [(1, "warning"), (2, "warning"), (3, "note"), (4, "note")])
def test_a_class_of_few_groups_is_told_of_however_many_clips_it_has(n_groups, severity):
    dataset = data_set({"dog": 10 * n_groups, "rain": 100}, clips_a_group=10)
    (finding,) = find_small_classes(dataset)
    assert (finding.kind, finding.severity, len(finding.clips)) == ("small-class", severity, 10 * n_groups)
    assert f"the class 'dog' has {n_groups} group" in finding.message


def test_enough_groups_are_no_finding_and_no_labels_neither():
    assert find_small_classes(data_set({"dog": 5, "rain": 50})) == []
    assert find_small_classes(data_set({"": 5})) == []
    assert find_small_classes(Dataset([], root=Path())) == []


def test_as_many_groups_are_wished_for_as_there_are_folds():
    dataset = data_set({"dog": 7, "rain": 50})
    folded = Dataset(
        [Clip(name=c.name, path=c.path, label=c.label, group=c.group, fold=k % 10) for k, c in enumerate(dataset)],
        root=Path(),
    )
    (finding,) = find_small_classes(folded)
    assert "not each of 10 folds gets one" in finding.message


def test_one_class_alone_is_an_error():
    (finding,) = find_small_classes(data_set({"dog": 50}))
    assert finding.severity == "error"


# ---------------------------------------------------------------- imbalance


@pytest.mark.parametrize(("n", "severity"), [(3, "note"), (9, "note"), (10, "warning"), (1000, "warning")])
def test_the_largest_class_is_held_against_the_smallest(n, severity):
    (finding,) = find_imbalance(data_set({"rain": n, "dog": 1}))
    assert (finding.kind, finding.severity) == ("imbalance", severity)
    assert f"'rain' has {n}.0 times as many clips as 'dog'" in finding.message


def test_classes_of_nearly_the_same_size_or_without_a_label_are_no_imbalance():
    assert find_imbalance(data_set({"rain": 29, "dog": 10})) == []
    assert find_imbalance(data_set({"rain": 10, "": 500})) == []
    assert find_imbalance(data_set({"": 500})) == []
