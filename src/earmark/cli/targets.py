"""Where a table of clips may be written: never among the sounds, and never over what it is made of."""

from pathlib import Path

from earmark.errors import SettingError


def refuse_inside(data: Path, target: Path, what: str, option: str) -> None:
    """Refuse a place among the sounds.

    Args:
        data: The data set.
        target: The place.
        what: What is written, with its verb, as ``a table of clips is``.
        option: The option that names the place.

    Raises:
        SettingError: The place lies in the folder of the data set.
    """
    if data.is_dir() and target.resolve().is_relative_to(data.resolve()):
        raise SettingError(f"{what} never put among the sounds, as {target} is: name a place elsewhere ({option})")


def refuse_target(data: Path, target: Path, option: str, *others: Path) -> None:
    """Refuse a place for a table of clips among the sounds, or where something lies that the table is made of.

    Args:
        data: The data set.
        target: The place.
        option: The option that names it.
        others: What the table is made of, beside the data set.

    Raises:
        SettingError: The place is one of these.
    """
    refuse_inside(data, target, "a table of clips is", option)
    if target.resolve() in {place.resolve() for place in (data, *others)}:
        raise SettingError(f"{option} {target} would replace what it is made of: name another file")
