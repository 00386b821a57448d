"""A recipe written down as JSON, and read again."""

from dataclasses import asdict, fields
from typing import Any

from earmark._util.catalogue import nearest
from earmark.audio.segments import Segments
from earmark.errors import SettingError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe


def recipe_to_json(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as values that JSON knows: ``front_end`` with its name and settings, and ``segments``."""
    return {
        "front_end": {"name": recipe.front_end, **asdict(recipe.settings)},
        "segments": asdict(recipe.segments) if recipe.segments else None,
    }


def recipe_from_json(value: dict[str, Any]) -> Recipe:
    """Return the recipe that `recipe_to_json` wrote down; other keys are passed over.

    Raises:
        SettingError: A name or a setting is unknown to this version.
        KeyError: A part is missing.
    """
    front_end = dict(value["front_end"])
    name, segments = front_end.pop("name"), value["segments"]
    return Recipe(
        front_end=name,
        settings=make_settings(FRONT_ENDS[name].settings, front_end),
        segments=Segments(**segments) if segments else None,
    )


def make_settings(kind: type[Any], values: dict[str, Any]) -> Any:  # noqa: ANN401 - one of many dataclasses
    """Make settings from a mapping as JSON holds it: lists become tuples, unknown names are refused.

    Raises:
        SettingError: A name is unknown, or a value cannot be.
    """
    known = [field.name for field in fields(kind)]
    for name in values:
        if name not in known:
            raise SettingError(f"there is no setting called {name!r}: {nearest(name, known)}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
