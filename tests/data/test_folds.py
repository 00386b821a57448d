from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.folds import with_folds
from earmark.errors import SettingError, SplitError


def dataset(groups_of, fold=None):
    """Return two clips of each group; `groups_of` names the number of groups of each label."""
    clips = [
        Clip(name=f"{label}{group}{n}", path=Path(), label=label, group=f"{label}{group}", fold=fold)
        for label, n_groups in groups_of.items()
        for group in range(n_groups)
        for n in range(2)
    ]
    return Dataset(clips, Path())


@pytest.mark.slow
@given(n_groups=st.lists(st.integers(2, 9), min_size=2, max_size=4), n_folds=st.integers(2, 4), seed=st.integers(0, 99))
@settings(deadline=None)
def test_every_group_is_in_one_fold_and_every_clip_in_some(n_groups, n_folds, seed):
    made = with_folds(dataset(dict(zip("abcd", n_groups, strict=False))), n_folds, seed=seed)
    assert {clip.fold for clip in made} <= set(range(1, n_folds + 1))
    folds_of = {}
    for clip in made:
        folds_of.setdefault(clip.group, set()).add(clip.fold)
    assert all(len(folds) == 1 for folds in folds_of.values())


def test_each_label_is_spread_evenly():
    made = with_folds(dataset({"a": 10, "b": 5}), 5, seed=3)
    assert Counter((clip.label, clip.fold) for clip in made) == {
        **{("a", fold): 4 for fold in range(1, 6)},
        **{("b", fold): 2 for fold in range(1, 6)},
    }


def test_the_same_seed_gives_the_same_folds_and_another_gives_others():
    clips = dataset({"a": 10, "b": 10})
    assert with_folds(clips, 5, seed=1) == with_folds(clips, 5, seed=1)
    assert with_folds(clips, 5, seed=1) != with_folds(clips, 5, seed=2)


def test_more_folds_than_groups_are_refused():
    with pytest.raises(SplitError, match="7 folds need as many groups, and there are 6"):
        with_folds(dataset({"a": 3, "b": 3}), 7, seed=0)


def test_a_label_of_one_group_is_refused():
    with pytest.raises(SplitError, match="one group holds all clips of 'b'"):
        with_folds(dataset({"a": 3, "b": 1}), 2, seed=0)


@pytest.mark.parametrize("n_folds", [1, 0, -3])
def test_fewer_than_two_folds_are_refused(n_folds):
    with pytest.raises(SettingError, match="n_folds must be at least 2"):
        with_folds(dataset({"a": 3, "b": 3}), n_folds, seed=0)


def test_folds_that_are_there_are_kept():
    with pytest.raises(SettingError, match="has folds of its own"):
        with_folds(dataset({"a": 3, "b": 3}, fold=1), 2, seed=0)


def test_augmented_copies_follow_their_sources_and_change_no_fold():
    clips = dataset({"a": 8, "b": 6})
    copies = [replace(clip, name=f"copy of {clip.name}", extra={"source": clip.name}) for clip in clips][::3]
    plain = {clip.name: clip.fold for clip in with_folds(clips, 3, seed=2)}
    made = with_folds(Dataset([*clips, *copies], Path()), 3, seed=2)
    assert {clip.name: clip.fold for clip in made if "source" not in clip.extra} == plain
    assert all(clip.fold == plain[clip.extra["source"]] for clip in made if "source" in clip.extra)


def test_a_class_of_fewer_clips_than_folds_is_in_as_many_as_it_can_be():
    made = with_folds(dataset({"a": 10, "b": 2}), 5, seed=0)  # four clips of b: scikit-learn warns of it
    assert len({clip.fold for clip in made if clip.label == "b"}) == 2
    assert {clip.fold for clip in made} == {1, 2, 3, 4, 5}


def test_more_folds_than_any_class_has_clips_are_refused():
    clips = dataset({"a": 2, "b": 2, "c": 2})
    with pytest.raises(SplitError, match="5 folds need a label with as many clips, and the largest has 4"):
        with_folds(clips, 5, seed=0)


@given(n_groups=st.lists(st.integers(1, 4), min_size=1, max_size=4), n_folds=st.integers(2, 9), seed=st.integers(0, 9))
@settings(deadline=None, max_examples=50)
def test_small_classes_give_folds_or_one_line_and_never_a_warning(n_groups, n_folds, seed):
    try:
        made = with_folds(dataset(dict(zip("abcd", n_groups, strict=False))), n_folds, seed=seed)
    except SplitError:
        return
    assert None not in made.folds
