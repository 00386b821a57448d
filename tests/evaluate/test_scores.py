import pytest

from earmark.evaluate.intervals import Estimate
from earmark.evaluate.metrics import ClassRow
from earmark.evaluate.scores import Baseline, ClipScores, Scores

LABELS = ("dog", "rain")
ESTIMATE = {"value": 0.1 + 0.2, "low": 0.1, "high": 0.9}
ROWS = [{"label": label, "n": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0} for label in LABELS]
SEGMENT = {"n": 2, "accuracy": ESTIMATE, "macro_f1": ESTIMATE, "confusion": [[1, 0], [0, 1]], "classes": ROWS}
CLIP = SEGMENT | {"vote_accuracy": ESTIMATE, "vote_macro_f1": ESTIMATE | {"low": None, "high": None}}


def test_scores_are_read_as_they_were_written():
    scores = Scores.from_json(SEGMENT, LABELS)
    assert scores.accuracy == Estimate(value=0.1 + 0.2, low=0.1, high=0.9)
    assert scores.confusion == ((1, 0), (0, 1))
    assert scores.classes[1] == ClassRow(label="rain", n=1, precision=1.0, recall=1.0, f1=1.0)


def test_the_scores_of_clips_have_those_of_the_vote():
    scores = ClipScores.from_json(CLIP, LABELS)
    assert scores.vote_accuracy.low == 0.1
    assert scores.vote_macro_f1.low is None


def test_a_baseline_has_both():
    baseline = Baseline.from_json({"name": "svm", "segment": SEGMENT, "clip": CLIP}, LABELS)
    assert type(baseline.segment) is Scores
    assert type(baseline.clip) is ClipScores


@pytest.mark.parametrize(
    "fault",
    [
        {"confusion": [[1, 0]]},
        {"confusion": [[1, 0], [0]]},
        {"classes": ROWS[::-1]},
        {"classes": ROWS[:1]},
    ],
)
def test_tables_that_do_not_fit_the_labels_are_refused(fault):
    with pytest.raises(ValueError, match="2 labels"):
        Scores.from_json(SEGMENT | fault, LABELS)


@pytest.mark.parametrize("name", sorted(CLIP))
def test_a_missing_part_is_refused(name):
    with pytest.raises(KeyError, match=name):
        ClipScores.from_json({key: value for key, value in CLIP.items() if key != name}, LABELS)
