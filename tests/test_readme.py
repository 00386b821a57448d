"""The README does what it says: its Python runs, its commands exist, its links lead somewhere."""

import re
from pathlib import Path

import pytest

from earmark.cli.app import app

REPOSITORY = Path(__file__).resolve().parents[1]
README = REPOSITORY / "README.md"
MAX_LINES = 150
VERBS = {command.callback.__name__ for command in app.registered_commands}
VERBS |= {group.typer_instance.info.name for group in app.registered_groups}

BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
INDENTED = re.compile(r"^ {4}(.*)$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|[;&|$])[ ]*(?:\S*/)?earmark ([a-z][\w-]*)", re.MULTILINE)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|(?:src|href)=\"([^\"]+)\"")


# ---------------------------------------------------------------- reading Markdown


def blocks(text, language):
    """Return the contents of the fenced blocks of a language, in order."""
    return [body for found, body in BLOCK.findall(text) if found == language]


def code(text):
    """Return everything that stands as code: fenced, indented by four spaces, or between backticks."""
    rest = BLOCK.sub("", text)
    return [body for _, body in BLOCK.findall(text)] + INDENTED.findall(rest) + INLINE_CODE.findall(rest)


def verbs(text):
    """Return the verbs of every ``earmark VERB`` that stands as code."""
    return {verb for part in code(text) for verb in COMMAND.findall(part)}


def doors(text):
    """Return the targets of every ``make TARGET`` that stands as code."""
    return {door for part in code(text) for door in re.findall(r"^make ([a-z]+)", part, re.MULTILINE)}


def relative_links(text):
    """Return the targets of links and pictures that are files of the project, without what follows a ``#``."""
    found = [one or other for one, other in LINK.findall(BLOCK.sub("", text))]
    targets = [target.partition("#")[0] for target in found if not re.match(r"[a-z]+:|//", target)]
    return [target for target in targets if target]


# ---------------------------------------------------------------- the README


@pytest.fixture
def readme():
    if not README.exists():
        pytest.skip("README.md is not written yet")
    return README.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # a reader's Python shows warnings and goes on
def test_the_python_of_the_readme_runs(readme, sounds, monkeypatch, tmp_path):
    # What its examples name: folders of labelled sounds, and two sounds without a label.
    classes = {"dog": 6, "rain": 6, "rooster": 6}
    sounds.folder(classes, name="sounds")
    sounds.folder(classes, name="other_sounds")
    sounds.write("bark.ogg", frequency_hz=310.0)
    sounds.write("rain.wav", kind="noise")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    parts = blocks(readme, "python")
    assert parts, "the README shows no Python"
    namespace = {"__name__": "readme"}
    for number, part in enumerate(parts, start=1):
        exec(compile(part, f"README.md, Python block {number}", "exec"), namespace)  # noqa: S102 - our own text


def test_the_readme_is_short(readme):
    assert len(readme.splitlines()) <= MAX_LINES


def test_every_command_of_the_readme_exists(readme):
    assert verbs(readme) <= VERBS


def test_every_door_of_the_readme_is_in_the_makefile(readme):
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert doors(readme) <= targets


def test_the_readme_shows_every_command(readme):
    assert verbs(readme) >= VERBS


def test_every_link_and_picture_of_the_readme_is_there(readme):
    missing = [target for target in relative_links(readme) if not (REPOSITORY / target).exists()]
    assert not missing


# ---------------------------------------------------------------- the reading catches planted faults

TEXT = """
# earmark puts labels on sounds

![report](docs/report.png) and [guide](docs/guide.md#start), <img src="docs/other.png"> [here](#words)
[away](https://example.org/x.md) [mail](mailto:a@example.org)

    .venv/bin/earmark demo    # earmark shows what it is about
    make test

| `make quick` | make sense of it
| `earmark evaluate RUN DATA` | and `earmark.open_dataset` is no command |

```sh
earmark train sounds -o runs/first && earmark predict runs/first a.wav   # earmark does the rest
```

```python
x = 1
```

```python
y = x + 1  # [no](link.md)
```
"""


def test_commands_are_found_in_code_only():
    assert verbs(TEXT) == {"train", "predict", "evaluate", "demo"}
    assert doors(TEXT) == {"test", "quick"}


def test_blocks_are_found_by_their_language_in_order():
    assert blocks(TEXT, "python") == ["x = 1\n", "y = x + 1  # [no](link.md)\n"]


def test_links_to_files_are_found_and_others_are_not():
    assert relative_links(TEXT) == ["docs/report.png", "docs/guide.md", "docs/other.png"]
