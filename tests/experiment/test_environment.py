import json
import platform
from importlib import metadata
from pathlib import Path

import torch

import earmark
from earmark.experiment.environment import describe_environment


def test_it_says_on_what_versions_a_run_was_made():
    environment = describe_environment(device="cpu")

    assert environment["earmark"] == earmark.__version__
    assert environment["python"] == platform.python_version()
    assert environment["libraries"]["torch"] == metadata.version("torch")
    assert environment["n_threads"] == torch.get_num_threads()
    assert environment["device"] == "cpu"


def test_it_comes_back_from_json_as_it_was():
    environment = describe_environment(device="cuda")

    assert json.loads(json.dumps(environment, allow_nan=False)) == environment


def test_it_names_no_person_and_no_place():
    text = json.dumps(describe_environment(device="cpu"))

    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text
    assert platform.node() not in text or len(platform.node()) < 4
