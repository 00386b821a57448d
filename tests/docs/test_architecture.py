"""The page on architecture says what import-linter holds, and its table of places leads somewhere."""

import re
import tomllib
from pathlib import Path

import pytest

from earmark.cli.app import app

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
SOURCE = REPOSITORY / "src" / "earmark"
APART = {"scratch"}  # imports nothing and is imported by nothing: whichever floor it is on


def table_below(heading):
    """Return the first cells of the table below a heading, each as the names in it."""
    text = PAGE.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_floors_are_those_of_import_linter():
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(each["layers"] for each in contracts["contracts"] if each["type"] == "layers")
    held = [{room.strip(" ()") for room in re.split(r"[|:]", layer)} - APART for layer in layers]
    told = [set(re.findall(r"`(\w+)`", row[0])) for row in table_below("## Floors")]
    assert told == [floor for floor in held if floor]


def test_every_room_is_told():
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    assert all(f"`{room}`" in PAGE for room in rooms)


@pytest.mark.parametrize("row", table_below("## Where do I put ...?"), ids=lambda row: row[0])
def test_every_place_that_is_named_is_there(row):
    # NAME and x stand for what somebody adds; what remains of the path has to be there.
    for path in re.findall(r"`([\w/.]+/[\w./]*|\w+\.toml)`", " ".join(row[1:])):
        known = re.split(r"(?:NN_|NAME|\bx\.py)", path)[0]
        known = known.removeprefix("earmark/")
        assert any((root / known).exists() for root in (SOURCE, REPOSITORY)), path


def test_every_verb_has_its_file():
    verbs = {command.callback.__name__ for command in app.registered_commands}
    assert all((SOURCE / "cli" / f"{verb}.py").is_file() for verb in verbs)
