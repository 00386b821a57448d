import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.train.history import Epoch
from earmark.train.settings import TrainSettings
from earmark.train.verdict import describe_divergence, judge_training

SETTINGS = TrainSettings(max_epochs=40)


def course(train, validation=None, *, train_accuracy=None, validation_accuracy=None, data_s=0.0):
    """Return a history with these losses; accuracies follow from them where they are not given."""
    validation = [None] * len(train) if validation is None else validation
    return [
        Epoch(
            epoch=number,
            train_loss=loss,
            train_accuracy=math.exp(-loss) if train_accuracy is None else train_accuracy,
            validation_loss=against,
            validation_accuracy=(
                None if against is None else math.exp(-against) if validation_accuracy is None else validation_accuracy
            ),
            learning_rate=1e-3,
            time_s=1.0,
            data_s=data_s,
        )
        for number, (loss, against) in enumerate(zip(train, validation, strict=True), start=1)
    ]


def falling(n, start=2.0, rate=0.85):
    return [start * rate**number for number in range(n)]


def judge(history, settings=SETTINGS, *, best_epoch=None, ended="max_epochs", **rest):
    losses = [epoch.validation_loss for epoch in history]
    best = 1 + losses.index(min(losses)) if best_epoch is None and None not in losses else best_epoch or len(history)
    return judge_training(history, settings, best_epoch=best, ended=ended, n_classes=10, n_validation=100, **rest)


def said(verdict):
    return " ".join(verdict.sentences)


# ---------------------------------------------------------------- overfitting


@pytest.mark.parametrize("turn", [4, 8, 15])
def test_the_epoch_from_which_validation_got_worse_while_training_got_better_is_named(turn):
    validation = [*falling(turn, 1.6, 0.9), *(1.6 * 0.9 ** (turn - 1) * 1.06**number for number in range(1, 16))]
    verdict = judge(course(falling(len(validation)), validation), ended="patience")

    assert (verdict.kind, verdict.overfits_since) == ("overfitting", turn + 1)
    assert f"from epoch {turn + 1} on validation got worse" in said(verdict)


def test_what_wobbles_about_a_level_does_not_overfit():
    level = [2.0, 1.2, 0.8, 0.6, 0.5, *(0.5 + 0.04 * (-1) ** number for number in range(15))]
    verdict = judge(course(falling(20), level, train_accuracy=0.85, validation_accuracy=0.83), ended="patience")
    assert verdict.kind == "fine"
    assert verdict.overfits_since is None


def test_a_validation_that_got_worse_together_with_training_is_no_overfitting():
    rising = [*falling(5), *(2.0 for _ in range(10))]
    assert judge(course(rising, rising), ended="patience").kind != "overfitting"


def test_a_gap_without_a_turn_is_overfitting_too_but_not_one_that_chance_explains():
    history = course(falling(20, rate=0.8), falling(20, 2.0, 0.97), train_accuracy=1.0, validation_accuracy=0.75)
    assert judge(history, ended="patience").kind == "overfitting"
    few = judge_training(history, SETTINGS, best_epoch=20, ended="patience", n_classes=10, n_validation=4)
    assert few.kind == "fine"
    assert few.accuracy_gap == pytest.approx(0.25)


def test_what_to_try_against_overfitting_is_what_is_not_in_use_yet():
    validation = [*falling(5, 1.6), *(1.0 + 0.1 * number for number in range(10))]
    history = course(falling(15), validation)
    bare = said(judge(history, ended="patience", dropout=0.2))
    assert "augmentation (--augment)" in bare
    assert "network.dropout, now 0.2" in bare
    assert "train.weight_decay = 0.01" in bare
    assert "an earlier stop" not in bare
    settings = TrainSettings(weight_decay=0.05, label_smoothing=0.1, keep="last")
    armed = said(judge(history, settings, best_epoch=15, ended="max_epochs", dropout=0.6, is_changed=True))
    assert "stronger augmentation" in armed
    for in_use in ("dropout (network", "weight_decay", "label_smoothing"):
        assert in_use not in armed
    assert "an earlier stop (train.keep = best)" in armed


# ---------------------------------------------------------------- too little


def test_a_training_that_ended_at_its_limit_while_it_got_better_is_told_to_go_on():
    verdict = judge(course(falling(12), falling(12, 2.1)), TrainSettings(max_epochs=12))
    assert verdict.kind == "unfinished"
    assert "train.max_epochs = 24" in said(verdict)


def test_a_cosine_that_ran_to_its_end_is_not_called_unfinished():
    settings = TrainSettings(max_epochs=12, schedule="cosine")
    history = course(falling(12), falling(12, 2.1), train_accuracy=0.95, validation_accuracy=0.93)
    assert judge(history, settings).kind == "fine"


def test_what_learns_neither_is_underfitting():
    slow = [2.0, 1.6, 1.4, *(1.3 - 0.002 * number for number in range(20))]
    verdict = judge(course(slow, slow, train_accuracy=0.5, validation_accuracy=0.52), ended="patience", dropout=0.5)
    assert verdict.kind == "underfitting"
    assert "a larger network" in said(verdict)
    assert "less dropout (network.dropout, now 0.5)" in said(verdict)


@pytest.mark.parametrize("validation", [[2.31, 2.30, 2.32, 2.31], None])
def test_a_loss_beyond_that_of_a_guess_names_the_learning_rate(validation):
    settings = TrainSettings(learning_rate=3.0, max_epochs=4)
    verdict = judge(course([1e9, 1e7, 2e7, 1e6], validation, train_accuracy=0.1), settings)
    assert verdict.kind == "underfitting"
    assert "Its loss ran away: try train.learning_rate = 0.001 in place of 3" in said(verdict)


# ---------------------------------------------------------------- the rest


def test_training_below_validation_is_explained_and_not_blamed():
    history = course(falling(20), falling(20), train_accuracy=0.6, validation_accuracy=0.9)
    changed = judge(history, ended="patience", is_changed=True)
    assert changed.kind == "fine"
    assert "changed sounds make it harder, which is no fault" in said(changed)
    assert changed.accuracy_gap == pytest.approx(-0.3)
    assert "all its segments together" in said(judge(history, ended="patience"))


def test_a_gap_of_nothing_has_no_sign():
    history = course(falling(20), falling(20), train_accuracy=0.8999, validation_accuracy=0.9)
    assert ": a gap of 0.0 points." in said(judge(history, ended="patience"))


def test_one_epoch_is_one_epoch():
    verdict = judge(course([1.0], [1.0]), TrainSettings(max_epochs=1))
    assert verdict.kind == "unfinished"
    assert "the limit of 1 epoch while" in said(verdict)


def test_without_a_validation_part_nothing_is_claimed():
    verdict = judge(course([1.0, 0.5, *[0.4] * 10]))
    assert verdict.kind == "unvalidated"
    assert "nobody can say whether it overfits" in said(verdict)
    assert verdict.loss_gap is verdict.accuracy_gap is None


def test_a_divergence_names_epoch_setting_and_remedy():
    verdict = judge(course(falling(3), falling(3)), TrainSettings(learning_rate=0.5), ended="diverged")
    assert verdict.kind == "diverged"
    assert "in epoch 4 (the weights of epoch 3 were kept): learning_rate 0.5 is too high; try 0.001" in said(verdict)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"learning_rate": 1e6}, "learning_rate 1e+06 is too high; try 0.001, or clip_norm 1"),
        ({"learning_rate": 1e6, "optimiser": "sgd"}, "try 0.01, or"),
        ({"learning_rate": 1e-4}, "try 1e-05"),
        ({"learning_rate": 0.1, "clip_norm": 1.0}, "is too high; try 0.001"),
        ({"l2": 50.0}, "l2 50 outweighs the loss; try 0.001"),
        ({"weight_decay": 5000.0}, "weight_decay 5000 with learning_rate 0.001 turns the weights over"),
    ],
)
def test_the_setting_to_blame_is_named(settings, named):
    assert named in describe_divergence(TrainSettings(**settings), epoch=1)


def test_waiting_for_data_is_told_from_half_of_the_time_on():
    assert "% of the time went into getting batches ready" in said(judge(course([1.0] * 4, data_s=0.7)))
    assert judge(course([1.0] * 4, data_s=0.7)).waiting_share == pytest.approx(0.7)
    assert "batches ready" not in said(judge(course([1.0] * 4, data_s=0.4)))


losses = st.floats(0, 1e30)
shares = st.floats(0, 1)


@pytest.mark.slow
@given(
    rows=st.lists(st.tuples(losses, shares, losses, shares), min_size=1, max_size=30),
    is_validated=st.booleans(),
    best=st.integers(0, 40),
    ended=st.sampled_from(["max_epochs", "patience", "interrupted", "diverged"]),
    dropout=st.none() | st.floats(0, 0.9),
    is_changed=st.booleans(),
)
def test_whatever_happened_there_is_a_verdict_in_whole_sentences(rows, is_validated, best, ended, dropout, is_changed):
    history = [
        replace(
            course([loss])[0],
            epoch=number,
            train_accuracy=accuracy,
            validation_loss=against if is_validated else None,
            validation_accuracy=share if is_validated else None,
        )
        for number, (loss, accuracy, against, share) in enumerate(rows, start=1)
    ]
    verdict = judge_training(
        history, SETTINGS, best_epoch=best, ended=ended, n_classes=3, dropout=dropout, is_changed=is_changed
    )
    assert all(sentence.endswith(".") and "nan" not in sentence for sentence in verdict.sentences)
    assert len(verdict.sentences) == 2
    assert json.loads(json.dumps(verdict.to_json(), allow_nan=False))["kind"] == verdict.kind
    assert (verdict.overfits_since is None) or verdict.kind == "overfitting"
    assert (verdict.kind == "diverged") == (ended == "diverged")
