import re
from pathlib import Path

import pytest

from earmark.errors import DataError
from earmark.report.page import Head, duration, make_section, number, percent, render_page, without_folders

HEAD = Head(kind="Report", title="<b>", facts=("one & two",), version="0.1")


def broken(error):
    def content():
        raise error

    return content


@pytest.mark.parametrize(
    "error",
    [DataError("no <clips>"), KeyError("x"), ValueError("x"), ZeroDivisionError("x"), OSError("x"), RuntimeError("x")],
)
def test_a_part_that_fails_says_so_and_leaves_the_others(error):
    good = make_section("words", "Words", "Words", dict)
    bad = make_section("scores", "Scores", "Scores", broken(error))
    page = render_page(HEAD, [bad, good])
    assert bad.fault
    assert "This part could not be made" in bad.body
    assert "<clips>" not in bad.body
    assert good.fault == ""
    assert "Macro F1" in page


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), AssertionError()])
def test_what_no_part_can_answer_for_is_not_hidden(error):
    with pytest.raises(type(error)):
        make_section("scores", "Scores", "Scores", broken(error))


def test_a_template_that_lacks_something_is_a_fault_too():
    assert "undefined" in make_section("scores", "Scores", "Scores", dict).fault


def test_a_fault_names_no_folder_above():
    section = make_section(
        "scores", "", "Scores", broken(DataError("/home/ann/runs/a/x.csv is gone")), hidden=[Path("/home/ann/runs/a")]
    )
    assert "a/x.csv is gone" in section.fault
    assert "ann" not in section.body


@pytest.mark.parametrize("place", ["/", "", ".", "run"])
def test_a_place_without_folders_above_changes_nothing_of_the_text(place, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert without_folders("a/b is 1 / 2", [Path(place)]) == "a/b is 1 / 2"


def test_the_page_says_how_large_it_is():
    page = render_page(HEAD, [])
    said = float(re.search(r"one file of ([\d.]+) MB", page).group(1))
    assert said == pytest.approx(len(page.encode()) / 1e6, abs=0.051)
    assert "<b>" not in page.split("<main")[0]
    assert "one &amp; two" in page


def test_numbers_that_are_none_are_said_to_be_none():
    assert percent(float("nan")) == "no number"
    assert number(0.0) == "0"
    assert duration(59.99) == "60.0 s"
    assert duration(3600 * 2 + 65) == "2 h 1 min"
