import pytest

from earmark.cli.typed import merge, parse_assignments, steps_typed, without_test_part
from earmark.errors import SettingError


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("a.b=1", 1),
        ("a.b = 0.5", 0.5),
        ("a.b=true", True),
        ("a.b=[1, 2]", [1, 2]),
        ("a.b='x y'", "x y"),
        ("a.b=magnitude", "magnitude"),
        ("a.b=log-mel", "log-mel"),
        ("a.b=x=y", "x=y"),
        ("a.b=1\nc=2", "1\nc=2"),
    ],
)
def test_a_value_is_read_as_toml_and_else_as_text(typed, value):
    parsed = parse_assignments([typed])
    assert parsed == {"a.b": value}
    assert type(parsed["a.b"]) is type(value)


@pytest.mark.parametrize("typed", ["", "a", "=1", "a=", "a..b=1", ".a=1", "a.=1"])
def test_what_is_no_assignment_is_refused_with_an_example(typed):
    with pytest.raises(SettingError, match=r"KEY=VALUE, such as front_end\.n_mfcc=20"):
        parse_assignments([typed])


def test_epochs_are_called_as_the_option_calls_them():
    assert parse_assignments(["train.epochs=5"]) == {"train.max_epochs": 5}
    with pytest.raises(SettingError, match=r"train\.max_epochs twice"):
        parse_assignments(["train.epochs=5", "train.max_epochs=6"])


def test_a_key_given_twice_is_refused():
    with pytest.raises(SettingError, match=r"a\.b twice"):
        parse_assignments(["a.b=1", "a.b=2"])


def test_a_setting_of_a_new_network_survives_the_change_of_its_name():
    tables = {"data": {"path": "a"}, "network": {"name": "mlp", "n_hidden": [8]}}
    merged = merge(tables, {"network.dropout": 0.5, "network.name": "cnn"})
    assert merged["network"] == {"name": "cnn", "dropout": 0.5}


def test_fewer_epochs_than_a_file_has_shorten_its_warm_up_unless_one_is_typed():
    tables = {"data": {"path": "a"}, "train": {"warmup_epochs": 3, "max_epochs": 150}}
    assert merge(tables, {"train.max_epochs": 2})["train"] == {"warmup_epochs": 1, "max_epochs": 2}
    assert merge(tables, {"train.max_epochs": 50})["train"]["warmup_epochs"] == 3
    assert merge(tables, {"train.max_epochs": 2, "train.warmup_epochs": 2})["train"]["warmup_epochs"] == 2
    assert tables["train"]["warmup_epochs"] == 3


def test_a_value_in_place_of_a_table_is_refused():
    with pytest.raises(SettingError, match="data: must be a table in the configuration, not 3"):
        merge({}, parse_assignments(["data=3"]))


def test_a_key_of_three_parts_is_refused():
    with pytest.raises(SettingError, match=r"train\.a\.b: there is no such setting"):
        merge({"data": {"path": "a"}}, {"train.a.b": 1})


@pytest.mark.parametrize(
    ("typed", "steps"),
    [
        (None, None),  # the network's own
        (["none"], []),
        ([" none "], []),
        (["gain"], ["gain"]),
        (["gain, noise:snr_db_low=5:colour=pink"], ["gain", "noise:snr_db_low=5:colour=pink"]),
        (["gain", "time-mask,mixup"], ["gain", "time-mask", "mixup"]),
    ],
)
def test_steps_are_separated_by_commas_and_options(typed, steps):
    assert steps_typed(typed) == steps


def test_of_a_split_the_plan_and_the_validation_part_stay():
    split = {"test_fold": 2, "n_folds": 3, "test_fraction": 0.2, "validation_fraction": 0.1, "plan": "each-group"}
    tables, n_folds = without_test_part({"seed": 1, "split": split})
    assert tables == {"seed": 1, "split": {"validation_fraction": 0.1, "plan": "each-group"}}
    assert n_folds == 3
    assert len(split) == 5
    assert without_test_part({"split": 7}) == ({"split": 7}, None)  # refused later, where tables are checked


def test_what_becomes_of_repeats_is_no_test_part():
    tables = {"split": {"repeats": "tell", "test_fold": 2, "test_fraction": 0.5, "plan": "each-group"}}
    assert without_test_part(tables) == ({"split": {"repeats": "tell", "plan": "each-group"}}, None)
