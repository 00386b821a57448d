"""Which settings a search may change, and which of them it tries next."""

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from types import ModuleType
from typing import Any, get_args, get_type_hints

from earmark._util.optional import import_extra
from earmark._util.seeds import spawn_seed
from earmark.errors import SettingError
from earmark.experiment.config import AugmentConfig, RunConfig, flat_settings
from earmark.experiment.networks import configured
from earmark.models.own import OwnNetwork, network_kind, network_title

Tables = Mapping[str, Any]

_SEARCHED = ("front_end", "network", "segments", "augment", "train")
_DECADE = 10.0  # from here on a range is searched by factors, not by steps
_N_RANDOM = 8  # trials before the search learns from the others
_N_WHOLE = 4  # trials that are scored to their end before any is given up
_KEPT = 75.0  # per cent of the trials after each inner fold: one fold is too little to give up more by
_EXTRA = "tune"


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A setting that is a number, and between which bounds it is searched.

    Attributes:
        key: Its key, such as ``train.learning_rate``.
        low: The least value.
        high: The greatest value.
        is_whole: Whether only whole numbers will do.
    """

    key: str
    low: float
    high: float
    is_whole: bool = False

    @property
    def is_log(self) -> bool:
        """Whether it is searched by factors: where the bounds span a decade or more."""
        return self.low > 0 and self.high / self.low >= _DECADE

    @property
    def ends(self) -> tuple[object, ...]:
        """The values that must be possible for all between them to be."""
        return (self.low, self.high)

    def value(self, tried: object) -> object:
        """Return the setting's value for what the search tries: to three digits, which nobody needs more of."""
        if not isinstance(tried, float):
            return tried
        return min(max(float(f"{tried:.3g}"), self.low), self.high)

    def __str__(self) -> str:
        return f"{self.key}={self.low:g}..{self.high:g}"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """A setting that is one of several values.

    Attributes:
        key: Its key, such as ``front_end.name``.
        texts: The values as they were typed.
    """

    key: str
    texts: tuple[str, ...]

    @property
    def ends(self) -> tuple[object, ...]:
        """The values that must be possible."""
        return tuple(map(_value, self.texts))

    def value(self, tried: object) -> object:
        """Return the setting's value for what the search tries."""
        return _value(str(tried))

    def __str__(self) -> str:
        return f"{self.key}={'|'.join(self.texts)}"


Dimension = Numbers | Choices


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One set of settings, and what it came to in the inner cross-validation.

    Attributes:
        number: From 1.
        tried: What was tried, by key.
        state: ``"complete"``, ``"pruned"`` (given up as hopeless) or ``"failed"`` (it could not be trained).
        accuracy: Share of the clips of all inner folds that were right; None but for a complete one.
        log_loss: Mean log loss over those clips.
        course: The accuracy over the clips of the first inner fold, of the first two, and so on.
        seconds: How long it took.
        note: Why it failed.
    """

    number: int
    tried: dict[str, Any]
    state: str
    accuracy: float | None = None
    log_loss: float | None = None
    course: tuple[float, ...] = ()
    seconds: float = 0.0
    note: str = ""

    @property
    def rank(self) -> tuple[float, float, int]:
        """What trials are sorted by, the best first; for complete ones only."""
        return (-(self.accuracy or 0.0), self.log_loss or 0.0, self.number)


def parse_search(texts: Iterable[str], tables: Tables) -> tuple[Dimension, ...]:
    """Return what a search may change.

    Args:
        texts: Such as ``train.learning_rate=1e-4..1e-2,network.dropout=0..0.6`` or ``front_end.name=mfcc|log-mel``;
            several are taken together.
        tables: The configuration that is searched around, as `configured` takes it.

    Raises:
        SettingError: A text cannot be read, a key is unknown or not to be searched, or a bound cannot be.

    >>> [str(one) for one in parse_search(["train.learning_rate=1e-4..1e-2"], {"data": {"path": ""}})]
    ['train.learning_rate=0.0001..0.01']
    """
    # A comma ends a setting only where another key follows: lists have commas too.
    assignments = [part for text in texts for part in re.split(r",(?=\s*[a-z_]+(?:\.\w+)?\s*=)", text)]
    space: dict[str, Dimension] = {}
    for assignment in assignments:
        key, mark, wanted = (part.strip() for part in assignment.partition("="))
        if not mark or not wanted:
            raise SettingError(
                f"--search wants KEY=LOW..HIGH or KEY=A|B, such as train.learning_rate=1e-4..1e-2, not {assignment!r}"
            )
        if key in space:
            raise SettingError(f"--search gives {key} twice")
        _refuse_key(key, tables)
        space[key] = _dimension(key, wanted)
    typed = tuple(_typed(one, tables, space) for one in space.values())
    check_space(typed, tables)
    return typed


def default_space(tables: Tables) -> tuple[Dimension, ...]:
    """Return what is searched where nothing is said: what matters most for the network.

    Args:
        tables: The configuration that is searched around.

    Raises:
        SettingError: It cannot be, or the network has nothing that is searched by itself.
    """
    config = configured(tables)
    settings, train = config.network.settings, config.train
    name = network_title(config.network.name, settings)
    if not network_kind(config.network.name, settings).learns_in_batches:
        if name not in _OF_SOLVED:
            raise SettingError(f"nothing is searched by itself for the network {name!r}: give --search")
        return parse_search(_OF_SOLVED[name], tables)
    texts = [
        f"train.learning_rate={train.learning_rate / _DECADE:g}..{train.learning_rate * _DECADE:g}",
        "train.batch_size=16|32|64",
        "train.label_smoothing=0..0.2",
    ]
    if train.optimiser == "adamw":
        texts.append("train.weight_decay=1e-5..0.1")
    if hasattr(settings, "dropout"):
        texts.append("network.dropout=0..0.6")
    return parse_search(texts, tables)


_OF_SOLVED = {
    "k-nearest": ("network.n_neighbours=1..25", "network.weights=uniform|distance"),
    "logistic": ("network.penalty=0.001..100",),
    "random-forest": ("network.min_leaf=1..10",),
    "svm": ("network.penalty=0.1..1000",),
}


def check_space(space: Sequence[Dimension], tables: Tables) -> None:
    """Refuse a space with values that cannot be, before any work is done.

    Args:
        space: What may be changed.
        tables: The configuration that is searched around.

    Raises:
        SettingError: There is nothing to search, or a bound or a choice cannot be; the message names the whole key.
    """
    if not space:
        raise SettingError("there is nothing to search: give --search KEY=LOW..HIGH")
    named = [one for one in space if one.key.endswith(".name")]
    for names in itertools.product(*(one.ends for one in named)):
        chosen = dict(zip((one.key for one in named), names, strict=True))
        for one in space:
            for end in one.ends:
                configured(with_values(tables, chosen | {one.key: end}))


def with_values(tables: Tables, values: Mapping[str, object]) -> dict[str, Any]:
    """Return the tables of a configuration with other values by dotted key.

    Args:
        tables: As `configured` takes them.
        values: A name clears its table first: the settings of another network are none of this one's.

    >>> with_values({"network": {"name": "cnn", "dropout": 0.1}}, {"network.name": "lstm", "train.patience": 3})
    {'network': {'name': 'lstm'}, 'train': {'patience': 3}}
    """
    changed = {key: dict(value) if isinstance(value, Mapping) else value for key, value in tables.items()}
    for dotted, value in sorted(values.items(), key=lambda item: not item[0].endswith(".name")):
        table, _, key = dotted.partition(".")
        inner = changed.setdefault(table, {})
        if key == "name" and inner and _name_in(table, tables) != value:
            inner.clear()
        inner[key] = value
    return changed


def _name_in(table: str, tables: Tables) -> object:
    """Return the name of a table, or the one that follows from the others where it says none."""
    return tables[table].get("name") or getattr(configured({"data": {"path": ""}, **tables}), table).name


def values_of(space: Sequence[Dimension], tried: Mapping[str, object]) -> dict[str, object]:
    """Return the values of settings for what a search tried."""
    return {one.key: one.value(tried[one.key]) for one in space}


def config_with(tables: Tables, space: Sequence[Dimension], tried: Mapping[str, object]) -> RunConfig:
    """Return the configuration of one trial, or with nothing tried the one that is searched around.

    Where networks are searched, one that does not learn in batches goes without the augmentation of the others.

    Args:
        tables: The configuration that is searched around.
        space: What is searched.
        tried: What a search tried, by key; empty for nothing.

    Raises:
        SettingError: The settings cannot be.
    """
    config = configured(with_values(tables, values_of(space, tried) if tried else {}))
    is_searched = any(one.key == "network.name" for one in space)
    if is_searched and not network_kind(config.network.name, config.network.settings).learns_in_batches:
        return replace(config, augment=AugmentConfig(steps=()))
    return config


class Asking:
    """Asks Optuna what to try next. What it answers follows from the seed and the trials before, and from nothing else.

    So a search that was cut off goes on as if nothing had happened. The first trial is the settings as they are, or as
    near as the space has them; then come random ones, then those of a tree-structured Parzen estimator. A trial is
    given up where its accuracy over the first inner folds is in the lowest quarter of the others'.

    Args:
        space: What may be changed.
        tables: The configuration that is searched around.
        seed: The root seed.

    Raises:
        MissingExtraError: Optuna is not installed.

    Source: Bergstra et al. (2011), "Algorithms for hyper-parameter optimization", NeurIPS; Akiba et al. (2019),
    "Optuna: a next-generation hyperparameter optimization framework", KDD.
    """

    def __init__(self, space: Sequence[Dimension], tables: Tables, *, seed: int) -> None:
        self._optuna: ModuleType = import_extra("optuna", _EXTRA)
        self._space, self._seed = tuple(space), seed
        self._first = _as_it_is(space, configured(tables))
        self._distributions = {one.key: self._distribution(one) for one in space}

    def next(self, done: Sequence[Trial]) -> Any:  # noqa: ANN401 - Optuna's trial, which is not there without it
        """Return a trial of Optuna: ``params``, ``report(accuracy, step)`` and ``should_prune()``.

        Args:
            done: The trials before.
        """
        study = self._study(len(done) + 1)
        if not done and self._first:
            study.enqueue_trial(self._first)
        for trial in done:
            study.add_trial(self._frozen(trial))
        return study.ask(self._distributions)

    def _study(self, number: int) -> Any:  # noqa: ANN401 - as above
        optuna = self._optuna
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # it writes to stderr by itself
        try:
            sampler = optuna.samplers.TPESampler(
                seed=spawn_seed(self._seed, "trial", number), n_startup_trials=_N_RANDOM
            )
            pruner = optuna.pruners.PercentilePruner(_KEPT, n_startup_trials=_N_WHOLE)
            return optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
        finally:
            optuna.logging.set_verbosity(level)

    def _frozen(self, trial: Trial) -> Any:  # noqa: ANN401 - as above
        is_complete = trial.state == "complete"
        states = self._optuna.trial.TrialState
        return self._optuna.trial.create_trial(
            state=states.COMPLETE if is_complete else states.PRUNED,
            value=trial.accuracy if is_complete else None,
            params=trial.tried,
            distributions=self._distributions,
            intermediate_values=dict(enumerate(trial.course or (0.0,), start=1)),  # what failed is as bad as can be
        )

    def _distribution(self, one: Dimension) -> Any:  # noqa: ANN401 - as above
        kinds = self._optuna.distributions
        if isinstance(one, Choices):
            return kinds.CategoricalDistribution(one.texts)
        if one.is_whole:
            return kinds.IntDistribution(int(one.low), int(one.high), log=one.is_log)
        return kinds.FloatDistribution(one.low, one.high, log=one.is_log)


def _as_it_is(space: Sequence[Dimension], config: RunConfig) -> dict[str, object]:
    """Return the settings as they are in the words of the search; nothing where it has none for them."""
    now = flat_settings(config)
    tried: dict[str, object] = {}
    for one in space:
        value = now.get(one.key)
        if isinstance(one, Choices):
            fitting = [text for text in one.texts if _value(text) == value]
            if not fitting:
                return {}
            tried[one.key] = fitting[0]
        elif isinstance(value, int | float):
            tried[one.key] = min(max(value, one.low), one.high)
        else:
            return {}
    return tried


def _refuse_key(key: str, tables: Tables) -> None:
    table, _, name = key.partition(".")
    if table not in _SEARCHED or not name:
        raise SettingError(
            f"{key}: cannot be searched; only settings of {', '.join(_SEARCHED)} can, such as train.learning_rate"
        )
    if table == "network" and isinstance(own := tables.get("network"), OwnNetwork):
        raise SettingError(
            f"{key}: nothing of {own.name}, a network of your own, is known to be searched: compare several of it "
            "(earmark.compare), or search front_end, segments, augment or train"
        )


def _dimension(key: str, wanted: str) -> Dimension:
    if ".." not in wanted:
        texts = tuple(text.strip() for text in wanted.split("|"))
        if len(set(texts)) != len(texts) or len(texts) == 1 or not all(texts):
            raise SettingError(f"{key}: a search wants two different values or more, such as A|B, not {wanted!r}")
        return Choices(key=key, texts=texts)
    try:
        low, high = (float(text) for text in wanted.split("..", maxsplit=1))
    except ValueError as error:
        raise SettingError(f"{key}: a range is LOW..HIGH in numbers, such as 1e-4..1e-2, not {wanted!r}") from error
    if not (isfinite(low) and isfinite(high) and low < high):
        raise SettingError(f"{key}: a range goes from a lower number to a higher one, not {wanted!r}")
    return Numbers(key=key, low=low, high=high)


def _typed(one: Dimension, tables: Tables, space: Mapping[str, Dimension]) -> Dimension:
    """Return a range of whole numbers for a setting that takes nothing else."""
    if isinstance(one, Choices):
        return one
    first_names = {key: each.ends[0] for key, each in space.items() if key.endswith(".name")}
    config = configured(with_values(tables, first_names))
    table, _, name = one.key.partition(".")
    part = getattr(config, table)
    hint = get_type_hints(type(getattr(part, "settings", part))).get(name)
    kinds = get_args(hint) or (hint,)
    if int not in kinds or float in kinds:
        return one
    if not (one.low.is_integer() and one.high.is_integer()):
        raise SettingError(f"{one.key}: takes whole numbers, not {one.low:g}..{one.high:g}")
    return Numbers(key=one.key, low=int(one.low), high=int(one.high), is_whole=True)


def _value(text: str) -> object:
    """Return what a text says in TOML; what is no TOML is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
        return text
