import csv
import json

import pytest
from torch import nn

from earmark.errors import SettingError, StorageError
from earmark.experiment.config import make_config
from earmark.experiment.folder import RunFolder
from earmark.experiment.networks import configure

PARTS_OF_A_RUN = (
    "config.toml",
    "environment.json",
    "history.jsonl",
    "split.csv",
    "predictions.csv",
    "sounds.csv",
    "answers.safetensors",
    "baseline-answers.safetensors",
    "scorecard.json",
    "checkpoint.safetensors",
    "report.html",
)
CONFIG = make_config({"data": {"path": "sounds"}, "seed": 5})


def with_network(network):
    return configure({"data": {"path": "sounds"}}, network)


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "run")


def begun(folder):
    CONFIG.save(folder.config_path)
    return folder


def finished(folder):
    begun(folder)
    for name in PARTS_OF_A_RUN[1:]:
        (folder.path / name).write_text("x")
    folder.bundle_path.mkdir()
    (folder.bundle_path / "classifier.json").write_text("x")
    return folder


def names(folder):
    return sorted(path.name for path in folder.path.iterdir())


# ---------------------------------------------------------------- who may write here


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_that_is_new_or_empty_is_free(folder, overwrite, resume):
    folder.claim(overwrite=overwrite, resume=resume)
    assert not folder.path.exists()

    folder.path.mkdir()
    folder.claim(overwrite=overwrite, resume=resume)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_of_something_else_is_never_taken(folder, overwrite, resume):
    folder.path.mkdir()
    (folder.path / "love.txt").write_text("dear")

    with pytest.raises(StorageError, match="holds files that are not a run's: give another folder with -o"):
        folder.claim(overwrite=overwrite, resume=resume)

    assert names(folder) == ["love.txt"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("resume", [False, True])
def test_a_file_in_place_of_the_folder_is_never_taken(folder, overwrite, resume):
    folder.path.write_text("here first")

    with pytest.raises(StorageError, match="is a file: a run needs a folder"):
        folder.claim(overwrite=overwrite, resume=resume)

    assert folder.path.read_text() == "here first"


@pytest.mark.parametrize("make", [begun, finished])
def test_a_second_run_in_the_same_folder_is_refused_with_the_ways_out(folder, make):
    make(folder)
    before = names(folder)

    with pytest.raises(StorageError, match=r"-o, or --overwrite to replace it, or --resume to finish it"):
        folder.claim(overwrite=False, resume=False)

    assert names(folder) == before


def test_an_unfinished_run_may_be_resumed_and_keeps_its_files(folder):
    begun(folder).checkpoint_path.write_text("x")

    folder.claim(overwrite=False, resume=True)

    assert names(folder) == ["checkpoint.safetensors", "config.toml"]


def test_a_finished_run_is_not_resumed(folder):
    finished(folder)

    with pytest.raises(StorageError, match="is finished: there is nothing to resume"):
        folder.claim(overwrite=False, resume=True)


@pytest.mark.parametrize("resume", [False, True])
def test_claiming_to_overwrite_throws_nothing_away_yet(folder, resume):
    before = names(finished(folder))

    folder.claim(overwrite=True, resume=resume)

    assert names(folder) == before


@pytest.mark.slow
def test_clearing_throws_away_the_run_and_nothing_else(folder):
    finished(folder)
    (folder.path / "notes.txt").write_text("mine")
    (folder.path / "sounds").mkdir()

    folder.clear()

    assert names(folder) == ["notes.txt", "sounds"]
    assert (folder.path / "notes.txt").read_text() == "mine"


def test_clearing_where_there_is_nothing_is_no_trouble(folder):
    folder.clear()

    assert not folder.path.exists()


@pytest.mark.slow
def test_begun_and_finished_are_told_apart(folder):
    assert (folder.is_run, folder.is_finished) == (False, False)
    begun(folder)
    assert (folder.is_run, folder.is_finished) == (True, False)
    finished(RunFolder(folder.path))
    assert (folder.is_run, folder.is_finished) == (True, True)


# ---------------------------------------------------------------- what is in it


def test_the_configuration_is_read_as_it_was_saved(folder):
    assert begun(folder).read_config() == CONFIG


def test_a_network_of_the_users_own_is_read_by_its_path_and_given_again(folder):
    with_network(nn.Flatten).save(folder.config_path)

    assert not folder.read_config().network.settings.is_given
    assert folder.read_config(network=nn.Flatten()).network.settings.is_given
    with pytest.raises(SettingError, match=r"is torch.*Flatten, and torch.*ReLU is given: give the same one"):
        folder.read_config(network=nn.ReLU)
    with pytest.raises(SettingError, match=r"'resnet-mel': read it without Flatten"):
        begun(folder).read_config(network=nn.Flatten)


def test_a_folder_without_a_run_is_named(folder):
    folder.path.mkdir()

    for call in (folder.require, folder.read_config):
        with pytest.raises(StorageError, match=r"run is not a run folder: it holds no config\.toml"):
            call()


def test_a_configuration_of_another_version_is_one_line(folder):
    begun(folder).config_path.write_text('[data]\npath = "a"\n[front_end]\n[network]\n[future]\nkey = 1\n')

    with pytest.raises(SettingError, match="future: there is no such setting"):
        folder.read_config()


def test_the_environment_comes_back(folder):
    folder.write_environment({"earmark": "0.1.0", "name": "ü", "seconds": {"all": 1.5}})

    assert folder.read_environment() == {"earmark": "0.1.0", "name": "ü", "seconds": {"all": 1.5}}


@pytest.mark.parametrize("content", [None, b"{", b"", b"\xff", b"3", b"[]", b"null"])
def test_an_environment_that_is_damaged_is_one_line_that_names_the_file(folder, content):
    folder.path.mkdir()
    if content is not None:
        (folder.path / "environment.json").write_bytes(content)

    with pytest.raises(StorageError, match=r"environment\.json cannot be read") as caught:
        folder.read_environment()

    assert "\n" not in str(caught.value)


def test_the_history_of_a_run_that_has_none_is_empty(folder):
    assert folder.read_history() == []
    folder.write_history([])
    assert folder.read_history() == []


def test_a_table_comes_back_whatever_its_names_hold(folder):
    rows = [("dog, big/a b.wav", 'say "woof"'), ("rain ü/line\nbreak.wav", ""), ("海.wav", "x;y\tz")]

    folder.write_table("split.csv", ("path", "label"), rows)

    assert [tuple(row.values()) for row in folder.read_table("split.csv")] == rows
    assert [tuple(row) for row in folder.read_table("split.csv")] == 3 * [("path", "label")]


def test_a_table_ends_its_lines_as_every_program_reads_them(folder):
    folder.write_table("split.csv", ("path", "label"), [("a", "b")])

    with (folder.path / "split.csv").open(newline="", encoding="utf-8") as stream:
        assert list(csv.reader(stream)) == [["path", "label"], ["a", "b"]]
        assert b"\r\r" not in (folder.path / "split.csv").read_bytes()


def test_a_table_that_is_not_there_says_that_the_run_is_not_finished(folder):
    with pytest.raises(StorageError, match=r"has no predictions\.csv: it is not finished"):
        begun(folder).read_table("predictions.csv")


@pytest.mark.parametrize("content", [None, "{", json.dumps({"schema": 99})])
def test_a_scorecard_that_is_missing_or_of_another_schema_is_one_line(folder, content):
    begun(folder)
    if content is not None:
        folder.scorecard_path.write_text(content)

    with pytest.raises(StorageError, match=r"scorecard\.json") as caught:
        folder.read_scorecard()

    assert "\n" not in str(caught.value)


def test_a_text_is_written_as_utf_8(folder):
    folder.write_text("report.html", "<p>ü</p>")

    assert folder.report_path.read_bytes() == "<p>ü</p>".encode()
