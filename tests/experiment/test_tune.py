import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import SettingError, SplitError, StorageError, TrainingError
from earmark.experiment import tune as tune_module
from earmark.experiment.config import load_config, make_config
from earmark.experiment.folder import RunFolder
from earmark.experiment.run import train_run
from earmark.experiment.search_folder import read_state
from earmark.experiment.tune import tune
from earmark.features.interchange import stored
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore

COUNTS = {"dog": 6, "rain": 6, "sea": 6}
SPACE = ("network.penalty=0.1..100",)


@pytest.fixture(scope="module")
def root(tmp_path_factory, write_tones):
    root = tmp_path_factory.mktemp("tune")
    write_tones(root / "sounds", COUNTS)
    return root


@pytest.fixture(scope="module")
def store(root):
    return FeatureStore(root / "store")


@pytest.fixture(scope="module")
def tables(root):
    return {"data": {"path": str(root / "sounds")}, "network": {"name": "svm"}, "device": "cpu"}


@pytest.fixture(scope="module")
def done(root, store, tables):
    return tune(tables, root / "search", n_trials=4, store=store, search=SPACE, n_inner=2)


def rows(folder):
    with (folder / "trials.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def untimed(tuning):
    return [replace(trial, seconds=0.0) for trial in tuning.trials]


@pytest.mark.slow
def test_every_trial_is_in_the_table_and_the_best_is_the_best(done):
    table = rows(done.folder)
    assert [row["trial"] for row in table] == ["1", "2", "3", "4"]
    complete = [trial for trial in done.trials if trial.state == "complete"]
    assert done.best.accuracy == max(trial.accuracy for trial in complete)
    assert done.best.log_loss == min(trial.log_loss for trial in complete if trial.accuracy == done.best.accuracy)
    assert float(table[0]["network.penalty"]) == 10.0  # the settings as they are come first


@pytest.mark.slow
def test_the_best_settings_are_a_configuration_that_gives_the_score_again(done, store, tmp_path):
    config = make_config(load_config(done.folder / "best.toml"))
    assert config.network.settings.penalty == done.values(done.best)["network.penalty"]
    again = train_run(config, tmp_path / "again", store=store)
    assert again.scorecard == done.scorecard
    assert RunFolder(done.folder / "best").read_scorecard() == done.scorecard


def test_the_score_is_of_clips_that_no_trial_saw(done):
    split = RunFolder(done.folder / "best").read_table("split.csv")
    tested = [row["path"] for row in split if row["part"] == "test"]
    assert done.scorecard.clip.n == len(tested)
    assert f"the test part ({len(tested)} clips) was put aside before" in done.how


@pytest.mark.slow
def test_one_sentence_says_both_scores_and_which_to_trust(done):
    sentence = done.sentence()
    assert f"{100 * done.best.accuracy:.1f} % inner score" in sentence
    assert f"{100 * done.scorecard.clip.accuracy.value:.1f} %" in sentence
    assert "95 % interval" in sentence
    assert "The inner score is optimistic" in sentence


def test_the_json_says_what_was_found_and_how(done):
    content = json.loads((done.folder / "tuning.json").read_text())
    said = done.to_json()
    assert {key: content[key] for key in said} == json.loads(json.dumps(said))
    assert content["finished"] is True
    assert content["n_trials"]["complete"] + content["n_trials"]["pruned"] == 4
    assert content["test"]["value"] == done.scorecard.clip.accuracy.value
    assert content["looks_at_test"] == 1
    assert str(done).splitlines()[0].split() == ["trial", "inner", "log", "loss", "settings"]


@pytest.mark.slow
def test_what_was_cut_off_goes_on_and_comes_to_the_same(done, root, store, tables, monkeypatch):
    score_folds = tune_module.score_folds
    calls = []

    def cut_off(*args, **rest):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return score_folds(*args, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(tune_module, "score_folds", cut_off)
        half = tune(tables, root / "half", n_trials=4, store=store, search=SPACE, n_inner=2)
    assert not half.is_finished
    assert len(half.trials) == 2
    assert "not yet scored on the test part" in half.sentence()
    assert (root / "half" / "best.toml").exists()
    whole = tune(tables, root / "half", n_trials=4, store=store, search=SPACE, n_inner=2, resume=True)
    assert untimed(whole) == untimed(done)
    assert whole.scorecard == done.scorecard


@pytest.mark.slow
def test_a_killed_search_loses_only_the_trial_that_ran(root, store, tables, monkeypatch):
    def killed(*_, **__):
        raise SystemExit

    tune(tables, root / "killed", n_trials=1, store=store, search=SPACE, n_inner=2)
    with monkeypatch.context() as patched:
        patched.setattr(tune_module, "score_folds", killed)
        with pytest.raises(SystemExit):
            tune(tables, root / "killed", n_trials=3, store=store, search=SPACE, n_inner=2, resume=True)
    assert len(read_state(root / "killed").trials) == 1


@pytest.mark.slow
def test_a_finished_search_is_not_scored_again_and_one_that_goes_on_says_how_often_it_looked(done, store, tables, root):
    trained = (done.folder / "best" / "scorecard.json").stat().st_mtime_ns
    same = tune(tables, done.folder, n_trials=4, store=store, search=SPACE, n_inner=2, resume=True)
    assert (same.scorecard, same.looks, same.run) == (done.scorecard, 1, None)
    assert (done.folder / "best" / "scorecard.json").stat().st_mtime_ns == trained
    second = replace(same, looks=2)
    assert "this was look number 2 at the test part" in second.sentence()


def test_nothing_is_replaced_unless_told(done, store, tables):
    with pytest.raises(StorageError, match="holds a search already"):
        tune(tables, done.folder, n_trials=4, store=store, search=SPACE)


def test_unknown_keys_are_refused_before_any_work(root, store, tables, tmp_path, monkeypatch):
    monkeypatch.setattr(tune_module, "prepare", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(SettingError, match=r"network\.penalti: there is no such setting: did you mean 'penalty'"):
        tune(tables, tmp_path / "x", n_trials=1, store=store, search=["network.penalti=1..2"])
    with pytest.raises(SettingError, match="at least 1, not 0"):
        tune(tables, tmp_path / "x", n_trials=0, store=store)
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_a_search_is_not_gone_on_with_by_other_settings(done, store, tables):
    with pytest.raises(TrainingError, match="seed is 0 there and 7 here"):
        tune({**tables, "seed": 7}, done.folder, n_trials=5, store=store, search=SPACE, n_inner=2, resume=True)


@pytest.mark.slow
def test_trials_that_cannot_be_trained_are_named_and_the_rest_goes_on(store, tables, tmp_path, monkeypatch):
    score_folds = tune_module.score_folds

    def some(config, *args, **rest):
        if config.network.settings.penalty == 10.0:
            raise TrainingError("the loss is gone")
        return score_folds(config, *args, **rest)

    monkeypatch.setattr(tune_module, "score_folds", some)
    tuning = tune(tables, tmp_path / "x", n_trials=2, store=store, search=SPACE, n_inner=2)
    assert [trial.state for trial in tuning.trials] == ["failed", "complete"]
    assert rows(tmp_path / "x")[0]["note"] == "the loss is gone"
    assert tuning.best.number == 2


@pytest.mark.slow
def test_where_no_trial_can_be_trained_the_reason_is_told(store, tables, tmp_path, monkeypatch):
    def none(*_, **__):
        raise SettingError("segments shorter than the network's reach")

    monkeypatch.setattr(tune_module, "score_folds", none)
    with pytest.raises(TrainingError, match="none of 2 trials could be trained; the first: segments shorter"):
        tune(tables, tmp_path / "x", n_trials=2, store=store, search=SPACE, n_inner=2)


@pytest.mark.slow
def test_where_another_test_part_would_be_scored_nothing_is(root, tmp_path, store, tables, write_tones, monkeypatch):
    data = write_tones(tmp_path / "sounds", COUNTS)
    settings = {**tables, "data": {"path": str(data)}}
    score_folds = tune_module.score_folds
    lost = data / "dog" / "dog0.wav"
    sound = lost.read_bytes()

    def damaging(*args, **rest):
        yield from score_folds(*args, **rest)
        lost.write_bytes(b"no sound")

    with monkeypatch.context() as patched:
        patched.setattr(tune_module, "score_folds", damaging)
        patched.setattr(tune_module, "train_run", lambda *_, **__: pytest.fail("it was trained, and so scored"))
        with pytest.raises(SplitError, match="not the one that was put aside: no score is given"):
            tune(settings, tmp_path / "x", n_trials=1, store=store, search=SPACE, n_inner=2)
    assert not (tmp_path / "x" / "best").exists()
    assert read_state(tmp_path / "x").looks == 0
    lost.write_bytes(sound)
    whole = tune(settings, tmp_path / "x", n_trials=1, store=store, search=SPACE, n_inner=2, resume=True)
    assert whole.looks == 1
    assert whole.is_finished


@pytest.fixture
def features(tmp_path):
    clips = [
        Clip(name=f"{label}{n}.wav", path=Path(), label=label, group=f"{label}{n}") for label in "ab" for n in range(9)
    ]
    noise = np.random.default_rng(0).standard_normal((len(clips), 2, 8, 20)).astype(np.float32)
    arrays = [row + 3.0 * (clip.label == "b") for clip, row in zip(clips, noise, strict=True)]
    stored.write(tmp_path / "features", FeatureTable(dataset=Dataset(clips, tmp_path), arrays=arrays))
    return tmp_path / "features"


@pytest.mark.slow
def test_a_front_end_is_neither_searched_nor_named_where_features_are_given(features, store, tmp_path):
    settings = {"data": {"path": str(features)}, "device": "cpu"}
    with pytest.raises(SettingError, match=r"front_end\.name: cannot be searched: .* holds features already"):
        tune(settings, tmp_path / "x", n_trials=1, store=store, search=["front_end.name=mfcc|log-mel"])
    settings["front_end"] = {"name": "log-mel"}  # the network's own
    with pytest.raises(SettingError, match="no sound to make 'log-mel' from: leave the front end out"):
        tune(settings, tmp_path / "x", n_trials=1, store=store, search=["train.learning_rate=1e-4..1e-2"])
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_features_with_a_split_of_their_own_are_searched_and_the_best_says_what_they_are(features, store, tmp_path):
    settings = {
        "data": {"path": str(features)},
        "network": {"name": "svm"},
        "split": {"plan": "each-group"},
        "device": "cpu",
    }
    tuning = tune(settings, tmp_path / "x", n_trials=2, store=store, search=SPACE, n_inner=2)
    assert {trial.state for trial in tuning.trials} == {"complete"}
    tables = load_config(tmp_path / "x" / "best.toml")
    assert tables["front_end"] == {"name": "given", "summary": True}
    assert train_run(make_config(tables), tmp_path / "again", store=store).scorecard == tuning.scorecard


@pytest.mark.slow
def test_a_network_that_takes_no_augmentation_is_searched_beside_one_that_does(store, tables, tmp_path):
    settings = {
        **tables,
        "front_end": {"name": "mfcc"},
        "augment": {"steps": ["time-mask"]},
        "segments": {"count": 1},
        "train": {"max_epochs": 1},
    }
    tuning = tune(settings, tmp_path / "x", n_trials=1, store=store, search=["network.name=mlp|svm"], n_inner=2)
    assert tuning.values(tuning.best) == {"network.name": "svm"}
    assert load_config(tmp_path / "x" / "best.toml")["augment"]["steps"] == []


@pytest.mark.slow
def test_networks_and_front_ends_may_be_searched_and_hopeless_trials_are_given_up(store, tables, root, tmp_path):
    settings = {**tables, "network": {"name": "mlp"}, "segments": {"count": 2}, "train": {"max_epochs": 2}}
    space = ["front_end.name=mfcc|log-mel,train.learning_rate=1e-4..1e-2"]
    tuning = tune(settings, tmp_path / "x", n_trials=2, store=store, search=space, n_inner=2)
    assert tuning.is_finished
    assert {tuning.values(trial)["front_end.name"] for trial in tuning.trials} <= {"mfcc", "log-mel"}
    assert tuning.run.fitted.verdict.sentences
