"""What loads what: heavy libraries are loaded by what needs them, so that a look at the help is quick."""

import json
import resource
import subprocess
import sys
import sysconfig
from pathlib import Path
from statistics import median

import pytest

import earmark
from earmark.cli.app import app

HEAVY = ("torch", "sklearn", "scipy", "pandas", "matplotlib", "librosa", "soundfile", "soxr")
VERBS = [command.callback.__name__ for command in app.registered_commands]
HELP_WITHIN_S = 0.35

REPORT = """
import json, sys
sys.stderr.write(json.dumps(sorted(set(sys.argv[1:]) & set(sys.modules))))
"""


def loaded_by(code):
    """Return which heavy libraries a fresh process has loaded after running some code."""
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT, *HEAVY], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stderr)


def loaded_by_command(*arguments):
    return loaded_by(f"from earmark.cli import main\nassert main({list(arguments)!r}) == 0")


def test_importing_earmark_loads_nothing_heavy():
    assert loaded_by("import earmark") == []


@pytest.mark.slow
def test_a_name_of_earmark_loads_what_it_needs_and_no_more():
    assert "torch" not in loaded_by("import earmark\nearmark.open_dataset")


@pytest.mark.slow
@pytest.mark.parametrize("room", ["errors", "data.open", "audio.read", "augment.chain", "evaluate.scorecard", "cli"])
def test_a_room_without_torch_loads_none(room):
    assert not {"torch", "sklearn", "matplotlib", "librosa"} & set(loaded_by(f"import earmark.{room}"))


@pytest.mark.slow
def test_inference_loads_no_plotting_and_no_scikit_learn():
    loaded = loaded_by("import earmark.inference.predictor")
    assert "torch" in loaded  # else this test could not fail
    assert not {"matplotlib", "sklearn", "pandas", "librosa"} & set(loaded)


@pytest.mark.slow
def test_the_help_loads_nothing_heavy():
    assert loaded_by_command("--help") == []


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_loads_nothing_heavy(verb):
    assert loaded_by_command(verb, "--help") == []


@pytest.mark.slow
def test_the_version_loads_nothing_heavy():
    assert loaded_by_command("--version") == []


def test_every_public_name_is_where_the_table_says():
    assert all(getattr(earmark, name) is not None for name in earmark.__all__)
    assert set(earmark.__all__) <= set(dir(earmark))


def test_a_name_that_is_not_there_is_refused_as_python_does():
    with pytest.raises(AttributeError, match="has no attribute 'open_datasets'"):
        earmark.open_datasets  # noqa: B018 - it raises


@pytest.mark.slow
def test_the_module_runs_as_the_command_does():
    done = subprocess.run([sys.executable, "-m", "earmark", "--help"], capture_output=True, text=True, check=True)
    assert all(verb in done.stdout for verb in VERBS)


@pytest.mark.slow
def test_the_installed_command_answers_at_once():
    command = Path(sysconfig.get_path("scripts")) / "earmark"
    assert command.exists(), "the command is not installed: make setup"
    # The processor's time and not the clock's: they are the same on a quiet machine, and a busy one is not blamed.
    times_s = [cpu_time_s([command, "--help"]) for _ in range(5)]
    assert median(times_s) <= HELP_WITHIN_S, f"{sorted(times_s)} s"


def cpu_time_s(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
