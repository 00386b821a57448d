from pathlib import Path

import pytest

from earmark.data.plan import apply_plan, is_table, open_planned
from earmark.data.split_file import save_split
from earmark.data.splits import split_dataset
from earmark.errors import SettingError


@pytest.fixture
def table(sounds):
    rows = ["path,label,part,who"]
    for n in range(6):
        sounds.write(f"{n}.wav", seconds=0.05)
        rows.append(f"{n}.wav,{'ab'[n % 2]},{('train', 'validation', 'test')[n // 2]},w{n // 2}")
    (sounds.root / "t.csv").write_text("\n".join(rows) + "\n")
    return sounds.root / "t.csv"


def test_without_a_plan_nothing_changes(table):
    data = open_planned(table, plan=None)

    assert apply_plan(data, None) is data
    assert set(data.folds) == {None}


def test_the_parts_of_the_table_are_published(table):
    assert [clip.extra["part"] for clip in open_planned(table, plan="published")][::2] == [
        "train",
        "validation",
        "test",
    ]


def test_each_group_is_a_fold(table):
    assert open_planned(table, plan="each-group", group_column="who").folds == (1, 1, 2, 2, 3, 3)


def test_a_table_is_followed(table):
    (table.parent / "split.csv").write_text("path,fold\n0.wav,1\n1.wav,2\n")

    assert open_planned(table, plan=str(table.parent / "split.csv")).folds == (1, 2)


def test_where_all_are_needed_a_clip_without_a_place_is_refused(table):
    (table.parent / "split.csv").write_text("path,fold\n0.wav,1\n1.wav,2\n")
    data = open_planned(table, plan=None)

    with pytest.raises(SettingError, match="a place for 2 of 6 clips"):
        apply_plan(data, str(table.parent / "split.csv"), whole=True)


@pytest.mark.parametrize(
    ("plan", "hint"), [("publisht", "did you mean 'published'"), ("no/where.csv", "known: each-group")]
)
def test_a_plan_that_is_none_is_answered_with_what_there_is(table, plan, hint):
    with pytest.raises(SettingError, match=hint):
        open_planned(table, plan=plan)


def test_two_ways_to_group_are_refused(table):
    with pytest.raises(SettingError, match="the group comes from one place"):
        open_planned(table, plan=None, group_column="who", group_tag="artist")


def test_a_plan_that_is_a_file_is_told_from_a_word(table):
    assert is_table(str(table))
    assert not is_table(f"{table}.not")
    assert not is_table("published")
    assert not is_table(None)


@pytest.mark.data
@pytest.mark.slow
def test_a_split_of_the_shared_sounds_can_be_handed_on(shared_data, tmp_path):
    data = open_planned(shared_data / "genres10", plan=None)
    split = split_dataset(data, seed=5)
    save_split(Path(tmp_path / "handed.csv"), data, split)
    other = open_planned(shared_data / "genres10" / "tracks.csv", plan=str(tmp_path / "handed.csv"))

    assert [other[index].extra["part"] for index in split.test] == ["test"] * len(split.test)
