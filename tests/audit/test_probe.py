from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit import probe
from earmark.audit.probe import cross_validate, fit_machine, fit_sound, folds_of_groups, hear, pick_groups
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError
from earmark.features.store import FeatureStore


def data_set(labels, groups):
    clips = [
        Clip(name=f"{place}.wav", path=Path(), label=label, group=group)
        for place, (label, group) in enumerate(zip(labels, groups, strict=True))
    ]
    return Dataset(clips, root=Path())


@st.composite
def grouped(draw, least_groups=2):
    """Classes and groups of some clips; a group may hold several classes."""
    groups = draw(st.lists(st.integers(0, 9), min_size=6, max_size=40).filter(lambda g: len(set(g)) >= least_groups))
    y = draw(st.lists(st.integers(0, 3), min_size=len(groups), max_size=len(groups)))
    return np.array(y), [f"g{group}" for group in groups]


def blobs(n_classes=3, n=60, distance=6.0, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, 4)) + distance * np.eye(n_classes, 4)[y], y


# ---------------------------------------------------------------- folds and picks


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(grouped(), st.integers(0, 5))
def test_no_group_is_in_two_folds_and_no_fold_is_empty(clips, seed):
    y, groups = clips
    fold = folds_of_groups(y, groups, seed=seed)
    assert len({(group, number) for group, number in zip(groups, fold.tolist(), strict=True)}) == len(set(groups))
    assert set(fold.tolist()) <= set(range(probe.N_FOLDS))
    assert len(set(fold.tolist())) >= 2
    assert np.array_equal(fold, folds_of_groups(y, groups, seed=seed))


def test_one_group_cannot_be_asked_about():
    with pytest.raises(SettingError, match="needs two at least, not 1"):
        folds_of_groups(np.array([0, 1]), ["a", "a"], seed=0)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(grouped(least_groups=1), st.integers(1, 30), st.integers(0, 3))
def test_a_pick_is_of_whole_groups_and_no_larger_than_asked_for(clips, most, seed):
    y, groups = clips
    dataset = data_set([f"c{label}" for label in y.tolist()], groups)
    picked = pick_groups(dataset, most, seed=seed)
    chosen = {groups[index] for index in picked}
    assert picked == tuple(index for index, group in enumerate(groups) if group in chosen)
    assert len(picked) <= most or len(chosen) == 1
    assert picked
    assert picked == pick_groups(dataset, most, seed=seed)


def test_a_pick_has_all_classes_however_rare_one_is():
    labels = ["common"] * 95 + ["rare"] * 5
    picked = pick_groups(data_set(labels, list(map(str, range(100)))), 10, seed=0)
    assert sum(labels[index] == "rare" for index in picked) == 5


# ---------------------------------------------------------------- cross-validation


def watcher(seen):
    """A fit that writes down what it learns from and what it is asked."""

    def fit(x, y, seed):
        learnt = set(x[:, 0].tolist())

        def answer(asked):
            seen.append((learnt, set(asked[:, 0].tolist())))
            return np.full((len(asked), len(set(y.tolist()))), 0.5)

        return answer

    return fit


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(grouped())
def test_no_model_is_asked_about_a_clip_or_group_that_it_learnt_from(clips):
    y, groups = clips
    x = np.arange(len(y), dtype=np.float64)[:, None]
    seen = []
    cross_validate(x, y, folds_of_groups(y, groups, seed=0), watcher(seen), seed=0)
    for learnt, asked in seen:
        assert not {groups[int(place)] for place in learnt} & {groups[int(place)] for place in asked}


def test_a_class_that_the_model_has_not_met_is_not_judged_and_has_no_probability():
    x, y = blobs()
    fold = np.where(y == 2, 0, np.arange(60) % 2)  # class 2 is in fold 0 alone
    answers = cross_validate(x, y, fold, fit_machine, seed=0)
    assert np.array_equal(answers.judged, y != 2)
    assert not answers.probabilities[fold == 0, 2].any()
    assert (answers.classes == y)[answers.judged].all()


def test_a_model_that_has_met_one_class_alone_says_that_one():
    answers = cross_validate(np.eye(4), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), fit_machine, seed=0)
    assert answers.classes.tolist() == [1, 1, 0, 0]
    assert not answers.judged.any()


def test_only_the_folds_asked_about_are_answered():
    x, y = blobs()
    answers = cross_validate(x, y, np.arange(60) // 20, fit_machine, seed=0, only=np.array([1]))
    assert np.array_equal(answers.judged, np.arange(60) // 20 == 1)
    assert not answers.probabilities[~answers.judged].any()


def test_what_is_learnt_from_has_a_bound(monkeypatch):
    monkeypatch.setattr(probe, "_MOST_LEARNT", 10)
    seen = []
    x = np.arange(60.0)[:, None]
    cross_validate(x, np.arange(60) % 3, np.arange(60) % 2, watcher(seen), seed=0)
    assert [len(learnt) for learnt, _ in seen] == [10, 10]


@pytest.mark.slow
@pytest.mark.parametrize(("fit", "n_classes"), [(fit_sound, 2), (fit_machine, 2), (fit_machine, 3)])
def test_each_model_tells_what_can_be_told_and_says_probabilities(fit, n_classes):
    x, y = blobs(n_classes)
    answers = cross_validate(x, y, np.arange(60) // 30, fit, seed=0)
    assert (answers.classes == y).mean() > 0.9
    assert answers.probabilities.sum(axis=1) == pytest.approx(1)
    again = cross_validate(x, y, np.arange(60) // 30, fit, seed=0)
    assert np.array_equal(answers.probabilities, again.probabilities)


def test_values_that_never_differ_are_no_fault():
    y = np.arange(20) % 2
    answers = cross_validate(np.ones((20, 3)), y, np.arange(20) % 4 // 2, fit_machine, seed=0)
    assert answers.judged.all()


# ---------------------------------------------------------------- hearing


def test_clips_and_segments_are_heard_and_bad_files_are_named(sounds):
    folder = sounds.folder({"low": 2, "high": 2}, seconds=2.6)
    (folder / "low" / "broken.wav").write_bytes(b"no sound")
    dataset = open_dataset(folder)
    heard = hear(dataset, store=FeatureStore(None), n_workers=1)
    assert [file.name for file in heard.bad] == ["low/broken.wav"]
    assert [dataset[index].name for index in heard.kept] == [c.name for c in dataset if "broken" not in c.name]
    assert heard.cut == heard.kept
    assert heard.whole.shape == (4, 100)
    assert heard.segment_s == 0.5
    assert {part.shape for part in heard.segments} == {(5, 100)}


@pytest.mark.slow
def test_of_a_large_data_set_whole_groups_are_cut_and_all_clips_are_heard(sounds, monkeypatch):
    folder = sounds.folder({"low": 4, "high": 4})
    (folder / "low" / "low3.wav").write_bytes(b"no sound")
    dataset = open_dataset(folder).regroup(pattern=r"(\w+)\d\.wav$")
    dataset = replace(dataset, clips=[replace(c, group=f"{c.group}{int(c.name[-5]) // 2}") for c in dataset])
    monkeypatch.setattr(probe, "_MOST_CLIPS", 6)
    heard = hear(dataset, store=FeatureStore(None), n_workers=1)
    assert len(heard.kept) == len(heard.whole) == 7
    assert 0 < len(heard.cut) == len(heard.segments) <= 6
    full = hear(dataset.subset(heard.cut), store=FeatureStore(None), n_workers=1)
    for one, other in zip(heard.segments, full.segments, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_long_clip_gives_ten_segments_spread_over_it(sounds):
    sounds.folder({"low": 1, "high": 1}, seconds=20.0)
    heard = hear(open_dataset(sounds.root / "sounds"), store=FeatureStore(None), n_workers=1, typical_s=1.0)
    assert heard.segment_s == 0.5
    assert [len(part) for part in heard.segments] == [10, 10]


def test_nothing_that_can_be_read_is_refused_in_plain_words(sounds):
    for label in ("low", "high"):
        (sounds.root / label).mkdir()
        (sounds.root / label / "a.wav").write_bytes(b"no sound")
    with pytest.raises(DataError, match="2 of 2 files could not be read"):
        hear(open_dataset(sounds.root), store=FeatureStore(None), n_workers=1)
