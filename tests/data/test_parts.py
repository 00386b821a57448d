from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.parts import leave_one_group_out, part_called, published_parts, split_of_parts
from earmark.errors import DataError, SettingError, SplitError


def dataset(*rows):
    """Make clips of rows (label, group, part)."""
    clips = [
        Clip(name=f"{n}.wav", path=Path(f"{n}.wav"), label=label, group=group, extra={"part": part} if part else {})
        for n, (label, group, part) in enumerate(rows)
    ]
    return Dataset(clips, root=Path())


GOOD = (("a", "g1", "train"), ("b", "g2", "Training"), ("a", "g3", "val"), ("b", "g4", "test"), ("a", "g5", " TEST "))


def test_parts_are_followed_however_they_are_called():
    split = split_of_parts(dataset(*GOOD))

    assert (split.train, split.validation, split.test, split.notes) == ((0, 1), (2,), (3, 4), ())


@pytest.mark.parametrize("text", ["holdout", "trian", "1", "te st"])
def test_other_words_name_no_part(text):
    assert part_called(text) is None
    with pytest.raises(DataError, match=r"1 clip without train, validation or test in the column 'part': 5\.wav"):
        split_of_parts(dataset(*GOOD, ("a", "g6", text)))


def test_a_group_on_two_sides_is_refused_with_its_clips():
    with pytest.raises(SplitError, match=r"1 group on two sides of the split: g1 \(0\.wav in train, 5\.wav in test\)"):
        split_of_parts(dataset(*GOOD, ("a", "g1", "test")))


def test_repeats_on_two_sides_are_refused_with_their_clips():
    together = {"1.wav": "cluster 7", "3.wav": "cluster 7", "absent.wav": "cluster 7", "2.wav": "cluster 8"}

    with pytest.raises(
        SplitError, match=r"1 set of repeats on two sides.*cluster 7 \(1\.wav in train, 3\.wav in test\)"
    ):
        split_of_parts(dataset(*GOOD), together=together)


@pytest.mark.parametrize(("part", "verb"), [("train", "learn from"), ("val", "validate on"), ("test", "test on")])
def test_an_empty_part_is_refused(part, verb):
    with pytest.raises(SplitError, match=verb):
        split_of_parts(dataset(*(row for row in GOOD if part not in row[2].strip().lower())))


def test_a_class_that_is_tested_and_not_learnt_is_refused():
    with pytest.raises(SplitError, match="nothing to learn from for 'c'"):
        split_of_parts(dataset(*GOOD, ("c", "g6", "test")))


def test_a_class_that_is_learnt_and_not_tested_is_noted():
    assert split_of_parts(dataset(*GOOD, ("c", "g6", "train"))).notes == ("label 'c' is learnt but not tested",)


def test_clips_without_a_part_are_left_out_and_named():
    chosen = published_parts(dataset(*GOOD, ("a", "g6", "")))

    assert chosen.n == 5
    assert chosen.notes == ("1 clip without a part left out: 5.wav",)


def test_parts_take_the_place_of_folds():
    data = dataset(*GOOD)
    folded = replace(data, clips=[replace(clip, fold=1) for clip in data])

    assert set(published_parts(folded).folds) == {None}


def test_a_data_set_without_parts_is_told_what_to_do():
    with pytest.raises(SettingError, match=r"no column 'part'\): name a table"):
        published_parts(dataset(("a", "g", "")))
    with pytest.raises(SettingError, match="its folds are used as they are"):
        published_parts(leave_one_group_out(dataset(("a", "g", ""), ("a", "h", ""))))


def test_each_group_is_left_out_once_as_scikit_learn_does():
    data = dataset(*(("a", f"g{n % 4}", "") for n in range(13)))
    made = leave_one_group_out(data)

    tests = [np.flatnonzero(np.array(made.folds) == fold).tolist() for fold in (1, 2, 3, 4)]
    assert tests == [test.tolist() for _, test in LeaveOneGroupOut().split(np.zeros(13), groups=data.groups)]


def test_one_group_alone_cannot_be_left_out():
    with pytest.raises(SplitError, match="one group only, 'g'"):
        leave_one_group_out(dataset(("a", "g", ""), ("b", "g", "")))


def test_folds_that_are_there_are_kept():
    data = leave_one_group_out(dataset(("a", "g", ""), ("b", "h", "")))
    with pytest.raises(SettingError, match="has folds of its own"):
        leave_one_group_out(data)
