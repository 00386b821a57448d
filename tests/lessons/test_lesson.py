import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import DataError
from earmark.lessons.lesson import plain, read_lesson


def test_a_lesson_is_read_from_its_name_and_its_docstring(lesson):
    assert (lesson.number, lesson.name, lesson.title) == (7, "pooling-by-hand", "Pooling by hand")
    assert lesson.to_json() == {
        "number": 7,
        "name": "pooling-by-hand",
        "title": "Pooling by hand",
        "learns": r"What a maximum keeps, max_pool1d and \max_i x_i.",
        "file": "07_pooling_by_hand.py",
    }


def test_words_and_python_are_told_apart(lesson):
    assert [cell.kind for cell in lesson.cells] == ["text", "code", "text", "code", "code"]
    assert lesson.cells[2].source == "What it does\n------------\n\nSome words."
    assert lesson.cells[3].source == "# a comment of the code\nx = math.pi"


def test_settings_of_the_gallery_are_not_shown(lesson):
    assert lesson.cells[1].source == "import math"


def test_a_mark_that_does_not_begin_a_line_is_none(lesson):
    assert lesson.cells[-1].source.count("# %%") == 2


def test_the_python_of_all_cells_does_what_the_script_does(lesson):
    source = lesson.path.read_text()
    together = "\n".join(cell.source for cell in lesson.cells if cell.kind == "code")
    assert ast.dump(ast.parse(together)) == ast.dump(ast.Module(ast.parse(source).body[1:], []))


@pytest.mark.parametrize("name", ["pooling.py", "7_pooling.py", "07-pooling.py", "07_pooling.txt", "07_pool ing.py"])
def test_a_name_without_two_digits_is_refused(write_lesson, name):
    with pytest.raises(DataError, match="is no name of a lesson: write two digits"):
        read_lesson(write_lesson(name))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = 1\n", "has no docstring"),
        ('"""A title without a rule."""\n', "must begin with a title"),
        ('""""""\n', "must begin with a title"),
        ('"""\nTitle\n=====\n"""\n', "nothing says what one learns"),
        ('"""\nTitle\nand more\n\nWords.\n"""\n', "must begin with a title"),
        ('"""A"""\nx = (\n', "line 2 is no Python"),
    ],
)
def test_a_script_that_is_no_lesson_is_refused(write_lesson, source, says):
    with pytest.raises(DataError, match=says):
        read_lesson(write_lesson(source=source))


def test_a_title_between_two_rules_is_a_title(write_lesson):
    assert read_lesson(write_lesson(source='"""\n====\nTwo\n====\n\nLearns.\n"""\n')).title == "Two"


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["x = 1", "# words", "", "# %%", "y = 2"]), max_size=12))
def test_no_line_of_python_is_lost_or_moved(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("any") / "01_any.py"
    title = '"""\nAny\n===\n\nLearns.\n"""\n'
    path.write_text(title + "\n".join(lines) + "\n")
    kept = [line for cell in read_lesson(path).cells if cell.kind == "code" for line in cell.source.splitlines()]
    assert [line for line in kept if "=" in line] == [line for line in lines if "=" in line]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a ``b`` *c* **d**", "a b c d"),
        (":func:`~earmark.x` of `y`", "~earmark.x of y"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("`here <https://example.org>`__", "here"),
    ],
)
def test_marks_of_rest_are_taken_away(words, shown):
    assert plain(words) == shown
