"""Networks in a configuration: those that ship by name or settings, and the user's own."""

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any

from earmark.errors import SettingError
from earmark.experiment.config import OFF, Named, RunConfig, make_config, spelled
from earmark.models.catalogue import NETWORKS
from earmark.models.own import OWN, OwnNetwork, own_network


def configure(tables: Mapping[str, Any], network: object) -> RunConfig:
    """Return the configuration of a classifier with a network that may be the user's own.

    Args:
        tables: As `make_config` takes them; what they say of a network does not count.
        network: A name of the catalogue, settings of one that ships, or a network of the user's own: see `own_network`.

    Raises:
        SettingError: The network is none of these, a key is unknown or a value cannot be.
    """
    is_ours = isinstance(network, str) or any(network is kind.settings for kind in NETWORKS.values())
    own = None if is_ours else own_network(network)
    return configured({**tables, "network": own or as_table(network, NETWORKS)})


def configured(tables: Mapping[str, Any]) -> RunConfig:
    """Return the configuration of tables as `make_config` takes them, in which a user's own network may stand as it is.

    Args:
        tables: With an `OwnNetwork` in place of the table of a network, or with that table.

    Raises:
        SettingError: See `make_config`.
    """
    own = tables.get("network")
    if not isinstance(own, OwnNetwork):
        return make_config(tables)
    config = make_config({**tables, "network": {"name": own.stand_in}})
    return replace(config, network=Named(name=OWN, settings=own))


def said_tables(config: RunConfig) -> dict[str, Any]:
    """Return the least that `configured` makes the same configuration of: what follows from the network is left open.

    So another network can be put in its place, and get what it likes.

    Args:
        config: See `RunConfig`.

    >>> said_tables(make_config({"data": {"path": "a"}, "train": {"patience": 3}}))["train"]
    {'patience': 3}
    """
    own, name = config.network.settings, config.network.name
    network = own if isinstance(own, OwnNetwork) else {"name": name}
    tables: dict[str, Any] = {"data": config.to_dict()["data"], "network": network}
    if config.front_end.name != configured(tables).front_end.name:
        tables["front_end"] = {"name": config.front_end.name}
    if config.train.max_epochs != configured(tables).train.max_epochs:  # the warm-up follows from it
        tables["train"] = {"max_epochs": config.train.max_epochs}
    defaults = configured(tables).to_dict()
    for table, said in config.to_dict().items():
        if not isinstance(said, dict):
            tables[table] = said
        elif table != "network" or network is not own:
            other = {key: value for key, value in said.items() if defaults[table].get(key) != value}
            off = {key: OFF for key in defaults[table] if key not in said}  # what the network likes would come back
            tables[table] = tables.get(table, {}) | other | off
    return {table: said for table, said in tables.items() if said != {}}


def required_own(network: object) -> OwnNetwork:
    """Return what stands for a network of the user's own.

    Args:
        network: The network.

    Raises:
        SettingError: It is none.
    """
    own = None if isinstance(network, str) else own_network(network)
    if own is None:
        raise SettingError(f"network: a module, or what makes one, is wanted, not {network!r}")
    return own


def give_network(config: RunConfig, network: object) -> RunConfig:
    """Return a configuration that was read from a file, with the network that the file could not hold.

    Args:
        config: The configuration, which knows the user's network by its path.
        network: That network.

    Raises:
        SettingError: The network is another one by its path, or that of the configuration ships.
    """
    own, there = required_own(network), config.network.settings
    if not isinstance(there, OwnNetwork):
        raise SettingError(f"the network of this run ships, {config.network.name!r}: read it without {own.name}")
    if own.path != there.path:
        raise SettingError(f"the network of this run is {there.path}, and {own.path} is given: give the same one")
    return replace(config, network=Named(name=OWN, settings=own))


def require_network(config: RunConfig) -> None:
    """Make sure that a configuration has its network: one of the user's own was not left in a file.

    Args:
        config: See `RunConfig`.

    Raises:
        SettingError: The network is the user's own, and known by its path alone.
    """
    if isinstance(config.network.settings, OwnNetwork):
        config.network.settings.require()


def standing_in(config: RunConfig) -> RunConfig:
    """Return the configuration with a shipped network that takes clips as the user's own does: enough to prepare by.

    Args:
        config: See `RunConfig`.

    Raises:
        SettingError: The training part is to be changed in batches for an estimator, which knows none.
    """
    own = config.network.settings
    if not isinstance(own, OwnNetwork):
        return config
    if own.is_estimator and config.augment.steps:
        raise SettingError(
            f"augment.steps: {own.name!r} does not learn in batches, and takes none: write changed copies with "
            "earmark augment"
        )
    name = own.stand_in
    return replace(config, network=Named(name=name, settings=NETWORKS[name].settings()))


def as_table(choice: object, catalogue: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a configuration for a name, or for settings whose type says what they are of.

    Args:
        choice: The name or the settings.
        catalogue: What ships.

    Raises:
        SettingError: It is neither.

    >>> as_table(NETWORKS["svm"].settings(), NETWORKS)["name"]
    'svm'
    """
    if isinstance(choice, str):
        return {"name": choice}
    name = next((name for name, kind in catalogue.items() if type(choice) is kind.settings), None)
    if isinstance(choice, type) and is_dataclass(choice):
        raise SettingError(f"{choice.__name__} is the class of settings: give some, {choice.__name__}()")
    if name is None or not is_dataclass(choice) or isinstance(choice, type):
        known = ", ".join(kind.settings.__name__ for kind in catalogue.values())
        raise SettingError(f"{choice!r} is neither a name nor settings of what ships: {known}")
    return {"name": name, **spelled(choice)}
