import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.evaluate.intervals import Estimate
from earmark.evaluate.paired import paired_accuracy
from earmark.experiment.comparison import Candidate, Comparison, write_comparison_table

GROUPS = [f"g{number}" for number in range(100)]


def candidate(name, n_right, n_weights, against=None, p=None):
    share = n_right / 100
    pair = None
    if against is not None:
        pair = paired_accuracy(np.arange(100) < n_right, np.arange(100) < against, GROUPS)
    return Candidate(
        name=name,
        network=name,
        front_end="mfcc",
        folds=(share - 0.1, share + 0.1),
        mean=share,
        deviation=0.1414,
        accuracy=Estimate(value=share, low=share - 0.08, high=min(1.0, share + 0.07)),
        macro_f1=Estimate(value=share - 0.01, low=None, high=None),
        n_weights=n_weights,
        training_s=12.3,
        against_simplest=pair,
        p=pair.p if pair and p is None else p,
    )


def compared(*candidates, simplest="svm"):
    return Comparison(folder=Path("which"), candidates=candidates, simplest=simplest, n_clips=100, n_groups=100)


def test_a_significant_best_is_said_with_its_numbers():
    comparison = compared(candidate("svm", 70, 0), candidate("cnn", 90, 10, against=70))
    told = comparison.sentence()
    assert told.startswith(
        "Yes: cnn (90.0 %) is significantly better than svm, the simplest (70.0 % of 100 clips): +20.0 points, "
        "95 % interval +12"
    )
    assert told.endswith("over 100 groups, p < 0.001.")
    assert comparison.best == "cnn"
    assert comparison["cnn"].is_better


def test_where_it_is_not_significant_the_sentence_says_no():
    told = compared(candidate("svm", 70, 0), candidate("cnn", 71, 10, against=70)).sentence()
    assert told.startswith("No: cnn (71.0 %) is not significantly better than svm")


def test_where_the_simplest_is_the_best_the_sentence_says_no_too():
    comparison = compared(candidate("cnn", 50, 10, against=70), candidate("svm", 70, 0))
    assert comparison.best == "svm"
    assert comparison.sentence() == "No: none gets more right than svm, the simplest (70.0 % of 100 clips)."
    assert not comparison["cnn"].is_better  # significantly worse is no better


def test_what_counts_is_the_corrected_probability():
    once = candidate("cnn", 75, 10, against=70, p=0.04)
    assert once.is_better
    assert not replace(once, p=0.06).is_better
    three = compared(candidate("svm", 70, 0), replace(once, p=0.06), candidate("mlp", 60, 20, against=70))
    assert three.sentence().startswith("No: cnn")
    assert three.sentence().endswith("p = 0.060 corrected for 2 comparisons.")


def test_of_equals_the_simplest_is_the_best():
    comparison = compared(
        candidate("big", 70, 100, against=70), candidate("small", 70, 5, against=70), candidate("svm", 70, 0)
    )
    assert comparison.best == "svm"
    assert compared(candidate("svm", 60, 0), *comparison.candidates[:2]).best == "small"


def test_with_few_groups_there_is_no_interval_and_the_sentence_does_without():
    pair = paired_accuracy([True] * 4, [False] * 4, ["a", "b", "c", "d"])
    comparison = compared(candidate("svm", 70, 0), replace(candidate("cnn", 90, 10), against_simplest=pair, p=pair.p))
    assert replace(comparison, n_groups=4).sentence().endswith("+100.0 points over 4 groups, p = 0.12.")
    assert "interval" not in comparison.sentence()


def test_the_table_has_a_row_a_candidate_in_the_order_asked_for():
    table = str(compared(candidate("cnn", 90, 1_234_567, against=70), candidate("svm", 70, 0)))
    head, cnn, svm, foot = table.splitlines()
    assert "points over svm" in head
    assert cnn.split()[:4] == ["cnn", "90.0", "±", "14.1"]
    assert "90.0 (82.0 to 97.0)" in cnn
    assert "+20.0 (+12" in cnn
    assert cnn.endswith("1,234,567")
    assert "the simplest" in svm
    assert svm.endswith("-")
    assert foot.startswith("2 folds: mean and deviation; 95 % intervals over 100 groups")
    places = {line.index(word) for line, word in ((head, "clips right"), (cnn, "90.0 ("), (svm, "70.0 ("))}
    assert len(places) == 1


def test_as_json_it_says_everything_and_nothing_that_json_cannot_hold():
    comparison = compared(candidate("svm", 70, 0), candidate("cnn", 90, 10, against=70))
    content = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert (content["best"], content["simplest"]) == ("cnn", "svm")
    assert content["sentence"] == comparison.sentence()
    svm, cnn = content["candidates"]
    assert svm["against_simplest"] is None
    assert cnn["against_simplest"]["difference"] == pytest.approx(0.2)
    assert cnn["folds"] == pytest.approx([0.8, 1.0])


def test_as_csv_it_has_a_row_a_candidate_and_nothing_where_nothing_applies(tmp_path):
    comparison = compared(candidate("svm", 70, 0), candidate("cnn", 90, 10, against=70, p=0.002))
    write_comparison_table(tmp_path / "c.csv", comparison)
    with (tmp_path / "c.csv").open(newline="") as stream:
        svm, cnn = csv.DictReader(stream)
    assert svm["difference"] == svm["p_holm"] == svm["p_mcnemar"] == ""
    assert None not in svm
    assert None not in cnn
    assert float(cnn["difference"]) == pytest.approx(0.2)
    assert float(cnn["p_holm"]) == pytest.approx(0.002)
    assert (cnn["name"], cnn["n_weights"], float(cnn["accuracy"])) == ("cnn", "10", 0.9)
