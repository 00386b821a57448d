import subprocess
import sys

import pytest

import earmark as package
from earmark.cli.app import app, main

VERBS = [
    "inspect",
    "train",
    "crossval",
    "compare",
    "tune",
    "evaluate",
    "predict",
    "explain",
    "features",
    "augment",
    "plot",
    "scores",
    "report",
    "review",
    "datasets",
    "fetch",
    "demo",
    "learn",
]
GROUPS = ["config"]  # of several verbs each


def test_the_verbs_are_those_that_are_written_down():
    assert [command.callback.__name__ for command in app.registered_commands] == VERBS
    assert [group.typer_instance.info.name for group in app.registered_groups] == GROUPS


@pytest.mark.parametrize("verb", [*VERBS, *GROUPS])
def test_every_verb_has_help_with_an_example(earmark, verb):
    answer = earmark(verb, "--help")

    assert answer.status == 0
    assert f"Example: earmark {verb}" in answer.out


def test_help_names_every_verb(earmark):
    answer = earmark("--help")

    assert answer.status == 0
    assert all(verb in answer.out for verb in [*VERBS, *GROUPS])
    assert "Example: earmark train" in answer.out


def test_version(earmark):
    assert earmark("--version").out == f"earmark {package.__version__}\n"


def test_a_verb_with_a_slip_is_answered_with_the_nearest(earmark):
    answer = earmark("tran")

    assert answer.status == 2
    assert len(answer.told) == 1
    assert "train" in answer.told[0]


def test_ctrl_c_is_status_130_without_a_traceback(monkeypatch, capsys):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr("earmark.cli.app.app", interrupted)

    assert main([]) == 130
    assert capsys.readouterr().err == "earmark: interrupted\n"


def test_a_fault_of_its_own_is_not_hidden(monkeypatch):
    def faulty(**_):
        raise ZeroDivisionError

    monkeypatch.setattr("earmark.cli.app.app", faulty)

    with pytest.raises(ZeroDivisionError):
        main([])


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_fault(trained):
    command = [sys.executable, "-m", "earmark", "predict", str(trained / "run"), str(trained / "sounds"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        talk = process.stderr.read()

    assert "Traceback" not in talk
    assert "Exception" not in talk


def test_nothing_typed_shows_the_help(earmark):
    answer = earmark()

    assert answer.status == 2
    assert "Usage: " in answer.out + answer.err
    assert "earmark: " not in answer.err
