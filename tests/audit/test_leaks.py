import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.audit import leaks
from earmark.audit.leaks import (
    RANDOM_CLIPS,
    RANDOM_SEGMENTS,
    YOURS,
    find_leaks,
    find_torn_sources,
    measure_leaks,
)
from earmark.audit.probe import Heard
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.splits import Split, split_dataset
from earmark.errors import SettingError


def sounds_of(*, n_sources=24, n_clips=2, n_segments=4, of_class=0.0, of_source=0.0, of_clip=0.0, seed=0):
    """Clips of sources of two classes, whose segments tell of the class, the source and the clip as much as asked."""
    rng = np.random.default_rng(seed)
    clips, segments = [], []
    for source in range(n_sources):
        y = source % 2
        from_source = of_class * np.eye(2, 6)[y] + of_source * rng.normal(size=6)
        for take in range(n_clips):
            name = f"{source:02}-{take}.wav"
            clips.append(Clip(name=name, path=Path(name), label="ab"[y], group=f"s{source}", extra={"take": str(take)}))
            from_clip = from_source + of_clip * rng.normal(size=6)
            segments.append(from_clip + 0.3 * rng.normal(size=(n_segments, 6)))
    everything = tuple(range(len(clips)))
    heard = Heard(
        kept=everything,
        whole=np.stack([part.mean(axis=0) for part in segments]),
        cut=everything,
        segments=tuple(segments),
        segment_s=1.0,
        bad=(),
    )
    return Dataset(clips, root=Path()), heard


def values(table):
    return {row.way: row.accuracy.value for row in table.rows}


# ---------------------------------------------------------------- what is memory


@pytest.mark.slow
def test_what_is_known_of_clips_alone_is_memory():
    dataset, heard = sounds_of(of_clip=2.0)
    table = measure_leaks(dataset, heard)
    score = values(table)
    assert score[RANDOM_SEGMENTS] > 0.9
    assert score[RANDOM_CLIPS] < 0.7
    assert score[YOURS] < 0.7
    (finding,) = find_leaks(table)
    assert (finding.kind, finding.severity, finding.clips) == ("leak", "note", ())
    assert finding.message.startswith("random segments 9")
    points = round(100 * (score[RANDOM_SEGMENTS] - score[YOURS]))
    assert f": {points} points are memory" in finding.message
    assert table.row(RANDOM_SEGMENTS).memory.difference == pytest.approx(score[RANDOM_SEGMENTS] - score[YOURS])


@pytest.mark.slow
def test_what_is_known_of_sources_flatters_random_clips_too():
    score = values(measure_leaks(*sounds_of(of_source=2.0)))
    assert min(score[RANDOM_SEGMENTS], score[RANDOM_CLIPS]) > 0.9
    assert score[YOURS] < 0.7


@pytest.mark.slow
def test_what_is_known_of_classes_is_no_memory():
    dataset, heard = sounds_of(of_class=4.0)
    table = measure_leaks(dataset, heard)
    assert min(values(table).values()) > 0.95
    assert find_leaks(table) == []


@pytest.mark.slow
def test_a_column_that_names_larger_sources_is_a_warning_with_what_to_write():
    dataset, heard = sounds_of(of_source=2.0)
    loose = [replace(c, group=c.name, extra={"artist": c.group, "tempo": c.group}) for c in dataset]
    table = measure_leaks(replace(dataset, clips=loose), heard)
    warning = find_leaks(table)[0]
    assert (warning.kind, warning.severity) == ("leak", "warning")
    assert warning.advice == "keep each artist together: --group-column artist"
    assert "by tempo" not in values(table)
    assert RANDOM_CLIPS not in values(table)  # each clip is a group: that is your split
    grouped = replace(dataset, clips=[replace(c, extra={"artist": c.group}) for c in dataset])
    assert "by artist" not in values(measure_leaks(grouped, heard))


# ---------------------------------------------------------------- the split about to be used


@pytest.mark.slow
def test_with_a_split_its_test_part_is_asked_about_whatever_the_way():
    dataset, heard = sounds_of(of_clip=2.0)
    split = split_dataset(dataset, seed=0)
    table = measure_leaks(dataset, heard, split=split)
    assert table.n_segments == 4 * len(split.test)
    assert table.n_groups == len({dataset.groups[index] for index in split.test})
    assert values(table)[RANDOM_SEGMENTS] > values(table)[YOURS]


def folds_seen(monkeypatch, dataset, heard, split=None):
    """Return the fold of each segment under each way, and of which folds was asked."""
    seen = []
    ask = leaks.cross_validate

    def watch(x, y, fold, fit, **rest):
        seen.append((fold, rest["only"]))
        return ask(x, y, fold, fit, **rest)

    monkeypatch.setattr(leaks, "cross_validate", watch)
    table = measure_leaks(dataset, heard, split=split)
    return dict(zip((row.way for row in table.rows), seen, strict=True))


@pytest.mark.slow
def test_each_way_tears_just_what_it_says(monkeypatch):
    dataset, heard = sounds_of(of_class=1.0)
    seen = folds_seen(monkeypatch, dataset, heard)
    clip = np.repeat(np.arange(dataset.n), 4).tolist()
    group = [dataset.groups[place] for place in clip]

    def torn(way, names):
        return len(set(zip(names, seen[way][0].tolist(), strict=True))) - len(set(names))

    assert torn(RANDOM_SEGMENTS, clip) > 0
    assert torn(RANDOM_CLIPS, clip) == 0
    assert torn(RANDOM_CLIPS, group) > 0
    assert torn(YOURS, group) == 0


@pytest.mark.slow
def test_your_split_is_learnt_from_train_and_validation_and_asked_about_test(monkeypatch):
    dataset, heard = sounds_of(of_class=1.0)
    split = split_dataset(dataset, seed=0)
    fold, only = folds_seen(monkeypatch, dataset, heard, split)[YOURS]
    clip = np.repeat(np.arange(dataset.n), 4)
    assert only.tolist() == [1]
    assert set(clip[fold == 1].tolist()) == set(split.test)
    assert set(clip[fold == 0].tolist()) == {*split.train, *split.validation}


@pytest.mark.slow
def test_published_folds_are_your_split(monkeypatch):
    dataset, heard = sounds_of(of_class=1.0)
    folded = replace(dataset, clips=[replace(c, fold=10 + int(c.group[1:]) % 3) for c in dataset])
    fold, only = folds_seen(monkeypatch, folded, heard)[YOURS]
    assert only.tolist() == [10, 11, 12]
    assert fold.tolist() == [f for f in folded.folds for _ in range(4)]


@pytest.mark.slow
def test_of_very_many_folds_several_are_asked_about_together(monkeypatch):
    dataset, heard = sounds_of(of_class=1.0)
    folded = replace(dataset, clips=[replace(c, fold=int(c.group[1:])) for c in dataset])
    fold, only = folds_seen(monkeypatch, folded, heard)[YOURS]
    assert len(only) == 10
    group = np.repeat([int(c.group[1:]) for c in dataset], 4)
    assert len(set(zip(group.tolist(), fold.tolist(), strict=True))) == 24


@pytest.mark.slow
def test_segments_have_a_bound_and_are_taken_by_whole_groups(monkeypatch):
    dataset, heard = sounds_of(of_class=1.0)
    monkeypatch.setattr(leaks, "_MOST_SEGMENTS", 100)
    table = measure_leaks(dataset, heard)
    assert table.n_segments <= 100
    assert table.n_segments == 8 * table.n_groups


@pytest.mark.slow
def test_a_class_that_your_folds_cannot_learn_is_not_asked_about():
    dataset, heard = sounds_of(of_class=4.0)

    def fold(clip):  # a third class, of the half of the sources of "a": all in one fold
        number = int(clip.group[1:])
        is_third = number % 4 == 0
        return replace(clip, label="c" if is_third else clip.label, fold=9 if is_third else number % 3)

    odd = replace(dataset, clips=[fold(clip) for clip in dataset])
    table = measure_leaks(odd, heard)
    n_known = sum(clip.label != "c" for clip in odd)
    assert table.n_segments == 4 * n_known
    assert table.n_groups == len({clip.group for clip in odd if clip.label != "c"})


@pytest.mark.slow
def test_where_no_class_is_learnt_by_your_folds_there_is_no_table():
    dataset, heard = sounds_of(of_class=4.0)
    torn = replace(dataset, clips=[replace(clip, fold="ab".index(clip.label)) for clip in dataset])
    assert measure_leaks(torn, heard) is None


# ---------------------------------------------------------------- too little, or not this data set


@pytest.mark.slow
def test_clips_of_one_segment_are_split_by_clip():
    table = measure_leaks(*sounds_of(n_segments=1, of_source=2.0))
    assert RANDOM_SEGMENTS not in values(table)
    assert find_leaks(table)[0].message.startswith("random clips")


def test_too_little_to_ask_gives_no_table_and_no_finding():
    dataset, heard = sounds_of()
    bare = replace(dataset, clips=[replace(c, label="") for c in dataset])
    single = replace(dataset, clips=[replace(c, label="a") for c in dataset])
    one_group = replace(dataset, clips=[replace(c, group="g") for c in dataset])
    untested = Split(train=tuple(range(40)), validation=tuple(range(40, 48)), test=())
    assert measure_leaks(*sounds_of(n_sources=8)) is None
    for odd in (bare, single, one_group):
        assert measure_leaks(odd, heard) is None
    assert measure_leaks(dataset, heard, split=untested) is None
    assert find_leaks(None) == []


def test_sounds_or_a_split_of_another_data_set_are_refused():
    dataset, heard = sounds_of()
    with pytest.raises(SettingError, match="there is no clip 47 in the data set of 47 clips"):
        measure_leaks(dataset[:47], heard)
    with pytest.raises(SettingError, match="there is no clip 60"):
        measure_leaks(dataset, heard, split=Split(train=(0,), validation=(1,), test=(60,)))


@pytest.mark.slow
def test_a_table_is_written_as_json_and_as_lines_and_comes_out_the_same_again():
    dataset, heard = sounds_of(of_clip=2.0)
    table = measure_leaks(dataset, heard)
    assert table == measure_leaks(dataset, heard)
    content = json.loads(json.dumps(table.to_json(), allow_nan=False))
    assert [row["way"] for row in content["rows"]] == [RANDOM_SEGMENTS, RANDOM_CLIPS, YOURS]
    lines = str(table).splitlines()
    assert lines[0] == "A support-vector machine on segments of 1 s, 192 of them tested:"
    assert lines[1].startswith("  random segments  ")
    assert lines[1].endswith(" against your split")
    assert lines[3].startswith("  your split       ")


# ---------------------------------------------------------------- torn groups and files


def stretch(name, start_s, *, group, fold=None):
    return Clip(
        name=name, path=Path(name), label="a", group=group, fold=fold, start_s=float(start_s), end_s=start_s + 1.0
    )


def test_a_group_in_two_folds_is_an_error_that_names_its_clips():
    dataset = Dataset(
        [stretch("a", 0, group="x", fold=1), stretch("b", 0, group="x", fold=2), stretch("c", 0, group="y", fold=2)],
        root=Path(),
    )
    (finding,) = find_torn_sources(dataset)
    assert (finding.kind, finding.severity) == ("leak", "error")
    assert finding.clips == ("a#t=0,1", "b#t=0,1")
    assert "the group 'x' is in the folds 1, 2" in finding.message


def test_stretches_of_one_file_in_two_groups_are_a_warning_and_across_folds_an_error():
    clips = [stretch("a", 0, group="x"), stretch("a", 1, group="y"), stretch("b", 0, group="z")]
    (loose,) = find_torn_sources(Dataset(clips, root=Path()))
    folded = [replace(clip, fold=fold) for clip, fold in zip(clips, (1, 2, 2), strict=True)]
    (torn,) = find_torn_sources(Dataset(folded, root=Path()))
    assert (loose.severity, torn.severity) == ("warning", "error")
    assert loose.clips == torn.clips == ("a#t=0,1", "a#t=1,2")


def test_whole_groups_and_files_are_no_finding():
    clips = [stretch("a", 0, group="x", fold=1), stretch("a", 1, group="x", fold=1), stretch("b", 0, group="y", fold=2)]
    assert find_torn_sources(Dataset(clips, root=Path())) == []
    assert find_torn_sources(Dataset([], root=Path())) == []
