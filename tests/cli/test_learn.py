import json

import pytest

from earmark.lessons.shelf import all_lessons

LESSONS = all_lessons()


def test_every_lesson_is_listed_with_number_name_and_title(earmark):
    answer = earmark("learn")

    assert answer.status == 0
    heads = [line.split() for line in answer.out.splitlines() if not line.startswith("    ")]
    assert [(int(head[0]), head[1]) for head in heads] == [(lesson.number, lesson.name) for lesson in LESSONS]
    assert all(lesson.title in answer.out for lesson in LESSONS)
    assert max(map(len, answer.out.splitlines())) <= 130


def test_json_holds_what_one_learns(earmark):
    listed = json.loads(earmark("learn", "--json").out)

    assert [set(each) for each in listed] == [{"number", "name", "title", "learns", "file"}] * len(LESSONS)
    assert all(each["learns"] for each in listed)


def test_one_is_told_by_its_number(earmark):
    answer = earmark("learn", str(LESSONS[0].number))

    assert LESSONS[0].title in answer.out
    assert f"earmark learn {LESSONS[0].name} -o" in answer.out
    assert json.loads(earmark("learn", LESSONS[0].name, "--json").out)["title"] == LESSONS[0].title


@pytest.mark.parametrize(("named", "suffix"), [("script", ".py"), ("notebook", ".ipynb")])
def test_one_is_copied_out(earmark, tmp_path, named, suffix):
    answer = earmark("learn", LESSONS[0].name, "-o", tmp_path / "play", "--format", named)

    path = tmp_path / "play" / (LESSONS[0].path.stem + suffix)
    assert (answer.status, answer.out) == (0, f"{path}\n")
    assert path.is_file()


def test_without_a_name_all_are_copied_out(earmark, tmp_path):
    answer = earmark("learn", "-o", tmp_path, "--json")

    assert json.loads(answer.out) == [str(tmp_path / lesson.path.name) for lesson in LESSONS]
    assert all((tmp_path / lesson.path.name).is_file() for lesson in LESSONS)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["no-such-lesson"], "there is no lesson called 'no-such-lesson'"),
        (["98"], "there is no lesson 98"),
        (["--format", "notebook"], "say where to with -o DIR"),
        (["--overwrite"], "say where to with -o DIR"),
        (["-o", "DIR", "--format", "pdf"], "there is no format 'pdf'"),
    ],
)
def test_a_mistake_is_told_in_one_line(earmark, tmp_path, typed, says):
    answer = earmark("learn", *[tmp_path if word == "DIR" else word for word in typed])

    assert (answer.status, answer.out) == (2, "")
    assert says in answer.err
    assert len(answer.err.splitlines()) == 1


def test_what_is_there_is_kept(earmark, tmp_path):
    path = tmp_path / LESSONS[0].path.name
    path.write_text("mine")
    answer = earmark("learn", LESSONS[0].name, "-o", tmp_path)

    assert answer.status == 2
    assert "is there already" in answer.err
    assert path.read_text() == "mine"
