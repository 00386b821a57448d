from dataclasses import replace

import pytest
from sklearn.svm import SVC
from torch import nn

from earmark.errors import SettingError
from earmark.experiment.config import describe_differences, load_config, make_config
from earmark.experiment.networks import (
    configure,
    configured,
    give_network,
    require_network,
    required_own,
    said_tables,
    standing_in,
)
from earmark.models.catalogue import NETWORKS
from earmark.models.cnn import CnnSettings
from earmark.models.own import OWN

DATA = {"data": {"path": "sounds"}}


class Wide(nn.Module):
    """A network of a user's own."""


class Narrow(nn.Module):
    """Another."""


def read_again(config, tmp_path):
    config.save(tmp_path / "config.toml")
    return make_config(load_config(tmp_path / "config.toml"))


@pytest.mark.parametrize("network", ["cnn", CnnSettings(dropout=0.25), "svm"])
def test_what_ships_is_configured_as_by_its_table(network):
    config = configure({**DATA, "seed": 3, "network": {"name": "lstm"}}, network)
    name = network if isinstance(network, str) else "cnn"
    assert (config.network.name, config.seed) == (name, 3)
    assert network in {name, config.network.settings}


@pytest.mark.parametrize(("network", "like"), [(Wide, "cnn"), (nn.Flatten(), "cnn"), (SVC(), "svm")])
def test_a_network_of_the_users_own_takes_clips_as_its_stand_in(network, like):
    config, shipped = configure(DATA, network), make_config({**DATA, "network": {"name": like}})
    assert config.network.name == OWN
    assert replace(config, network=shipped.network) == shipped == standing_in(config)
    assert standing_in(shipped) is shipped


@pytest.mark.parametrize("network", [Wide, nn.Flatten(), SVC()])
def test_a_file_knows_it_by_its_path_and_says_that_it_holds_no_more(tmp_path, network):
    config = configure(DATA, network)
    there = read_again(config, tmp_path)
    first = (tmp_path / "config.toml").read_text().splitlines()[0]

    assert (
        first
        == f"# {config.network.settings.path} is no network that ships: give it again to train with these settings."
    )
    assert there == config
    assert describe_differences(there, config) == ""
    require_network(config)
    with pytest.raises(SettingError, match=r"no file can hold it: give it again .*, network=") as caught:
        require_network(there)
    assert config.network.settings.path in str(caught.value)
    assert give_network(there, network).network.settings.is_given
    with pytest.raises(SettingError, match=r"is .*, and .*Narrow is given: give the same one"):
        give_network(there, Narrow)


def test_nothing_is_built_of_a_path_alone(tmp_path):
    there = read_again(configure(DATA, Wide), tmp_path)
    with pytest.raises(SettingError, match="no file can hold it"):
        there.network.settings.build(n_bins=2, n_frames=2, n_classes=2)


def test_two_of_them_differ_by_their_paths_alone():
    one, other = configure(DATA, Wide), configure(DATA, Narrow)
    assert describe_differences(one, other) == f"network.path is {__name__}.Wide there and {__name__}.Narrow here"
    assert describe_differences(one, configure(DATA, Wide)) == ""


def test_what_ships_is_read_without_one(tmp_path):
    there = read_again(configure(DATA, "cnn"), tmp_path)
    assert not (tmp_path / "config.toml").read_text().startswith("#")
    require_network(there)
    with pytest.raises(SettingError, match="ships, 'cnn': read it without Wide"):
        give_network(there, Wide)


@pytest.mark.parametrize("table", [{"name": "own"}, {"name": "own", "path": 3}])
def test_it_cannot_be_named(table):
    with pytest.raises(SettingError, match="no network called 'own'"):
        make_config({**DATA, "network": table})


def test_it_has_no_settings():
    with pytest.raises(SettingError, match=r"network\.source: there is no such setting"):
        make_config({**DATA, "network": {"name": "own", "path": "my.Wide", "source": "x"}})


@pytest.mark.parametrize(
    ("network", "match"),
    [("cnn", "is wanted, not 'cnn'"), (3, "is wanted, not 3"), (None, "is wanted, not None")],
)
def test_what_is_no_network_is_one_line(network, match):
    with pytest.raises(SettingError, match=match):
        required_own(network)


@pytest.mark.parametrize(
    ("network", "match"), [(3, "3 is neither a name nor settings"), ("cnnn", "did you mean 'cnn'")]
)
def test_what_is_neither_name_nor_network_is_refused(network, match):
    with pytest.raises(SettingError, match=match):
        configure(DATA, network)


def test_an_estimator_learns_in_no_batches():
    config = configure({**DATA, "augment": {"steps": ["gain"]}}, SVC())
    with pytest.raises(SettingError, match="'SVC' does not learn in batches"):
        standing_in(config)
    assert standing_in(configure({**DATA, "augment": {"steps": ["gain"]}}, Wide)).network.name == "cnn"
    assert NETWORKS["svm"].learns_in_batches is False


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"network": {"name": "svm"}, "seed": 3},
        {"network": {"name": "cnn", "dropout": 0.1}, "front_end": {"name": "mfcc", "n_mfcc": 20}},
        {"network": {"name": "resnet-mel", "modulation_frames": "off"}, "train": {"max_epochs": 60}},
        {"front_end": {"n_mels": 32}, "segments": {"count": 2}, "split": {"test_fold": 2}},
        {"augment": {"steps": ["gain"]}, "calibration": {"method": "temperature"}, "device": "cpu"},
        {"augment": {"steps": []}, "network": {"name": "resnet-mel"}},
        {"network": {"name": "resnet-mel"}, "train": {"segments_per_clip": None}},
        {"network": {"name": "resnet-mel"}, "train": {"max_epochs": 4, "warmup_epochs": 3}},
        {"network": {"name": "resnet-mel"}, "train": {"max_epochs": 4}},
    ],
)
def test_what_is_said_of_a_configuration_makes_it_again_and_leaves_the_rest_open(tables):
    config = make_config({**DATA, **tables})
    said = said_tables(config)
    assert configured(said) == config
    assert configured({**said, "device": config.device}) == make_config({**said, "device": config.device})
    for name, table in said.items():
        wanted = {**DATA, **tables}.get(name, {})
        if isinstance(table, dict):
            assert table.keys() - {"name"} <= wanted.keys()


def test_what_is_said_of_a_network_of_ones_own_holds_it():
    config = configure({**DATA, "train": {"patience": 3}}, Wide)
    said = said_tables(config)
    assert said["network"] is config.network.settings
    assert said["train"] == {"patience": 3}
    assert configured(said) == config
    assert configured(said).network.settings.is_given
