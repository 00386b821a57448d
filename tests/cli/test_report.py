import shutil

import pytest


@pytest.mark.slow
def test_the_report_is_written_anew_and_its_place_is_printed(earmark, trained):
    report = trained / "run" / "report.html"
    report.unlink()

    answer = earmark("report", trained / "run")

    assert answer.status == 0
    assert answer.out.strip() == str(report)
    assert report.exists()


def test_a_folder_without_a_run_is_one_line(earmark, tmp_path):
    answer = earmark("report", tmp_path)

    assert answer.status == 2
    assert len(answer.told) == 1


@pytest.mark.slow
def test_the_page_shows_what_clips_were_decided_from(earmark, trained):
    assert earmark("report", trained / "run").status == 0

    page = (trained / "run" / "report.html").read_text(encoding="utf-8")

    assert "could not be made" not in page
    assert "no explanation" not in page
    assert "of what speaks for" in page


def test_the_card_is_written_beside_the_page(earmark, trained, tmp_path):
    run = shutil.copytree(trained / "run", tmp_path / "run")  # other tests look at what a training leaves
    answer = earmark("report", run, "--format", "card")

    assert answer.status == 0
    assert answer.out.strip() == str(run / "card.md")
    assert (run / "card.md").read_text(encoding="utf-8").startswith("---\nlicense: unknown\n")


@pytest.mark.slow
def test_the_page_goes_where_it_is_wanted_and_over_nothing_unasked(earmark, trained, tmp_path):
    page = tmp_path / "page.html"
    assert earmark("report", trained / "run", "-o", page, "--no-explain").status == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")

    page.write_text("mine")
    again = earmark("report", trained / "run", "-o", page, "--no-explain")
    assert again.status == 2
    assert "--overwrite" in again.told[-1]
    assert page.read_text() == "mine"
    assert earmark("report", trained / "run", "-o", page, "--no-explain", "--overwrite").status == 0
    assert page.read_text(encoding="utf-8") != "mine"


def test_a_folder_is_no_file_to_write(earmark, trained, tmp_path):
    answer = earmark("report", trained / "run", "-o", tmp_path)

    assert answer.status == 2
    assert "name a file" in answer.told[-1]
