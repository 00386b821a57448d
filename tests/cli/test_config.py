import json
import tomllib

import pytest

from earmark.experiment.config import make_config


def test_what_would_be_trained_is_shown_whole_and_can_be_given_as_a_configuration(earmark, tmp_path):
    answer = earmark("config", "show", "sounds", "--network", "lstm", "--set", "train.patience=3")

    assert answer.status == 0
    assert answer.err == ""
    shown = tomllib.loads(answer.out)
    assert shown["train"]["patience"] == 3
    assert shown["network"]["name"] == "lstm"
    assert {"max_epochs", "learning_rate", "keep"} <= shown["train"].keys()
    (tmp_path / "shown.toml").write_text(answer.out)
    assert earmark("config", "show", "--config", tmp_path / "shown.toml").out == answer.out


def test_without_data_no_path_is_made_up(earmark):
    assert "data" not in tomllib.loads(earmark("config", "show").out)


def test_what_a_network_likes_is_filled_in(earmark):
    shown = tomllib.loads(earmark("config", "show", "--network", "resnet-mel").out)
    assert shown["train"]["schedule"] == "cosine"
    assert shown["augment"]["steps"]


def test_the_configuration_of_a_run_is_that_of_its_file(earmark, trained):
    answer = earmark("config", "show", trained / "run", "--json")
    file = tomllib.loads((trained / "run" / "config.toml").read_text())
    assert make_config(json.loads(answer.out)) == make_config(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "train.max_epoch=3"], "did you mean 'max_epochs'"),
        (["--set", "max_epoch=3"], "did you mean 'train.max_epochs'"),
        (["--network", "lstn"], "did you mean 'lstm'"),
        (["--set", "train"], "--set wants KEY=VALUE"),
        (["--config", "nowhere.toml"], "nowhere.toml cannot be read"),
    ],
)
def test_what_cannot_be_is_one_line(earmark, arguments, told):
    answer = earmark("config", "show", *arguments)
    assert answer.status == 2
    assert len(answer.told) == 1
    assert told in answer.told[0]


def test_a_run_and_a_file_together_are_refused(earmark, trained):
    answer = earmark("config", "show", trained / "run", "--config", trained / "run" / "config.toml")
    assert answer.status == 2
    assert "not both" in answer.told[0]
