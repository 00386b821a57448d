"""Several augmentations in order, and how they are written on a command line."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, overload

import numpy as np

from earmark._util.catalogue import nearest
from earmark._util.seeds import spawn_generator
from earmark.audio import FloatArray
from earmark.augment.catalogue import AUGMENTATIONS
from earmark.augment.checks import Takes
from earmark.augment.mixing import Mixed
from earmark.errors import SettingError

Step = tuple[str, Any]  # the name of an augmentation, and its settings

_RATE = "sample_rate"
_NOTHING = "none"
_BEFORE_SETTING = re.compile(r":(?=\s*\w+\s*=)")  # other colons belong to a value, such as a path


@dataclass(frozen=True)
class Chain:
    """Several augmentations, one after the other, each with random numbers of its own.

    Those of a step depend on its name, and on how many steps of the same name stand before it: another step more or
    less changes nothing for it.

    Attributes:
        steps: Names of augmentations with their settings, in order.

    Raises:
        SettingError: A name is unknown, or its settings are those of another.

    >>> chain = Chain(parse_steps(["gain:gain_db_low=0,polarity"]))
    >>> chain.apply(np.zeros((2, 5), np.float32), np.random.default_rng(0)).shape
    (2, 5)
    """

    steps: Sequence[Step]

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        for name, settings in self.steps:
            wanted = AUGMENTATIONS[name].settings
            if not isinstance(settings, wanted):
                raise SettingError(f"{name!r} takes {wanted.__name__}, not {type(settings).__name__}")

    @property
    def takes(self) -> tuple[Takes, ...]:
        """What the steps take, each once, in their order."""
        return tuple(dict.fromkeys(AUGMENTATIONS[name].takes for name, _ in self.steps))

    @property
    def mixes(self) -> bool:
        """Whether a step mixes pairs of items, so that it needs their targets."""
        return any(AUGMENTATIONS[name].mixes for name, _ in self.steps)

    def only(self, takes: Takes) -> "Chain":
        """Return the steps that take, for instance, "power", in their order; there may be none."""
        return Chain([step for step in self.steps if AUGMENTATIONS[step[0]].takes == takes])

    def at_rate(self, sample_rate: int) -> "Chain":
        """Return the same steps for sound of so many samples a second."""
        return Chain(
            [
                (name, replace(settings, sample_rate=sample_rate) if hasattr(settings, _RATE) else settings)
                for name, settings in self.steps
            ]
        )

    @overload
    def apply(self, batch: FloatArray, generator: np.random.Generator) -> FloatArray: ...
    @overload
    def apply(self, batch: Mixed, generator: np.random.Generator) -> Mixed: ...
    def apply(self, batch: FloatArray | Mixed, generator: np.random.Generator) -> FloatArray | Mixed:
        """Return a new batch that has gone through all steps.

        Args:
            batch: What the steps take; or `Mixed` of it and the targets, which only the steps that mix look at.
            generator: One number is drawn from it, as the root of those of the steps.

        Returns:
            A batch of the same kind and shape; a copy where there are no steps.

        Raises:
            SettingError: The steps take different things, or mix and are given no targets.
        """
        if len(self.takes) > 1:
            raise SettingError(f"these steps take {' and '.join(self.takes)}: apply those of each alone, with only()")
        mixing = [name for name, _ in self.steps if AUGMENTATIONS[name].mixes]
        if mixing and not isinstance(batch, Mixed):
            raise SettingError(f"{mixing[0]!r} mixes targets too: give it Mixed(batch, targets)")
        seed = int(generator.integers(2**63))
        seen: Counter[str] = Counter()
        changed = _copy(batch)
        for name, settings in self.steps:
            changed = _apply(name, settings, changed, spawn_generator(seed, name, seen[name]))
            seen[name] += 1
        return changed


def parse_steps(texts: Iterable[str]) -> list[Step]:
    """Return the steps that were typed, for `Chain`.

    Args:
        texts: Names of augmentations, with settings behind colons, and commas between several:
            ``noise:snr_db_low=5:colour=pink,gain``. A value holds no comma. ``none`` stands for nothing.

    Raises:
        SettingError: A name or a setting is unknown, or a value cannot be; the message offers the nearest names. The
            sample rate cannot be set: it is that of the sound.

    >>> parse_steps(["polarity:p=0.3"])
    [('polarity', PolaritySettings(p=0.3))]
    """
    return [_parse_step(part.strip()) for text in texts for part in text.split(",")]


def describe_steps(steps: Iterable[Step]) -> str:
    """Return steps as they would be typed, with the settings that are not the default.

    >>> describe_steps(parse_steps(["gain", "polarity : p = 0.3"]))
    'gain,polarity:p=0.3'
    """
    return ",".join(":".join([name, *_typed(settings)]) for name, settings in steps)


def _copy(batch: FloatArray | Mixed) -> FloatArray | Mixed:
    return Mixed(batch.batch.copy(), batch.targets.copy()) if isinstance(batch, Mixed) else batch.copy()


def _apply(
    name: str,
    settings: Any,  # noqa: ANN401 - one of many dataclasses
    batch: FloatArray | Mixed,
    generator: np.random.Generator,
) -> FloatArray | Mixed:
    kind = AUGMENTATIONS[name]
    if isinstance(batch, Mixed) and not kind.mixes:
        return replace(batch, batch=kind.apply(batch.batch, generator, settings))
    changed: FloatArray | Mixed = kind.apply(batch, generator, settings)
    return changed


def _parse_step(text: str) -> Step:
    name, colon, rest = text.partition(":")
    name = name.strip()
    if not name:
        raise SettingError(f"a step has no name: {nearest(name, AUGMENTATIONS)}")
    kind = AUGMENTATIONS[name].settings
    known = [field.name for field in fields(kind) if field.name != _RATE]
    values: dict[str, str] = {}
    for part in _BEFORE_SETTING.split(rest) if colon else ():
        key, mark, value = (word.strip() for word in part.partition("="))
        if not mark:
            raise SettingError(f"{name} wants settings as KEY=VALUE, such as {name}:p=0.5, not {part.strip()!r}")
        if key not in known:
            reason = "it is that of the sound" if key == _RATE else f"there is no such setting: {nearest(key, known)}"
            raise SettingError(f"{name}.{key}: {reason}")
        if key in values:
            raise SettingError(f"{name}.{key} is given twice")
        values[key] = value
    return name, _settings(name, kind, values)


def _settings(name: str, kind: type[Any], values: dict[str, str]) -> Any:  # noqa: ANN401 - one of many dataclasses
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - only what was typed needs it

    can_be_nothing = [field.name for field in fields(kind) if field.default is None]
    typed = {key: value for key, value in values.items() if key not in can_be_nothing or value != _NOTHING}
    try:
        return TypeAdapter(kind).validate_strings(typed)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join([name, *map(str, fault["loc"])])
        if fault["type"] == "missing":
            raise SettingError(f"{where} is missing: write {name}:{fault['loc'][0]}=...") from error
        if "error" in fault.get("ctx", {}):  # of the settings' own check, which begins with the name of the setting
            raise SettingError(f"{where}.{fault['ctx']['error']}") from error
        raise SettingError(f"{where}: {fault['msg'].lower()}, not {fault['input']!r}") from error


def _typed(settings: Any) -> list[str]:  # noqa: ANN401 - one of many dataclasses
    defaults = {field.name: field.default for field in fields(settings)}
    return [
        f"{key}={_NOTHING if value is None else value}"
        for key, value in asdict(settings).items()
        if key != _RATE and value != defaults[key]
    ]
