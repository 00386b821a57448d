"""The configuration reference, written from the dataclasses: every table and key with its type, default and meaning."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from types import NoneType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from sphinx.application import Sphinx

from earmark.evaluate.calibration import CalibrationSettings
from earmark.experiment.config import AugmentConfig, DataConfig, RunConfig, SegmentConfig, SplitConfig
from earmark.features.catalogue import FRONT_ENDS
from earmark.models.catalogue import DEFAULT_NETWORK, NETWORKS
from earmark.train.settings import TrainSettings

PLACE = "<!-- every key, from the dataclasses -->"
TABLES: Mapping[str, type] = {
    "data": DataConfig,
    "split": SplitConfig,
    "segments": SegmentConfig,
    "augment": AugmentConfig,
    "train": TrainSettings,
    "calibration": CalibrationSettings,
}
_NAMED = {"front_end": FRONT_ENDS, "network": NETWORKS}
_WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false", NoneType: "nothing"}


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the keys into each page that has the mark."""
    app.connect("source-read", write_into)
    app.connect(
        "env-get-outdated", lambda app, *_: [name for name in app.env.found_docs if name == "reference/configuration"]
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_into(_app: Sphinx, _name: str, source: list[str]) -> None:
    """Put the keys in the place of the mark."""
    if PLACE in source[0]:
        source[0] = source[0].replace(PLACE, all_keys())


def all_keys() -> str:
    """Return every table of a configuration as Markdown."""
    return "\n".join(_sections())


def _sections() -> Iterator[str]:
    plain = [item for item in fields(RunConfig) if item.name not in TABLES and item.name not in _NAMED]
    yield from ("## Outside any table", "", *_table(RunConfig, plain))
    for table, kind in TABLES.items():
        yield from (f"## `[{table}]`", "", summary(kind), "", *_table(kind, fields(kind)))
    for table, catalogue in _NAMED.items():
        default = f"`{DEFAULT_NETWORK}`" if table == "network" else "the one that the network likes"
        yield from (
            f"## `[{table}]`",
            "",
            f"`name` says which (default: {default}); its own settings stand beside it.",
            "",
        )
        for name, kind in catalogue.items():
            yield from (f'### `{table}.name = "{name}"`', "", kind.summary[:1].upper() + kind.summary[1:] + ".", "")
            yield from _table(kind.settings, fields(kind.settings))
            yield from _likes(getattr(kind, "defaults", {}), getattr(kind, "front_end", None))


def summary(kind: type) -> str:
    """Return the first paragraph of a docstring."""
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def meanings(kind: type) -> dict[str, str]:
    """Return what the docstring of a dataclass says of each attribute."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        _, _, told = inspect.cleandoc(each.__doc__ or "").partition("Attributes:\n")
        for match in re.finditer(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", told, re.MULTILINE):
            found[match[1]] = " ".join(match[2].split())
    return found


def spell_type(hint: Any) -> str:  # noqa: ANN401 - any annotation
    """Return an annotation in the words of a configuration.

    >>> spell_type(int | None), spell_type(Literal["best", "last"]), spell_type(tuple[str, ...] | None)
    ('whole number', '"best" or "last"', 'list of text')
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(f'"{each}"' for each in inner)
    if origin is tuple:
        return f"list of {spell_type(inner[0])}"
    if origin is Union or type(hint).__name__ == "UnionType":
        return " or ".join(spell_type(each) for each in inner if each is not NoneType)
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))


def spell_value(value: Any) -> str:  # noqa: ANN401 - any default
    """Return a value as TOML has it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(spell_value(each) for each in value) + "]"
    return str(value)


def _table(kind: type, items: Any) -> Iterator[str]:  # noqa: ANN401 - fields
    hints, told = get_type_hints(kind), meanings(kind)
    cells = [
        (told.get(item.name, ""), spell_type(hints[item.name]) + _or_off(item, hints), _default(item)) for item in items
    ]
    names = [item.name for item in items]
    rows = [f"| `{name}` | {' | '.join(map(_cell, row))} |" for name, row in zip(names, cells, strict=True)]
    yield from ("| key | means | type | default |", "|---|---|---|---|", *rows, "") if rows else ("No settings.", "")


def _default(item: Field[Any]) -> str:
    value = item.default if item.default_factory is MISSING else item.default_factory()
    if value is MISSING:
        return "must be given"
    return "not set" if value is None else f"`{spell_value(value)}`"


def _or_off(item: Field[Any], hints: Mapping[str, Any]) -> str:
    """Return whether a key takes "off"; of text that is not set by default it would be a text like any other."""
    inner = get_args(hints[item.name])
    return ', or "off"' if NoneType in inner and (item.default is not None or str not in inner) else ""


def _likes(defaults: Mapping[str, Mapping[str, Any]], front_end: str | None) -> Iterator[str]:
    """Yield what a network puts in the place of the defaults of other tables."""
    liked = [f'`front_end.name = "{front_end}"`'] if front_end else []
    liked += [
        f"`{table}.{key} = {spell_value(value)}`" for table, values in defaults.items() for key, value in values.items()
    ]
    if liked:
        yield from (f"Where nothing is said, it likes {', '.join(liked)}.", "")


def _cell(text: str) -> str:
    return re.sub(r"`{2}([^`]+)`{2}", r"`\1`", text).replace("|", r"\|")
