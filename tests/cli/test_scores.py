import csv
import io
import json
import shutil

import pytest


@pytest.fixture(scope="module")
def twin(trained, tmp_path_factory):
    """The trained run under another name."""
    return shutil.copytree(trained / "run", tmp_path_factory.mktemp("twin") / "twin")


def test_one_run_is_shown_as_tables_with_a_sentence_beside(earmark, trained):
    answer = earmark("scores", trained / "run", "--resamples", 100)
    assert answer.status == 0
    assert answer.out.startswith("run: 5 clips, 5 groups; 95 % intervals over groups\n")
    assert "ROC AUC" in answer.out
    assert answer.told[-2].endswith("over 5 groups).")
    assert answer.told[-1].startswith("run and the SVM baseline are right and wrong on the same 5 clips")


def test_json_is_whole_and_alone_on_stdout(earmark, trained):
    content = json.loads(earmark("scores", trained / "run", "--json", "--resamples", 100).out)
    assert content["labels"] == ["dog", "rain", "sea"]
    assert {"value", "low", "high"} == set(content["levels"]["clip"]["scores"]["balanced_accuracy"])


def test_two_runs_stand_side_by_side_with_one_plain_sentence(earmark, trained, twin):
    answer = earmark("scores", trained / "run", twin, "--resamples", 100)
    assert answer.status == 0
    assert "run less each of the others" in answer.out
    assert answer.told[-1].startswith("run and twin are right and wrong on the same 5 clips")


def test_csv_and_latex_are_written_to_a_file(earmark, trained, twin, tmp_path):
    table = tmp_path / "scores.csv"
    answer = earmark("scores", trained / "run", twin, "--format", "csv", "-o", table, "--resamples", 100)
    assert (answer.status, answer.out) == (0, "")
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert {row["run"] for row in rows} == {"run", "twin", "run less twin"}
    latex = earmark("scores", trained / "run", "--format", "latex", "--resamples", 100).out
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--json", "--format", "csv"), "two things"),
        (("--resamples", 0), "n_resamples is 0"),
        (("--format", "xml"), "xml"),
    ],
)
def test_what_cannot_be_asked_is_refused(earmark, trained, arguments, words):
    answer = earmark("scores", trained / "run", *arguments)
    assert (answer.status, answer.out) == (2, "")
    assert words in answer.err


def test_a_folder_that_is_no_run_is_refused(earmark, trained):
    answer = earmark("scores", trained / "sounds")
    assert answer.status == 2
    assert "is not a run folder" in answer.err


def test_the_json_of_one_run_holds_its_baseline_beside_it(earmark, trained):
    content = json.loads(earmark("scores", trained / "run", "--json", "--resamples", 100).out)
    assert content["beside_baseline"]["second"] == "the SVM baseline"
