"""What every lesson of the gallery keeps to. `make docs` runs each of them, so that nothing is run twice here."""

import ast
import re
from pathlib import Path

import pytest

from earmark.lessons.lesson import read_lesson

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
MOST_LINES = 79
NETWORK = {"urllib", "requests", "http", "socket", "ftplib", "httpx", "earmark.data.fetch", "earmark.data.download"}
STYLE = re.compile(r"rcParams|style\.(use|context)|rc_context|facecolor|set_theme|savefig|matplotlib\.use\(")


def faults(source):
    """Return what is wrong with a lesson."""
    found = []
    if (n_lines := len(source.splitlines())) > MOST_LINES:
        found.append(f"{n_lines} lines, at most {MOST_LINES}")
    modules = {name for node in ast.walk(ast.parse(source)) for name in _imported(node)}
    if needed := {name for name in modules if any(f"{name}.".startswith(f"{each}.") for each in NETWORK)}:
        found.append(f"needs a network: {needed}")
    if re.search(r"\.\./shared|https?://\S+\.(zip|tar|gz|wav)", source):
        found.append("needs what is not in the project")
    if style := STYLE.search(source):
        found.append(f"{style[0]}: the gallery gives figures the light theme (docs/_extensions/gallery.py)")
    found += [
        f"words after a mark are not shown: {line}" for line in re.findall(r"^# ?%%[ \t]*\S.*$", source, re.MULTILINE)
    ]
    return found


def _imported(node):
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_lesson_keeps_to_the_rules(script):
    lesson = read_lesson(script)
    assert lesson.title
    assert not faults(script.read_text(encoding="utf-8"))
    assert 20 <= len(lesson.learns) <= 400, lesson.learns


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_lesson_has_a_picture(script):
    source = script.read_text(encoding="utf-8")
    assert re.search(r"plt\.|earmark\.plots", source)


def test_lessons_are_numbered_without_a_gap_and_nothing_else_lies_there():
    numbers = [int(script.name[:2]) for script in SCRIPTS]
    assert numbers == list(range(len(numbers)))
    others = {path.name for path in EXAMPLES.iterdir()} - {script.name for script in SCRIPTS}
    assert others <= {"GALLERY_HEADER.rst", "__pycache__"}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("x = 1\n" * 80, "80 lines"),
        ("import urllib.request", "network"),
        ("from earmark.data.fetch import fetch", "network"),
        ("path = '../shared/data'", "not in the project"),
        ("plt.rcParams['figure.facecolor'] = 'w'", "light theme"),
        ("plt.style.use('dark_background')", "light theme"),
        ("# %% A title", "not shown"),
    ],
)
def test_a_fault_is_caught(fault, says):
    assert any(says in found for found in faults(fault))


def test_what_is_allowed_is_left_alone():
    assert not faults("import httpx_of_mine\n# %%\n# words\nplt.plot([1])\n")
