import gc
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from earmark.audio.read import read_sound
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import AudioError, DataError, SettingError, StorageError
from earmark.features.drawing import PICTURES
from earmark.features.interchange import pictures
from earmark.features.interchange.pictures import GROUPS_NOT_KNOWN, DrawnPictures, draw_dataset, read, recognises, write
from earmark.features.interchange.png_file import write_picture
from earmark.features.interchange.table import FeatureTable


def some_picture(number=0, n_rows=6, n_columns=9):
    return np.random.default_rng(number).integers(0, 256, (n_rows, n_columns, 4), dtype=np.uint8)


def table_of(*labels, arrays=None, **changes):
    """Pictures of a made-up data set: two clips a group, folds from 1 on."""
    clips = [
        Clip(
            name=f"audio/{label}-{number}.wav",
            path=Path(f"{label}-{number}.wav"),
            label=label,
            group=f"tape {number // 2}",
            fold=1 + number // 2,
        )
        for number, label in enumerate(labels or ("dog", "rain", "dog", "rain"))
    ]
    clips = [replace(clip, **changes) for clip in clips]
    arrays = [some_picture(number) for number in range(len(clips))] if arrays is None else arrays
    return FeatureTable(dataset=Dataset(clips, Path()), arrays=arrays, is_pictures=True)


def folder_of(root, *names, size=(6, 9)):
    """A folder of small pictures."""
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_picture(root / name, some_picture(number, *size))
    return root


def below(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def directly_in(folder):
    return sorted(file.name for file in folder.iterdir())


class Steps:
    def __init__(self):
        self.told = []

    def start(self, title, n_steps):
        self.told.append((title, n_steps))

    def advance(self, note=""):
        self.told.append("step")


class Lazy(Sequence):
    """Arrays made when asked for; counts how many of them live at once."""

    def __init__(self, make, n):
        self.make, self.n, self.living, self.most = make, n, [], 0

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError(index)
        array = self.make(index)
        self.living = [one for one in self.living if one() is not None] + [weakref.ref(array)]
        self.most = max(self.most, len(self.living))
        return array


# ---------------------------------------------------------------- there and back


def test_what_was_written_is_read_back_with_labels_groups_and_folds(tmp_path):
    table = table_of()
    write(tmp_path / "out", table)
    assert below(tmp_path) == [
        "out/clips.csv",
        "out/dog/dog-0.png",
        "out/dog/dog-2.png",
        "out/rain/rain-1.png",
        "out/rain/rain-3.png",
    ]
    assert recognises(tmp_path / "out")
    back = read(tmp_path / "out")
    assert back.is_pictures
    assert back.recipe is None
    assert back.dataset.notes == ()
    assert [(clip.name, clip.label, clip.group, clip.fold) for clip in back.dataset] == [
        ("dog/dog-0.png", "dog", "tape 0", 1),
        ("dog/dog-2.png", "dog", "tape 1", 2),
        ("rain/rain-1.png", "rain", "tape 0", 1),
        ("rain/rain-3.png", "rain", "tape 1", 2),
    ]
    assert all(clip.path.is_file() for clip in back.dataset)
    for place, number in enumerate((0, 2, 1, 3)):
        np.testing.assert_array_equal(back.arrays[place], table.arrays[number])
    assert back.arrays.shapes == ((6, 9, 4),) * 4


def test_pictures_go_through_twice_without_change(tmp_path):
    write(tmp_path / "one", table_of())
    write(tmp_path / "two", read(tmp_path / "one"))
    assert below(tmp_path / "one") == below(tmp_path / "two")
    for name in below(tmp_path / "one"):
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert sorted(one.splitlines()) == sorted(two.splitlines())  # the table has the order of its clips


def test_groups_without_folds_are_known_and_no_note_is_given(tmp_path):
    write(tmp_path / "out", table_of(fold=None))
    back = read(tmp_path / "out").dataset
    assert back.folds == (None,) * 4
    assert back.groups == ("tape 0", "tape 1", "tape 0", "tape 1")
    assert back.notes == ()


def test_labels_that_are_no_names_of_folders_come_back(tmp_path):
    labels = ("a/b", "..", "Dog", "dog", "clips.csv", 'Käfer, "gelb"')
    write(tmp_path / "out", table_of(*labels))
    back = read(tmp_path / "out").dataset
    assert sorted(clip.label for clip in back) == sorted(labels)
    assert back.n == len({clip.path for clip in back})


def test_one_class_of_one_picture_goes_through(tmp_path):
    write(tmp_path / "out", table_of("dog"))
    assert recognises(tmp_path / "out")
    assert read(tmp_path / "out").dataset.labels == ("dog",)


def test_the_table_opens_by_itself_as_its_folder_does(tmp_path):
    write(tmp_path / "out", table_of())
    assert recognises(tmp_path / "out" / "clips.csv")
    assert read(tmp_path / "out" / "clips.csv").dataset.clips == read(tmp_path / "out").dataset.clips


@pytest.mark.slow
def test_pictures_are_asked_for_one_at_a_time(tmp_path):
    arrays = Lazy(some_picture, 20)
    write(tmp_path / "out", table_of(*["dog", "rain"] * 10, arrays=arrays))
    gc.collect()
    assert arrays.most <= 2
    assert read(tmp_path / "out").dataset.n == 20


def test_progress_is_told_of_each_picture(tmp_path):
    steps = Steps()
    write(tmp_path / "out", table_of(), progress=steps)
    (_, n_steps), *rest = steps.told
    assert n_steps == 4
    assert rest == ["step"] * 4


def test_slices_of_stored_pictures_are_pictures(tmp_path):
    write(tmp_path / "out", table_of())
    arrays = read(tmp_path / "out").arrays
    assert len(arrays[1:3]) == 2
    np.testing.assert_array_equal(arrays[1:3][0], arrays[1])
    np.testing.assert_array_equal(arrays[-1], arrays[3])
    with pytest.raises(IndexError):
        arrays[4]


# ---------------------------------------------------------------- where it may be written


def test_what_is_there_is_kept_unless_it_may_be_replaced(tmp_path):
    write(tmp_path / "out", table_of())
    with pytest.raises(StorageError, match=r"out exists: name another folder, or give --overwrite"):
        write(tmp_path / "out", table_of("cat"))
    assert "dog/dog-0.png" in below(tmp_path / "out")
    write(tmp_path / "out", table_of("cat"), overwrite=True)
    assert below(tmp_path / "out") == ["cat/cat-0.png", "clips.csv"]
    assert directly_in(tmp_path) == ["out"]


def test_a_folder_can_be_replaced_by_its_own_pictures(tmp_path):
    write(tmp_path / "out", table_of())
    write(tmp_path / "out", read(tmp_path / "out"), overwrite=True)
    assert read(tmp_path / "out").dataset.n == 4


def test_an_empty_folder_is_filled(tmp_path):
    write(tmp_path, table_of())
    assert read(tmp_path).dataset.n == 4


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "foreign", ["notes.txt", "dog/mine.png", "dog/dog-0.wav", "sub/sub/x.png", ".git/config", "clips.tsv"]
)
def test_what_was_not_written_here_is_never_replaced(tmp_path, foreign, overwrite):
    write(tmp_path / "out", table_of())
    (tmp_path / "out" / foreign).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "out" / foreign).write_bytes(b"mine")
    before = below(tmp_path / "out")
    with pytest.raises(StorageError, match=f"holds something that was not written here .{foreign}.: name another"):
        write(tmp_path / "out", table_of(), overwrite=overwrite)
    assert below(tmp_path / "out") == before


@pytest.mark.parametrize("text", ["path,label\na.wav,dog\n", "path,label,group,fold\na.wav,dog,a,1\n", "hello", "\xff"])
def test_a_folder_with_sounds_or_a_table_of_somebody_else_is_never_replaced(tmp_path, text):
    (tmp_path / "clips.csv").write_bytes(text.encode("latin-1"))
    (tmp_path / "a.wav").touch()
    with pytest.raises(StorageError, match="not written here"):
        write(tmp_path, table_of(), overwrite=True)
    assert below(tmp_path) == ["a.wav", "clips.csv"]


def test_a_link_out_of_the_folder_is_not_taken_for_a_picture_of_ours(tmp_path):
    write(tmp_path / "out", table_of())
    (tmp_path / "mine").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "mine")
    with pytest.raises(StorageError, match="not written here"):
        write(tmp_path / "out", table_of(), overwrite=True)


def test_what_the_desktop_leaves_in_folders_is_no_reason_to_refuse(tmp_path):
    write(tmp_path / "out", table_of())
    (tmp_path / "out" / "dog" / ".DS_Store").touch()
    write(tmp_path / "out", table_of(), overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_in_the_place_of_the_folder_stays(tmp_path, overwrite):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(StorageError, match="is a file: pictures need a folder"):
        write(tmp_path / "out", table_of(), overwrite=overwrite)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot write .*file.out"):
        write(tmp_path / "file" / "out", table_of())


@pytest.mark.slow
@pytest.mark.parametrize("overwrite", [False, True])
def test_nothing_is_half_written_when_a_picture_fails(tmp_path, overwrite):
    if overwrite:
        write(tmp_path / "out", table_of("cat"))
    before = below(tmp_path)

    def make(index):
        if index == 2:
            raise AudioError("a.wav", "it is damaged")
        return some_picture(index)

    with pytest.raises(AudioError, match="damaged"):
        write(tmp_path / "out", table_of(arrays=Lazy(make, 4)), overwrite=overwrite)
    assert below(tmp_path) == before
    assert directly_in(tmp_path) == (["out"] if overwrite else [])


def test_pictures_of_two_sizes_are_not_written(tmp_path):
    arrays = [some_picture(n_rows=6 + (number == 2)) for number in range(4)]
    with pytest.raises(SettingError, match=r"audio/dog-2.wav .*7 x 9.*audio/dog-0.wav.*6 x 9") as caught:
        write(tmp_path / "out", table_of(arrays=arrays))
    assert "\n" not in str(caught.value)
    assert directly_in(tmp_path) == []


def test_features_are_no_pictures(tmp_path):
    table = replace(table_of(arrays=[np.zeros((2, 3, 4), dtype=np.float32)] * 4), is_pictures=False)
    with pytest.raises(SettingError, match="these are features"):
        write(tmp_path / "out", table)
    assert directly_in(tmp_path) == []


# ---------------------------------------------------------------- what is recognised


@pytest.mark.parametrize(
    ("names", "recognised"),
    [
        (("dog/a.png", "rain/b.png"), True),
        (("dog/a.PNG", "rain/deep/b.png"), True),
        (("dog/a.png",), True),
        (("dog/a.png", "rain/b.png", "._a.wav", ".x/a.wav"), True),
        (("dog/a.png", "rain/b.png", "rain/b.wav"), False),
        (("dog/a.png", "rain/b.png", "loose.ogg"), False),
        (("dog/a.wav", "rain/b.wav"), False),
        (("a.png", "b.png"), False),
        (("dog/a.jpg", "rain/b.jpg"), False),
        ((), False),
    ],
)
def test_class_folders_of_pictures_without_sounds_are_recognised(tmp_path, names, recognised):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert recognises(tmp_path) is recognised


@pytest.mark.parametrize(
    ("text", "recognised"),
    [
        ("path,label\na.png,dog\nb.PNG,rain\n", True),
        ("label;path\ndog; a.png \n", True),
        ("path,label\na.png,\n", True),
        ("path,label\na.png,dog\nb.wav,rain\n", False),
        ("path,label,picture\na.wav,dog,a.png\n", False),
        ("path,label\n", False),
        ("file,label\na.png,dog\n", False),
        ("", False),
        ("\0", False),
    ],
)
def test_a_table_is_recognised_by_its_paths(tmp_path, text, recognised):
    (tmp_path / "my.csv").write_text(text)
    assert recognises(tmp_path / "my.csv") is recognised


def test_a_picture_itself_and_what_cannot_be_looked_into_are_not_recognised(tmp_path, monkeypatch):
    folder_of(tmp_path, "dog/a.png", "rain/b.png")
    assert not recognises(tmp_path / "dog" / "a.png")

    def deny(*_):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(Path, "iterdir", deny)
    assert not recognises(tmp_path)


# ---------------------------------------------------------------- pictures of others


def test_without_a_table_each_picture_is_its_own_group_and_the_notes_say_what_that_means(tmp_path):
    back = read(folder_of(tmp_path, "dog/b.png", "dog/a.png", "rain/x/c.png")).dataset
    assert [(clip.name, clip.label, clip.group, clip.fold) for clip in back] == [
        ("dog/a.png", "dog", "dog/a.png", None),
        ("dog/b.png", "dog", "dog/b.png", None),
        ("rain/x/c.png", "rain", "rain/x/c.png", None),
    ]
    assert back.notes == (GROUPS_NOT_KNOWN,)
    assert "\n" not in GROUPS_NOT_KNOWN


def test_a_table_without_groups_gets_the_note_too_unless_it_has_folds(tmp_path):
    folder_of(tmp_path, "a.png", "b.png")
    (tmp_path / "my.csv").write_text("path,label\nb.png,rain\na.png,dog\n")
    assert read(tmp_path).dataset.notes == (GROUPS_NOT_KNOWN,)
    assert [clip.label for clip in read(tmp_path).dataset] == ["dog", "rain"]
    (tmp_path / "my.csv").write_text("path,label,fold\na.png,dog,1\nb.png,rain,2\n")
    assert read(tmp_path).dataset.notes == ()


def test_clips_csv_comes_before_other_tables_and_pictures_that_it_does_not_name_are_noted(tmp_path):
    write(tmp_path / "out", table_of())
    (tmp_path / "out" / "another.csv").write_text("path,label\ndog/dog-0.png,cat\n")
    folder_of(tmp_path / "out", "dog/late.png", "dog/._late.png")
    back = read(tmp_path / "out").dataset
    assert back.labels == ("dog", "rain")
    assert back.notes == ("1 picture not in clips.csv was left out: dog/late.png",)


@pytest.mark.parametrize(
    "text", ['path,label\n"dog/a.png,dog\n', "path,label,fold\ndog/a.png,dog,x\n", "path,label\ndog/a.png,\n"]
)
def test_a_damaged_clips_csv_is_named_and_not_passed_over(tmp_path, text):
    folder_of(tmp_path, "dog/a.png", "rain/b.png")
    (tmp_path / "clips.csv").write_text(text)
    assert recognises(tmp_path)
    with pytest.raises(DataError, match=r"clips\.csv"):
        read(tmp_path)


def test_what_is_no_picture_in_the_class_folders_is_noted(tmp_path):
    folder_of(tmp_path, "dog/a.png", "rain/b.png")
    (tmp_path / "dog" / "a.jpg").touch()
    assert read(tmp_path).dataset.notes[0] == "1 file that is not .png was left out: dog/a.jpg"


def test_every_kind_of_png_becomes_rgba(tmp_path):
    for number, mode in enumerate(("RGB", "RGBA", "L", "LA", "P", "1")):
        (tmp_path / "dog").mkdir(exist_ok=True)
        Image.fromarray(some_picture()).convert(mode).save(tmp_path / "dog" / f"{number}.png")
    Image.fromarray(np.arange(54, dtype=np.uint16).reshape(6, 9) * 1000).save(tmp_path / "dog" / "deep.png")
    arrays = read(tmp_path).arrays
    assert {(array.shape, array.dtype.name) for array in arrays} == {((6, 9, 4), "uint8")}


# ---------------------------------------------------------------- bad pictures


def test_bad_pictures_are_all_named_in_one_line(tmp_path):
    folder_of(tmp_path, *(f"dog/{number}.png" for number in range(6)))
    whole = (tmp_path / "dog" / "1.png").read_bytes()
    (tmp_path / "dog" / "1.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(some_picture()[..., :3]).save(tmp_path / "dog" / "3.png", "JPEG")
    (tmp_path / "dog" / "4.png").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        "3 of 6 files could not be read: dog/1.png (it is cut off or damaged: copy or draw it again), "
        "dog/3.png (it is a JPEG and no PNG: convert it), dog/4.png (the file is empty)"
    )


def test_a_picture_that_the_table_names_and_that_is_missing_is_named(tmp_path):
    write(tmp_path / "out", table_of())
    (tmp_path / "out" / "dog" / "dog-0.png").unlink()
    with pytest.raises(DataError, match=r"1 of 4 files could not be read: dog/dog-0.png \(it cannot be read: no such"):
        read(tmp_path / "out")


def test_pictures_of_another_size_are_named_with_one_of_the_usual_size(tmp_path):
    folder_of(tmp_path, "dog/0.png", size=(7, 9))
    folder_of(tmp_path, "dog/1.png", "dog/2.png", "rain/3.png")
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        "pictures of one data set have one size: dog/1.png has 9 x 6 pixels, and dog/0.png 9 x 7; draw them alike"
    )


def test_damage_inside_is_named_when_the_picture_is_asked_for(tmp_path):
    folder_of(tmp_path, "dog/a.png", "rain/b.png")
    whole = bytearray((tmp_path / "dog" / "a.png").read_bytes())
    whole[whole.index(b"IDAT") + 8] ^= 0xFF
    (tmp_path / "dog" / "a.png").write_bytes(whole)
    table = read(tmp_path)
    table.arrays[1]
    with pytest.raises(DataError, match=r"dog.a\.png: it is cut off or damaged"):
        table.arrays[0]


def test_a_picture_that_changed_since_it_was_opened_is_refused(tmp_path):
    table = read(folder_of(tmp_path, "dog/a.png", "rain/b.png"))
    folder_of(tmp_path, "dog/a.png", size=(5, 9))
    with pytest.raises(DataError, match=r"a\.png has changed: it was 9 x 6 pixels"):
        table.arrays[0]
    (tmp_path / "rain" / "b.png").unlink()
    with pytest.raises(DataError, match=r"b\.png: it cannot be read: no such file"):
        table.arrays[1]


def test_a_folder_without_pictures_is_said_so(tmp_path):
    with pytest.raises(DataError, match="holds no PNG pictures"):
        read(tmp_path)


def test_class_folders_one_folder_further_down_are_pointed_at(tmp_path):
    folder_of(tmp_path, "images/dog/a.png", "images/rain/b.png")
    with pytest.raises(DataError, match=r"did you mean .*images\?"):
        read(tmp_path)


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    folder_of(tmp_path, "dog/a.png", "rain/b.png")

    def deny(*_):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(Path, "iterdir", deny)
    with pytest.raises(DataError, match="cannot be read: permission denied"):
        read(tmp_path)


# ---------------------------------------------------------------- drawn from sounds


@pytest.fixture
def dataset(sounds):
    return open_dataset(sounds.folder({"low": 2, "high": 2}, seconds=0.3))


def test_a_sound_is_read_and_drawn_when_its_picture_is_asked_for(dataset, monkeypatch):
    asked = []

    def spy(path, **options):
        asked.append(path)
        return read_sound(path, **options)

    monkeypatch.setattr(pictures, "read_sound", spy)
    drawn = DrawnPictures(clips=tuple(dataset), kind="mel", n_rows=30, n_columns=40)
    assert len(drawn) == 4
    assert drawn.shapes == ((30, 40, 4),) * 4
    assert asked == []
    waveform, rate = read_sound(dataset[2].path, sample_rate=22050)
    np.testing.assert_array_equal(drawn[2], PICTURES["mel"].draw(waveform, rate, n_rows=30, n_columns=40))
    np.testing.assert_array_equal(drawn[2:][0], drawn[2])
    assert set(asked) == {dataset[2].path}


def test_a_stretch_is_drawn_and_not_the_file(dataset):
    clip = replace(dataset[0], start_s=0.1, end_s=0.2)
    drawn = DrawnPictures(clips=(clip,), kind="waveform", sample_rate=None)
    waveform, rate = read_sound(clip.path)
    np.testing.assert_array_equal(drawn[0], PICTURES["waveform"].draw(waveform[2205:4410], rate))


def test_sounds_of_two_rates_have_the_same_pitch_in_the_same_row(sounds):
    paths = [sounds.write(f"{rate}.wav", sample_rate=rate, frequency_hz=3000) for rate in (16000, 44100)]
    clips = tuple(Clip(name=path.name, path=path, label="x", group="x") for path in paths)
    rows = [picture[..., 1].mean(axis=1).argmax() for picture in DrawnPictures(clips=clips, kind="spectrogram")]
    assert abs(int(rows[0]) - int(rows[1])) <= 1
    own = DrawnPictures(clips=clips, kind="spectrogram", sample_rate=None)
    assert abs(np.diff([int(picture[..., 1].mean(axis=1).argmax()) for picture in own])) > 50


@pytest.mark.parametrize("kind", sorted(PICTURES))
def test_a_data_set_of_sounds_is_drawn_written_and_read_back(dataset, tmp_path, kind):
    steps = Steps()
    table, bad = draw_dataset(dataset, kind, n_rows=30, n_columns=40, progress=steps)
    assert bad == ()
    assert table.is_pictures
    assert table.dataset.clips == dataset.clips
    assert steps.told == [("sounds", 4), *["step"] * 4]
    write(tmp_path / "out", table)
    back = read(tmp_path / "out")
    assert [clip.group for clip in back.dataset] == [clip.group for clip in dataset]
    for written, drawn in zip(back.arrays, table.arrays, strict=True):
        np.testing.assert_array_equal(written, drawn)


def spoilt(dataset, sounds):
    """The data set with four sounds that cannot be used, one of which looks well until it is decoded."""
    loud = sounds.root / "loud.wav"
    soundfile.write(loud, np.array([0.0, 1e30, np.float32(1)]), 22050, subtype="FLOAT")
    hollow = sounds.write("hollow.flac", seconds=3.0, kind="noise")
    data = bytearray(hollow.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    hollow.write_bytes(data)
    bad = [
        Clip(name="gone.wav", path=sounds.root / "gone.wav", label="low", group="1"),
        Clip(name="hollow.flac", path=hollow, label="bad", group="2"),
        Clip(name="loud.wav", path=loud, label="low", group="3"),
        replace(dataset[0], name="behind.wav", start_s=5.0),
        replace(dataset[0], name="short.wav", start_s=0.1, end_s=0.100001),
    ]
    return Dataset([dataset[0], *bad, *dataset[1:]], dataset.root)


def test_sounds_that_cannot_be_used_are_left_out_and_named(dataset, sounds, tmp_path):
    table, bad = draw_dataset(spoilt(dataset, sounds), "mel", n_rows=30, n_columns=40)
    assert [file.name for file in bad] == ["gone.wav", "hollow.flac", "loud.wav", "behind.wav", "short.wav"]
    assert "too large to be drawn" in bad[2].reason
    assert table.dataset.clips == dataset.clips
    assert table.dataset.labels == ("high", "low")
    write(tmp_path / "out", table)
    assert read(tmp_path / "out").dataset.n == 4


def test_one_bad_sound_is_refused_if_that_is_asked_for_and_so_are_only_bad_ones(dataset, sounds):
    everything = spoilt(dataset, sounds)
    with pytest.raises(DataError, match=r"5 of 9 files could not be read: gone.wav"):
        draw_dataset(everything, "mel", strict=True)
    with pytest.raises(DataError, match=r"5 of 5 files could not be read: gone.wav"):
        draw_dataset(everything.subset([1, 2, 3, 4, 5]), "mel")


def test_a_sound_that_turns_bad_after_it_was_looked_at_leaves_nothing_behind(dataset, tmp_path):
    table, _ = draw_dataset(dataset, "waveform")
    dataset[3].path.write_bytes(b"no sound")
    with pytest.raises(AudioError, match=dataset[3].path.name):
        write(tmp_path / "out", table)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "mell"}, "did you mean 'mel'"),
        ({"n_rows": 0}, "pixels cannot be"),
        ({"n_columns": -1}, "pixels cannot be"),
        ({"n_workers": 0}, "n_workers must be at least 1, not 0"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_a_sound_is_read(changes, message):
    clip = Clip(name="gone.wav", path=Path("gone.wav"), label="x", group="x")
    with pytest.raises(SettingError, match=message):
        draw_dataset(Dataset([clip], Path()), **({"kind": "mel"} | changes))


@pytest.mark.slow
@pytest.mark.data
def test_real_sounds_become_pictures_with_their_published_folds(shared_data, tmp_path):
    sounds_of = open_dataset(shared_data / "esc10")
    chosen = sounds_of.subset(range(0, len(sounds_of), 40))
    table, bad = draw_dataset(chosen, "spectrogram")
    assert bad == ()
    write(tmp_path / "out", table)
    back = read(tmp_path / "out")
    assert sorted(zip(back.dataset.groups, back.dataset.folds, strict=True)) == sorted(
        zip(chosen.groups, chosen.folds, strict=True)
    )
    assert back.arrays.shapes == ((300, 600, 4),) * 10
    assert sum(file.stat().st_size for file in (tmp_path / "out").rglob("*.png")) < 10 * 200_000
