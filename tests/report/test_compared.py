import json
import shutil

import pytest

from earmark.errors import StorageError
from earmark.report.build import write_comparison_reports, write_report
from earmark.report.compared import is_comparison, read_compared, render_comparison


def test_the_page_holds_every_part(comparison):
    page = write_report(comparison).read_text(encoding="utf-8")
    assert "could not be made" not in page
    assert "No: cnn is as good." in page
    for part in ("candidates", "differences", "by-class", "clips", "repeat", "words"):
        assert f'<section id="{part}"' in page
    assert "+10.0 points" in page
    assert "earmark crossval --config cnn/config.toml" in page


def test_clips_that_none_gets_right_are_named(comparison):
    page = render_comparison(read_compared(comparison))
    assert "dog/<wbr>0.wav" in page
    assert "owl/<wbr>0.wav" in page
    assert "2 clips that none gets right" in page
    assert "owl/<wbr>1.wav" not in page  # one of the two gets it


@pytest.mark.parametrize("fault", ["gone", "broken"])
def test_a_candidate_that_cannot_be_read_leaves_the_rest(comparison, fault, tmp_path):
    if fault == "gone":
        shutil.rmtree(comparison / "svm")
    else:
        (comparison / "svm" / "fold-1" / "predictions.csv").write_text("")
    page = render_comparison(read_compared(comparison))
    assert "A candidate cannot be read: svm" in page
    assert "could not be made" in page  # the scores side by side
    assert "+10.0 points" in page
    assert str(tmp_path) not in page


def test_without_any_candidate_the_page_still_says_what_came_out(comparison):
    for name in ("svm", "cnn"):
        shutil.rmtree(comparison / name)
    page = render_comparison(read_compared(comparison))
    assert "No: cnn is as good." in page
    assert "+10.0 points" in page


def test_a_broken_file_is_refused(comparison, tmp_path):
    assert not is_comparison(tmp_path)
    (comparison / "comparison.json").write_text(json.dumps({"candidates": []}))
    with pytest.raises(StorageError, match="compare again with --resume"):
        read_compared(comparison)


@pytest.mark.slow
def test_each_candidate_has_its_page_too(comparison):
    page = write_comparison_reports(comparison)
    assert page == comparison / "report.html"
    assert "could not be made" not in (comparison / "cnn" / "report.html").read_text(encoding="utf-8")
    assert (comparison / "svm" / "report.html").exists()
