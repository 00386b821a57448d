"""What was typed, put over what a configuration says."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from earmark.errors import SettingError

# What is typed takes the place of what a configuration says in another way.
_SHORT = {"train.epochs": "train.max_epochs"}  # as the option is called
_RIVALS = {
    "data.group_column": ("data.group_pattern", "data.group_tag"),
    "data.group_pattern": ("data.group_column", "data.group_tag"),
    "data.group_tag": ("data.group_column", "data.group_pattern"),
    "segments.count": ("segments.segment_s", "segments.hop_s"),
    "segments.segment_s": ("segments.count", "segments.hop_s"),
    "split.test_fold": ("split.test_fraction",),
    "split.test_fraction": ("split.test_fold",),
    "split.plan": ("split.test_fold", "split.test_fraction", "split.n_folds"),
}


def parse_assignments(assignments: Iterable[str]) -> dict[str, object]:
    """Return values by dotted key, as a configuration in TOML would hold them.

    A value that is no TOML is taken as text, so that names need no quotes.

    Args:
        assignments: What was typed, such as ``front_end.n_mfcc=20``.

    Raises:
        SettingError: There is no ``=`` with a key before it, or a key is given twice.

    >>> parse_assignments(["front_end.n_mfcc=20", "front_end.top_db=off"])
    {'front_end.n_mfcc': 20, 'front_end.top_db': 'off'}
    """
    values: dict[str, object] = {}
    for assignment in assignments:
        key, mark, text = (part.strip() for part in assignment.partition("="))
        if not mark or not all(key.split(".")) or not text:
            raise SettingError(f"--set wants KEY=VALUE, such as front_end.n_mfcc=20, not {assignment!r}")
        key = _SHORT.get(key, key)
        if key in values:
            raise SettingError(f"--set gives {key} twice")
        values[key] = _value(text)
    return values


def merge(tables: dict[str, Any], typed: dict[str, Any]) -> dict[str, Any]:
    """Return the tables of a configuration with what was typed put over them.

    Args:
        tables: As read from a TOML file.
        typed: Values by dotted key; None was not typed.

    Raises:
        SettingError: No data set is named, or a key cannot be.

    >>> merge({"seed": 1, "data": {"path": "a"}}, {"seed": None, "data.path": "b"})
    {'seed': 1, 'data': {'path': 'b'}}
    """
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in tables.items()}
    values = given(typed)
    # Names first: a new name clears its table, and what is set in the table comes after.
    for dotted, value in sorted(values.items(), key=lambda item: not item[0].endswith(".name")):
        *path, key = dotted.split(".")
        if len(path) > 1:
            raise SettingError(
                f"{dotted}: there is no such setting: keys are as in config.toml, such as train.max_epochs"
            )
        table = merged.setdefault(path[0], {}) if path else merged
        if not isinstance(table, dict):
            raise SettingError(f"{path[0]}: must be a table in the configuration, not {table!r}")
        if key == "name" and table.get("name") != value:
            table.clear()  # the settings of another network are none of this one's
        for rival in _RIVALS.get(dotted, ()):
            if rival not in values:
                table.pop(rival.rpartition(".")[2], None)
        table[key] = value
    _clamp_warmup(merged, values)
    data = merged.get("data") or {}
    if not isinstance(data, dict):
        raise SettingError(f"data: must be a table in the configuration, not {data!r}")
    if "path" not in data:
        raise SettingError("which sounds? name a folder or a table: earmark train DATA -o DIR")
    return merged


def _clamp_warmup(tables: dict[str, Any], typed: Mapping[str, object]) -> None:
    """Shorten the warm-up that a file gives, where fewer epochs were typed and no warm-up."""
    train, n_epochs = tables.get("train"), typed.get("train.max_epochs")
    if not isinstance(train, dict) or not isinstance(n_epochs, int) or "train.warmup_epochs" in typed:
        return
    if isinstance(train.get("warmup_epochs"), int) and train["warmup_epochs"] > n_epochs // 2:
        train["warmup_epochs"] = max(0, n_epochs // 2)


def without_test_part(tables: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
    """Return the tables of a configuration without the test part, and how many folds they ask for.

    In a cross-validation each fold is the test part in its turn, so what a run says of it does not count.

    >>> without_test_part({"seed": 1, "split": {"test_fold": 2, "n_folds": 3, "validation_fraction": 0.1}})
    ({'seed': 1, 'split': {'validation_fraction': 0.1}}, 3)
    """
    split = tables.get("split")
    if not isinstance(split, dict):
        return dict(tables), None
    kept = {key: value for key, value in split.items() if key in {"validation_fraction", "plan", "repeats"}}
    return {**tables, "split": kept}, split.get("n_folds")


def given(typed: Mapping[str, object]) -> dict[str, object]:
    """Return what was typed, without the options that were not."""
    return {dotted: value for dotted, value in typed.items() if value is not None}


def steps_typed(texts: Sequence[str] | None) -> list[str] | None:
    """Return the steps of ``--augment`` as a configuration lists them; None where nothing was typed.

    >>> steps_typed(["gain,noise:p=0.5"]), steps_typed(["none"])
    (['gain', 'noise:p=0.5'], [])
    """
    if texts is None:
        return None
    steps = [step.strip() for text in texts for step in text.split(",")]
    return [] if steps == ["none"] else steps


def _value(text: str) -> object:
    if "\n" in text:  # more than a value: TOML would read further keys
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
