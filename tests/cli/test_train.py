import csv
import errno
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.cli.typed import merge
from earmark.errors import SettingError

FILES = {
    "config.toml",
    "environment.json",
    "history.jsonl",
    "split.csv",
    "predictions.csv",
    "sounds.csv",
    "scorecard.json",
    "baseline",
    "audit.json",
    "bundle",
    "answers.safetensors",
    "baseline-answers.safetensors",
    "report.html",
}


def rows(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def train(earmark, tmp_path):
    def call(data, *options, out="run"):
        return earmark("train", data, "-o", tmp_path / out, "--epochs", 2, "--network", "cnn", *options)

    return call


def test_it_leaves_a_whole_run_folder(trained):
    assert {path.name for path in (trained / "run").iterdir()} == FILES


@pytest.mark.slow
def test_the_table_is_on_stdout_and_talk_is_on_stderr(train, sounds):
    answer = train(sounds.folder({"dog": 6, "rain": 6}))

    assert answer.status == 0
    assert "accuracy" in answer.out
    assert "svm" in answer.out.lower()
    assert "report:" not in answer.out
    assert answer.told[-1].startswith("report: ")


@pytest.mark.slow
def test_json_on_stdout_is_the_scorecard(train, sounds, tmp_path):
    answer = train(sounds.folder({"dog": 6, "rain": 6}), "--json")

    assert json.loads(answer.out) == json.loads((tmp_path / "run" / "scorecard.json").read_text())
    assert set(json.loads(answer.out)["clip"]["accuracy"]) == {"value", "low", "high"}


@pytest.mark.slow
def test_running_its_own_configuration_again_gives_the_same_run(train, earmark, sounds, tmp_path):
    train(sounds.folder({"dog": 6, "rain": 6}), "--seed", 3, "--segments", 2)

    answer = earmark("train", "--config", tmp_path / "run" / "config.toml", "-o", tmp_path / "again")

    assert answer.status == 0
    for name in ("scorecard.json", "predictions.csv", "split.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()
    weights = "bundle/weights.safetensors"
    assert (tmp_path / "again" / weights).read_bytes() == (tmp_path / "run" / weights).read_bytes()


@pytest.mark.slow
def test_what_is_typed_goes_over_the_configuration(train, earmark, sounds, tmp_path):
    train(sounds.folder({"dog": 6, "rain": 6}))

    earmark("train", "--config", tmp_path / "run" / "config.toml", "-o", tmp_path / "again", "--network", "mlp")

    assert tomllib.loads((tmp_path / "again" / "config.toml").read_text())["network"]["name"] == "mlp"


@pytest.mark.parametrize("network", ["mlp", "svm"])
@pytest.mark.slow
def test_every_network_gets_to_a_report(train, sounds, tmp_path, network):
    answer = train(sounds.folder({"dog": 6, "rain": 6}), "--network", network)

    assert answer.status == 0
    assert (tmp_path / "run" / "report.html").stat().st_size > 1000


@pytest.mark.slow
def test_bad_files_are_named_and_the_rest_goes_on(train, sounds, tmp_path):
    folder = sounds.folder({"dog": 6, "rain": 6})
    (folder / "dog" / "broken.wav").write_text("this is no sound")
    soundfile.write(folder / "rain" / "nan.wav", np.array([0.1, np.nan] * 500), 22050, subtype="FLOAT")
    (folder / "rain" / "empty.wav").write_bytes(b"")

    answer = train(folder)

    assert answer.status == 0
    (told,) = [line for line in answer.told if "could not be read" in line]
    assert told.startswith("3 of 15 files could not be read: ")
    for name in ("dog/broken.wav", "rain/nan.wav", "rain/empty.wav"):
        assert name in told
    assert len(rows(tmp_path / "run" / "split.csv")) == 12


@pytest.mark.slow
def test_strict_stops_at_bad_files_and_names_them(train, sounds):
    folder = sounds.folder({"dog": 6, "rain": 6})
    (folder / "dog" / "broken.wav").write_text("this is no sound")

    answer = train(folder, "--strict")

    assert answer.status == 2
    assert len(answer.told) == 1
    assert "dog/broken.wav" in answer.told[0]


@pytest.mark.slow
def test_silent_clips_are_used_and_told(train, sounds):
    folder = sounds.folder({"dog": 6, "rain": 6})
    sounds.write("sounds/rain/nothing.wav", kind="silence")

    answer = train(folder)

    assert answer.status == 0
    assert any("silent" in line and "rain/nothing.wav" in line for line in answer.told)


@pytest.mark.slow
def test_formats_rates_widths_and_channels_may_be_mixed(train, sounds, tmp_path):
    folder = sounds.folder({"dog": 5, "rain": 5})
    for name, options in {
        "dog/eight bit.wav": {"subtype": "PCM_U8"},
        "dog/24.wav": {"subtype": "PCM_24"},
        "dog/float.wav": {"subtype": "FLOAT"},
        "rain/stéréo.flac": {"n_channels": 2},
        "rain/six.wav": {"n_channels": 6},
        "rain/slow.wav": {"sample_rate": 8000},
        "rain/fast.wav": {"sample_rate": 192000},
        "rain/雨.ogg": {},
        "rain/m.mp3": {"sample_rate": 44100},
        "dog/a.aiff": {},
        "dog/a.au": {},
    }.items():
        sounds.write(f"sounds/{name}", **options)

    answer = train(folder)

    assert answer.status == 0
    assert not [line for line in answer.told if "could not be read" in line]
    assert len(rows(tmp_path / "run" / "split.csv")) == 21


MISTAKES = {
    "a folder that is not there": (["nowhere"], "nowhere"),
    "an unknown network": (["sounds", "--network", "cnm"], "did you mean 'cnn'"),
    "an unknown front end": (["sounds", "--front-end", "mfc"], "did you mean 'mfcc'"),
    "a fold where there are none": (["sounds", "--test-fold", "5"], "fold"),
    "segments in two ways": (["sounds", "--segments", "3", "--segment-s", "1"], "not both"),
    "no segments": (["sounds", "--segments", "0"], "segments"),
    "an unknown column": (["sounds", "--group-column", "artist"], "artist"),
    "a faulty expression": (["sounds", "--group-pattern", "("], "("),
    "a learning rate of nothing": (["sounds", "--learning-rate", "0"], "train.learning_rate"),
    "a device that is unknown": (["sounds", "--device", "gpu"], "gpu"),
    "an unknown option": (["sounds", "--fold", "5"], "--fold"),
    "no sounds named": ([], "which sounds"),
    "a word for a number": (["sounds", "--epochs", "many"], "--epochs"),
    "a negative seed": (["sounds", "--seed", "-1"], "seed"),
}


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_with_one_line_and_status_2(earmark, sounds, tmp_path, monkeypatch, mistake):
    sounds.folder({"dog": 4, "rain": 4})
    monkeypatch.chdir(tmp_path)
    arguments, hint = MISTAKES[mistake]

    answer = earmark("train", *arguments, "-o", "run")

    assert answer.status == 2
    assert answer.out == ""
    assert len(answer.told) == 1
    assert hint in answer.told[0]
    assert "Traceback" not in answer.err
    assert not (tmp_path / "run" / "config.toml").exists()


def test_a_second_run_into_the_same_folder_is_refused_and_changes_nothing(earmark, trained):
    before = {path: path.read_bytes() for path in (trained / "run").rglob("*") if path.is_file()}

    answer = earmark("train", trained / "sounds", "-o", trained / "run")

    assert answer.status == 2
    assert "--overwrite" in answer.told[0]
    assert {path: path.read_bytes() for path in (trained / "run").rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_class_with_one_clip_is_learnt_and_told(train, sounds):
    answer = train(sounds.folder({"dog": 6, "rain": 6, "owl": 1}))

    assert answer.status == 0
    assert any("owl" in line for line in answer.told)


@pytest.mark.parametrize("counts", [{"dog": 5}, {}])
def test_one_class_or_none_is_refused(train, sounds, counts):
    sounds.root.joinpath("sounds").mkdir()

    answer = train(sounds.folder(counts))

    assert answer.status == 2
    assert len(answer.told) == 1


@pytest.mark.slow
def test_a_full_disk_is_one_line(train, sounds, monkeypatch):
    folder = sounds.folder({"dog": 4, "rain": 4})

    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    answer = train(folder)

    assert answer.status in {1, 2}
    assert any("no space left on device" in line for line in answer.told)
    assert "Traceback" not in answer.err


def test_what_is_typed_is_merged_into_tables_without_changing_them():
    tables = {"data": {"path": "a"}}

    assert merge(tables, {"data.path": "b", "train.max_epochs": 3}) == {
        "data": {"path": "b"},
        "train": {"max_epochs": 3},
    }
    assert tables == {"data": {"path": "a"}}


def test_no_data_anywhere_is_refused():
    with pytest.raises(SettingError, match="which sounds"):
        merge({}, {"data.path": None})


def test_a_table_that_is_none_is_a_mistake_and_no_fault():
    with pytest.raises(SettingError, match="network: must be a table"):
        merge({"data": {"path": "a"}, "network": "mlp"}, {"network.name": "cnn"})


def test_what_is_typed_takes_the_place_of_its_rivals():
    tables = {"data": {"path": "a"}, "segments": {"segment_s": 1.0, "hop_s": 0.5}}

    assert merge(tables, {"segments.count": 3})["segments"] == {"count": 3}


@pytest.mark.slow
def test_resume_alone_finishes_what_was_begun(earmark, train, sounds, tmp_path):
    folder = sounds.folder({"dog": 6, "rain": 6})
    train(folder, out="whole")
    train(folder)
    for name in ("scorecard.json", "report.html", "predictions.csv"):
        (tmp_path / "run" / name).unlink()

    answer = earmark("train", "-o", tmp_path / "run", "--resume")

    assert answer.status == 0
    assert (tmp_path / "run" / "predictions.csv").read_text() == (tmp_path / "whole" / "predictions.csv").read_text()


def test_overwrite_takes_no_folder_that_only_looks_like_a_run(train, sounds, tmp_path):
    mine = tmp_path / "run" / "bundle" / "mine"
    mine.mkdir(parents=True)
    (tmp_path / "run" / "config.toml").write_text("[tool]\n")

    answer = train(sounds.folder({"dog": 6, "rain": 6}), "--overwrite")

    assert answer.status == 2
    assert mine.exists()


@pytest.mark.slow
def test_copies_are_kept_on_one_side_and_told_if_they_are_not_to_be(train, sounds):
    folder = sounds.folder({"dog": 8, "rain": 8})
    for path in sorted(folder.rglob("*.wav")):
        path.with_name(f"copy of {path.name}").write_bytes(path.read_bytes())

    kept = train(folder)
    assert any("16 sounds are in the data more than once" in line for line in kept.told)
    assert not any("memory" in line for line in kept.told)
    assert any(
        "byte for byte the same" in line for line in train(folder, "--set", "split.repeats=tell", out="torn").told
    )
    refused = train(folder, "--strict", out="none")
    assert (refused.status, len(refused.told)) == (2, 1)
    assert "go on without --strict" in refused.err


@pytest.mark.slow
def test_a_share_is_refused_where_there_are_folds_and_the_fold_taken_is_told(train, sounds, tmp_path):
    folder = sounds.folder({"dog": 6, "rain": 6})
    rows = [f"{path.relative_to(folder)},{path.parent.name},{path.stem[-1]}" for path in sorted(folder.rglob("*.wav"))]
    table = folder / "table.csv"
    table.write_text("\n".join(["path,label,fold", *rows]))

    refused, taken = train(table, "--test-fraction", 0.5), train(table)

    assert refused.status == 2
    assert "test_fold" in refused.told[0]
    assert any("fold 5, the last, is the test part" in line for line in taken.told)
    assert tomllib.loads((tmp_path / "run" / "config.toml").read_text())["split"]["test_fold"] == 5


def test_overwrite_and_resume_together_are_refused(train, sounds):
    answer = train(sounds.folder({"dog": 6, "rain": 6}), "--overwrite", "--resume")

    assert answer.status == 2
    assert "not both" in answer.told[0]


@pytest.mark.slow
def test_a_run_stays_when_the_one_to_replace_it_fails(train, sounds, tmp_path):
    folder = sounds.folder({"dog": 6, "rain": 6})
    train(folder)
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}

    answer = train(folder, "--overwrite", "--segments", 30)

    assert answer.status == 2
    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.slow
def test_what_ctrl_c_cut_off_is_scored_reported_and_can_be_finished(train, sounds, tmp_path, monkeypatch):
    folder = sounds.folder({"dog": 6, "rain": 6})
    notes = []

    def impatient(self, note=""):
        notes.append(note)
        if note.startswith("loss"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("earmark.cli.train.ProgressBar.advance", impatient)
        cut_off = train(folder)
    reported = (tmp_path / "run" / "report.html").exists()
    finished = train(folder, "--resume")
    train(folder, out="whole")

    assert cut_off.status == 130
    assert any("--resume goes on from there" in line for line in cut_off.told)
    assert reported
    assert finished.status == 0
    for name in ("predictions.csv", "scorecard.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.slow
def test_the_verdict_is_told_kept_and_shown(train, sounds, tmp_path):
    answer = train(sounds.folder({"dog": 6, "rain": 6}))

    kept = json.loads((tmp_path / "run" / "environment.json").read_text())["verdict"]
    told = [line.removeprefix("training: ") for line in answer.told if line.startswith("training: ")]
    assert told == kept["sentences"]
    assert "In epoch" in told[0]
    page = (tmp_path / "run" / "report.html").read_text()
    assert told[1].split(":")[0].replace("'", "&#39;") in page


@pytest.mark.slow
def test_each_epoch_is_written_for_tensorboard_once(train, sounds, tmp_path):
    pytest.importorskip("tensorboard")
    folder = sounds.folder({"dog": 6, "rain": 6})
    answer = train(folder, "--tensorboard", tmp_path / "events")
    again = train(folder, "--tensorboard", tmp_path / "events", out="other")

    (events,) = (tmp_path / "events").iterdir()
    assert answer.status == 0
    assert events.name.startswith("events.out.tfevents.")
    assert again.status == 2
    assert "holds the events of another training" in again.told[0]
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_a_run_that_is_resumed_with_other_settings_names_them(train, sounds, tmp_path):
    folder = sounds.folder({"dog": 6, "rain": 6})
    train(folder)
    (tmp_path / "run" / "scorecard.json").unlink()

    answer = train(folder, "--resume", "--learning-rate", 0.5, "--seed", 9)

    assert answer.status == 2
    assert "seed is 0 there and 9 here; train.learning_rate is 0.001 there and 0.5 here" in answer.told[0]


@pytest.mark.slow
def test_a_split_that_was_handed_on_is_followed_to_the_letter(train, sounds, tmp_path):
    data = sounds.folder({"dog": 6, "rain": 6})
    train(data, "--seed", 3)
    assert train(data, "--split", tmp_path / "run" / "split.csv", "--seed", 4, out="again").status == 0

    parts = [{row["path"]: row["part"] for row in rows(tmp_path / run / "split.csv")} for run in ("run", "again")]
    assert parts[0] == parts[1]
    settings = tomllib.loads((tmp_path / "again" / "config.toml").read_text())
    assert settings["split"]["plan"] == str(tmp_path / "run" / "split.csv")
    assert "test_fraction" not in settings["split"]


@pytest.mark.slow
def test_a_run_with_a_given_split_can_be_run_again_from_its_settings(train, earmark, sounds, tmp_path):
    data = sounds.folder({"dog": 6, "rain": 6})
    table = tmp_path / "parts.csv"
    lines = [
        f"{label}/{label}{n}.wav,{part}"
        for label in ("dog", "rain")
        for n, part in enumerate(("train",) * 3 + ("val", "test"))
    ]
    table.write_text("\n".join(["path,part", *lines]))

    answer = train(data, "--split", table)
    assert "note: 2 clips without a place in parts.csv left out: dog/dog5.wav, rain/rain5.wav" in answer.told
    again = earmark("train", "--config", tmp_path / "run" / "config.toml", "-o", tmp_path / "again")
    assert again.status == 0
    assert again.out == answer.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--split", "nowhere.csv"), "there is no table nowhere.csv"),
        (("--split", "publishd"), "did you mean 'published'?"),
        (("--split", "published"), "comes with no parts"),
        (("--split", "each-group", "--test-fraction", 0.2), "leave n_folds and test_fraction out"),
        (("--group-tag", "artist"), "the tag 'artist' cannot name the groups"),
        (("--group-tag", "artist", "--group-pattern", "x"), "the group comes from one place"),
    ],
)
def test_a_split_or_a_tag_that_is_not_there_is_a_line(train, sounds, tmp_path, options, said):
    answer = train(sounds.folder({"dog": 3, "rain": 3}, seconds=0.1), *options)

    assert answer.status == 2
    assert said in answer.told[-1]


@pytest.mark.slow
def test_groups_come_from_the_tags_of_the_files(train, tmp_path):
    for n in range(16):
        path = tmp_path / "sounds" / ("dog", "rain")[n % 2] / f"{n}.ogg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with soundfile.SoundFile(path, "w", 22050, 1) as sound:
            sound.artist = f"artist {n // 2 % 4}"
            sound.write(np.random.default_rng(n).standard_normal(22050) / 10)

    assert train(tmp_path / "sounds", "--group-tag", "artist").status == 0
    assert {row["group"] for row in rows(tmp_path / "run" / "split.csv")} == {f"artist {n}" for n in range(4)}
