from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, distinct_folds, listed, reading_order
from earmark.errors import DataError, SettingError


def clip(name, label="dog", **fields):
    return Clip(name=name, path=Path("sounds") / name, label=label, group=fields.pop("group", name), **fields)


def dataset(*clips):
    return Dataset(clips, root=Path("sounds"))


THREE = dataset(
    clip("c.wav", "rain", fold=2), clip("a.wav", "dog", fold=1), clip("b.wav", "dog", fold=2, group="a.wav")
)


def test_a_data_set_is_a_sequence_of_its_clips():
    assert len(THREE) == THREE.n == 3
    assert [each.name for each in THREE] == ["c.wav", "a.wav", "b.wav"]
    assert THREE[-1].name == "b.wav"
    assert THREE[0] in THREE
    assert THREE.index(THREE[1]) == 1


def test_a_data_set_cannot_be_changed():
    clips = [clip("a.wav")]
    frozen = Dataset(clips, root=Path())
    clips.append(clip("b.wav"))

    assert frozen.n == 1
    with pytest.raises(FrozenInstanceError):
        frozen.notes = ("x",)
    with pytest.raises(ValueError, match="read-only"):
        frozen.y[0] = 1


def test_labels_are_sorted_and_y_counts_in_them():
    assert THREE.labels == ("dog", "rain")
    assert THREE.y.tolist() == [1, 0, 0]
    assert THREE.y.dtype == np.int64


def test_groups_and_folds_stand_beside_the_clips():
    assert THREE.groups == ("c.wav", "a.wav", "a.wav")
    assert THREE.folds == (2, 1, 2)
    assert distinct_folds(THREE) == (1, 2)
    assert distinct_folds(dataset(clip("a.wav"))) == ()


@pytest.mark.parametrize(
    ("folds", "shown"),
    [
        ((1, 2, 3), "Dataset(3 clips, 1 label, 3 groups, folds 1-3)"),
        ((1, 3, 5), "Dataset(3 clips, 1 label, 3 groups, folds 1, 3, 5)"),
        ((4, 4, 4), "Dataset(3 clips, 1 label, 3 groups, folds 4)"),
        ((None, None, None), "Dataset(3 clips, 1 label, 3 groups)"),
    ],
)
def test_a_data_set_shows_its_size_and_not_its_clips(folds, shown):
    assert repr(dataset(*(clip(f"{n}.wav", fold=fold) for n, fold in enumerate(folds)))) == shown


def test_an_empty_data_set_has_nothing_and_does_not_fail():
    empty = dataset()

    assert repr(empty) == "Dataset(0 clips, 0 labels, 0 groups)"
    assert empty.y.shape == (0,)
    assert empty.y.dtype == np.int64


def test_a_slice_is_a_data_set():
    assert THREE[1:] == THREE.subset([1, 2])


def test_a_subset_keeps_the_order_asked_for_and_the_notes():
    whole = replace(THREE, notes=("1 repeated row was dropped: x.wav",))
    part = whole.subset(np.array([2, 0]))

    assert [each.name for each in part] == ["b.wav", "c.wav"]
    assert part.notes == whole.notes
    assert part.root == whole.root


def test_a_mask_chooses_clips_and_is_not_read_as_the_indices_0_and_1():
    assert THREE.subset([False, False, True]).clips == (THREE[2],)
    assert THREE.subset(np.array([True, False, True])).clips == (THREE[0], THREE[2])


def test_a_mask_of_the_wrong_length_is_refused():
    with pytest.raises(IndexError, match="one truth value a clip: 3"):
        THREE.subset([True, False])


def test_an_empty_subset_is_empty():
    assert THREE.subset([]).n == 0


def test_an_index_beyond_the_end_is_refused():
    with pytest.raises(IndexError):
        THREE.subset([3])


def test_a_subset_has_its_own_labels():
    assert THREE.subset([0]).labels == ("rain",)
    assert THREE.subset([0]).y.tolist() == [0]


def test_stretches_are_read_from_the_earliest_and_the_longest_comes_last():
    clips = [clip("a", start_s=10.0), clip("a", start_s=2.0), clip("a", start_s=2.0, end_s=3.0), clip("B")]

    assert [(each.name, each.start_s, each.end_s) for each in sorted(clips, key=reading_order)] == [
        ("B", 0.0, None),
        ("a", 2.0, 3.0),
        ("a", 2.0, None),
        ("a", 10.0, None),
    ]


# ---------------------------------------------------------------- groups


ARTISTS = dataset(
    clip("blues/one.wav", "blues", extra={"artist": "Ada", "key": "C"}),
    clip("blues/two.wav", "blues", extra={"artist": "Bo", "key": ""}),
    clip("rock/three.wav", "rock", extra={"artist": "Ada", "key": "D"}),
)


def test_groups_come_from_a_column():
    grouped = ARTISTS.regroup(column="artist")

    assert grouped.groups == ("Ada", "Bo", "Ada")
    assert ARTISTS.groups == ("blues/one.wav", "blues/two.wav", "rock/three.wav"), "the old data set stays as it is"


@pytest.mark.parametrize(
    ("column", "groups"),
    [("label", ("rain", "dog", "dog")), ("fold", ("2", "1", "2")), ("path", ("c.wav", "a.wav", "b.wav"))],
)
def test_groups_may_come_from_the_columns_that_every_data_set_has(column, groups):
    assert THREE.regroup(column=column).groups == groups


def test_an_unknown_column_offers_the_nearest():
    with pytest.raises(SettingError, match=r"no column 'artits' .* did you mean 'artist'\?"):
        ARTISTS.regroup(column="artits")


def test_a_data_set_without_folds_has_no_column_of_folds():
    with pytest.raises(SettingError, match=r"no column 'fold'.*known: artist, group, key, label, path"):
        ARTISTS.regroup(column="fold")


def test_a_column_with_gaps_is_refused_and_the_clips_are_named():
    with pytest.raises(DataError, match=r"'key' .* empty for 1 of 3 clips \(blues/two\.wav\)"):
        ARTISTS.regroup(column="key")


def test_a_column_that_only_some_clips_have_has_gaps():
    with pytest.raises(DataError, match=r"empty for 1 of 4 clips \(x\.wav\)"):
        dataset(*ARTISTS, clip("x.wav")).regroup(column="artist")


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        (r"^[^/]+", ("blues", "blues", "rock")),
        (r"/(\w)", ("o", "t", "t")),
        (r"(?:one|two)|three", ("one", "two", "three")),
        (".*", ("blues/one.wav", "blues/two.wav", "rock/three.wav")),
    ],
)
def test_a_pattern_gives_its_first_parentheses_or_the_whole_match(pattern, groups):
    assert ARTISTS.regroup(pattern=pattern).groups == groups


@pytest.mark.parametrize("pattern", ["^blues", "^(blues)?", "x*|rock", "(one|two)|three"])
def test_a_pattern_that_finds_nothing_in_some_names_is_refused_with_examples(pattern):
    with pytest.raises(SettingError, match=r"finds no group in \d of 3 paths, such as .*\.wav"):
        ARTISTS.regroup(pattern=pattern)


def test_a_faulty_pattern_is_refused():
    with pytest.raises(SettingError, match=r"'\(blues' is no regular expression: missing \)"):
        ARTISTS.regroup(pattern="(blues")


def test_a_column_and_a_pattern_exclude_each_other():
    with pytest.raises(SettingError, match=r"one place: the column 'artist' or the pattern '\.'"):
        ARTISTS.regroup(column="artist", pattern=".")


def test_neither_column_nor_pattern_changes_nothing():
    assert ARTISTS.regroup() is ARTISTS


@pytest.mark.parametrize("empty", [{"column": ""}, {"pattern": ""}])
def test_an_empty_column_or_pattern_is_refused_and_not_passed_over(empty):
    with pytest.raises(SettingError):
        ARTISTS.regroup(**empty)


# ---------------------------------------------------------------- sentences


def test_one_is_not_many():
    assert (count(1, "clip"), count(0, "clip")) == ("1 clip", "0 clips")


@given(st.lists(st.sampled_from("abcdefgh"), max_size=12))
def test_a_list_in_a_message_accounts_for_every_name(names):
    shown, _, more = listed(names).partition(" and ")

    assert [*filter(None, shown.split(", "))] == names[:5]
    assert int(more.removesuffix(" more") or 0) == max(0, len(names) - 5)


def test_the_first_clips_of_each_class_are_taken_in_order():
    clips = [Clip(name=name, path=Path(name), label=name[0], group=name) for name in ("a3", "b1", "a1", "a2", "b2")]
    chosen = Dataset(clips, root=Path()).first_per_class(2)
    assert [clip.name for clip in chosen] == ["a3", "b1", "a1", "b2"]


def test_a_class_with_fewer_clips_gives_all_it_has():
    clips = [Clip(name=name, path=Path(name), label=name[0], group=name) for name in ("a1", "b1", "b2")]
    assert Dataset(clips, root=Path()).first_per_class(10).clips == tuple(clips)


def test_none_of_each_class_is_refused():
    with pytest.raises(SettingError, match="at least 1 clip of each class"):
        Dataset([], root=Path()).first_per_class(0)
