from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, reading_order
from earmark.errors import SettingError, SplitError
from earmark.experiment import inner as inner_module
from earmark.experiment.inner import describe_inner, inner_folds, score_folds
from earmark.experiment.prepare import prepare
from earmark.features.interchange import stored
from earmark.features.interchange.catalogue import open_features
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore

COUNTS = {"dog": 8, "rain": 8, "sea": 8}


@pytest.fixture(scope="module")
def data(tmp_path_factory, write_tones):
    return write_tones(tmp_path_factory.mktemp("inner") / "sounds", COUNTS)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FeatureStore(tmp_path_factory.mktemp("store"))


@pytest.fixture
def folded(data, store, configure):
    config = configure(data, network={"name": "svm"}, front_end={"name": "statistics"}, segments={})
    prepared = prepare(config, store=store)
    return config, prepared, inner_folds(config, prepared, None)


def table_of(data, path, *, fold, group=lambda label, number: f"{label}{number}"):
    lines = [
        f"{data}/{label}/{label}{number}.wav,{label},{group(label, number)},{fold(number)}"
        for label, n_clips in COUNTS.items()
        for number in range(n_clips)
    ]
    path.write_text("\n".join(["path,label,group,fold", *lines]) + "\n")
    return path


def test_no_clip_of_the_test_part_is_in_any_inner_fold(folded):
    _, prepared, inner = folded
    tested = {prepared.dataset[index].name for index in prepared.split.test}
    assert {name for name, _, _ in inner.held_out} == tested
    assert not tested & {clip.name for clip in inner.dataset}
    assert len(tested) + len(inner.dataset) == 24


@pytest.mark.slow
def test_the_inner_folds_are_of_whole_groups_and_hold_every_clip_once(data, tmp_path, store, configure):
    table = table_of(
        data, tmp_path / "clips.csv", fold=lambda _: "", group=lambda label, number: f"{label}{number // 2}"
    )
    config = configure(table)
    inner = inner_folds(config, prepare(config, store=store), 3)
    folds_of = {}
    for clip in inner.dataset:
        folds_of.setdefault(clip.group, set()).add(clip.fold)
    assert all(len(folds) == 1 for folds in folds_of.values())
    assert inner.numbers == (1, 2, 3)


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "expected"), [(None, 3), (2, 2), (9, 3)])
def test_published_folds_stay_whole(data, tmp_path, store, configure, asked, expected):
    config = configure(
        table_of(data, tmp_path / "clips.csv", fold=lambda number: 1 + number % 4), split={"test_fold": 2}
    )
    prepared = prepare(config, store=store)
    inner = inner_folds(config, prepared, asked)
    assert len(inner.numbers) == expected
    published = {clip.name: clip.fold for clip in prepared.dataset}
    together = {}
    for clip in inner.dataset:
        assert published[clip.name] != 2
        together.setdefault(published[clip.name], set()).add(clip.fold)
    assert all(len(folds) == 1 for folds in together.values())
    assert f"{expected} folds made of the 3 published ones" in describe_inner(inner)


@pytest.mark.slow
def test_a_label_of_one_group_is_learnt_and_never_scored(data, tmp_path, store, configure):
    def group(label, number):
        return "one owl" if label == "sea" else f"{label}{number}"

    config = configure(table_of(data, tmp_path / "clips.csv", fold=lambda _: "", group=group))
    inner = inner_folds(config, prepare(config, store=store), 2)
    assert {clip.fold for clip in inner.dataset if clip.label == "sea"} == {None}
    assert {clip.fold for clip in inner.dataset if clip.label == "dog"} == {1, 2}


@pytest.fixture
def stretches(tmp_path):
    """Write a store of three stretches a file, each the only one with its value."""
    clips = [
        Clip(
            name=f"{label}{number}.wav",
            path=Path(),
            label=label,
            group=f"{label}{number}",
            start_s=start,
            end_s=start + 1,
        )
        for label in ("dog", "sea")
        for number in range(8)
        for start in (0.0, 1.0, 2.0)
    ]
    noise = np.random.default_rng(0).standard_normal((len(clips), 1, 4, 6)).astype(np.float32)
    arrays = [
        100.0 * (clip.label == "sea") + row + index for index, (clip, row) in enumerate(zip(clips, noise, strict=True))
    ]
    stored.write(tmp_path / "stretches", FeatureTable(dataset=Dataset(clips, tmp_path), arrays=arrays))
    return tmp_path / "stretches"


def on_table(configure, path, **tables):
    return configure(path, network={"name": "svm"}, front_end={}, segments={}, **tables)


def test_each_stretch_of_a_file_keeps_its_own_features(stretches, store, configure):
    config = on_table(configure, stretches)
    prepared = prepare(config, store=store)
    inner = inner_folds(config, prepared, 2)
    whole = open_features(stretches)
    expected = {reading_order(clip): array for clip, array in zip(whole.dataset, whole.arrays, strict=True)}
    assert len({array.mean() for array in inner.clips.arrays}) == inner.dataset.n
    for clip, array in zip(inner.clips.dataset, inner.clips.arrays, strict=True):
        np.testing.assert_array_equal(array, expected[reading_order(clip)])


@pytest.mark.slow
def test_stretches_that_were_put_aside_are_counted_each_by_itself(stretches, store, configure):
    config = on_table(configure, stretches)
    prepared = prepare(config, store=store)
    inner = inner_folds(config, prepared, 2)
    n_tested = len(prepared.split.test)
    assert len(inner.held_out) == len(set(inner.held_out)) == n_tested == 48 - inner.dataset.n
    assert f"the test part ({n_tested} clips) was put aside" in describe_inner(inner)


@pytest.mark.slow
def test_a_given_split_of_a_table_is_not_asked_for_again_inside(stretches, store, configure):
    config = on_table(configure, stretches, split={"plan": "each-group"})
    inner = inner_folds(config, prepare(config, store=store), 2)
    outcomes = list(score_folds(config, inner, store=store))
    assert sum(len(outcome.right) for outcome in outcomes) == inner.dataset.n == 45


@pytest.mark.slow
@pytest.mark.parametrize("n_folds", [9, 40])  # more than a label has clips, and than there are groups
def test_more_inner_folds_than_can_be_name_the_option_of_the_search(folded, n_folds):
    config, prepared, _ = folded
    with pytest.raises(SplitError, match=rf"^{n_folds} inner folds need .* ask for fewer \(--inner-folds\)$"):
        inner_folds(config, prepared, n_folds)


def test_fewer_than_two_inner_folds_are_refused(folded):
    config, prepared, _ = folded
    with pytest.raises(SettingError, match="at least 2, not 1"):
        inner_folds(config, prepared, 1)


@pytest.mark.slow
def test_each_fold_is_scored_by_what_has_neither_learnt_nor_chosen_by_it(folded, store, monkeypatch):
    config, _, inner = folded
    seen = []

    def spy(one, prepared, **rest):
        seen.append(prepared)
        return fit(one, prepared, **rest)

    fit = inner_module.fit_classifier
    monkeypatch.setattr(inner_module, "fit_classifier", spy)
    outcomes = list(score_folds(config, inner, store=store))
    fold_of = {clip.name: clip.fold for clip in inner.dataset}
    for number, prepared, outcome in zip(inner.numbers, seen, outcomes, strict=True):
        parts = {
            part: {fold_of[prepared.dataset[index].name] for index in getattr(prepared.split, part)}
            for part in ("train", "validation", "test")
        }
        assert parts["test"] == {number}
        assert number not in parts["train"] | parts["validation"]
        assert len(outcome.right) == len(outcome.log_losses) == len(prepared.split.test)
        assert not set(inner.held_out) & {reading_order(clip) for clip in prepared.dataset}
    assert sum(len(outcome.right) for outcome in outcomes) == len(inner.dataset)


def test_what_is_easy_is_scored_as_right_and_the_loss_fits(folded, store):
    config, _, inner = folded
    outcome = next(score_folds(config, inner, store=store))
    assert outcome.right.mean() > 0.8
    assert outcome.log_losses[outcome.right].max() < np.log(3)  # what is right of three has more than a third


@pytest.mark.slow
def test_ctrl_c_in_a_training_ends_the_trial(folded, store, monkeypatch):
    config, _, inner = folded
    fit = inner_module.fit_classifier
    monkeypatch.setattr(
        inner_module, "fit_classifier", lambda *args, **rest: replace(fit(*args, **rest), ended="interrupted")
    )
    with pytest.raises(KeyboardInterrupt):
        next(score_folds(config, inner, store=store))


@pytest.mark.slow
def test_the_key_knows_clips_contents_and_folds(data, tmp_path, store, configure):
    config = configure(data)
    first = inner_folds(config, prepare(config, store=store), None)
    assert inner_folds(config, prepare(config, store=store), None).key == first.key
    assert inner_folds(config, prepare(config, store=store), 2).key != first.key
