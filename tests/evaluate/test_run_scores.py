import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, recall_score

from earmark.errors import SettingError
from earmark.evaluate.measures import CLASS_MEASURES, MEASURES, Items, draw_weights, measure
from earmark.evaluate.run_scores import LEVELS, estimate_scores, score_tested
from earmark.evaluate.scorecard import score_predictions
from earmark.evaluate.tested import make_tested


def quick(tested, **settings_):
    return score_tested(tested, n_resamples=settings_.pop("n_resamples", 200), **settings_)


@pytest.fixture(scope="module")
def scores(tested):
    return quick(tested(), name="first")


def test_each_kind_of_answer_is_scored(scores):
    assert tuple(level.level for level in scores.levels) == LEVELS
    assert [level.n for level in scores.levels] == [60, 60, 60, 180, 45]
    assert scores.clip is scores.level("clip")
    assert scores.level("clips") is None


def test_every_measure_has_a_value_or_a_reason(scores):
    for level in scores.levels:
        assert sorted({*level.scores, *level.undefined}) == sorted(MEASURES)
        assert not set(level.scores) & set(level.undefined)
    for row in scores.classes:
        assert sorted({*row.scores, *row.undefined}) == sorted(CLASS_MEASURES)


def test_values_are_those_of_scikit_learn(tested, scores):
    one = tested()
    rows = one.segment_probabilities
    assert scores.level("segment").scores["accuracy"].value == accuracy_score(
        one.y[one.clip_index], rows.argmax(axis=1)
    )
    votes = np.array([np.bincount(rows[one.clip_index == clip].argmax(axis=1)).argmax() for clip in range(60)])
    decided = np.array([len(set(rows[one.clip_index == clip].argmax(axis=1))) < 3 for clip in range(60)])
    assert scores.level("vote").n == 60
    assert decided.sum() > 40
    agreed = accuracy_score(one.y[decided], votes[decided]) * decided.sum()
    assert agreed <= scores.level("vote").scores["accuracy"].value * 60 <= agreed + (~decided).sum()
    assert scores.clip.confusion == tuple(map(tuple, confusion_matrix(one.y, one.predicted).tolist()))
    recalls = [row.scores["recall"].value for row in scores.classes]
    assert recalls == pytest.approx(recall_score(one.y, one.predicted, average=None))


def test_a_group_has_one_answer_for_each_of_its_classes():
    one = make_tested(
        labels=["a", "b"],
        y=[0, 0, 1, 1],
        groups=["x", "x", "x", "y"],
        clip_probabilities=[[0.9, 0.1], [0.4, 0.6], [0.8, 0.2], [0.1, 0.9]],
    )
    found = quick(one).level("group")
    assert found.confusion == ((1, 0), (1, 1))
    assert [(row.group, row.labels, row.n_clips, row.n_right) for row in quick(one).groups] == [
        ("x", ("a", "b"), 3, 1),
        ("y", ("b",), 1, 1),
    ]


def test_intervals_are_those_of_the_scorecard(tested, scores):
    one = tested()
    card = score_predictions(
        segment_probabilities=one.segment_probabilities,
        clip_index=one.clip_index,
        y=one.y,
        groups=one.groups,
        labels=one.labels,
        seed=0,
    )
    found = score_tested(one)
    for level, ours in ((card.clip, "clip"), (card.segment, "segment")):
        for name in ("accuracy", "macro_f1"):
            theirs, own = getattr(level, name), found.level(ours).scores[name]
            assert (own.value, own.low, own.high) == pytest.approx((theirs.value, theirs.low, theirs.high))
    assert found.level("vote").scores["accuracy"].low == pytest.approx(card.clip.vote_accuracy.low)
    assert found.sentence() == card.sentence()


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(st.permutations(range(60)))
def test_the_order_of_the_clips_changes_nothing(tested, scores, order):
    shuffled = quick(tested().subset(order), name="first")
    content, expected = shuffled.to_json(), scores.to_json()
    assert content["groups"] == expected["groups"]
    for level, one in expected["levels"].items():
        for name, estimate in one["scores"].items():
            assert content["levels"][level]["scores"][name] == pytest.approx(estimate, abs=1e-9)


def test_one_segment_a_clip_leaves_one_way_to_sum_up(tested):
    found = quick(tested(n_segments=1))
    assert [level.level for level in found.levels] == ["clip", "group"]


def test_clips_that_are_groups_of_their_own_have_no_scores_per_group(tested):
    assert quick(tested(groups=[str(clip) for clip in range(60)])).level("group") is None


# ---------------------------------------------------------------- where intervals are hard


def test_everything_right_is_no_certainty(tested):
    found = quick(tested(skill=50.0))
    assert [found.clip.scores[name].value for name in ("accuracy", "macro_f1", "roc_auc")] == [1, 1, 1]
    n_groups = 60**2 / (5 * 6**2 + 10 * 3**2)  # five groups of six clips and ten of three
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "roc_auc", "average_precision"):
        assert found.clip.scores[name].low == pytest.approx(0.025 ** (1 / n_groups))
        assert found.clip.scores[name].high == 1
    for row in found.classes:
        assert row.scores["recall"].low == pytest.approx(0.025 ** (1 / n_groups))


def test_one_group_has_scores_without_intervals(tested):
    found = quick(tested(n_groups=1))
    assert {one.low for one in found.clip.scores.values()} == {None}
    assert {one.high for row in found.classes for one in row.scores.values()} == {None}
    assert any("all clips are of one group" in note for note in found.notes)
    assert found.sentence().endswith("(no interval: all of one group).")


def test_a_class_of_one_group_has_scores_without_intervals_among_others_that_have_them(tested):
    groups = ["one" if clip % 3 == 0 else f"source {clip}" for clip in range(60)]
    first, second, _ = quick(tested(groups=groups)).classes
    assert first.n_groups == 1
    assert first.scores["recall"].low is first.scores["roc_auc"].low is None
    assert second.scores["recall"].low is not None


def test_one_class_alone_has_no_ranking_and_the_reason_is_named(tested):
    found = quick(tested(y=np.zeros(60, dtype=int)))
    assert {"roc_auc"} < set(found.clip.undefined)
    assert "one class" in found.clip.undefined["roc_auc"]
    assert found.classes[0].undefined["roc_auc"].startswith("everything is of this class")
    assert found.classes[1].undefined["recall"] == "no clip is of class 1"
    assert found.notes[0].startswith("all clips are of one class, class 0")
    json.dumps(found.to_json(), allow_nan=False)


def test_classes_without_a_clip_stay_in_the_tables_and_out_of_the_means(tested):
    one = tested()
    rows = np.pad(one.segment_probabilities, ((0, 0), (0, 2)))
    more = tested(labels=[*one.labels, "absent", "gone"], segment_probabilities=rows)
    plain, padded = quick(one), quick(more)
    for name in ("balanced_accuracy", "macro_f1", "roc_auc", "average_precision", "log_loss"):
        assert padded.clip.scores[name].value == pytest.approx(plain.clip.scores[name].value)
    assert padded.classes[3].scores == {}
    assert padded.classes[3].undefined["roc_auc"] == "no clip is of absent"
    assert any("no clip is of absent, gone" in note for note in padded.notes)


@pytest.mark.parametrize(("given_", "message"), [({"seed": -1}, "negative"), ({"n_resamples": 0}, "n_resamples is 0")])
def test_settings_that_cannot_be_are_refused(tested, given_, message):
    with pytest.raises(SettingError, match=message):
        quick(tested(), **given_)


# ---------------------------------------------------------------- folds


def test_the_spread_over_folds_is_that_of_each_fold_on_its_own(tested):
    folds = [clip // 3 % 4 + 1 for clip in range(60)]
    one = tested(folds=folds)

    found = quick(one).folds

    alone = [quick(one.subset([clip for clip in range(60) if folds[clip] == fold])) for fold in (1, 2, 3, 4)]
    assert (found.folds, found.n_clips) == ((1, 2, 3, 4), (15, 15, 15, 15))
    for name, values in found.values.items():
        expected = [part.clip.scores[name].value for part in alone]
        assert list(values) == pytest.approx(expected)
        assert found.mean[name] == pytest.approx(np.mean(expected))
        assert found.deviation[name] == pytest.approx(np.std(expected, ddof=1))


def test_a_fold_of_one_class_has_no_area_and_the_mean_runs_over_the_others(tested):
    folds = [1 if clip % 3 == 0 else 2 for clip in range(60)]
    found = quick(tested(folds=folds)).folds
    assert found.values["roc_auc"][0] is None
    assert found.mean["roc_auc"] == found.values["roc_auc"][1]
    assert "roc_auc" not in found.deviation


# ---------------------------------------------------------------- JSON, and time


def test_the_json_is_plain_and_whole(scores):
    content = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert set(content) == {
        *("name", "labels", "n_clips", "n_groups", "levels", "classes", "groups", "folds", "notes"),
    }
    assert list(content["levels"]) == list(LEVELS)
    assert set(content["levels"]["clip"]["scores"]["roc_auc"]) == {"value", "low", "high"}
    assert content["levels"]["vote"]["undefined"]["log_loss"] == "a vote gives no probabilities"
    assert content["classes"][0]["label"] == "class 0"
    assert content["folds"] is None


@pytest.mark.slow
def test_400_clips_of_five_segments_take_a_second_or_two_of_processor(tested):
    one = tested(n_clips=400, n_groups=130, n_classes=10, n_segments=5)
    began = time.process_time()
    score_tested(one)
    assert time.process_time() - began < 4


# ---------------------------------------------------------------- coverage


def clustered(rng, n_groups, *, n_clips=6, n_classes=4):
    """Return answers for clips whose groups are of unlike difficulty and lean to classes of their own."""
    group = np.repeat(np.arange(n_groups), n_clips)
    y = rng.integers(n_classes, size=len(group))
    logits = rng.standard_normal((len(group), n_classes)) + 1.2 * rng.standard_normal((n_groups, n_classes))[group]
    logits[np.arange(len(group)), y] += (2 + 1.2 * rng.standard_normal(n_groups))[group]
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    return Items(
        y=y,
        predicted=shares.argmax(axis=1),
        probabilities=shares,
        group=group,
        n_groups=n_groups,
        n_classes=n_classes,
    )


@pytest.mark.slow
def test_the_intervals_of_all_scores_hold_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(0)
    names = ("balanced_accuracy", "macro_f1", "roc_auc", "average_precision", "log_loss", "brier_score")
    population = clustered(rng, 10_000)
    truth = measure(population, np.ones((1, 10_000))).scores
    held = dict.fromkeys(names, 0)
    for _ in range(300):
        items = clustered(rng, 40)
        plain, resampled = measure(items, np.ones((1, 40))), measure(items, draw_weights(40, 300, rng))
        found, _ = estimate_scores(items, plain, resampled)
        for name in names:
            held[name] += found[name].low <= truth[name][0] <= found[name].high
    for name, n in held.items():
        assert 0.92 <= n / 300 <= 0.98, name
