import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.data.splits import Split, check_split, hold_out, split_dataset, split_parts
from earmark.errors import SettingError, SplitError


def dataset(*rows):
    """Make a data set of rows (group, label) or (group, label, fold)."""
    clips = [
        Clip(name=f"{n}.wav", path=Path(f"{n}.wav"), label=row[1], group=row[0], fold=row[2] if len(row) > 2 else None)
        for n, row in enumerate(rows)
    ]
    return Dataset(clips, root=Path())


def regular(n_labels, n_groups, n_clips):
    """Make a data set in which each label has groups of its own, all of one size."""
    return dataset(
        *(
            (f"{label}-{group}", f"label{label}")
            for label in range(n_labels)
            for group in range(n_groups)
            for _ in range(n_clips)
        )
    )


def groups_of(data, indices):
    return {data.groups[index] for index in indices}


def labels_of(data, indices):
    return {data[index].label for index in indices}


def assert_honest(data, split):
    parts = (split.train, split.validation, split.test)
    assert all(parts), "a part is empty"
    assert sorted(index for part in parts for index in part) == list(range(data.n))
    train, validation, test = (groups_of(data, part) for part in parts)
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert labels_of(data, split.train) == set(data.labels)


# ---------------------------------------------------------------- properties

FEW = st.integers(0, 5)
ROWS = st.lists(st.tuples(st.integers(0, 14).map("g{}".format), FEW.map("l{}".format)), min_size=1, max_size=60)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 1000), fractions=st.tuples(*[st.floats(0.02, 0.9)] * 2))
def test_whatever_the_groups_and_labels_a_split_is_honest_or_refused(rows, seed, fractions):
    data = dataset(*rows)
    wishes = {"seed": seed, "test_fraction": fractions[0], "validation_fraction": fractions[1]}
    try:
        split = split_dataset(data, **wishes)
    except SplitError:
        return
    assert_honest(data, split)
    check_split(data, split)
    assert split_dataset(data, **wishes) == split
    noted = {
        label for label in data.labels if any(f"label {label!r} has one group only" in note for note in split.notes)
    }
    assert labels_of(data, split.test) | noted == set(data.labels)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    sizes=st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=6), min_size=1, max_size=5), seed=st.integers(0, 99)
)
def test_three_groups_a_label_always_split_and_every_label_is_in_every_part(sizes, seed):
    rows = [
        (f"{label}-{group}", f"label{label}")
        for label, groups in enumerate(sizes)
        for group, n_clips in enumerate(groups)
        for _ in range(n_clips)
    ]
    data = dataset(*rows)
    split = split_dataset(data, seed=seed)

    assert_honest(data, split)
    assert labels_of(data, split.test) == labels_of(data, split.validation) == set(data.labels)
    assert split.notes == ()


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=12, max_size=60), seed=st.integers(0, 99)
)
def test_a_given_fold_is_the_test_part_to_the_clip(rows, seed):
    # A group belongs to the fold of its number, so no fold can share one.
    data = dataset(*((f"g{group}", f"label{label}", group % 3) for group, label in rows))
    try:
        split = split_dataset(data, seed=seed, test_fold=0)
    except (SplitError, SettingError):
        return
    assert_honest(data, split)
    assert split.test == tuple(index for index, clip in enumerate(data) if clip.fold == 0)


@pytest.mark.slow
def test_another_seed_usually_gives_another_split():
    data = regular(4, 10, 2)
    splits = {split_dataset(data, seed=seed).test for seed in range(5)}

    assert len(splits) >= 4


@pytest.mark.slow
def test_the_seed_changes_the_validation_part_of_given_folds():
    data = dataset(*((f"{n}", f"label{n % 2}", n % 5) for n in range(100)))

    assert len({split_dataset(data, seed=seed, test_fold=1).validation for seed in range(5)}) >= 4


@pytest.mark.slow
def test_a_split_is_the_same_in_another_process():
    code = (
        "from pathlib import Path\n"
        "from earmark.data.clip import Clip\n"
        "from earmark.data.dataset import Dataset\n"
        "from earmark.data.splits import split_dataset\n"
        "clips = [Clip(name=str(n), path=Path(), label='ab'[n % 2], group=f'g{n // 3}') for n in range(60)]\n"
        "split = split_dataset(Dataset(clips, root=Path()), seed=7).test\n"
        "print(*split)\n"
    )
    here = split_dataset(dataset(*((f"g{n // 3}", "ab"[n % 2]) for n in range(60))), seed=7)
    there = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert tuple(map(int, there.split())) == here.test


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002 - it is looked at, not drawn from
    split_dataset(regular(2, 5, 1), seed=0)

    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


# ---------------------------------------------------------------- shares


@pytest.mark.slow
@pytest.mark.parametrize(("fraction", "n_clips"), [(0.05, 20), (0.2, 80), (0.3, 120), (0.5, 200), (0.8, 320)])
def test_the_test_part_has_the_share_that_was_asked_for_in_each_label(fraction, n_clips):
    split = split_dataset(data := regular(5, 40, 2), seed=0, test_fraction=fraction)

    assert len(split.test) == pytest.approx(n_clips, rel=0.15)
    shares = Counter(data[index].label for index in split.test)
    assert max(shares.values()) - min(shares.values()) <= 4


def test_the_validation_part_is_a_share_of_what_is_not_tested():
    split = split_dataset(regular(5, 40, 5), seed=0, test_fraction=0.5, validation_fraction=0.2)

    assert len(split.test) == 500
    assert len(split.validation) == 100


def test_labels_of_unequal_size_keep_their_shares():
    data = dataset(*((f"a{n}", "many") for n in range(200)), *((f"b{n}", "few") for n in range(10)))
    split = split_dataset(data, seed=0)

    assert Counter(data[index].label for index in split.test) == {"many": 40, "few": 2}


@pytest.mark.slow
def test_groups_of_unequal_size_come_near_to_the_share():
    sizes = [40, 20, 10, 10, 5, 5, 5, 2, 2, 1]
    data = dataset(*((f"{label}{g}", label) for label in "ab" for g, size in enumerate(sizes) for _ in range(size)))

    assert len(split_dataset(data, seed=0).test) == pytest.approx(40, abs=8)


# ---------------------------------------------------------------- labels with few groups


def test_a_label_with_one_group_is_learnt_and_not_tested_and_the_notes_say_so():
    data = dataset(*regular_rows("dog", 6), *(("only", "owl"),) * 5)
    split = split_dataset(data, seed=0)

    assert_honest(data, split)
    assert "owl" not in labels_of(data, split.test + split.validation)
    assert split.notes == ("label 'owl' has one group only: it is learnt but not tested",)


def regular_rows(label, n_groups):
    return tuple((f"{label}{n}", label) for n in range(n_groups))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_label_with_two_groups_gives_one_to_each_side(seed):
    data = dataset(*regular_rows("dog", 20), *regular_rows("owl", 2))
    split = split_dataset(data, seed=seed)

    assert Counter(data[index].label for index in split.test)["owl"] == 1
    assert Counter(data[index].label for index in split.train)["owl"] == 1
    assert split.notes == ("label 'owl' has one group left beside the test part: it is learnt but not validated",)


@pytest.mark.slow
def test_a_group_that_another_label_cannot_spare_stays_in_training():
    # g0 is all that there is of the owl, so the dog is tested on what is left of its groups.
    data = dataset(("g0", "owl"), ("g0", "dog"), ("g1", "dog"), *regular_rows("cat", 5))

    for seed in range(5):
        split = split_dataset(data, seed=seed)
        assert "g0" in groups_of(data, split.train)
        assert "g1" in groups_of(data, split.test)


def test_a_class_with_one_clip_does_not_stop_the_split():
    data = dataset(("o", "owl"), *regular_rows("dog", 3))

    assert_honest(data, split_dataset(data, seed=0))


def test_labels_of_one_group_each_cannot_be_tested():
    with pytest.raises(SplitError, match=r"no group can be spared for the test part.*--group-column"):
        split_dataset(dataset(("a", "dog"), ("a", "dog"), ("b", "rain")), seed=0)


def test_one_group_for_all_cannot_be_split():
    with pytest.raises(SplitError, match="no group can be spared for the test part"):
        split_dataset(regular(3, 4, 2).regroup(pattern=r"\."), seed=0)


def test_two_groups_a_label_leave_nothing_to_validate_on():
    with pytest.raises(SplitError, match="no group can be spared for the validation part"):
        split_dataset(regular(3, 2, 4), seed=0)


def test_labels_that_hold_each_other_fast_are_refused_and_named():
    # Each pair of groups must lie on two sides, and there are three.
    rows = [("1", "a"), ("2", "a"), ("2", "b"), ("3", "b"), ("3", "c"), ("1", "c"), *regular_rows("d", 9)]

    with pytest.raises(SplitError, match=r"no choice of whole groups .* left untested: '[abc]'"):
        split_dataset(dataset(*rows), seed=0)


def test_no_clips_cannot_be_split():
    with pytest.raises(SplitError, match="no clips"):
        split_dataset(dataset(), seed=0)


@pytest.mark.slow
def test_small_classes_raise_no_warning_from_below():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split_dataset(dataset(*regular_rows("dog", 30), *regular_rows("owl", 2)), seed=0)


# ---------------------------------------------------------------- folds

FOLDED = dataset(*((f"g{n}", "ab"[n % 2], 1 + n // 10) for n in range(30)))


def test_the_last_fold_is_tested_on_where_none_is_named():
    assert split_dataset(FOLDED, seed=0).test == tuple(range(20, 30))


def test_the_fold_named_is_tested_on():
    assert split_dataset(FOLDED, seed=0, test_fold=2).test == tuple(range(10, 20))


def test_a_fold_that_does_not_exist_is_refused_and_the_folds_are_named():
    with pytest.raises(SettingError, match="no fold 4 to test on: the folds are 1, 2, 3"):
        split_dataset(FOLDED, seed=0, test_fold=4)


def test_a_fold_of_a_data_set_without_folds_is_refused():
    with pytest.raises(SettingError, match="no fold 1 to test on: the data set has no folds"):
        split_dataset(regular(2, 5, 1), seed=0, test_fold=1)


def test_a_fold_that_shares_a_group_with_another_is_refused_and_the_group_named():
    data = FOLDED.regroup(pattern=r"\d(?=\.)")  # the last digit: each group is in all three folds

    with pytest.raises(SplitError, match=r"10 groups in fold 3 and in other folds too: 0, 1, 2, 3, 4 and 5 more"):
        split_dataset(data, seed=0)


def test_folds_that_share_a_group_among_themselves_do_no_harm_to_the_test():
    clips = [replace(clip, group="shared") if clip.name in {"0.wav", "10.wav"} else clip for clip in FOLDED]
    data = Dataset(clips, root=Path())

    assert_honest(data, split_dataset(data, seed=0, test_fold=3))


def test_a_label_that_is_only_in_the_test_fold_is_refused():
    data = dataset(*FOLDED_ROWS, ("o1", "owl", 3), ("o2", "owl", 3))

    with pytest.raises(SplitError, match="outside fold 3 there is nothing to learn from for 'owl'"):
        split_dataset(data, seed=0)


FOLDED_ROWS = [(clip.group, clip.label, clip.fold) for clip in FOLDED]


def test_a_label_that_is_not_in_the_test_fold_is_noted():
    data = dataset(*FOLDED_ROWS, ("o1", "owl", 1), ("o2", "owl", 1))
    split = split_dataset(data, seed=0)

    assert split.notes == ("label 'owl' is not in fold 3: it is learnt but not tested",)
    assert "owl" in labels_of(data, split.validation)


def test_one_fold_for_all_leaves_nothing_to_learn_from():
    with pytest.raises(SplitError, match="all clips are in fold 1"):
        split_dataset(dataset(("a", "x", 1), ("b", "y", 1)), seed=0)


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize("name", ["test_fraction", "validation_fraction"])
@pytest.mark.parametrize("value", [0, 1, -0.2, 20, float("nan")])
def test_a_fraction_out_of_range_is_refused(name, value):
    with pytest.raises(SettingError, match=f"{name} must lie between 0 and 1"):
        split_dataset(regular(2, 5, 1), seed=0, **{name: value})


def test_a_negative_seed_is_refused():
    with pytest.raises(SettingError, match="seed must not be negative, not -1"):
        split_dataset(regular(2, 5, 1), seed=-1)


# ---------------------------------------------------------------- holding out


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 99), fraction=st.floats(0.02, 0.9))
def test_what_is_held_out_shares_no_group_with_what_stays(rows, seed, fraction):
    data = dataset(*rows)
    try:
        stay, held = hold_out(data, fraction=fraction, seed=seed)
    except SplitError:
        return
    assert held
    assert sorted((*stay, *held)) == list(range(data.n))
    assert not groups_of(data, stay) & groups_of(data, held)
    assert labels_of(data, stay) == set(data.labels)
    assert hold_out(data, fraction=fraction, seed=seed) == (stay, held)


def test_folds_are_not_looked_at_when_clips_are_held_out():
    stay, held = hold_out(FOLDED, fraction=0.2, seed=0)

    assert len(held) == 6
    assert {FOLDED[index].fold for index in stay} == {1, 2, 3}


def test_nothing_can_be_held_out_of_one_group_a_label():
    with pytest.raises(SplitError, match="no group can be spared for the validation part"):
        hold_out(regular(3, 1, 4), fraction=0.2, seed=0)


@pytest.mark.parametrize("fraction", [0, 1, 15])
def test_a_share_to_hold_out_lies_between_0_and_1(fraction):
    with pytest.raises(SettingError, match="validation_fraction must lie between 0 and 1"):
        hold_out(FOLDED, fraction=fraction, seed=0)


# ---------------------------------------------------------------- many groups


@pytest.mark.slow
def test_thousands_of_groups_are_split_to_the_share_and_no_group_is_torn():
    sizes = np.random.default_rng(0).integers(1, 4, 4000)
    data = dataset(*((f"g{n}", f"label{n % 3}") for n, size in enumerate(sizes) for _ in range(size)), ("o", "owl"))
    split = split_dataset(data, seed=0)

    assert_honest(data, split)
    counts = Counter(data[index].label for index in split.test)
    shares = {label: n / Counter(clip.label for clip in data)[label] for label, n in counts.items()}
    assert shares == pytest.approx(dict.fromkeys(["label0", "label1", "label2"], 0.2), abs=0.01)


# ---------------------------------------------------------------- checking

PAIRS = dataset(("a", "x"), ("a", "x"), ("b", "x"), ("b", "y"), ("c", "y"), ("c", "y"))


def test_an_honest_split_passes():
    check_split(PAIRS, Split(train=(0, 1), validation=(2, 3), test=(4, 5)))
    check_split(PAIRS, Split(train=tuple(np.arange(2)), validation=tuple(np.arange(2, 4)), test=(5, 4)))


@pytest.mark.parametrize(
    ("train", "validation", "test", "said"),
    [
        ((0, 1), (2, 3, 1), (4, 5), r"clip 1 \(1\.wav\) is in train and in validation"),
        ((0, 1), (2, 3), (4, 5, 0), r"clip 0 \(0\.wav\) is in train and in test"),
        ((0, 1, 1), (2, 3), (4, 5), r"clip 1 \(1\.wav\) is twice in train"),
        ((0, 1), (2,), (4, 5), r"1 clip in no part of the split: 3\.wav"),
        ((0, 1), (2, 3), (), r"2 clips in no part of the split: 4\.wav, 5\.wav"),
        ((0, 1), (2, 3), (4, 5, 6), "the test part holds the index 6, and the data set has 6 clips"),
        ((0, 1), (2, 3), (4, -1), "the test part holds the index -1"),
        ((0, 2), (1, 3), (4, 5), r"2 groups on two sides of the split: a \(0\.wav in train, 1\.wav in validation\), b"),
        ((0, 1, 4), (2, 3), (5,), r"1 group on two sides of the split: c \(4\.wav in train, 5\.wav in test\)"),
        ((0, 1), (2, 3, 4), (5,), "1 group on two sides of the split: c"),
    ],
)
def test_a_split_with_a_fault_is_refused(train, validation, test, said):
    with pytest.raises(SplitError, match=said):
        check_split(PAIRS, Split(train=train, validation=validation, test=test))


def test_at_most_five_torn_groups_are_named():
    data = regular(1, 8, 3)
    torn = Split(train=tuple(range(0, 24, 3)), validation=tuple(range(1, 24, 3)), test=tuple(range(2, 24, 3)))

    with pytest.raises(SplitError, match=r"8 groups on two sides of the split: 0-0 \(.*, 0-4 \([^(]* and 3 more;"):
        check_split(data, torn)


def test_what_else_goes_together_is_not_torn_either():
    split = Split(train=(0, 1), validation=(2, 3), test=(4, 5))
    check_split(PAIRS, split, together={"0.wav": "x", "1.wav": "x", "3.wav": "y", "elsewhere.wav": "y"})

    with pytest.raises(SplitError, match=r"1 set of repeats on two sides.*x \(1\.wav in train, 4\.wav in test\)"):
        check_split(PAIRS, split, together={"1.wav": "x", "4.wav": "x"})


def test_stretches_that_go_together_are_not_torn():
    clips = [replace(clip, name=f"{index % 2}.wav", start_s=index, end_s=index + 1) for index, clip in enumerate(PAIRS)]
    split = Split(train=(0, 1), validation=(2, 3), test=(4, 5))

    with pytest.raises(SplitError, match="1 set of repeats on two sides"):
        check_split(replace(PAIRS, clips=clips), split, together={"1.wav#t=1,2": "x", "0.wav#t=4,5": "x"})
    with pytest.raises(SettingError, match="nothing in together"):
        check_split(replace(PAIRS, clips=clips), split, together={"1.wav": "x", "0.wav": "x"})


def test_every_clip_has_the_name_of_its_part():
    split = Split(train=(0, 4), validation=(1,), test=(3,))

    assert split_parts(split, 6) == ["train", "validation", "", "test", "train", ""]


# ---------------------------------------------------------------- the real sounds


@pytest.mark.data
def test_fold_five_of_esc10_is_tested_on(shared_data):
    data = open_dataset(shared_data / "esc10")
    split = split_dataset(data, seed=0, test_fold=5)

    assert_honest(data, split)
    assert len(split.test) == 80
    assert len(split.validation) == pytest.approx(0.15 * 320, abs=6)
    assert set(Counter(data[index].label for index in split.test).values()) == {8}
    assert split.notes == ()


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("fold", range(1, 6))
def test_every_fold_of_esc10_can_be_tested_on(shared_data, fold):
    data = open_dataset(shared_data / "esc10")

    assert_honest(data, split_dataset(data, seed=0, test_fold=fold))


@pytest.mark.slow
@pytest.mark.data
def test_artists_of_the_genres_stay_on_one_side(shared_data):
    data = open_dataset(shared_data / "genres10" / "tracks.csv", group_column="artist")
    split = split_dataset(data, seed=0)

    assert_honest(data, split)
    assert labels_of(data, split.test) == labels_of(data, split.validation) == set(data.labels)
    assert len(split.test) == pytest.approx(48, abs=12)
