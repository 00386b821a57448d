import os

import pytest

from earmark.data.sources import folder
from earmark.errors import DataError


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_a_class_is_named_by_its_folder_and_a_file_is_its_own_group(tmp_path):
    data = folder.load(touch(tmp_path, "dog/a.wav", "rain/a.wav"))

    assert [(clip.name, clip.label, clip.group, clip.fold) for clip in data] == [
        ("dog/a.wav", "dog", "dog/a.wav", None),
        ("rain/a.wav", "rain", "rain/a.wav", None),
    ]
    assert all(clip.path.is_file() for clip in data)
    assert data.notes == ()


def test_sounds_at_any_depth_belong_to_the_class_on_top(tmp_path):
    data = folder.load(touch(tmp_path, "dog/monday/x/a.wav", "dog/b.wav", "rain/tuesday/a.wav"))

    assert {clip.name: clip.label for clip in data} == {
        "dog/monday/x/a.wav": "dog",
        "dog/b.wav": "dog",
        "rain/tuesday/a.wav": "rain",
    }


@pytest.mark.parametrize("suffix", ["wav", "WAV", "flac", "Ogg", "mp3", "aiff", "aif", "au"])
def test_every_format_counts_whatever_its_case(tmp_path, suffix):
    assert folder.load(touch(tmp_path, f"dog/a.{suffix}", "rain/b.wav")).n == 2


def test_unicode_spaces_and_quotes_in_names_are_kept(tmp_path):
    names = ["Käfer & Co/büro 1.wav", "雨/音 2.wav", "it's/a,b;c\"d.wav", " lead/ x .wav"]

    assert sorted(clip.name for clip in folder.load(touch(tmp_path, *names))) == sorted(names)


def test_labels_that_differ_in_case_stay_apart(tmp_path):
    assert folder.load(touch(tmp_path, "Dog/a.wav", "dog/a.wav")).labels == ("Dog", "dog")


def test_hidden_files_and_folders_are_passed_over_in_silence(tmp_path):
    names = [".DS_Store", "dog/.DS_Store", "dog/._a.wav", "__MACOSX/dog/._a.wav", ".git/a.wav", "dog/.cache/a.wav"]

    data = folder.load(touch(tmp_path, "dog/a.wav", "rain/a.wav", "rain/__MACOSX/b.wav", *names))

    assert data.n == 2
    assert data.notes == ()


def test_whatever_is_left_out_is_named(tmp_path):
    touch(tmp_path, "dog/a.wav", "rain/a.wav", "dog/cover.jpg", "rain/x/notes.txt", "readme.md", "loose.wav")
    touch(tmp_path, "images/dog.png")
    (tmp_path / "empty").mkdir()

    assert folder.load(tmp_path).notes == (
        "3 files that are not sound were left out: readme.md, dog/cover.jpg, rain/x/notes.txt",
        "1 file outside the class folders was left out: loose.wav",
        "2 folders without sounds were left out: empty, images",
    )


def test_a_long_list_of_files_is_cut_short(tmp_path):
    touch(tmp_path, "dog/a.wav", "rain/a.wav", *(f"dog/{n}.jpg" for n in range(9)))

    (note,) = folder.load(tmp_path).notes
    assert note.startswith("9 files that are not sound were left out: dog/0.jpg, ")
    assert note.endswith("dog/4.jpg and 4 more")


def test_a_table_in_the_folder_is_mentioned_and_another_file_is_not_sound(tmp_path):
    touch(tmp_path, "dog/a.wav", "rain/a.wav", "other.csv")
    (tmp_path / "clips.csv").write_text("path,label\ndog/a.wav,dog\n")

    assert folder.load(tmp_path).notes == (
        "1 file that is not sound was left out: other.csv",
        "clips.csv lies in the folder: open it to use its columns",
    )


def test_a_class_with_one_clip_opens(tmp_path):
    assert folder.load(touch(tmp_path, "dog/a.wav", "dog/b.wav", "rain/a.wav")).n == 3


def test_one_class_opens(tmp_path):
    assert folder.load(touch(tmp_path, "dog/a.wav", "cat/b.txt")).labels == ("dog",)


def test_class_folders_one_folder_further_down_are_pointed_at(tmp_path):
    touch(tmp_path, "genres_original/blues/a.wav", "genres_original/jazz/a.wav", "images_original/blues/a.png")

    with pytest.raises(DataError, match=r"did you mean .*genres_original\?"):
        folder.load(tmp_path)


@pytest.mark.parametrize("parts", [("train", "test"), ("Training", "validation", "TEST"), ("fold1", "fold2", "fold10")])
def test_the_parts_of_a_split_are_not_taken_for_classes(tmp_path, parts):
    touch(tmp_path, *(f"{part}/{label}/a.wav" for part in parts for label in ("dog", "rain")))

    with pytest.raises(DataError, match="parts of a split, not like classes"):
        folder.load(tmp_path)


def test_a_class_called_train_may_stand_beside_others(tmp_path):
    assert folder.load(touch(tmp_path, "train/a.wav", "tram/a.wav")).labels == ("train", "tram")


def test_links_to_folders_are_followed_and_a_circle_ends(tmp_path):
    touch(tmp_path / "store", "dog/a.wav")
    touch(tmp_path / "sounds", "rain/a.wav")
    (tmp_path / "sounds" / "dog").symlink_to(tmp_path / "store" / "dog")
    (tmp_path / "store" / "dog" / "again").symlink_to(tmp_path / "store" / "dog")

    assert [clip.name for clip in folder.load(tmp_path / "sounds")] == ["dog/a.wav", "rain/a.wav"]


def test_a_link_that_leads_nowhere_stays_for_the_reading_to_report(tmp_path):
    touch(tmp_path, "dog/a.wav", "rain/a.wav")
    (tmp_path / "rain" / "b.wav").symlink_to(tmp_path / "gone.wav")

    assert "rain/b.wav" in [clip.name for clip in folder.load(tmp_path)]


def test_a_folder_called_like_a_sound_is_no_sound(tmp_path):
    assert folder.load(touch(tmp_path, "dog/a.wav/b.wav", "rain/c.wav")).n == 2


def test_a_name_that_is_not_utf8_is_left_out_and_named(tmp_path):
    touch(tmp_path, "dog/a.wav", "rain/a.wav")
    try:
        (tmp_path / "dog" / os.fsdecode(b"b\xfcro.wav")).touch()
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")

    data = folder.load(tmp_path)

    assert data.n == 2
    assert data.notes == ("1 file whose name is not UTF-8 was left out: dog/b\\udcfcro.wav",)
    data.notes[0].encode()


@pytest.mark.parametrize("denied", ["dog", "dog/deeper", "."])
def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch, denied):
    touch(tmp_path, "dog/deeper/a.wav", "rain/a.wav")
    scan = os.scandir

    def deny(path):
        if os.fspath(path) == os.fspath(tmp_path / denied):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", deny)

    with pytest.raises(DataError, match=r"the folder .* cannot be read: permission denied"):
        folder.load(tmp_path)


@pytest.mark.parametrize(
    ("names", "recognised"),
    [
        (("dog/a.wav", "rain/b.wav"), True),
        (("dog/a.wav",), True),
        (("a.wav", "b.wav"), False),
        (("dog/a.txt",), False),
        ((".hidden/a.wav",), False),
        ((), False),
    ],
)
def test_a_folder_is_recognised_by_sounds_in_folders(tmp_path, names, recognised):
    assert folder.recognises(touch(tmp_path, *names)) is recognised


# ---------------------------------------------------------------- other files than sounds


def test_files_of_other_suffixes_are_found_when_they_are_asked_for(tmp_path):
    touch(
        tmp_path, "dog/a.png", "dog/deep/B.PNG", "rain/c.png", "rain/d.wav", "rain/e.jpg", "loose.png", "sounds/f.wav"
    )

    data = folder.load(tmp_path, {".png"})

    assert [(clip.name, clip.label, clip.group) for clip in data] == [
        ("dog/a.png", "dog", "dog/a.png"),
        ("dog/deep/B.PNG", "dog", "dog/deep/B.PNG"),
        ("rain/c.png", "rain", "rain/c.png"),
    ]
    assert data.notes == (
        "2 files that are not .png were left out: rain/d.wav, rain/e.jpg",
        "1 file outside the class folders was left out: loose.png",
        "1 folder without .png was left out: sounds",
    )


@pytest.mark.parametrize(
    ("names", "recognised"),
    [
        (("dog/a.png", "rain/b.PNG"), True),
        (("dog/a.png",), True),
        (("dog/a.wav", "rain/b.wav"), False),
        (("a.png", "b.png"), False),
        ((".hidden/a.png",), False),
    ],
)
def test_a_folder_is_recognised_by_files_of_the_suffixes_asked_for(tmp_path, names, recognised):
    assert folder.recognises(touch(tmp_path, *names), {".png"}) is recognised


def test_pictures_of_classes_one_folder_further_down_are_pointed_at_and_sounds_there_are_not(tmp_path):
    touch(tmp_path, "images/blues/a.png", "images/jazz/b.png")

    with pytest.raises(DataError, match=r"did you mean .*images\?"):
        folder.load(tmp_path, {".png"})

    touch(tmp_path, "music/a.png", "music/deep/b.wav", "music/deeper/c.wav")
    (tmp_path / "images" / "blues" / "a.png").unlink()
    (tmp_path / "images" / "jazz" / "b.png").unlink()
    assert folder.load(tmp_path, {".png"}).labels == ("music",)
