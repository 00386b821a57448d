from pathlib import Path

import pytest

from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.fixture
def two_classes(tmp_path):
    return touch(tmp_path / "sounds", "dog/b.wav", "rain/a.ogg", "dog/a.wav")


def test_class_folders_are_opened_in_the_order_of_their_names(two_classes):
    data = open_dataset(two_classes)

    assert [clip.name for clip in data] == ["dog/a.wav", "dog/b.wav", "rain/a.ogg"]
    assert data.labels == ("dog", "rain")
    assert data.root == two_classes


def test_a_path_may_be_text_and_start_at_home(two_classes, monkeypatch):
    monkeypatch.setenv("HOME", str(two_classes.parent))

    assert open_dataset("~/sounds").n == 3
    assert open_dataset(str(two_classes)).n == 3


def test_a_path_from_the_current_folder_gives_the_same_names(two_classes, monkeypatch):
    names = [clip.name for clip in open_dataset(two_classes)]
    monkeypatch.chdir(two_classes)

    assert [clip.name for clip in open_dataset(".")] == names
    assert all(clip.path.exists() for clip in open_dataset(Path()))


def test_rows_of_a_table_are_sorted_by_name_and_then_by_start(tmp_path):
    touch(tmp_path, "b.wav", "a.wav")
    (tmp_path / "t.csv").write_text("path,label,start_s\nb.wav,x,0\na.wav,x,10\na.wav,y,9\n")

    assert [(clip.name, clip.start_s) for clip in open_dataset(tmp_path / "t.csv")] == [
        ("a.wav", 9.0),
        ("a.wav", 10.0),
        ("b.wav", 0.0),
    ]


def test_groups_are_asked_for_by_pattern(two_classes):
    assert open_dataset(two_classes, group_pattern=r"(\w)\.\w+$").groups == ("a", "b", "a")


def test_groups_are_asked_for_by_column(tmp_path):
    touch(tmp_path, "b.wav", "a.wav")
    (tmp_path / "t.csv").write_text("path,label,artist\nb.wav,x,Bo\na.wav,y,Ada\n")

    assert open_dataset(tmp_path / "t.csv", group_column="artist").groups == ("Ada", "Bo")


def test_a_column_and_a_pattern_exclude_each_other(two_classes):
    with pytest.raises(SettingError, match="exclude each other"):
        open_dataset(two_classes, group_column="label", group_pattern=".")


def test_class_folders_have_no_artist(two_classes):
    with pytest.raises(SettingError, match=r"no column 'artist'.*known: group, label, path"):
        open_dataset(two_classes, group_column="artist")


# ---------------------------------------------------------------- faults


def refusal(path):
    with pytest.raises(DataError) as caught:
        open_dataset(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_path_that_is_not_there_offers_the_nearest(two_classes):
    assert refusal(two_classes.parent / "sound").endswith(f"did you mean {two_classes}?")


def test_the_nearest_is_sought_where_the_path_goes_wrong(two_classes):
    assert f"did you mean {two_classes}?" in refusal(two_classes.parent / "souns" / "dog" / "a.wav")


def test_a_path_far_from_everything_says_where_it_goes_wrong(two_classes):
    assert f"{two_classes} has no 'qqq'" in refusal(two_classes / "qqq" / "x")


def test_a_path_through_a_file_says_so(two_classes):
    assert "a.wav is a file" in refusal(two_classes / "dog" / "a.wav" / "x")


def test_the_many_siblings_of_a_path_are_not_poured_out(tmp_path):
    touch(tmp_path, *(f"zzz{n}.wav" for n in range(500)))

    assert len(refusal(tmp_path / "qqq")) < 300


LAYOUTS = ("ESC-50 checkout", "audiofolder", "folder of class folders", ".csv or .tsv table")


def test_sounds_flat_in_a_folder_have_no_labels_and_the_layouts_are_named(tmp_path):
    message = refusal(touch(tmp_path, "a.wav", "b.wav"))

    assert "sounds and no labels" in message
    assert all(layout in message for layout in LAYOUTS)


@pytest.mark.parametrize("names", [(), ("readme.txt", "dog/readme.txt"), ("dog/.a.wav", "rain/__MACOSX/._b.wav")])
def test_a_folder_without_sounds_says_so(tmp_path, names):
    message = refusal(touch(tmp_path, *names))

    assert "holds no sounds" in message
    assert all(layout in message for layout in LAYOUTS)


def test_one_sound_is_no_data_set(two_classes):
    assert "is one sound and no data set" in refusal(two_classes / "dog" / "a.wav")


def test_another_file_is_no_data_set(tmp_path):
    assert "is a .xlsx file and no data set" in refusal(touch(tmp_path, "t.xlsx") / "t.xlsx")


def test_one_class_opens_so_that_it_can_be_scored(tmp_path):
    assert open_dataset(touch(tmp_path, "dog/a.wav", "dog/b.wav")).labels == ("dog",)


def test_one_label_in_a_table_opens_so_that_it_can_be_scored(tmp_path):
    touch(tmp_path, "a.wav")
    (tmp_path / "t.csv").write_text("path,label\na.wav,dog\n")

    assert open_dataset(tmp_path / "t.csv").labels == ("dog",)


def test_a_folder_that_may_not_be_read_is_named(two_classes, monkeypatch):
    def deny(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_file", deny)

    assert refusal(two_classes).endswith("cannot be read: permission denied")


def test_a_name_longer_than_the_system_takes_is_refused(tmp_path):
    assert "cannot be read: file name too long" in refusal(tmp_path / ("x" * 300))


# ---------------------------------------------------------------- layouts that resemble one another


def test_class_folders_win_over_a_table_beside_them_and_the_table_is_mentioned(two_classes):
    (two_classes / "tracks.csv").write_text("path,label,artist\ndog/a.wav,dog,Rex\n")

    data = open_dataset(two_classes)

    assert data.n == 3
    assert data.notes == ("tracks.csv lies in the folder: open it to use its columns",)


def test_a_table_beside_one_folder_of_sounds_is_opened_as_the_table(tmp_path):
    touch(tmp_path, "audio/a.wav", "audio/b.wav")
    (tmp_path / "t.tsv").write_text("path\tlabel\naudio/a.wav\tdog\naudio/b.wav\train\n")

    assert open_dataset(tmp_path).labels == ("dog", "rain")


def test_a_table_beside_its_sounds_is_opened_as_the_table(tmp_path):
    touch(tmp_path, "a.wav", "b.wav")
    (tmp_path / "t.csv").write_text("path,label\na.wav,dog\nb.wav,rain\n")

    assert open_dataset(tmp_path).labels == ("dog", "rain")


def test_a_checkout_of_esc50_is_not_taken_for_class_folders(tmp_path):
    touch(tmp_path, "audio/a.wav", "audio/b.wav", "extra/c.wav")
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text(
        "filename,fold,target,category,esc10,src_file,take\na.wav,1,0,dog,True,7,A\nb.wav,2,1,rain,True,8,A\n"
    )

    assert open_dataset(tmp_path).labels == ("dog", "rain")


def test_class_folders_in_the_parts_of_a_split_are_opened_with_folds(tmp_path):
    data = open_dataset(touch(tmp_path, *(f"{part}/{label}/a.wav" for part in ("train", "test") for label in "ab")))

    assert repr(data) == "Dataset(4 clips, 2 labels, 4 groups, folds 1, 3)"


def test_metadata_of_an_audiofolder_are_not_taken_for_a_table(tmp_path):
    touch(tmp_path, "a.wav", "b.wav")
    (tmp_path / "metadata.csv").write_text("file_name,label\na.wav,dog\nb.wav,rain\n")

    assert open_dataset(tmp_path) == open_dataset(tmp_path / "metadata.csv")
    assert open_dataset(tmp_path).labels == ("dog", "rain")


# ---------------------------------------------------------------- the real sounds


@pytest.mark.data
def test_esc10_opens_with_its_folds_and_recordings(shared_data):
    data = open_dataset(shared_data / "esc10")

    assert repr(data) == "Dataset(400 clips, 10 labels, 304 groups, folds 1-5)"
    assert data.notes == ()
    assert all(clip.path.is_file() for clip in data)


@pytest.mark.data
def test_no_recording_of_esc10_is_in_two_folds(shared_data):
    data = open_dataset(shared_data / "esc10")
    folds = {}
    for clip in data:
        folds.setdefault(clip.group, set()).add(clip.fold)

    assert {len(each) for each in folds.values()} == {1}
    assert max(map(data.groups.count, folds)) > 1, "some recordings gave several clips"


@pytest.mark.data
def test_genres_are_grouped_by_artist(shared_data):
    data = open_dataset(shared_data / "genres10" / "tracks.csv", group_column="artist")

    assert repr(data) == "Dataset(240 clips, 10 labels, 80 groups)"
    assert all(clip.path.is_file() for clip in data)


@pytest.mark.data
def test_the_folder_of_the_genres_has_the_clips_of_their_table_and_knows_their_artists(shared_data):
    folder = open_dataset(shared_data / "genres10")
    table = open_dataset(shared_data / "genres10" / "tracks.csv")

    assert [(clip.name, clip.label) for clip in folder] == [(clip.name, clip.label) for clip in table]
    assert folder.groups == table.regroup(column="artist").groups
    assert folder.notes == ()
