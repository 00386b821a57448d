import csv
import itertools
import json
import resource
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file
from scipy.signal import lfilter

from earmark.audio.write import write_sound
from earmark.data.open import open_dataset
from earmark.data.split_file import read_split
from earmark.errors import DataError, SettingError, SplitError, StorageError, TrainingError
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import load_config, make_config
from earmark.experiment.folder import RunFolder
from earmark.experiment.run import train_run
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Predictor
from earmark.report.results import read_results
from earmark.report.verdict import cautions
from earmark.train import loop
from earmark.train.history import read_history

FILES = [
    "answers.safetensors",
    "audit.json",
    "baseline",
    "baseline-answers.safetensors",
    "bundle",
    "config.toml",
    "environment.json",
    "history.jsonl",
    "predictions.csv",
    "scorecard.json",
    "sounds.csv",
    "split.csv",
]
WEIGHTS = "bundle/weights.safetensors"
NOWHERE = FeatureStore(None)


def rows(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def same_run(one, other, *, but=()):
    """Tell whether two run folders hold the same results; how long each epoch took is no result."""
    tables = {"predictions.csv", "split.csv", "sounds.csv", "answers.safetensors"}
    names = {"config.toml", "scorecard.json", WEIGHTS, *tables} - set(but)
    epochs, others = (
        [replace(e, time_s=0, data_s=0) for e in read_history(run / "history.jsonl")] for run in (one, other)
    )
    return epochs == others and all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


class Halt:
    """Takes progress, and raises once so many epochs are done."""

    def __init__(self, n_epochs, error):
        self.left, self.error, self.title = n_epochs, error, ""

    def start(self, title, n_steps):
        self.title = title

    def advance(self, note=""):
        self.left -= self.title == "training"
        if self.left == 0:
            raise self.error


class PowerCutError(Exception):
    """Nothing that anybody catches."""


@pytest.fixture
def data(tmp_path, write_tones):
    return write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4, "sea": 4})


@pytest.fixture
def train(data, tmp_path, configure):
    """Train on the small data set into a folder of the test's own."""

    def call(out="run", tables=None, **rest):
        config = configure(data, **(tables or {}))
        return train_run(config, tmp_path / out, store=NOWHERE, **rest)

    return call


@pytest.fixture
def every_epoch(monkeypatch):
    """Keep a checkpoint after every epoch."""
    monkeypatch.setattr(loop, "_CHECKPOINT_EVERY_S", -1.0)


# ---------------------------------------------------------------- what is left behind


def test_the_folder_holds_what_is_written_down_and_nothing_else(trained):
    assert sorted(path.name for path in trained.folder.iterdir()) == FILES
    assert sorted(path.name for path in (trained.folder / "bundle").iterdir()) == [
        "classifier.json",
        "weights.safetensors",
    ]


def test_every_clip_has_one_row_and_one_part_in_split_csv(trained):
    table = rows(trained.folder / "split.csv")

    assert list(table[0]) == ["path", "label", "group", "start_s", "end_s", "part", "content"]
    assert {row["path"]: row["content"] for row in table} == {
        row["path"]: row["content"] for row in rows(trained.folder / "sounds.csv")
    }
    assert [row["path"] for row in table] == [clip.name for clip in trained.result.prepared.dataset]
    assert {row["part"] for row in table} == {"train", "validation", "test"}
    assert all((trained.data / row["path"]).is_file() for row in table)
    assert all(row["path"].startswith(row["label"] + "/") for row in table)


def test_predictions_csv_is_the_test_part_with_probabilities_that_sum_to_one(trained):
    table = rows(trained.folder / "predictions.csv")
    test = [row["path"] for row in rows(trained.folder / "split.csv") if row["part"] == "test"]

    assert list(table[0]) == ["path", "label", "predicted", "dog", "rain ü", "sea"]
    assert sorted(row["path"] for row in table) == sorted(test)
    for row in table:
        probabilities = {label: float(row[label]) for label in ("dog", "rain ü", "sea")}
        assert sum(probabilities.values()) == pytest.approx(1, abs=2e-6)
        assert row["predicted"] == max(probabilities, key=probabilities.get)
        assert row["path"].startswith(row["label"] + "/")


def test_the_scorecard_counts_what_predictions_csv_says(trained):
    scorecard = Scorecard.load(trained.folder / "scorecard.json")
    table = rows(trained.folder / "predictions.csv")
    place = {label: index for index, label in enumerate(scorecard.labels)}
    confusion = np.zeros((3, 3), dtype=int)
    for row in table:
        confusion[place[row["label"]], place[row["predicted"]]] += 1

    assert np.array(scorecard.clip.confusion).tolist() == confusion.tolist()
    assert scorecard.clip.accuracy.value == pytest.approx(np.trace(confusion) / len(table))
    assert scorecard.clip.n == len(table)
    assert scorecard.segment.n == 2 * len(table)
    assert scorecard == trained.result.scorecard


def test_the_baseline_stands_beside_the_network_on_the_same_clips(trained):
    content = json.loads((trained.folder / "scorecard.json").read_text(encoding="utf-8"))

    assert content["schema"] == 1
    assert content["baseline"]["name"] == "svm"
    for part in (content, content["baseline"]):
        assert set(part["clip"]["accuracy"]) == {"value", "low", "high"}
        assert np.sum(part["clip"]["confusion"]) == content["clip"]["n"]


def test_the_bundle_says_of_the_files_what_predictions_csv_says(trained):
    predictor = Predictor.load(trained.folder)

    for row in rows(trained.folder / "predictions.csv"):
        prediction = predictor.predict_file(trained.data / row["path"])
        assert prediction.label == row["predicted"]
        for label, probability in prediction.probabilities.items():
            assert probability == pytest.approx(float(row[label]), abs=1e-4)


def test_the_history_is_that_of_the_training(trained):
    history = read_history(trained.folder / "history.jsonl")

    assert tuple(history) == trained.result.fitted.history
    assert [epoch.epoch for epoch in history] == [1, 2, 3]


def test_the_environment_says_how_the_training_ended_and_how_long_it_took(trained):
    environment = json.loads((trained.folder / "environment.json").read_text(encoding="utf-8"))

    assert environment["training_ended"] == "max_epochs"
    assert environment["best_epoch"] == trained.result.fitted.best_epoch
    assert environment["seconds"]["all"] >= environment["seconds"]["training"] >= 0


def test_sounds_csv_knows_every_file_by_its_content(trained):
    table = rows(trained.folder / "sounds.csv")

    assert list(table[0]) == ["path", "content", "fault"]
    assert len({row["content"] for row in table}) == len(table) == 18
    assert {row["fault"] for row in table} == {""}


@pytest.mark.slow
def test_the_configuration_is_whole_and_its_path_holds_from_any_folder(trained):
    config = make_config(load_config(trained.folder / "config.toml"))

    written = {name: getattr(config, name) for name in ("augment", "data", "segments", "split")}
    assert config == replace(trained.config, **written)
    assert config.augment.steps == ()
    assert config.segments.segment_s > 0
    assert config.split.test_fraction == 0.2
    assert config.data.path == str(trained.data.resolve())


def test_the_split_of_a_run_is_that_of_its_own_sounds_only(trained, tmp_path, write_tones):
    read_split(trained.folder / "split.csv").apply(open_dataset(trained.data))
    others = write_tones(tmp_path / "sounds", {"sea": 6, "rain ü": 6, "dog": 6})

    with pytest.raises(DataError, match="12 clips with another content"):
        read_split(trained.folder / "split.csv").apply(open_dataset(others))


# ---------------------------------------------------------------- the same sound on two sides


@pytest.fixture
def copied(tmp_path):
    """Write a table of two folds, in which two test clips are also learnt from, softer, and one row is no sound."""
    rng = np.random.default_rng(5)
    lines = ["path,label,group,fold"]
    for number, label in itertools.product(range(4), "ab"):
        sound = lfilter([1], [1, -0.9 if label == "a" else 0.5], rng.standard_normal(33075)).astype(np.float32)
        sound *= np.float32(0.3) / np.abs(sound).max()
        write_sound(tmp_path / f"{label}{number}.wav", sound, 22050)
        lines.append(f"{label}{number}.wav,{label},g{number},{1 + (number == 3)}")
        if number == 3:
            write_sound(tmp_path / f"{label}soft.wav", np.float32(0.8) * sound, 22050)
            lines.append(f"{label}soft.wav,{label},g0,1")
    (tmp_path / "bad.wav").write_text("this is no sound")
    (tmp_path / "clips.csv").write_text("\n".join([*lines, "bad.wav,a,g1,1", ""]))
    return tmp_path / "clips.csv"


@pytest.mark.slow
def test_the_audit_of_a_run_knows_its_split_its_groups_and_its_bad_files(copied, configure, tmp_path):
    result = train_run(configure(copied, split={"repeats": "tell"}), tmp_path / "run", store=NOWHERE)
    findings = json.loads((tmp_path / "run" / "audit.json").read_text())["findings"]

    (note,) = [note for note in result.notes if "memory" in note]
    assert note.startswith("2 clips of the 2 of the test part are the same sound, or nearly, as one learnt from: ")
    assert "a3.wav (asoft.wav)" in note
    assert "b3.wav (bsoft.wav)" in note
    assert f"{note}." in cautions(read_results(tmp_path / "run"))
    near = [finding for finding in findings if finding["kind"] == "near-repeat"]
    assert {finding["severity"] for finding in near} == {"error"}
    assert all("parts of the split" in finding["message"] for finding in near)
    assert [finding["clips"] for finding in findings if finding["kind"] == "unreadable"] == [["bad.wav"]]


@pytest.mark.slow
def test_strict_refuses_a_test_part_that_is_learnt_and_leaves_no_run(copied, configure, tmp_path):
    copied.write_text(copied.read_text().replace("bad.wav,a,g1,1\n", ""))

    with pytest.raises(SplitError, match=r"2 sounds are on both sides .*a3\.wav \(fold 2\) = asoft\.wav .*--strict"):
        train_run(configure(copied), tmp_path / "run", store=NOWHERE, strict=True)
    assert not (tmp_path / "run" / "config.toml").exists()

    named = (
        copied.read_text()
        .replace("asoft.wav,a,g0,1", "asoft.wav,a,g3,2")
        .replace("bsoft.wav,b,g0,1", "bsoft.wav,b,g3,2")
    )
    copied.write_text(named)
    result = train_run(configure(copied), tmp_path / "run", store=NOWHERE, strict=True)
    assert not [note for note in result.notes if "memory" in note]


# ---------------------------------------------------------------- the same run twice


@pytest.mark.slow
def test_a_run_from_its_own_configuration_is_the_same_run(trained, tmp_path):
    config = make_config(load_config(trained.folder / "config.toml"))

    train_run(config, tmp_path / "again", store=NOWHERE)

    assert same_run(tmp_path / "again", trained.folder)


@pytest.mark.slow
def test_another_seed_is_another_run(trained, tmp_path):
    train_run(replace(trained.config, seed=1), tmp_path / "run", store=trained.store)

    assert (tmp_path / "run" / WEIGHTS).read_bytes() != (trained.folder / WEIGHTS).read_bytes()


@pytest.mark.slow
def test_features_from_the_store_give_the_same_run_and_no_sound_is_read(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("earmark.features.extract.read_sound", lambda *_, **__: pytest.fail("a sound was read"))

    train_run(trained.config, tmp_path / "again", store=trained.store)

    assert same_run(tmp_path / "again", trained.folder)


def grouped(tmp_path, write_tone, *, other_test_part=False):
    """Write a table of folds, and with another test part if asked: other sounds, and their labels turned round."""
    labels = ("dog", "rain", "sea")
    lines = ["path,label,group,fold"]
    for label, number in itertools.product(range(3), range(6)):
        fold = 1 + number // 2
        is_other = other_test_part and fold == 3
        name = f"{label}-{number}.wav"
        write_tone(tmp_path / name, label=label, number=number + 100 * is_other)
        lines.append(f"{name},{labels[(label + is_other) % 3]},artist{label}{number // 2},{fold}")
    (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "clips.csv"


@pytest.mark.slow
def test_what_is_in_the_test_part_changes_no_weight(tmp_path, write_tone, configure):
    results = []
    for name, other in (("one", False), ("other", True)):
        table = grouped(tmp_path / name / "data", write_tone, other_test_part=other)
        config = configure(table, split={"test_fold": 3})
        results.append(train_run(config, tmp_path / name / "run", store=NOWHERE))

    one, other = (load_file(result.folder.path / WEIGHTS) for result in results)
    assert one.keys() == other.keys()
    assert all((one[name] == other[name]).all() for name in one)
    assert results[0].scorecard != results[1].scorecard


def test_a_network_that_does_not_fit_leaves_no_run_behind(trained, configure, tmp_path):
    tiny = configure(trained.data, network={"name": "wave-cnn"}, front_end={"name": "waveform"})
    with pytest.raises(SettingError, match="needs features of at least"):
        train_run(tiny, tmp_path / "run", store=trained.store)
    assert not (tmp_path / "run" / "config.toml").exists()


STEPS = {"steps": ["speed", "noise", "mixup", "time-mask"], "n_copies": 2}


@pytest.mark.slow
def test_a_changed_training_part_changes_nothing_of_the_other_parts(trained, configure, tmp_path):
    changed = train_run(configure(trained.data, augment=STEPS), tmp_path / "run", store=trained.store)

    ours, theirs = changed.prepared, trained.result.prepared
    assert ours.split == theirs.split
    for one, other in zip(ours.features, theirs.features, strict=True):
        assert np.array_equal(one, other)
    assert [len(version) for version in ours.versions] == [len(ours.split.train)] * 2
    assert theirs.versions == ()
    assert changed.fitted.history[0].train_loss != trained.result.fitted.history[0].train_loss
    assert changed.scorecard.baseline == trained.result.scorecard.baseline


@pytest.mark.slow
def test_a_run_with_a_changed_training_part_is_the_same_twice_and_from_its_own_configuration(
    trained, configure, tmp_path
):
    first = train_run(configure(trained.data, augment=STEPS), tmp_path / "one", store=trained.store)
    tables = load_config(first.folder.config_path)
    second = train_run(make_config(tables), tmp_path / "two", store=FeatureStore(None))

    assert tables["augment"] == STEPS
    assert first.scorecard == second.scorecard
    assert [epoch.train_loss for epoch in first.fitted.history] == [epoch.train_loss for epoch in second.fitted.history]


@pytest.mark.slow
def test_no_group_is_on_two_sides(tmp_path, write_tone, configure):
    table = grouped(tmp_path / "data", write_tone)
    table.write_text(table.read_text().replace(",fold", ",session"))

    train_run(configure(table), tmp_path / "run", store=NOWHERE)

    sides = {}
    for row in rows(tmp_path / "run" / "split.csv"):
        sides.setdefault(row["group"], set()).add(row["part"])
    assert len(sides) == 9
    assert all(len(parts) == 1 for parts in sides.values())


@pytest.mark.slow
def test_stretches_of_one_file_are_clips_of_their_own(tmp_path, write_tone, configure):
    lines = ["path,label,group,start_s,end_s"]
    for label, number, start in itertools.product(range(2), range(4), range(2)):
        write_tone(tmp_path / f"{label}-{number}.wav", label=label, number=number, seconds=2.0)
        lines.append(f"{label}-{number}.wav,{'ab'[label]},{label}{number},{start},{start + 1}")
    (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")

    result = train_run(configure(tmp_path / "clips.csv"), tmp_path / "run", store=NOWHERE)

    assert len(rows(tmp_path / "run" / "split.csv")) == 16
    assert {len(features) for features in result.prepared.features} == {2}


# ---------------------------------------------------------------- bad files


@pytest.mark.slow
def test_a_bad_file_is_named_and_left_out_and_never_in_the_split(train, data, tmp_path):
    (data / "dog" / "broken.wav").write_text("this is no sound")

    result = train()

    assert [file.name for file in result.bad] == ["dog/broken.wav"]
    for name in ("split.csv", "predictions.csv"):
        assert "dog/broken.wav" not in (tmp_path / "run" / name).read_text(encoding="utf-8")
    (row,) = [row for row in rows(tmp_path / "run" / "sounds.csv") if row["path"] == "dog/broken.wav"]
    assert row["fault"] == result.bad[0].reason
    assert row["content"] == ""


@pytest.mark.slow
def test_a_bad_file_changes_nothing_of_the_run_without_it(train, data, tmp_path):
    train("before")
    (data / "dog" / "broken.wav").write_text("this is no sound")

    train("after")

    assert same_run(tmp_path / "before", tmp_path / "after", but=["sounds.csv"])


def test_strict_stops_before_a_folder_is_made(train, data, tmp_path):
    (data / "dog" / "broken.wav").write_text("this is no sound")

    with pytest.raises(DataError, match=r"dog/broken\.wav"):
        train(strict=True)

    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_silent_file_is_used_and_told(train, data, tmp_path, sounds):
    sounds.write("sounds/dog/nothing.wav", kind="silence")

    train()

    (row,) = [row for row in rows(tmp_path / "run" / "sounds.csv") if row["fault"]]
    assert (row["path"], row["fault"]) == ("dog/nothing.wav", "silent")
    assert "dog/nothing.wav" in (tmp_path / "run" / "split.csv").read_text(encoding="utf-8")


# ---------------------------------------------------------------- the folder is taken


@pytest.mark.slow
def test_a_second_run_into_the_same_folder_is_refused_and_the_first_stays(train, tmp_path):
    train()
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}

    with pytest.raises(StorageError, match="holds a run already"):
        train(tables={"seed": 1})
    with pytest.raises(StorageError, match="is finished"):
        train(resume=True)

    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_overwriting_gives_the_run_that_a_fresh_folder_would_hold(train, tmp_path):
    train(tables={"seed": 1, "network": {"name": "mlp"}})
    (tmp_path / "run" / "report.html").write_text("of the run before")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    train("fresh")

    train(overwrite=True)

    assert same_run(tmp_path / "run", tmp_path / "fresh")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == sorted([*FILES, "notes.txt"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tables", "error"),
    [
        ({"data": {"path": "no such folder"}}, DataError),
        ({"device": "gpu"}, SettingError),
        ({"split": {"test_fold": 9}}, SettingError),
    ],
)
def test_a_run_is_not_thrown_away_for_one_that_cannot_begin(train, tmp_path, tables, error):
    train()
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}

    with pytest.raises(error):
        train(tables=tables, overwrite=True)

    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before


def test_files_that_are_not_a_runs_are_never_touched(train, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "love.txt").write_text("dear")

    for options in ({}, {"overwrite": True}, {"resume": True}):
        with pytest.raises(StorageError, match="not a run's"):
            train(**options)

    assert [path.name for path in (tmp_path / "run").iterdir()] == ["love.txt"]


@pytest.mark.slow
def test_a_path_as_text_does(configure, data, tmp_path):
    result = train_run(configure(data), str(tmp_path / "deep" / "run"), store=NOWHERE)

    assert result.folder.is_finished


# ---------------------------------------------------------------- cut off


@pytest.mark.slow
@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize("n_epochs", [1, 2, 3])
def test_an_unfinished_run_that_is_resumed_is_as_if_never_cut_off(train, tmp_path, n_epochs):
    with pytest.raises(PowerCutError):
        train(progress=Halt(n_epochs, PowerCutError))
    assert not RunFolder(tmp_path / "run").is_finished
    train("whole")

    train(resume=True)

    assert same_run(tmp_path / "run", tmp_path / "whole")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == FILES


@pytest.mark.slow
@pytest.mark.usefixtures("every_epoch")
def test_an_unfinished_run_is_neither_taken_for_a_new_one_nor_for_a_finished_one(train, tmp_path):
    with pytest.raises(PowerCutError):
        train(progress=Halt(2, PowerCutError))

    with pytest.raises(StorageError, match="--resume to finish it"):
        train()
    with pytest.raises(StorageError):
        RunFolder(tmp_path / "run").read_scorecard()


@pytest.mark.slow
@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize("tables", [{"seed": 1}, {"train": {"max_epochs": 9}}, {"segments": {"count": 1}}])
def test_an_unfinished_run_is_not_resumed_with_other_settings_and_keeps_its_own(train, tmp_path, tables):
    with pytest.raises(PowerCutError):
        train(progress=Halt(2, PowerCutError))
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}

    with pytest.raises(TrainingError, match="with other settings"):
        train(tables=tables, resume=True)

    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


@pytest.mark.slow
@pytest.mark.usefixtures("every_epoch")
def test_an_unfinished_run_is_not_resumed_on_other_sounds(train, data, write_tone):
    with pytest.raises(PowerCutError):
        train(progress=Halt(2, PowerCutError))
    write_tone(data / "dog" / "dog0.wav", label=2, number=77)

    with pytest.raises(TrainingError, match="with other settings"):
        train(resume=True)


@pytest.mark.slow
@pytest.mark.usefixtures("every_epoch")
def test_overwriting_an_unfinished_run_begins_anew(train, tmp_path):
    with pytest.raises(PowerCutError):
        train(tables={"seed": 1}, progress=Halt(2, PowerCutError))
    train("fresh")

    train(overwrite=True, resume=True)

    assert same_run(tmp_path / "run", tmp_path / "fresh")


@pytest.mark.slow
def test_ctrl_c_keeps_the_best_so_far_scored_and_saved(train, tmp_path):
    result = train(progress=Halt(2, KeyboardInterrupt))

    assert result.fitted.ended == "interrupted"
    assert len(result.fitted.history) == 2
    assert json.loads((tmp_path / "run" / "environment.json").read_text())["training_ended"] == "interrupted"
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == FILES
    train("short", tables={"train": {"max_epochs": 2, "batch_size": 4, "learning_rate": 3e-3}})
    one, other = (load_file(tmp_path / name / WEIGHTS) for name in ("run", "short"))
    assert all((one[name] == other[name]).all() for name in one)


def test_ctrl_c_while_sounds_are_read_leaves_no_folder(train, tmp_path):
    class Impatient:
        def start(self, title, n_steps):
            pass

        def advance(self, note=""):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(progress=Impatient())

    assert not (tmp_path / "run").exists()


# ---------------------------------------------------------------- a full disk


@contextmanager
def small_disk(n_bytes):
    """Let no file grow beyond some bytes: what a full disk does, as far as a process can tell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.slow
@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize(("n_bytes", "name"), [(1, "config.toml"), (4000, "checkpoint.safetensors")])
def test_a_full_disk_is_one_storage_error_and_nothing_is_half_written(train, tmp_path, n_bytes, name):
    with small_disk(n_bytes), pytest.raises(StorageError, match=rf"cannot write .*{name}") as caught:
        train()

    assert "\n" not in str(caught.value)
    assert not [path for path in (tmp_path / "run").rglob("*") if path.name.startswith(".")]
    assert not (tmp_path / "run" / name).exists()


@pytest.mark.slow
def test_a_disk_too_full_for_the_weights_leaves_no_scorecard_and_can_be_resumed(train, tmp_path):
    with small_disk(5000), pytest.raises(StorageError, match=r"cannot write .*(bundle|checkpoint)"):
        train()

    assert not RunFolder(tmp_path / "run").is_finished
    assert not (tmp_path / "run" / "bundle").exists()
    assert train(resume=True).folder.is_finished


@pytest.mark.slow
def test_a_folder_that_cannot_be_made_is_one_storage_error(train, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError):
        train("file/run")
