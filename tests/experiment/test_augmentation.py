import csv
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.augment.catalogue import AUGMENTATIONS
from earmark.augment.chain import parse_steps
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import AudioError, DataError, SettingError, StorageError
from earmark.experiment import augmentation as module
from earmark.experiment.augmentation import DEFAULT_STEPS, augment_dataset
from earmark.features.interchange.catalogue import open_features


@pytest.fixture
def data(tmp_path, sounds):
    """Three dogs and two rains, of half a second."""
    return sounds.folder({"dog": 3, "rain": 2}, seconds=0.5)


def augment(data, out, *steps, **options):
    return augment_dataset(data, out, steps=parse_steps(steps or ("noise",)), **options)


def rows(out):
    with (out / "clips.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------- what is written


def test_copies_and_originals_lie_in_class_folders_beside_their_table(tmp_path, data):
    augmented = augment(data, tmp_path / "out", n_copies=2)

    assert (augmented.n_originals, augmented.n_copies, augmented.labels) == (5, 10, ("dog", "rain"))
    written = set(files(tmp_path / "out"))
    names = [f"{label}/{label}{n}" for label, count in (("dog", 3), ("rain", 2)) for n in range(count)]
    assert written == {"clips.csv", "augment.json"} | {
        f"sounds/{name}{suffix}.wav" for name in names for suffix in ("", "-aug1", "-aug2")
    }
    assert {row["path"] for row in rows(tmp_path / "out")} == written - {"clips.csv", "augment.json"}


def test_the_table_ties_every_copy_to_its_source(tmp_path, data):
    augment(data, tmp_path / "out", "gain", "noise:snr_db_low=5")

    table = rows(tmp_path / "out")
    assert list(table[0]) == ["path", "label", "group", "fold", "source", "steps"]
    by_path = {row["path"]: row for row in table}
    copy, original = by_path["sounds/dog/dog1-aug1.wav"], by_path["sounds/dog/dog1.wav"]
    assert copy == {
        "path": "sounds/dog/dog1-aug1.wav",
        "label": "dog",
        "group": "dog/dog1.wav",
        "fold": "",
        "source": "dog/dog1.wav",
        "steps": "gain,noise:snr_db_low=5.0",
    }
    assert (original["group"], original["source"], original["steps"]) == ("dog/dog1.wav", "", "")


@pytest.mark.parametrize("include_original", [True, False])
def test_what_is_written_is_opened_with_its_groups(tmp_path, data, include_original):
    augment(data, tmp_path / "out", n_copies=3, include_original=include_original)

    assert open_features(tmp_path / "out") is None
    for place in (tmp_path / "out", tmp_path / "out" / "clips.csv"):
        opened = open_dataset(place)
        assert (opened.n, opened.labels) == (15 + 5 * include_original, ("dog", "rain"))
        assert set(opened.groups) == {clip.name for clip in open_dataset(data)}
        for clip in opened:
            assert clip.path.name.startswith(Path(clip.group).stem)
            assert bool(clip.extra["source"]) == ("-aug" in clip.name)
            assert clip.path.is_file()


def test_groups_folds_and_other_columns_come_from_the_source(tmp_path, sounds):
    for name in ("a", "b", "c", "d"):
        sounds.write(f"audio/{name}.wav", seconds=0.2)
    (tmp_path / "t.csv").write_text(
        'path,label,group,fold,artist\naudio/a.wav,x,g1,1,"Ü, and"\naudio/b.wav,x,g1,1,\n'
        "audio/c.wav,y,g2,2,him\naudio/d.wav,y,g3,2,her\n"
    )
    augment(tmp_path / "t.csv", tmp_path / "out")

    opened = open_dataset(tmp_path / "out")
    known = {clip.name: (clip.label, clip.group, clip.fold, clip.extra["artist"]) for clip in opened}
    assert known["sounds/x/a-aug1.wav"] == known["sounds/x/a.wav"] == ("x", "g1", 1, "Ü, and")
    assert known["sounds/y/c-aug1.wav"] == known["sounds/y/c.wav"] == ("y", "g2", 2, "him")
    augment(tmp_path / "t.csv", tmp_path / "other", group_pattern=r"(\w)\.wav", include_original=False)
    assert set(open_dataset(tmp_path / "other").groups) == {"a", "b", "c", "d"}


def test_a_carriage_return_in_a_column_comes_back_and_lines_end_as_on_unix(tmp_path, sounds):
    for name in ("a", "b"):
        sounds.write(f"{name}.wav", seconds=0.2)
    (tmp_path / "t.csv").write_bytes(b'path,label,remark\na.wav,x,"one\rtwo"\nb.wav,y,"three\r\nfour"\n')
    augment(tmp_path / "t.csv", tmp_path / "out")

    said = {clip.label: clip.extra["remark"] for clip in open_dataset(tmp_path / "out")}
    assert said == {"x": "one\rtwo", "y": "three\r\nfour"}
    assert (tmp_path / "out" / "clips.csv").read_bytes().splitlines(keepends=True)[0].endswith(b'"\n')


def test_the_published_folds_of_a_checkout_are_kept(tmp_path, sounds):
    for fold in (1, 2):
        for label in ("dog", "rain"):
            sounds.write(f"esc/audio/{fold}-{label}.wav", seconds=0.2)
    (tmp_path / "esc" / "meta").mkdir()
    (tmp_path / "esc" / "meta" / "esc50.csv").write_text(
        "filename,fold,category,src_file\n"
        + "".join(f"{fold}-{label}.wav,{fold},{label},{fold}{label}\n" for fold in (1, 2) for label in ("dog", "rain"))
    )
    augment(tmp_path / "esc", tmp_path / "out")

    opened = open_dataset(tmp_path / "out")
    assert all(clip.fold == int(clip.group[0]) for clip in opened)
    assert set(opened.groups) == {"1dog", "1rain", "2dog", "2rain"}


def test_a_copy_has_the_rate_and_length_of_its_source_and_is_another(tmp_path, sounds):
    data = sounds.root / "sounds"
    sounds.write("sounds/x/a.flac", seconds=0.3, sample_rate=44100, n_channels=2)
    sounds.write("sounds/y/b.wav", seconds=0.7, sample_rate=8000)
    augment(data, tmp_path / "out", "speed", "room", "time-shift")

    for source, copy in (("x/a.flac", "x/a"), ("y/b.wav", "y/b")):
        was, rate = soundfile.read(data / source, dtype="float32", always_2d=True)
        new, new_rate = soundfile.read(tmp_path / "out" / "sounds" / f"{copy}-aug1.wav", dtype="float32")
        assert (new_rate, new.shape) == (rate, was.shape[:1])
        assert np.abs(new - was.mean(axis=1)).max() > 0.05


def test_the_rate_of_each_sound_reaches_the_steps(tmp_path, sounds):
    for rate in (8000, 16000):
        path = sounds.root / "sounds" / f"r{rate}" / "click.wav"
        path.parent.mkdir(parents=True)
        soundfile.write(path, np.eye(1, rate)[0] * 0.5, rate)
    augment(sounds.root / "sounds", tmp_path / "out", "time-shift:shift_s_low=0.25:shift_s_high=0.25")

    for rate in (8000, 16000):
        copy, _ = soundfile.read(tmp_path / "out" / "sounds" / f"r{rate}" / "click-aug1.wav")
        assert np.argmax(copy) == rate // 4


def test_the_snr_on_disk_is_the_one_asked_for(tmp_path, data):
    augment(data, tmp_path / "out", "noise:snr_db_low=12:snr_db_high=12")

    was, _ = soundfile.read(data / "dog" / "dog0.wav")
    new, _ = soundfile.read(tmp_path / "out" / "sounds" / "dog" / "dog0-aug1.wav")
    assert 10 * np.log10((was**2).mean() / ((new - was) ** 2).mean()) == pytest.approx(12, abs=0.05)


def test_originals_of_the_format_are_the_same_bytes_and_others_are_converted(tmp_path, sounds):
    same = sounds.write("sounds/x/a.wav", n_channels=2, subtype="PCM_24")
    other = sounds.write("sounds/y/b.flac")
    augment(sounds.root / "sounds", tmp_path / "out")

    assert (tmp_path / "out" / "sounds" / "x" / "a.wav").read_bytes() == same.read_bytes()
    converted, _ = soundfile.read(tmp_path / "out" / "sounds" / "y" / "b.wav")
    np.testing.assert_allclose(converted, soundfile.read(other)[0], atol=1 / 32000)


@pytest.mark.parametrize(("name", "container"), [("wav", "WAV"), ("flac", "FLAC"), ("ogg", "OGG")])
def test_every_format_is_written_and_read_again(tmp_path, data, name, container):
    augment(data, tmp_path / "out", format_name=name)

    opened = open_dataset(tmp_path / "out")
    assert {clip.path.suffix for clip in opened} == {f".{name}"}
    assert {soundfile.info(clip.path).format for clip in opened} == {container}


def test_a_copy_that_would_be_clipped_is_made_softer_as_a_whole(tmp_path, data):
    augmented = augment(data, tmp_path / "out", "gain:gain_db_low=20:gain_db_high=20")

    assert "5 sounds were made softer as a whole, so that nothing is clipped" in augmented.notes
    was, _ = soundfile.read(data / "dog" / "dog0.wav")
    new, _ = soundfile.read(tmp_path / "out" / "sounds" / "dog" / "dog0-aug1.wav")
    np.testing.assert_allclose(new, was / np.abs(was).max(), atol=1e-3)


def test_it_says_that_copies_are_for_training_only_and_how_they_are_told(tmp_path, data):
    (note,) = augment(data, tmp_path / "out").notes
    assert "copies are for training only" in note
    assert "column source is empty" in note


def test_what_was_done_is_written_beside_it_and_told_as_json(tmp_path, data):
    augmented = augment(data, tmp_path / "out", "gain", n_copies=2, seed=9)

    made = json.loads((tmp_path / "out" / "augment.json").read_text())
    assert (made["seed"], made["n_copies"]) == (9, 2)
    (step,) = made["steps"]
    assert AUGMENTATIONS[step.pop("name")].settings(**step).gain_db_high == 10
    told = json.loads(json.dumps(augmented.to_json()))
    assert (told["originals"], told["copies"], told["steps"], told["left_out"]) == (5, 10, "gain", [])
    assert told["table"] == str(tmp_path / "out" / "clips.csv")


# ---------------------------------------------------------------- names


def test_stretches_of_a_file_become_sounds_of_their_own(tmp_path, sounds):
    sounds.write("tape.wav", seconds=3.0)
    (tmp_path / "t.csv").write_text(
        "path,label,start_s,end_s\ntape.wav,x,0,1\ntape.wav,y,1,1.5\ntape.wav,x,1.5,\ntape.wav,y,2.5,9\n"
    )
    augment(tmp_path / "t.csv", tmp_path / "out")

    table = {row["path"]: row for row in rows(tmp_path / "out")}
    lengths_s = {path: soundfile.info(tmp_path / "out" / path).duration for path in table}
    assert lengths_s["sounds/x/tape-0s.wav"] == lengths_s["sounds/x/tape-0s-aug1.wav"] == 1
    assert lengths_s["sounds/y/tape-1s-aug1.wav"] == lengths_s["sounds/y/tape-2.5s-aug1.wav"] == 0.5
    assert lengths_s["sounds/x/tape-1.5s.wav"] == 1.5
    assert {row["group"] for row in table.values()} == {"tape.wav"}
    assert table["sounds/y/tape-1s-aug1.wav"]["source"] == "tape.wav from 1.0 s to 1.5 s"
    assert table["sounds/x/tape-1.5s-aug1.wav"]["source"] == "tape.wav from 1.5 s to its end"


def test_names_that_would_meet_stay_apart(tmp_path, sounds):
    for name in ("p/a.wav", "q/a.wav", "q/A.flac", "q/a-aug1.wav", "q/a-2.wav", "q/take.01.wav"):
        sounds.write(f"sounds/x/{name}", seconds=0.1)
    sounds.write("sounds/X ü/a.wav", seconds=0.1)
    augment(sounds.root / "sounds", tmp_path / "out", n_copies=2)

    paths = [row["path"] for row in rows(tmp_path / "out")]
    assert len(paths) == 21 == len({path.casefold() for path in paths})
    assert "sounds/x/take.01-aug2.wav" in paths
    assert all((tmp_path / "out" / path).is_file() for path in paths)


def test_a_label_that_is_no_name_of_a_folder_stays_the_label(tmp_path, sounds):
    sounds.write("a.wav", seconds=0.1)
    (tmp_path / "t.csv").write_text("path,label\na.wav,../../etc\nb.wav,a/b\n")
    sounds.write("b.wav", seconds=0.1)
    augment(tmp_path / "t.csv", tmp_path / "out")

    assert open_dataset(tmp_path / "out").labels == ("../../etc", "a/b")
    assert all(
        (tmp_path / "out" / row["path"]).resolve().is_relative_to(tmp_path / "out") for row in rows(tmp_path / "out")
    )


def test_a_copy_of_a_copy_is_no_original(tmp_path, data):
    augment(data, tmp_path / "once", "gain")
    augment(tmp_path / "once", tmp_path / "twice", "noise")

    opened = open_dataset(tmp_path / "twice")
    originals = [clip for clip in opened if not clip.extra["source"]]
    assert (opened.n, len(originals)) == (20, 5)
    assert not any("-aug" in clip.name for clip in originals)
    table = {row["path"]: (row["source"], row["steps"]) for row in rows(tmp_path / "twice")}
    assert table["sounds/dog/dog0-aug1.wav"] == ("dog/dog0.wav", "gain")
    assert table["sounds/dog/dog0-aug1-2.wav"] == ("sounds/dog/dog0.wav", "noise")
    assert table["sounds/dog/dog0-aug1-aug1.wav"] == ("sounds/dog/dog0-aug1.wav", "noise")
    assert {clip.group for clip in opened} == {clip.name for clip in open_dataset(data)}


# ---------------------------------------------------------------- chance


def test_the_same_call_gives_the_same_bytes_and_another_seed_others(tmp_path, data):
    for out, seed in (("one", 1), ("again", 1), ("other", 2)):
        augment(data, tmp_path / out, *DEFAULT_STEPS, n_copies=2, seed=seed)

    one, again, other = (files(tmp_path / out) for out in ("one", "again", "other"))
    assert one == again
    copies = [name for name in one if "-aug" in name]
    assert len(copies) == 10
    assert all(one[name] != other[name] for name in copies)
    assert len({one[name] for name in copies}) == 10


def test_another_clip_or_copy_changes_nothing_for_the_others(tmp_path, data, sounds):
    augment(data, tmp_path / "before", *DEFAULT_STEPS)
    sounds.write("sounds/cat/cat0.wav", seconds=0.5)
    augment(data, tmp_path / "after", *DEFAULT_STEPS, n_copies=2, include_original=False)

    before, after = files(tmp_path / "before"), files(tmp_path / "after")
    copies = [name for name in before if "-aug1" in name]
    assert len(copies) == 5
    assert all(before[name] == after[name] for name in copies)


# ---------------------------------------------------------------- bad sounds


def test_bad_sounds_are_left_out_of_everything_and_named(tmp_path, data):
    (data / "dog" / "dog1.wav").write_bytes(b"RIFF")
    augmented = augment(data, tmp_path / "out")

    ((name, reason),) = augmented.bad
    assert name == "dog/dog1.wav"
    assert "header" in reason
    assert (augmented.n_originals, augmented.n_copies) == (4, 4)
    assert not any("dog1" in file for file in files(tmp_path / "out"))
    assert "dog1" not in (tmp_path / "out" / "clips.csv").read_text()


def test_a_bad_sound_stops_everything_if_that_is_asked_for(tmp_path, data):
    (data / "dog" / "dog1.wav").write_bytes(b"RIFF")
    with pytest.raises(DataError, match=r"dog/dog1\.wav cannot be used: its header"):
        augment(data, tmp_path / "out", strict=True)
    assert set(tmp_path.iterdir()) == {data}


def test_where_no_sound_can_be_used_nothing_is_left_behind(tmp_path, data):
    for path in data.rglob("*.wav"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"none of the 5 sounds can be used, such as dog/dog0\.wav \("):
        augment(data, tmp_path / "out")
    assert set(tmp_path.iterdir()) == {data}


def test_samples_that_are_too_large_are_a_fault_of_the_sound(tmp_path, data):
    soundfile.write(data / "dog" / "dog1.wav", np.full(100, 1e30, np.float32), 22050, subtype="FLOAT")
    ((name, reason),) = augment(data, tmp_path / "out").bad
    assert (name, reason) == ("dog/dog1.wav", "its samples are too large: scale them to [-1, 1]")


@pytest.mark.parametrize("name", ["flac", "ogg"])
def test_a_rate_that_the_format_cannot_hold_is_a_fault_of_the_sound(tmp_path, data, name):
    soundfile.write(data / "dog" / "dog1.wav", np.zeros(100), 384_000)
    ((_, reason),) = augment(data, tmp_path / name, format_name=name).bad
    assert reason == f"384000 Hz cannot be written as {name}: write wav"
    assert not augment(data, tmp_path / "wav").bad


def test_a_stretch_that_cannot_be_is_a_fault_of_its_row(tmp_path, sounds):
    sounds.write("a.wav")
    (tmp_path / "t.csv").write_text("path,label,start_s,end_s\na.wav,x,0,0.5\na.wav,y,0.5,0.50000001\na.wav,y,7,8\n")
    augmented = augment(tmp_path / "t.csv", tmp_path / "out")
    assert [reason.split(":")[0] for _, reason in augmented.bad] == [
        "duration_s is 1e-08",
        "the stretch begins at 7.000 s, and the sound ends at 1.000 s",
    ]


def test_a_background_that_cannot_be_read_is_no_fault_of_the_clips(tmp_path, data, sounds):
    (tmp_path / "street.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=r"street\.wav"):
        augment(data, tmp_path / "out", f"background:path={tmp_path / 'street.wav'}")
    assert not (tmp_path / "out").exists()


def test_a_background_of_another_rate_is_put_behind(tmp_path, data, sounds):
    street = sounds.write("street/a.flac", kind="noise", sample_rate=44100, seconds=2)
    augmented = augment(data, tmp_path / "out", f"background:path={street.parent}:snr_db_low=0:snr_db_high=0")
    assert augmented.n_copies == 5


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": []}, "there are no steps"),
        ({"steps": parse_steps(["time-mask"])}, "'time-mask' changes features and no sound: choose from pitch-shift"),
        ({"steps": parse_steps(["mix-energies"])}, "'mix-energies' changes power and no sound"),
        ({"n_copies": 0}, "at least 1 copy of each sound is made, not 0"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"format_name": "waw"}, "there is no format of sound called 'waw': did you mean 'wav'"),
        ({"format_name": "mp3"}, r"called 'mp3': known: flac, ogg, wav"),
        ({"group_column": "artist"}, "no column 'artist'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, data, options, message):
    with pytest.raises(SettingError, match=message):
        augment_dataset(data, tmp_path / "out", **({"steps": parse_steps(["noise"])} | options))
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_replaced_only_if_told(tmp_path, data):
    augment(data, tmp_path / "out", n_copies=2)
    before = files(tmp_path / "out")
    with pytest.raises(StorageError, match="exists: name another folder, or give --overwrite"):
        augment(data, tmp_path / "out")
    assert files(tmp_path / "out") == before
    (tmp_path / "out" / ".DS_Store").touch()
    augment(data, tmp_path / "out", overwrite=True)
    assert len(rows(tmp_path / "out")) == 10
    assert not any("-aug2" in name for name in files(tmp_path / "out"))


def test_what_was_not_written_here_is_never_replaced(tmp_path, data):
    augment(data, tmp_path / "out")
    (tmp_path / "out" / "sounds" / "love.txt").write_text("dear")
    with pytest.raises(StorageError, match=r"not written here \(sounds/love\.txt\)"):
        augment(data, tmp_path / "out", overwrite=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "clips.csv").write_text("path,label,group,fold,source,steps\na.wav,x,g,,,\n")
    with pytest.raises(StorageError, match=r"not written here \(clips\.csv\)"):
        augment(data, tmp_path / "mine", overwrite=True)
    with pytest.raises(StorageError, match="is a file"):
        augment(data, tmp_path / "mine" / "clips.csv", overwrite=True)
    assert (tmp_path / "out" / "sounds" / "love.txt").read_text() == "dear"


def test_an_empty_folder_is_free(tmp_path, data):
    (tmp_path / "out").mkdir()
    assert augment(data, tmp_path / "out").n_copies == 5


def test_the_data_set_itself_is_never_replaced(tmp_path, data):
    augment(data, tmp_path / "once")
    before = files(tmp_path / "once")
    for place in (tmp_path / "once", tmp_path / "once" / "more"):
        with pytest.raises(StorageError, match="lies in the data set"):
            augment(tmp_path / "once", place, overwrite=True)
    with pytest.raises(StorageError, match="holds the sounds themselves"):
        augment(tmp_path / "once" / "clips.csv", tmp_path / "once", overwrite=True)
    assert files(tmp_path / "once") == before


def test_a_failure_in_the_middle_leaves_what_was_there(tmp_path, data, monkeypatch):
    augment(data, tmp_path / "out")
    before = files(tmp_path)
    written = []

    def fail(path, *rest):
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        path.touch()

    monkeypatch.setattr(module, "write_sound", fail)
    with pytest.raises(StorageError, match="no space left on device"):
        augment(data, tmp_path / "out", overwrite=True)
    assert files(tmp_path) == before


def test_a_data_set_in_memory_is_taken_too(tmp_path, data):
    clips = [
        Clip(name=f"n{index}", path=path, label=path.parent.name, group="one")
        for index, path in enumerate(sorted(data.rglob("*.wav")))
    ]
    augmented = augment(Dataset(clips, data), tmp_path / "out")
    assert augmented.n_copies == 5
    assert set(open_dataset(tmp_path / "out").groups) == {"one"}
    odd = [Clip(name="a", path=clips[0].path, label=" x ", group="g")]
    with pytest.raises(DataError, match="a: the label ' x ' cannot stand in a table"):
        augment(Dataset(odd, data), tmp_path / "odd")


# ---------------------------------------------------------------- work


def test_every_sound_is_told_of(tmp_path, data):
    class Told:
        def __init__(self):
            self.titles, self.notes = [], []

        def start(self, title, n_steps):
            self.titles.append((title, n_steps))

        def advance(self, note=""):
            self.notes.append(note)

    told = Told()
    augment(data, tmp_path / "out", progress=told)
    assert told.titles == [("sounds", 5)]
    assert told.notes == [clip.name for clip in open_dataset(data)]


@pytest.mark.slow
def test_memory_stays_flat_however_many_clips_there_are(tmp_path, sounds):
    peaks = []
    for n_clips in (4, 40):
        data = sounds.folder({"x": n_clips, "y": 1}, seconds=5.0, name=f"s{n_clips}")
        tracemalloc.start()
        augment(data, tmp_path / f"out{n_clips}", "noise")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000
