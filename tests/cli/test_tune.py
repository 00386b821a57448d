import csv
import json
import tomllib

import pytest

FAST = ("--network", "svm", "--search", "network.penalty=0.1..100", "--inner-folds", "2", "--trials", "2")


@pytest.fixture
def tune(earmark, trained, tmp_path):
    def call(*options, data=trained / "sounds", out="search"):
        return earmark("tune", *([data] if data else []), "-o", tmp_path / out, "--cache", trained / "cache", *options)

    return call


@pytest.mark.slow
def test_it_leaves_trials_best_settings_their_run_and_one_sentence(tune, tmp_path, earmark):
    answer = tune(*FAST, "--json")

    assert answer.status == 0
    said = json.loads(answer.out)
    assert said["finished"]
    assert said["sentence"] in answer.told
    assert "The inner score is optimistic" in said["sentence"]
    with (tmp_path / "search" / "trials.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 2
    assert tomllib.loads((tmp_path / "search" / "best.toml").read_text())["network"]["name"] == "svm"
    assert (tmp_path / "search" / "best" / "report.html").exists()
    shown = earmark("config", "show", "--config", tmp_path / "search" / "best.toml")
    assert shown.status == 0


@pytest.mark.slow
def test_resume_alone_goes_on_with_the_same_settings(tune, tmp_path):
    tune(*FAST)

    again = tune(data=None, out="search")
    more = tune("--resume", "--trials", 3, data=None)
    other = tune("--resume", "--trials", 3, "--seed", 5, data=None)

    assert (again.status, more.status, other.status) == (2, 0, 2)
    assert len(json.loads((tmp_path / "search" / "tuning.json").read_text())["trials"]) == 3
    assert "seed is 0 there and 5 here" in other.told[0]


@pytest.mark.slow
def test_ctrl_c_keeps_what_there_is(tune, tmp_path, monkeypatch):
    def impatient(self, title, n_steps):
        if title.startswith("trial 2"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("earmark.cli.tune.ProgressBar.start", impatient)
        cut_off = tune(*FAST)
    finished = tune("--resume", "--trials", 2, data=None)

    assert cut_off.status == 130
    assert any("--resume goes on from there" in line for line in cut_off.told)
    assert finished.status == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--search", "train.learning_rat=1e-4..1e-2"), "train.learning_rat: there is no such setting"),
        (("--search", "seed=1..5"), "seed: cannot be searched"),
        (("--trials", 0), "at least 1, not 0"),
        (("--resume", "--overwrite"), "not both"),
        (("--network", "cnm"), "did you mean 'cnn'"),
    ],
)
def test_what_cannot_be_is_one_line_before_anything_is_written(tune, tmp_path, options, told):
    answer = tune(*options)
    assert answer.status == 2
    assert len(answer.told) == 1
    assert told in answer.told[0]
    assert not (tmp_path / "search").exists()


def test_resuming_nothing_is_one_line(tune):
    answer = tune("--resume", data=None)
    assert answer.status == 2
    assert "is no search" in answer.told[0]
