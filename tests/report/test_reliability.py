import numpy as np
import pytest

from earmark.evaluate.calibration import Calibration
from earmark.evaluate.tested import make_tested
from earmark.report.fold_results import read_any_results
from earmark.report.page import make_section
from earmark.report.reliability import BOTTOM, LEFT, RIGHT, TOP, draw_reliability
from earmark.report.results import read_results


def said(probabilities, y, *, folds=None, segments=1):
    table = np.repeat(np.asarray(probabilities, dtype=float), segments, axis=0)
    return make_tested(
        labels=["dog", "rain"],
        y=y,
        groups=[str(n) for n in range(len(y))],
        segment_probabilities=table,
        clip_index=np.repeat(np.arange(len(y)), segments),
        folds=folds,
    )


def calibrated(temperature):
    return {"calibration": Calibration(method="temperature", temperature=temperature, biases=(0.0, 0.0)).to_json()}


def test_marks_are_where_confidence_and_truth_are(small_run):
    diagram = draw_reliability(said([[0.75, 0.25]] * 4, [0, 0, 0, 1]), read_results(small_run))
    (mark,) = diagram.marks
    assert mark.x == pytest.approx(LEFT + 0.75 * (RIGHT - LEFT), abs=0.1)
    assert mark.y == pytest.approx(BOTTOM - 0.75 * (BOTTOM - TOP), abs=0.1)
    assert mark.high < mark.y < mark.low
    assert diagram.before is None
    assert diagram.before_path == ""


def test_what_was_said_before_the_calibration_is_undone_exactly(runs, small_run):
    items = [runs.Item(f"{n}.wav", "dog", f"{n}", "test", runs.sure(("dog", "rain"), "dog")) for n in range(2)]
    run = runs.write(
        small_run.with_name("calibrated"), items, data_path="/x", labels=("dog", "rain"), **calibrated(2.0)
    )
    before = Calibration.from_json(calibrated(2.0)["calibration"])
    raw = np.log([[0.9, 0.1], [0.6, 0.4]])
    diagram = draw_reliability(said(before.apply(raw), [0, 1], segments=3), read_results(run))
    assert diagram.before.confidence == pytest.approx(0.75)
    assert diagram.after.confidence < 0.75
    assert diagram.before_path.startswith("M")


def test_each_fold_is_undone_by_its_own_calibration(runs, tmp_path):
    labels = ("dog", "rain")
    items = [runs.Item(f"{n}.wav", labels[n % 2], f"{n}", "", runs.sure(labels, "dog")) for n in range(4)]
    folder = runs.crossval(tmp_path / "cv", items, data_path="/x", **calibrated(1.0))
    results = read_any_results(folder)
    environments = [calibrated(2.0), calibrated(0.5)]
    for fold, environment in zip(results.folds, environments, strict=True):
        fold.environment.update(environment)
    halves = [Calibration.from_json(each["calibration"]).apply(np.log([[0.8, 0.2]])) for each in environments]
    diagram = draw_reliability(said(np.concatenate(halves), [0, 1], folds=[1, 2]), results)
    assert diagram.before.confidence == pytest.approx(0.8)


def test_a_calibration_of_other_classes_is_a_fault_of_this_part_alone(runs, tmp_path):
    labels = ("dog", "rain", "wolf")
    items = [runs.Item(f"{n}.wav", "dog", f"{n}", "test", runs.sure(labels, "dog")) for n in range(2)]
    results = read_results(runs.write(tmp_path / "run", items, data_path="/x", labels=labels, **calibrated(2.0)))
    tested = make_tested(
        labels=labels,
        y=[0, 0],
        groups=["a", "b"],
        segment_probabilities=[[0.5, 0.3, 0.2]] * 2,
        clip_index=[0, 1],
    )
    section = make_section("reliability", "", "How sure", lambda: {"diagram": draw_reliability(tested, results)})
    assert "2 classes, not of 3" in section.fault
