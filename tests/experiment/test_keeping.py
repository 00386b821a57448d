import json
from dataclasses import replace

import numpy as np
import pytest

from earmark.audio.write import write_sound
from earmark.data.open import open_dataset
from earmark.data.plan import open_planned
from earmark.data.splits import split_parts
from earmark.errors import SettingError, SplitError
from earmark.experiment.config import make_config
from earmark.experiment.crossval import cross_validate
from earmark.experiment.keeping import blaming_repeats, keep_repeats, keeping_of, usual_keeping
from earmark.experiment.prepare import prepare, settled, split_by_config
from earmark.experiment.run import train_run
from earmark.experiment.settling import clips_key, settle_folds
from earmark.features.store import FeatureStore

NOWHERE = FeatureStore(None)
RATE = 22050
N = 4


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a folder of ten noises, of which b3 is a0, softer, and b2 is a1, byte for byte."""
    folder = tmp_path_factory.mktemp("keeping")
    for seed, name in enumerate(f"{label}{number}" for label in "ab" for number in range(N)):
        source, gain = {"b3": (0, 0.5), "b2": (1, 1)}.get(name, (seed, 1))
        sound = 0.2 * gain * np.random.default_rng(source).standard_normal(RATE)
        write_sound(folder / f"{name}.wav", sound.astype(np.float32), RATE)
    return folder


@pytest.fixture
def table(root, tmp_path):
    """Write a table of the sounds with some more columns, each a function of label and number."""

    def write(**columns):
        rows = [("../" + root.name, label, number) for label in "ab" for number in range(N)]
        lines = [",".join(["path", "label", *columns])]
        for _, label, number in rows:
            cells = [str(make(label, number)) for make in columns.values()]
            lines.append(",".join([str(root / f"{label}{number}.wav"), label, *cells]))
        (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")
        return tmp_path / "clips.csv"

    return write


def config_of(path, **split):
    return make_config({"data": {"path": str(path)}, "split": split, "network": {"name": "svm"}, "device": "cpu"})


def kept(config, **how):
    data = config.data
    dataset = open_planned(data.path, plan=config.split.plan, group_column=data.group_column)
    return keep_repeats(dataset, config, store=NOWHERE, **how)


def groups(dataset):
    found = {}
    for clip in dataset:
        found.setdefault(clip.group, []).append(clip.path.stem)
    return sorted(found.values())


TOGETHER = [["a0", "b3"], ["a1", "b2"], ["a2"], ["a3"], ["b0"], ["b1"]]
FOLDS = {"fold": lambda label, number: 1 + number}
PARTS = {"part": lambda _, number: ("train", "train", "validation", "test")[number]}


@pytest.mark.slow
def test_where_the_split_is_still_to_be_made_repeats_become_one_group_with_one_note(table):
    dataset = kept(config_of(table()))

    assert groups(dataset) == TOGETHER
    (note,) = dataset.notes
    assert note.count("\n") == 0
    assert "2 sounds are in the data more than once" in note
    assert "a0.wav = " in note


@pytest.mark.slow
@pytest.mark.parametrize("split", [{}, {"n_folds": 2, "test_fold": 1}, {"n_folds": 3, "test_fold": 2}])
def test_no_split_that_is_computed_puts_a_repeat_on_two_sides(table, split):
    config = config_of(table(), **split)
    dataset = kept(config)
    place = {clip.path.stem: index for index, clip in enumerate(dataset)}
    for seed in range(2):
        parts = split_parts(split_by_config(dataset, replace(config, seed=seed)), dataset.n)
        assert parts[place["a0"]] == parts[place["b3"]]
        assert parts[place["a1"]] == parts[place["b2"]]


@pytest.mark.slow
def test_folds_of_a_cross_validation_keep_repeats_too_and_each_fold_makes_the_same_of_them(table):
    config = config_of(table())
    made = settle_folds(config, 2)

    assert groups(made.dataset) == TOGETHER
    assert all(len({clip.fold for clip in made.dataset if clip.group == group}) == 1 for group in made.dataset.groups)
    assert made.config.split.repeats == "together"
    for fold in made.folds:
        one = replace(made.config, split=replace(made.config.split, test_fold=fold))
        prepared = prepare(one, store=NOWHERE)
        tested = {prepared.dataset[index].name for index in prepared.split.test}
        assert tested == {clip.name for clip in made.dataset if clip.fold == fold}


def test_a_fold_for_each_group_is_one_for_each_sound(table):
    path = table(who=lambda label, number: f"{label}{number}")
    config = make_config(
        {
            "data": {"path": str(path), "group_column": "who"},
            "split": {"plan": "each-group"},
            "network": {"name": "svm"},
        }
    )
    dataset = kept(config)

    assert groups(dataset) == TOGETHER
    assert sorted(set(dataset.folds)) == [1, 2, 3, 4, 5, 6]
    assert usual_keeping(dataset, config) == "together"


def test_folds_of_a_table_that_tear_a_sound_are_refused_with_the_clips_and_ways_out(table):
    path = table(**FOLDS)

    with pytest.raises(SplitError) as refused:
        kept(config_of(path, test_fold=4))
    message = str(refused.value)
    assert message.startswith("1 sound is on both sides of the split, exactly or nearly: ")
    assert "a0.wav (fold 1) = " in message
    assert "b3.wav (fold 4); " in message
    assert "a1.wav" not in message
    for way in ("--write-table clean.csv", "split.repeats=together", "split.repeats=tell"):
        assert way in message
    assert "--strict" not in message


def test_a_sound_in_two_folds_that_are_both_learnt_from_is_kept_off_the_validation_part(table):
    dataset = kept(
        config_of(table(fold=lambda label, number: 1 + (number == 0 if label == "a" else number == 3)), test_fold=1)
    )
    assert groups(dataset)[:2] == TOGETHER[:2]


@pytest.mark.slow
def test_a_cross_validation_refuses_what_any_fold_would_tear_before_it_begins(table):
    with pytest.raises(SplitError, match=r"2 sounds are on both sides .*fold 2\) = .*fold 3\)"):
        settle_folds(config_of(table(**FOLDS)))


@pytest.mark.parametrize("plan", ["published", "FILE"])
def test_parts_that_are_given_are_refused_if_they_tear_a_sound(table, tmp_path, plan):
    path = table(**PARTS)
    if plan == "FILE":
        plan = str(path.rename(tmp_path / "split.csv"))
        path = table()

    with pytest.raises(
        SplitError, match=r"2 sounds .*a0\.wav \(train\) = .*b3\.wav \(test\), .*a1\.wav \(train\) = .*\(val"
    ):
        kept(config_of(path, plan=plan))


@pytest.mark.parametrize("columns", [FOLDS, PARTS])
def test_given_sides_are_changed_only_if_that_is_asked_for_and_those_moved_are_named(table, columns):
    path = table(**columns)
    plan = {"plan": "published"} if columns is PARTS else {}
    before = open_planned(path, plan=plan.get("plan"))
    dataset = kept(config_of(path, repeats="together", **plan))

    place = {clip.path.stem: (clip.fold, clip.extra.get("part")) for clip in dataset}
    was = {clip.path.stem: (clip.fold, clip.extra.get("part")) for clip in before}
    assert {name for name in was if was[name] != place[name]} == {"b2", "b3"}
    assert (place["b3"], place["b2"]) == (was["a0"], was["a1"])
    assert dataset.notes[-1].startswith("2 clips moved to the side of another that is the same sound: ")


def test_a_group_that_holds_a_sound_in_two_folds_moves_whole(table):
    group = {"group": lambda label, number: "g" if (label, number) in {("a", 0), ("b", 3)} else f"{label}{number}"}
    dataset = kept(config_of(table(**FOLDS, **group), repeats="together"))
    assert {clip.fold for clip in dataset if clip.group == "g"} == {1}


def test_telling_leaves_the_clips_as_they_are_and_listens_to_none(table, monkeypatch):
    path = table(**FOLDS)
    monkeypatch.setattr("earmark.audit.grouping.measure_dataset", lambda *_, **__: pytest.fail("it listened"))

    assert kept(config_of(path, repeats="tell")) == open_dataset(path)


@pytest.mark.parametrize("columns", [{}, FOLDS])
@pytest.mark.parametrize("repeats", [None, "together", "tell"])
def test_strict_refuses_whatever_is_said(table, columns, repeats):
    split = {} if repeats is None else {"repeats": repeats}

    where = r" \(fold 1\)" if columns else ""
    with pytest.raises(SplitError, match=rf"a0\.wav{where} = .*or go on without --strict"):
        kept(config_of(table(**columns), **split), strict=True)


def test_repeats_in_several_groups_are_refused_before_a_split_is_made_if_asked(table):
    with pytest.raises(SplitError, match=r"2 sounds are in several groups.*or leave split\.repeats out"):
        kept(config_of(table(), repeats="refuse"))
    with pytest.raises(SplitError, match=r"a0\.wav \(group a0\) = .*b3\.wav \(group b3\), "):
        kept(config_of(table(group=lambda label, number: f"{label}{number}"), repeats="refuse"))


def test_a_group_that_was_given_to_them_makes_strict_content(table):
    pairs = {("b", 3): "a0", ("b", 2): "a1"}
    dataset = kept(config_of(table(group=lambda label, n: pairs.get((label, n), f"{label}{n}"))), strict=True)
    assert dataset.notes == ()


def test_the_split_that_was_wanted_cannot_be_and_repeats_are_named_as_the_reason(root, tmp_path):
    lines = [
        "path,label",
        *(
            f"{root / name}.wav,{label}"
            for name, label in zip(("a0", "b3", "a2", "a3", "b0", "b1"), "xxyyyy", strict=True)
        ),
    ]
    (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")
    config = config_of(tmp_path / "clips.csv")

    with pytest.raises(
        SplitError, match=r"one group holds all clips of 'x'.*of 6 groups, .* have made 5; .*repeats=tell"
    ):
        settle_folds(config, 2)
    assert len(settle_folds(replace(config, split=replace(config.split, repeats="tell")), 2).folds) == 2


def test_a_split_that_cannot_be_for_another_reason_is_told_as_ever(table):
    dataset = open_dataset(table())
    with pytest.raises(SplitError, match=r"^too few$"), blaming_repeats(dataset, dataset):
        raise SplitError("too few")


@pytest.mark.slow
def test_published_folds_of_a_known_data_set_stay_as_they_are(shared_data):
    config = config_of(shared_data / "esc10")
    dataset = open_dataset(config.data.path)

    assert usual_keeping(dataset, config) == "tell"
    assert keeping_of(dataset, config, strict=True) == "refuse"
    assert keep_repeats(dataset, config, store=NOWHERE) is dataset
    given = config_of(shared_data / "esc10", plan=str(shared_data / "split.csv"))
    assert usual_keeping(dataset, given) == "refuse"


@pytest.mark.parametrize("repeats", ["together", "refuse"])
def test_features_have_no_repeats_to_find(tmp_path, repeats):
    clips = {
        "mapping": ["a", "b"],
        "mfcc": [[[float(n), 1.0]] * 3 for n in range(8)],
        "labels": [0, 0, 0, 0, 1, 1, 1, 1],
    }
    (tmp_path / "data.json").write_text(json.dumps(clips))
    with pytest.raises(SettingError, match="features have no sounds to find repeats in"):
        prepare(config_of(tmp_path / "data.json", repeats=repeats), store=NOWHERE)


@pytest.mark.slow
def test_a_run_writes_down_what_was_done(table):
    config = config_of(table())
    prepared = prepare(config, store=NOWHERE)

    assert settled(config, prepared).split.repeats == "together"
    again = prepare(settled(config, prepared), store=NOWHERE)
    assert (again.split, again.dataset.groups) == (prepared.split, prepared.dataset.groups)


@pytest.mark.slow
def test_a_run_tells_of_the_groups_in_one_note_and_nothing_of_memory(table, tmp_path):
    result = train_run(config_of(table(), test_fraction=0.3), tmp_path / "run", store=NOWHERE)

    told = [note for note in result.notes if "sounds are in the data more than once" in note]
    assert len(told) == 1
    assert not [note for note in result.notes if "memory" in note]
    assert result.folder.read_config().split.repeats == "together"
    group_of = {
        row["path"].rpartition("/")[2]: (row["group"], row["part"]) for row in result.folder.read_table("split.csv")
    }
    assert group_of["a0.wav"] == group_of["b3.wav"]
    assert group_of["a1.wav"] == group_of["b2.wav"]


@pytest.mark.slow
def test_a_cross_validation_tells_of_the_groups_once_and_tests_no_sound_that_it_has_learnt(table, tmp_path):
    result = cross_validate(config_of(table()), tmp_path / "cv", store=FeatureStore(tmp_path / "store"), n_folds=2)

    (note,) = result.notes
    assert "2 sounds are in the data more than once" in note
    fold_of = {row["path"].rpartition("/")[2]: row["fold"] for row in result.folder.read_table("folds.csv")}
    assert (fold_of["a0.wav"], fold_of["a1.wav"]) == (fold_of["b3.wav"], fold_of["b2.wav"])


def test_another_word_is_refused_by_its_key():
    with pytest.raises(
        SettingError, match=r"split\.repeats: input should be 'together', 'refuse' or 'tell', not 'merge'"
    ):
        config_of("sounds", repeats="merge")


@pytest.mark.slow
def test_what_was_settled_names_the_joined_groups_in_its_key(table):
    config = config_of(table())
    told = replace(config, split=replace(config.split, repeats="tell"))
    assert clips_key(settle_folds(config, 2).dataset) != clips_key(settle_folds(told, 2).dataset)
