import json
from dataclasses import replace

import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.evaluate.measures import MEASURES, Items, measure
from earmark.evaluate.paired import paired_accuracy
from earmark.evaluate.pairs import compare_tested


def two(tested, *, skill=1.5, other=1.0, **changes):
    return tested(skill=skill, seed=1, **changes), tested(skill=other, seed=2, **changes)


def test_differences_are_those_of_the_scores(tested):
    first, second = two(tested)

    found = compare_tested(first, second, names=("a", "b"), n_resamples=200)

    scores = [measure(Items.of_clips(one), np.ones((1, 15))).scores for one in (first, second)]
    assert set(found.differences) == set(scores[0]) <= set(MEASURES)
    for name, one in found.differences.items():
        assert one.value == pytest.approx(scores[0][name][0] - scores[1][name][0])
        assert one.low < one.value < one.high
    assert found.accuracy == paired_accuracy(first.predicted == first.y, second.predicted == second.y, first.groups)


def test_the_other_way_round_the_differences_change_their_sign(tested):
    first, second = two(tested)
    there, back = compare_tested(first, second), compare_tested(second, first)
    for name, one in there.differences.items():
        mirrored = back.differences[name]
        assert (one.value, one.low, one.high) == pytest.approx((-mirrored.value, -mirrored.high, -mirrored.low))


def test_two_that_fail_on_the_same_groups_differ_more_surely_than_their_scores_are_known(tested):
    groups = [str(clip // 4) for clip in range(60)]
    first = tested(groups=groups)
    hard = first.clip_probabilities.copy()
    hard[[0, 17, 34]] = hard[[0, 17, 34]][:, [1, 2, 0]]
    found = compare_tested(first, replace(first, clip_probabilities=hard)).differences["accuracy"]
    alone = compare_tested(first, tested(groups=groups, seed=9)).differences["accuracy"]
    assert found.high - found.low < 0.7 * (alone.high - alone.low)


def test_the_same_answers_do_not_differ(tested):
    found = compare_tested(tested(), tested(), names=("a", "b"))
    assert {(one.value, one.low, one.high) for one in found.differences.values()} == {(0.0, None, None)}
    assert found.sentence().startswith("a and b are right and wrong on the same 60 clips (")


@pytest.mark.parametrize("names", [("cnn", "svm"), ("svm", "cnn")])
def test_a_clear_difference_is_said_in_plain_words(tested, names):
    good, bad = two(tested, skill=8.0, other=0.2)
    first, second = (good, bad) if names[0] == "cnn" else (bad, good)
    sentence = compare_tested(first, second, names=names).sentence()
    assert sentence.startswith("cnn gets 100.0 % of 60 clips right and svm ")
    assert ": cnn is better, and chance alone would hardly do that (p " in sentence
    assert "McNemar's p < 0.001)" in sentence


def test_a_difference_that_may_be_chance_is_called_so(tested):
    sentence = compare_tested(*two(tested, other=1.45), names=("a", "b")).sentence()
    assert ": that may be chance (p 0." in sentence


def test_as_many_right_but_others_is_said(tested):
    first = tested(skill=50.0)
    shares = [first.clip_probabilities.copy() for _ in range(2)]
    shares[0][0], shares[1][3] = [0, 1, 0], [0, 1, 0]
    one, other = (replace(first, clip_probabilities=table) for table in shares)
    said = compare_tested(one, other, names=("a", "b")).sentence()
    assert said == "a and b both get 98.3 % of 60 clips right, though not the same ones."


def test_few_groups_give_no_interval(tested):
    found = compare_tested(*two(tested, n_groups=4))
    assert {one.low for one in found.differences.values()} == {None}
    assert str(found.differences["accuracy"]) == f"{found.differences['accuracy'].value:+.3f}"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"names": [f"{clip}.ogg" for clip in range(60)]}, "names"),
        ({"groups": ["other"] * 60}, "groups"),
        ({"labels": ["x", "y", "z"]}, "labels"),
        ({"y": np.zeros(60, dtype=int)}, "true classes"),
    ],
)
def test_other_clips_are_refused(tested, change, what):
    with pytest.raises(SettingError, match=f"the {what} of these differ"):
        compare_tested(tested(), tested(**change))


def test_the_json_is_plain(tested):
    content = compare_tested(*two(tested), names=("a", "b"), notes=("a note",)).to_json()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert set(content) == {"first", "second", "sentence", "accuracy", "differences", "notes"}
    assert set(content["differences"]["roc_auc"]) == {"value", "first", "second", "low", "high"}


@pytest.mark.slow
def test_intervals_of_equal_classifiers_hold_zero_about_95_times_in_100(tested):
    # Both find the same clips hard, and differ by chance alone.
    n_trials, held = 150, dict.fromkeys(("accuracy", "macro_f1", "roc_auc", "log_loss"), 0)
    for trial in range(n_trials):
        easy = np.repeat(np.random.default_rng([1, trial]).standard_normal(30), 4)
        pair = []
        for which in range(2):
            own = np.random.default_rng([2 + which, trial])
            y = np.arange(120) % 3
            logits = own.standard_normal((120, 3)) + own.standard_normal((30, 3))[np.arange(120) // 4]
            logits[np.arange(120), y] += 1.5 + easy
            shares = np.exp(logits)
            pair.append(
                tested(
                    n_clips=120,
                    y=y,
                    groups=[f"{clip // 4:02d}" for clip in range(120)],
                    names=[str(clip) for clip in range(120)],
                    segment_probabilities=shares / shares.sum(axis=1, keepdims=True),
                    clip_index=np.arange(120),
                )
            )
        found = compare_tested(*pair, n_resamples=300).differences
        for name in held:
            held[name] += found[name].low <= 0 <= found[name].high
    for name, n in held.items():
        assert 0.9 <= n / n_trials <= 0.99, name
