"""Benchmarks are run by hand: here they start, what they share counts right, and what they set beside ours is alike."""

import argparse
import importlib
import json
import sys
from pathlib import Path

import pytest
import torch

from earmark.errors import TrainingError
from earmark.models.catalogue import NETWORKS

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPTS = sorted(path.stem for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text(encoding="utf-8"))


@pytest.fixture
def load(monkeypatch):
    """Import a script of the benchmarks, as they import one another."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module
    for path in BENCHMARKS.glob("*.py"):  # their names are anybody's
        sys.modules.pop(path.stem, None)


@pytest.fixture
def comparison(load):
    return load("comparison")


def fold(comparison, right, *, seed=0, number=1, **changed):
    clips = tuple((f"{index}.wav", "dog", f"g{index}") for index in range(len(right)))
    values = {
        "seed": seed,
        "fold": number,
        "clips": clips,
        "right": tuple(right),
        "n_segments": 2 * len(right),
        "segment_accuracy": 0.5,
        "vote_accuracy": 0.5,
        "loss": 1.0,
        "n_weights": 3,
        "training_s": 0.1,
    }
    return comparison.Fold(**(values | changed))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_every_benchmark_says_what_it_is(load, name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        load(name).main()
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_two_candidates_are_compared_answer_by_answer(comparison):
    good = comparison.Candidate(name="good", folds=(fold(comparison, [True] * 8),))
    half = comparison.Candidate(name="half", folds=(fold(comparison, [True, False] * 4),))
    (pair,) = comparison.compared([(good, half)])
    assert pair["difference"] == pytest.approx(0.5)
    assert pair["n_groups"] == 8
    assert comparison.paired(half, good).difference == pytest.approx(-0.5)


def test_a_seed_more_makes_no_new_groups(comparison):
    one, two = ([fold(comparison, [True, False] * 4, seed=seed) for seed in range(n)] for n in (1, 2))
    all_right = [[fold(comparison, [True] * 8, seed=seed) for seed in range(n)] for n in (1, 2)]
    results = [
        comparison.paired(
            comparison.Candidate(name="a", folds=tuple(best)), comparison.Candidate(name="b", folds=tuple(folds))
        )
        for best, folds in zip(all_right, (one, two), strict=True)
    ]
    assert [result.n_groups for result in results] == [8, 8]
    assert results[0].p == pytest.approx(results[1].p)
    assert (results[0].low, results[0].high) == pytest.approx((results[1].low, results[1].high))


def test_candidates_that_were_tested_on_other_clips_are_not_compared(comparison):
    one = comparison.Candidate(name="one", folds=(fold(comparison, [True] * 8, seed=0),))
    other = comparison.Candidate(name="other", folds=(fold(comparison, [True] * 8, seed=1),))
    with pytest.raises(SystemExit, match="other clips"):
        comparison.paired(one, other)


def test_accuracy_counts_clips_and_not_folds(comparison):
    folds = (fold(comparison, [True] * 9, number=1), fold(comparison, [False], number=2))
    assert comparison.Candidate(name="a", folds=folds).seeds == {0: 0.9}


def test_a_fold_comes_back_as_it_was_saved_and_only_with_its_settings(comparison, tmp_path):
    saved, path = fold(comparison, [True, False]), tmp_path / "arm" / "fold-1.json"
    assert comparison.load_fold(path, {"epochs": 1}) is None
    comparison.save_fold(path, saved, {"epochs": 1, "steps": ("gain",)})
    assert comparison.load_fold(path, {"epochs": 1, "steps": ("gain",)}) == saved
    with pytest.raises(SystemExit, match="other settings"):
        comparison.load_fold(path, {"epochs": 2, "steps": ("gain",)})


def test_the_loss_is_lower_by_the_mean_over_trainings(comparison):
    first = comparison.Candidate(name="a", folds=tuple(fold(comparison, [True], loss=loss) for loss in (1.0, 2.0)))
    second = comparison.Candidate(name="b", folds=tuple(fold(comparison, [True], loss=loss) for loss in (2.0, 1.5)))
    result = comparison.losses_compared(first, second)
    assert result["lower_by"] == pytest.approx(0.25)
    assert (result["n_lower"], result["n"]) == (1, 2)


def test_what_is_shown_as_json_can_be_read_again(comparison, capsys):
    solved = comparison.Candidate(name="svm", folds=(fold(comparison, [True], loss=None, n_weights=0),))
    comparison.show([solved], [], as_json=True)
    (candidate,) = json.loads(capsys.readouterr().out)["candidates"]
    assert candidate["validation_loss"] is None
    assert candidate["accuracy"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlp", "cnn", "lstm", "wave-cnn", "alexnet"])
def test_the_network_set_beside_ours_has_as_many_weights(load, name):
    elsewhere = load("networks_elsewhere")
    *channels, n_bins, n_frames = elsewhere.SHAPES[name]
    kind = NETWORKS[name]
    ours = kind.build(
        n_bins=n_bins, n_frames=n_frames, n_channels=channels[0] if channels else 1, n_classes=10,
        settings=kind.settings(),
    )  # fmt: skip
    plain = elsewhere.plain_network(name)
    with torch.no_grad():
        plain(torch.zeros(2, *elsewhere.SHAPES[name]))
    assert elsewhere.count_weights(plain) == elsewhere.count_weights(ours)


def test_every_network_that_learns_in_batches_is_timed(load):
    assert set(load("networks_elsewhere").SHAPES) == {name for name in NETWORKS if NETWORKS[name].learns_in_batches}


def test_ratios_are_taken_within_a_round(load):
    rounds = {
        "earmark": [{"ms": 1.0, "weights": 5}, {"ms": 10.0, "weights": 5}, {"ms": 2.0, "weights": 5}],
        "plain": [{"ms": 2.0, "weights": 5}, {"ms": 30.0, "weights": 5}, {"ms": 8.0, "weights": 5}],
    }
    result = load("networks").summary(rounds)
    assert result["plain / earmark"] == 3.0
    assert result["keras / earmark"] is None
    assert result["ms"] == {"earmark": 2.0, "plain": 8.0}


@pytest.mark.slow
def test_a_comparison_is_taken_up_where_it_was_and_refuses_other_epochs(comparison, sounds, tmp_path):
    data = sounds.folder({"dog": 6, "rain": 6}, seconds=1.0)
    options = argparse.Namespace(
        data=str(data), out=tmp_path / "out", group_column=None, seeds=[0], folds=[2], cache=tmp_path / "cache"
    )
    candidates = {"a": {"network": {"name": "mlp"}}, "svm": {"network": {"name": "svm"}}}
    first = comparison.cross_validate_all(candidates, options, epochs=2)
    assert [one.folds[0].fold for one in first] == [2, 2]
    assert first[0].folds[0].loss is not None
    assert first[1].losses is None
    again = comparison.cross_validate_all(candidates, options, epochs=2)
    assert again == first
    options.folds = None
    whole = comparison.cross_validate_all({"a": candidates["a"]}, options, epochs=2)
    assert [each.fold for each in whole[0].folds] == [1, 2, 3, 4, 5]
    assert whole[0].folds[1] == first[0].folds[0]
    with pytest.raises(TrainingError, match="max_epochs"):
        comparison.cross_validate_all({"a": candidates["a"]}, options, epochs=3)


def test_a_nested_choice_hears_nothing_of_the_fold_that_it_is_for(load):
    nested = load("nested")

    def pair(one, other, right):
        return nested.Answers(folds=[one, other], groups=["a", "b"], right=right, log_losses=[float(one), float(other)])

    answers = [pair(1, 2, [True, False]), pair(1, 3, [True, False]), pair(2, 3, [True, True])]

    # Of fold 1: the answers about 2 and 3 of networks without fold 1; never what is said of 1, nor by who knows it.
    assert nested.said_without(answers, 1) == [(False, 2.0), (False, 3.0)]
    assert nested.said_without(answers, 2) == [(True, 1.0), (True, 3.0)]
    assert nested.said_without(answers, 3) == [(True, 1.0), (True, 2.0)]
    assert nested.said_without(answers[2:], 1) == []
