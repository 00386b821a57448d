import ast
import json
import re

import pytest

from earmark.lessons.lesson import read_lesson
from earmark.lessons.notebook import to_markdown, to_notebook
from earmark.lessons.shelf import all_lessons


def check_notebook(notebook):
    """What nbformat's schema of version 4.5 asks of a notebook that has not been run."""
    assert set(notebook) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert {"name", "display_name"} <= set(notebook["metadata"]["kernelspec"])
    assert notebook["metadata"]["language_info"]["name"] == "python"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", each) for each in ids)
    for cell in notebook["cells"]:
        code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert cell["cell_type"] in {"markdown", "code"}
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | code
        assert isinstance(cell["metadata"], dict)
        assert all(isinstance(line, str) for line in cell["source"])
        assert all(line.endswith("\n") for line in cell["source"][:-1])
        if code:
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def python_of(notebook):
    """The Python of all code cells together, as Jupyter runs it one after the other."""
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.path.stem)
def test_a_lesson_that_ships_is_a_whole_notebook(lesson):
    notebook = json.loads(json.dumps(to_notebook(lesson)))
    check_notebook(notebook)
    script = ast.parse(lesson.path.read_text(encoding="utf-8"))
    assert ast.dump(ast.parse(python_of(notebook))) == ast.dump(ast.Module(script.body[1:], []))
    compile(python_of(notebook), lesson.path.name, "exec")


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.path.stem)
def test_no_word_of_a_lesson_that_ships_keeps_the_marks_of_rest(lesson):
    words = "".join("".join(c["source"]) for c in to_notebook(lesson)["cells"] if c["cell_type"] == "markdown")
    left = [line for line in words.splitlines() if re.search(r"^\.\. |:\w+:`|`_\b|^([=\-~^])\1{3,}$|``(?!`)", line)]
    assert not [line for line in left if not line.startswith("```")]


def test_the_title_is_a_heading_and_the_kernel_is_told(lesson):
    notebook = to_notebook(lesson)
    check_notebook(notebook)
    assert notebook["cells"][0]["source"][0] == "# Pooling by hand\n"
    assert "".join(notebook["cells"][2]["source"]).startswith("## What it does\n")
    assert "pip install earmark" in notebook["cells"][-1]["source"][0]


def test_the_check_finds_a_broken_notebook(lesson):
    notebook = to_notebook(lesson)
    notebook["cells"][1]["id"] = notebook["cells"][0]["id"]
    with pytest.raises(AssertionError):
        check_notebook(notebook)


@pytest.mark.parametrize(
    ("words", "markdown"),
    [
        ("See :func:`~earmark.open_dataset`.", "See `earmark.open_dataset`."),
        ("``a``, `b`, :math:`x_i`", "`a`, `b`, $x_i$"),
        ("`GTZAN <http://example.org/a b>`_ and `c`", "[GTZAN](http://example.org/a b) and `c`"),
        (".. math::\n\n   a = b\n\n   c = d\n\nThen.", "$$\na = b\n\nc = d\n$$\n\nThen."),
        (".. math:: a = b\n\nThen.", "$$\na = b\n$$\n\nThen."),
        (".. note::\n\n   Take care.\n   Yes.\n\nThen.", "> **Note**\n>\n> Take care.\n> Yes.\n\nThen."),
        (".. code-block:: sh\n\n   earmark demo\n\nThen.", "```sh\nearmark demo\n```\n\nThen."),
        ("Thus::\n\n    x = 1\n    y = 2\n\nThen.", "Thus:\n\n```\nx = 1\ny = 2\n```\n\nThen."),
        ("A\n=\n\nB\n-\n\nC.", "# A\n\n## B\n\nC."),
        ("==\nA\n==\n\nB.", "# A\n\nB."),
        ("* one\n* two *x*", "* one\n* two *x*"),
    ],
)
def test_rest_becomes_markdown(words, markdown):
    assert re.sub(r"\n{3,}", "\n\n", to_markdown(words)) == markdown


def test_a_table_of_minus_signs_is_no_heading():
    table = "a b\nc d\n=== ===\n1 2"
    assert to_markdown(table) == table


def test_a_lesson_without_code_is_a_notebook_too(write_lesson):
    lesson = read_lesson(write_lesson(source='"""\nA\n=\n\nB.\n"""\n'))
    check_notebook(to_notebook(lesson))
