import pytest

from earmark.audit.opening import open_sounds
from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError


def test_a_data_set_is_opened_as_ever(sounds):
    folder = sounds.folder({"low": 2, "high": 2}, seconds=0.1)
    assert open_sounds(folder) == open_dataset(folder)


def test_a_folder_of_sounds_has_clips_without_labels(sounds):
    for name in ("mix/b.wav", "mix/a.wav"):
        sounds.write(name, seconds=0.1)
    found = open_sounds(sounds.root / "mix")
    assert [(clip.name, clip.label, clip.group) for clip in found] == [("a.wav", "", "a.wav"), ("b.wav", "", "b.wav")]
    assert "no labels" in found.notes[-1]


def test_a_single_sound_can_be_looked_at(sounds):
    found = open_sounds(sounds.write("a.flac", seconds=0.1))
    assert [clip.name for clip in found] == ["a.flac"]


def test_a_table_without_labels_keeps_its_other_columns(sounds):
    sounds.write("a.wav", seconds=0.1)
    sounds.write("b.wav", seconds=0.1)
    table = sounds.root / "clips.csv"
    table.write_text("path,group,fold,mood\na.wav,x,1,calm\nb.wav,x,2,wild\n")
    found = open_sounds(table)
    assert [(clip.label, clip.group, clip.fold, clip.extra["mood"]) for clip in found] == [
        ("", "x", 1, "calm"),
        ("", "x", 2, "wild"),
    ]


def test_groups_are_found_without_labels_too(sounds):
    for name in ("mix/mo1.wav", "mix/mo2.wav", "mix/tu1.wav"):
        sounds.write(name, seconds=0.1)
    assert open_sounds(sounds.root / "mix", group_pattern=r"^(\w\w)").groups == ("mo", "mo", "tu")


def test_a_group_column_with_gaps_is_refused_with_the_clips_named(sounds):
    sounds.write("a.wav", seconds=0.1)
    sounds.write("b.wav", seconds=0.1)
    table = sounds.root / "clips.csv"
    table.write_text("path,label,artist\na.wav,rain,\nb.wav,dog,Bo\n")
    with pytest.raises(DataError, match=r"empty for 1 of 2 clips \(a.wav\)"):
        open_sounds(table, group_column="artist")


@pytest.mark.parametrize("name", ["nowhere", "nowhere/sounds", "nothing.wav"])
def test_what_is_not_there_is_said_as_ever(tmp_path, name):
    with pytest.raises(DataError, match="there is no"):
        open_sounds(tmp_path / name)


def test_an_empty_folder_is_said_to_hold_no_sounds(tmp_path):
    with pytest.raises(DataError, match="holds no sounds"):
        open_sounds(tmp_path)


def test_a_folder_without_permission_is_one_line(tmp_path, monkeypatch):
    def refuse(paths):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("earmark.audit.opening.find_sounds", refuse)
    with pytest.raises(DataError, match="cannot be read: permission denied"):
        open_sounds(tmp_path)


def test_a_pattern_that_matches_nothing_is_refused(sounds):
    sounds.write("mix/a.wav", seconds=0.1)
    with pytest.raises(SettingError, match="finds no group"):
        open_sounds(sounds.root / "mix", group_pattern="x(y)z")


def test_a_column_of_labels_with_nothing_in_it_is_none(sounds):
    sounds.write("a.wav")
    table = sounds.root / "t.csv"
    table.write_text("path,label,mood\na.wav, ,calm\n")
    (clip,) = open_sounds(table)
    assert (clip.label, clip.extra) == ("", {"mood": "calm"})


def test_clips_without_a_label_among_others_are_left_out_and_named(sounds):
    for name in ("a.wav", "b.wav", "c.wav"):
        sounds.write(name)
    table = sounds.root / "t.csv"
    table.write_text("path,label\na.wav,dog\nb.wav,\nc.wav,rain\n,\n")
    dataset = open_sounds(table)
    assert [clip.name for clip in dataset] == ["a.wav", "c.wav"]
    assert dataset.notes == ("1 clip without a label left out: b.wav",)
