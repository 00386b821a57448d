"""The pages that are written from the parser and the dataclasses hold everything that these know."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import typer

from earmark.cli.app import app
from earmark.experiment.config import RunConfig
from earmark.features.catalogue import FRONT_ENDS
from earmark.models.catalogue import NETWORKS

commands = pytest.importorskip("commands", reason="Sphinx is not installed")
configuration = pytest.importorskip("configuration")

DOCS = Path(__file__).resolve().parents[2] / "docs"
VERBS = dict(commands.verbs())


def section(text, heading):
    """Return what stands below a heading, up to the next of its level."""
    level = heading.split()[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no {heading}"
    return found[1]


@pytest.fixture(scope="module")
def page():
    return commands.all_verbs()


@pytest.fixture(scope="module")
def keys():
    return configuration.all_keys()


# ---------------------------------------------------------------- commands


def test_every_verb_of_the_parser_is_there():
    top = typer.main.get_command(app).commands
    assert {name.split()[0] for name in VERBS} == set(top)
    assert "config show" in VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_told_with_every_option_its_default_and_an_example(page, verb):
    said = section(page, f"## `earmark {verb}`")
    command = VERBS[verb]
    for parameter in command.params:
        for name in parameter.opts if parameter.param_type_name == "option" else ():
            assert f"`{name}`" in said, f"{verb} {name}"
    rows = [line for line in said.splitlines() if line.startswith("| `")]
    assert len(rows) == sum(not getattr(each, "hidden", False) for each in command.params)
    assert all(re.fullmatch(r"\| .+ \| .+ \| .+ \|", row) for row in rows)
    assert f"Example: `earmark {verb}" in said
    assert "None" not in said


def test_a_default_is_that_of_the_parser(page):
    assert "| `--dpi` `N` | Dots an inch. | `120` |" in section(page, "## `earmark plot`")
    assert "| must be given |" in section(page, "## `earmark predict`")
    assert "| Root of all random numbers. | 0 |" in section(page, "## `earmark train`")


def test_a_page_takes_the_verbs_where_its_mark_is():
    source = [(DOCS / "reference" / "commands.md").read_text(encoding="utf-8")]
    commands.write_into(None, "reference/commands", source)
    assert commands.PLACE not in source[0]
    assert "## `earmark train`" in source[0]


def test_a_page_without_the_mark_is_left_alone():
    source = ["# A page\n"]
    commands.write_into(None, "page", source)
    configuration.write_into(None, "page", source)
    assert source == ["# A page\n"]


# ---------------------------------------------------------------- configuration


TABLES = {item.name for item in fields(RunConfig)}


def test_every_part_of_a_configuration_is_there(keys):
    outside = {name for name in TABLES if f"| `{name}` |" in section(keys, "## Outside any table")}
    assert {*outside, *re.findall(r"^## `\[(\w+)\]`", keys, re.MULTILINE)} == TABLES


def rows_of(text):
    return {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        *((f"## `[{table}]`", kind) for table, kind in configuration.TABLES.items()),
        *((f'### `front_end.name = "{name}"`', kind.settings) for name, kind in FRONT_ENDS.items()),
        *((f'### `network.name = "{name}"`', kind.settings) for name, kind in NETWORKS.items()),
    ],
)
def test_every_key_has_its_meaning_type_and_default(keys, heading, kind):
    rows = rows_of(section(keys, heading))
    assert set(rows) == {item.name for item in fields(kind)}
    for item in fields(kind):
        means, spelled_type, default = [cell.strip() for cell in re.split(r"(?<!\\)\|", rows[item.name])[2:5]]
        assert means, f"{item.name} has no line in the docstring"
        assert spelled_type
        if item.default is None:
            assert default == "not set"
        elif item.default is not MISSING:
            assert default == f"`{configuration.spell_value(item.default)}`"


def test_what_a_network_likes_is_told(keys):
    said = section(keys, '### `network.name = "resnet-mel"`')
    assert "`train.max_epochs = 240`" in said
    assert "`front_end.sample_rate = 44100`" in said


@pytest.mark.parametrize(
    ("value", "spelled"),
    [("a", '"a"'), (True, "true"), (3, "3"), (0.001, "0.001"), (("a", "b"), '["a", "b"]'), ((), "[]")],
)
def test_values_are_spelled_as_in_toml(value, spelled):
    assert configuration.spell_value(value) == spelled


def test_every_annotation_is_in_words(keys):
    assert not re.findall(r"\b(NoneType|Literal|typing|Union|tuple|int|str|bool)\b.*\| `?[^|]*\|$", keys)
    types = {line.split("|")[-3].strip() for line in keys.splitlines() if line.startswith("| `")}
    assert not [each for each in types if re.search(r"\b(None|int|float|str|bool)\b|\[", each)]
