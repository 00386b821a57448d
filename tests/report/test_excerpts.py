from types import SimpleNamespace

import numpy as np
import pytest

from earmark.errors import MissingExtraError, SettingError, StorageError
from earmark.experiment import explaining
from earmark.inference.predictor import Predictor
from earmark.report.excerpts import EXPLAINING_S, N_HITS, N_MISTAKES, N_OTHERS, describe_reasons, make_excerpts
from earmark.report.fold_results import read_any_results
from earmark.report.results import read_results


def explanation(label, *, spread_s=(0.1, 0.2, 0.9), spread_hz=(440.0, 500.0, 2300.0), times=True, empty=False):
    joined = SimpleNamespace(
        features=np.random.default_rng(0).random((4, 6), dtype=np.float32),
        relevance=np.full((4, 6), 0.0 if empty else 1.0, dtype=np.float32),
        times_s=np.arange(6.0) if times else None,
    )
    return SimpleNamespace(
        label=label,
        is_empty=empty,
        notes=("the clip is short",),
        spread_s=lambda: spread_s,
        spread_hz=lambda: spread_hz,
        by_group=lambda: {"mfcc_1": 0.6, "mfcc_0": 0.3, "mfcc_2": 0.1, "mfcc_3": 0.0},
        joined=lambda: joined,
    )


@pytest.fixture
def explained(monkeypatch):
    """Note which clips are explained, by which classifier."""
    asked = []

    def explain(predictor, sound, *, label, n_orders):
        asked.append((predictor, sound.name, label))
        assert n_orders == 0
        return explanation(label)

    monkeypatch.setattr(Predictor, "load", lambda path: path.parent.name)
    monkeypatch.setattr(explaining, "explain_sound", explain)
    return asked


@pytest.mark.slow
def test_mistakes_and_hits_are_explained_by_the_classifier_that_tested_them(crossval, explained):
    excerpts = make_excerpts(read_any_results(crossval))
    assert [each.clip.label for each in excerpts.mistakes] == ["owl"] * 4
    sureness = [each.clip.predicted_probability for each in excerpts.mistakes]
    assert sureness == sorted(sureness, reverse=True)
    assert len(excerpts.hits) == N_HITS
    assert all(each.clip.is_right for each in excerpts.hits)
    assert [each.clip.predicted_probability for each in excerpts.hits] == sorted(
        each.clip.predicted_probability for each in excerpts.hits
    )
    for (predictor, name, label), each in zip(explained, (*excerpts.mistakes, *excerpts.hits), strict=True):
        assert (predictor, name, label) == (f"fold-{each.clip.fold}", each.clip.name, each.clip.predicted)
        assert each.reasons.picture.startswith("data:image/png;base64,")
        assert (
            "lie from 0.1 to 0.9 s, and four fifths lie from 440 Hz to 2.3 kHz. the clip is short."
            in each.reasons.words
        )
    assert excerpts.notes == ()


@pytest.mark.slow
def test_explaining_ends_in_time_and_says_so(crossval, explained):
    now = iter(range(0, 1000, 5))
    excerpts = make_excerpts(read_any_results(crossval), clock=lambda: next(now))
    assert 1 <= len(explained) <= 1 + EXPLAINING_S / 5
    assert f"{10 - len(explained)} clips are not explained" in excerpts.notes[0]


@pytest.mark.slow
def test_nothing_is_explained_where_nobody_asks_for_it(crossval, explained):
    excerpts = make_excerpts(read_any_results(crossval), explain=False)
    assert explained == []
    assert all(each.reasons is None for each in excerpts.mistakes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "n_asked"),
    [(MissingExtraError("captum is not installed"), 1), (SettingError("no <layer>"), 10), (RuntimeError("torch"), 10)],
)
def test_why_there_is_no_explanation_is_said_once(crossval, monkeypatch, explained, error, n_asked):
    def fail(*_, **__):
        explained.append(1)
        raise error

    monkeypatch.setattr(explaining, "explain_sound", fail)
    excerpts = make_excerpts(read_any_results(crossval))
    assert excerpts.notes == (f"no explanation: {error}",)
    assert len(explained) == n_asked
    assert len(excerpts.mistakes) == 4


def test_a_bundle_that_is_gone_takes_no_player_away_and_names_no_folder(small_run, tmp_path):
    excerpts = make_excerpts(read_results(small_run))
    assert excerpts.mistakes[0].player.sound
    assert "no explanation" in excerpts.notes[0]
    assert str(tmp_path) not in excerpts.notes[0]


def test_a_broken_bundle_is_an_error_that_is_said(small_run, monkeypatch):
    def fail(_):
        raise StorageError("the bundle is damaged")

    monkeypatch.setattr(Predictor, "load", fail)
    assert make_excerpts(read_results(small_run)).notes == ("no explanation: the bundle is damaged",)


def test_clips_with_probabilities_that_are_none_are_not_shown(runs, tmp_path):
    labels = ("dog", "rain")
    items = [runs.Item(f"dog/{n}.wav", "dog", f"{n}", "test", runs.sure(labels, "rain")) for n in range(3)]
    run = runs.write(tmp_path / "run", items, data_path="/nowhere", labels=labels)
    table = run / "predictions.csv"
    head, first, *rest = table.read_text().splitlines()
    table.write_text("\n".join([head, ",".join([*first.split(",")[:3], "nan", "nan"]), *rest]))
    assert [each.clip.name for each in make_excerpts(read_results(run)).mistakes] == ["dog/1.wav", "dog/2.wav"]


def test_of_many_mistakes_each_confusion_is_heard_first(runs, tmp_path):
    labels = ("dog", "owl", "rain", "wolf")
    items = [
        runs.Item(f"dog/{n}.wav", "dog", f"{n}", "test", runs.sure(labels, "rain" if n < 40 else "wolf", 0.9 - n / 100))
        for n in range(42)
    ]
    excerpts = make_excerpts(read_results(runs.write(tmp_path / "run", items, data_path="/nowhere", labels=labels)))
    assert len(excerpts.mistakes) == N_MISTAKES
    assert len(excerpts.others) == N_OTHERS
    assert excerpts.others[0].clip.predicted == "wolf"
    places = [each.clip.place for each in (*excerpts.mistakes, *excerpts.others)]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (explanation("dog", empty=True), "Nothing in the clip speaks for dog."),
        (explanation("dog", spread_s=None, spread_hz=None), "What speaks for dog most: mfcc_1, mfcc_0, mfcc_2."),
        (explanation("dog", spread_hz=None), "Four fifths of what speaks for dog lie from 0.1 to 0.9 s."),
    ],
)
def test_reasons_are_told_in_words(found, said):
    assert describe_reasons(found) == said
