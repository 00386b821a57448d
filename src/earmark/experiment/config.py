"""Everything that a run depends on, as one frozen value that a TOML file holds."""

import difflib
import json
import math
import tomllib
from collections.abc import Container, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

import tomli_w

from earmark._util.catalogue import nearest
from earmark._util.files import write_text
from earmark.augment.chain import parse_steps
from earmark.errors import SettingError, StorageError
from earmark.evaluate.calibration import CalibrationSettings
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.models.blueprint import Blueprint
from earmark.models.catalogue import DEFAULT_NETWORK, NETWORKS, NetworkKind
from earmark.models.own import network_kind, remark, written_kind
from earmark.train.settings import TrainSettings

OFF = "off"  # TOML has no "nothing"
_MOST_DIFFERENCES = 4


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which sounds.

    Attributes:
        path: A folder or table that `open_dataset` recognises.
        group_column: The column of a table that says what a group is.
        group_pattern: A regular expression on a clip's path that says what a group is.
        group_tag: A tag of the sound files that says what a group is, such as ``artist``.
    """

    path: str
    group_column: str | None = None
    group_pattern: str | None = None
    group_tag: str | None = None


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """Which clips train, which choose the best epoch, and which are looked at once.

    Attributes:
        test_fold: The fold that is the test part: a published one, or one of those that `n_folds` asks for.
        n_folds: Folds to compute where the data set has none; None for a single share of the clips as test part.
        test_fraction: The share of the test part where the data set has no folds; a fifth where nothing is said.
        validation_fraction: The share of the validation part, taken from what is not test.
        plan: Parts or folds that are given: ``published``, ``each-group``, or a table of clips; see `apply_plan`.
        repeats: What becomes of sounds that are there more than once; see `keep_repeats`.
    """

    test_fold: int | None = None
    n_folds: int | None = None
    test_fraction: float | None = None
    validation_fraction: float = 0.15
    plan: str | None = None
    repeats: Literal["together", "refuse", "tell"] | None = None

    def __post_init__(self) -> None:
        if self.plan is not None and (self.n_folds is not None or self.test_fraction is not None):
            raise SettingError("plan says which clips are tested: leave n_folds and test_fraction out")
        if self.test_fold is not None and self.test_fraction is not None:
            raise SettingError("give the test part as a test_fold or as a test_fraction, not both")
        if self.n_folds is not None and self.test_fold is None:
            raise SettingError("n_folds needs a test_fold: which of them is the test part?")


@dataclass(frozen=True, kw_only=True)
class SegmentConfig:
    """How a clip is cut; nothing given leaves it to the network and the length of the clips.

    Attributes:
        count: Segments a clip of typical length is cut into.
        segment_s: The length of a segment in seconds; not together with `count`.
        hop_s: From the start of one segment to the next in seconds; the length, where it is not given.
    """

    count: int | None = None
    segment_s: float | None = None
    hop_s: float | None = None

    def __post_init__(self) -> None:
        if self.count is not None and (self.segment_s is not None or self.hop_s is not None):
            raise SettingError("give segments by count, or by length and hop, not both")
        if self.hop_s is not None and self.segment_s is None:
            raise SettingError("hop_s needs segment_s: how long is a segment?")


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """How the training part is changed, so that there is more to learn from; no other part ever is.

    Attributes:
        steps: Augmentations in order, as `parse_steps` reads them. Those on waveforms make versions of each sound
            before the training, of which each epoch draws one; the others change every batch anew. Empty for none;
            None leaves it to the network.
        n_copies: Versions of each sound beside itself, where a step takes waveforms.

    Raises:
        SettingError: A step cannot be, or there are no copies.
    """

    steps: tuple[str, ...] | None = None
    n_copies: int = 6

    def __post_init__(self) -> None:
        parse_steps(self.steps or ())
        if self.n_copies < 1:
            raise SettingError(f"n_copies must be at least 1, not {self.n_copies}")


@dataclass(frozen=True, kw_only=True)
class Named:
    """Something of a catalogue with its settings.

    Attributes:
        name: Its name in the catalogue.
        settings: Its settings: the dataclass that the catalogue names.
    """

    name: str
    settings: Any


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that a run depends on. The same value gives the same run (on a processor, with the same versions).

    Attributes:
        data: Which sounds.
        split: Which clips train, validate and test.
        segments: How a clip is cut.
        front_end: From waveform to features.
        network: From features to class scores.
        augment: How the training part is changed.
        train: How the network is trained.
        calibration: How probabilities are fitted to the validation part.
        seed: The root of all random numbers.
        device: Where to compute.
    """

    data: DataConfig
    split: SplitConfig = field(default_factory=SplitConfig)
    segments: SegmentConfig = field(default_factory=SegmentConfig)
    front_end: Named
    network: Named
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    train: TrainSettings = field(default_factory=TrainSettings)
    calibration: CalibrationSettings = field(default_factory=CalibrationSettings)
    seed: int = 0
    device: str = "auto"

    def to_dict(self) -> dict[str, Any]:
        """Return it as nested tables; what is not set is left out, as TOML has no "nothing", or said to be off."""
        tables, liked = asdict(self), network_kind(self.network.name, self.network.settings).defaults
        for part in ("front_end", "network"):
            tables[part] = {"name": tables[part]["name"], **spelled(getattr(self, part).settings)}
        return {
            key: _without_none(value, liked.get(key, ())) if isinstance(value, dict) else value
            for key, value in sorted(tables.items(), key=lambda item: isinstance(item[1], dict))
        }

    def save(self, path: Path) -> None:
        """Write it as TOML.

        Raises:
            StorageError: The file cannot be written.
        """
        write_text(path, remark(self.network.settings) + tomli_w.dumps(self.to_dict()))


def show_as_toml(config: RunConfig) -> str:
    """Return a configuration as TOML for a person: what is left open stands in a comment at the end.

    Args:
        config: What to show; without a path of data if it has none.

    >>> print(show_as_toml(make_config({"data": {"path": ""}, "network": {"name": "svm"}})))
    seed = 0
    ...
    # left to data and network, or off: ...
    """
    tables = config.to_dict()
    if not config.data.path:
        del tables["data"]["path"]
    nothing = [
        f"{key}.{name}"
        for key, table in asdict(config).items()
        for name, value in (table.items() if isinstance(table, dict) else ())
        if value is None
    ]
    said = {key: value for key, value in tables.items() if value != {}}
    return f"{tomli_w.dumps(said)}\n# left to data and network, or off: {', '.join(nothing)}\n"


def describe_differences(begun: RunConfig, given: RunConfig) -> str:
    """Return which settings differ between two configurations, by their keys; nothing where none does.

    Args:
        begun: The one that something was begun with.
        given: The one that is given now.

    >>> begun = make_config({"data": {"path": "a"}})
    >>> describe_differences(begun, make_config({"data": {"path": "a"}, "train": {"patience": 3}}))
    'train.patience is 15 there and 3 here'
    """
    there, here = flat_settings(begun), flat_settings(given)
    keys = [key for key in sorted({*there, *here}) if there.get(key) != here.get(key)]
    # What another network or front end has for settings follows from its name.
    named = tuple(f"{key.removesuffix('.name')}." for key in keys if key.endswith(".name"))
    keys = [key for key in keys if key.endswith(".name") or not key.startswith(named)]
    said = [f"{key} is {there.get(key, 'not given')} there and {here.get(key, 'not given')} here" for key in keys]
    rest = len(said) - _MOST_DIFFERENCES
    return "; ".join([*said[:_MOST_DIFFERENCES], *([f"and {rest} more"] if rest > 0 else [])])


def flat_settings(config: RunConfig) -> dict[str, Any]:
    """Return the values of a configuration by dotted key, such as ``train.patience``."""
    flat: dict[str, Any] = {}
    for key, value in config.to_dict().items():
        inner = value if isinstance(value, Mapping) else None
        flat |= {key: value} if inner is None else {f"{key}.{name}": one for name, one in inner.items()}
    return flat


def spelled(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - one of many dataclasses
    """Return settings with "nothing" spelled out where a default would come back in its place."""
    defaults = {item.name: item.default for item in fields(settings)}
    values = asdict(settings)
    return {key: OFF if value is None and defaults[key] is not None else value for key, value in values.items()}


def load_config(path: Path) -> dict[str, Any]:
    """Read the tables of a TOML file, for `make_config`.

    Raises:
        StorageError: The file is not there, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"the configuration {path} cannot be read: {error}") from error


def make_config(tables: Mapping[str, Any]) -> RunConfig:
    """Check nested tables and return the configuration that they describe, with every default filled in.

    Args:
        tables: As in a TOML file: ``data`` (with ``path``), ``split``, ``segments``, ``front_end`` and ``network``
            (with ``name``), ``augment``, ``train``, ``calibration``, ``seed``, ``device``.

    Raises:
        SettingError: A key is unknown or a value cannot be; the message names the whole path of the key.
    """
    _refuse_unknown(tables, [item.name for item in fields(RunConfig)], "")
    network_name, network_table = _named(tables, "network", DEFAULT_NETWORK)
    network = written_kind(network_name, network_table)
    front_end_name, front_end_table = _named(tables, "front_end", network.front_end)
    front_end = FRONT_ENDS[front_end_name]
    if front_end_name == network.front_end:  # of its own it knows which settings it likes
        front_end_table = {**network.defaults.get("front_end", {}), **front_end_table}
    train_table = _train_table(network, _table(tables, "train"))
    seed, device = tables.get("seed", 0), tables.get("device", "auto")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise SettingError(f"seed: must be a whole number from 0, not {seed!r}")
    if not isinstance(device, str):
        raise SettingError(f"device: must be a name, not {device!r}")
    return RunConfig(
        data=_parse(DataConfig, _table(tables, "data"), "data"),
        split=_parse(SplitConfig, {**network.defaults.get("split", {}), **_table(tables, "split")}, "split"),
        segments=_parse(SegmentConfig, _table(tables, "segments"), "segments"),
        front_end=Named(name=front_end_name, settings=_parse(front_end.settings, front_end_table, "front_end")),
        network=Named(name=network_name, settings=_parse(network.settings, network_table, "network")),
        augment=_parse(AugmentConfig, _table(tables, "augment"), "augment"),
        train=_parse(TrainSettings, train_table, "train"),
        calibration=_parse(CalibrationSettings, _table(tables, "calibration"), "calibration"),
        seed=seed,
        device=device,
    )


def _train_table(network: NetworkKind, said: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of the training over what the network likes; its warm-up is half of the epochs at most."""
    own = dict(network.defaults.get("train", {}))
    n_epochs = said.get("max_epochs")
    if isinstance(n_epochs, int) and "warmup_epochs" in own:
        own["warmup_epochs"] = max(0, min(own["warmup_epochs"], n_epochs // 2))
    return own | said


def own_front_end(network: str) -> Named:
    """Return the front end that a network gets where nothing is said.

    Args:
        network: The name of the network.
    """
    kind = NETWORKS[network]
    settings = FRONT_ENDS[kind.front_end].settings(**kind.defaults.get("front_end", {}))
    return Named(name=kind.front_end, settings=settings)


def segments_of(recipe: Recipe) -> SegmentConfig:
    """Return the segments of a recipe in seconds, as a configuration gives them."""
    if recipe.segments is None:
        return SegmentConfig()
    sample_rate = recipe.settings.sample_rate
    return SegmentConfig(
        segment_s=recipe.segments.length_samples / sample_rate, hop_s=recipe.segments.hop_samples / sample_rate
    )


def config_of(blueprint: Blueprint) -> RunConfig:
    """Return the configuration that fits another classifier like the one of a blueprint; its data are not known."""
    recipe = blueprint.recipe
    return RunConfig(
        data=DataConfig(path=""),
        segments=segments_of(recipe),
        front_end=Named(name=recipe.front_end, settings=recipe.settings),
        network=Named(name=blueprint.network, settings=blueprint.network_settings),
    )


def _table(tables: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = tables.get(key, {})
    if not isinstance(table, Mapping):
        raise SettingError(f"{key}: must be a table, not {table!r}")
    return dict(table)


def _named(tables: Mapping[str, Any], key: str, default: str) -> tuple[str, dict[str, Any]]:
    """Return the name in a table, and the rest of it."""
    table = _table(tables, key)
    name = table.pop("name", default)
    if not isinstance(name, str):
        raise SettingError(f"{key}.name: must be a name, not {name!r}")
    return name, table


def _parse(kind: type[Any], values: dict[str, Any], path: str) -> Any:  # noqa: ANN401 - one of many dataclasses
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - only a configuration needs it

    known = [item.name for item in fields(kind)]
    _refuse_unknown(values, known, path)
    for name, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise SettingError(f"{path}.{name}: must be a finite number, not {value!r}")
    off = [item.name for item in fields(kind) if values.get(item.name) == OFF and _may_be_off(item)]
    values = values | dict.fromkeys(off)
    try:
        # Strict, so that true is no number and "3" neither; as JSON, in which a list does for a tuple all the same.
        return TypeAdapter(kind).validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise SettingError(_first_fault(error.errors()[0], path, known)) from error


def _may_be_off(item: Field[Any]) -> bool:
    return item.default is not None or str not in get_args(item.type)  # a column may be called so


def _first_fault(fault: Mapping[str, Any], path: str, known: list[str]) -> str:
    where = ".".join([path, *(str(step) for step in fault["loc"])])
    if fault["type"] == "missing":
        return f"{where}: is missing"
    if "ctx" in fault and "error" in fault["ctx"]:
        reason = str(fault["ctx"]["error"])  # of settings' own check: most begin with the name of the setting
        return f"{where}.{reason}" if reason.split(maxsplit=1)[0] in known else f"{where}: {reason}"
    return f"{where}: {fault['msg'].lower()}, not {fault['input']!r}"


def _refuse_unknown(values: Mapping[str, Any], known: list[str], path: str) -> None:
    for name in values:
        if name not in known:
            where = f"{path}.{name}" if path else name
            other = "" if difflib.get_close_matches(name, known) else _elsewhere(name, path)
            raise SettingError(f"{where}: there is no such setting: {other or nearest(name, known)}")


def _elsewhere(name: str, path: str) -> str:
    """Return the hint that a key belongs into another table; nothing where it is like none."""
    kinds: list[tuple[str, type[Any]]] = [
        *(("network", kind.settings) for kind in NETWORKS.values()),
        *(("front_end", kind.settings) for kind in FRONT_ENDS.values()),
        *(("data", DataConfig), ("split", SplitConfig), ("segments", SegmentConfig), ("augment", AugmentConfig)),
        *(("train", TrainSettings), ("calibration", CalibrationSettings)),
    ]
    table_of = {item.name: table for table, kind in kinds if table != path for item in fields(kind)}
    close = difflib.get_close_matches(name, table_of, n=1, cutoff=0.8)
    return f"did you mean '{table_of[close[0]]}.{close[0]}'?" if close else ""


def _without_none(table: dict[str, Any], liked: Container[str]) -> dict[str, Any]:
    return {key: OFF if value is None else value for key, value in table.items() if value is not None or key in liked}
