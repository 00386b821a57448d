from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from earmark.audit import labels
from earmark.audit.labels import doubt_labels, find_label_errors
from earmark.audit.probe import Answers
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import SettingError


@st.composite
def judged_clips(draw):
    """Labels, and what models might say of them."""
    n, n_classes = draw(st.integers(1, 40)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    probabilities = rng.dirichlet(np.full(n_classes, draw(st.sampled_from([0.1, 1.0]))), size=n)
    judged = rng.random(n) < draw(st.sampled_from([1.0, 0.7]))
    return rng.integers(0, n_classes, n), Answers(probabilities=probabilities, judged=judged)


def marked_by_the_book(y, probabilities, judged):
    """Confident learning as the paper writes it down, clip by clip."""
    n, n_classes = probabilities.shape
    clips = [k for k in range(n) if judged[k]]
    threshold = {}
    for j in range(n_classes):
        own = [probabilities[k, j] for k in clips if y[k] == j]
        threshold[j] = sum(own) / len(own) if own else np.inf
    counts = np.zeros((n_classes, n_classes))
    for k in clips:
        reached = [j for j in range(n_classes) if probabilities[k, j] >= threshold[j] - 1e-12]
        if reached:
            counts[y[k], max(reached, key=lambda j: probabilities[k, j])] += 1
    marked = set()
    for i in range(n_classes):
        of_class = [k for k in clips if y[k] == i]
        for j in range(n_classes):
            if i != j and counts[i].sum():
                n_wrong = round(counts[i, j] / counts[i].sum() * len(of_class))
                worst = sorted(of_class, key=lambda k: probabilities[k, i] - probabilities[k, j])[:n_wrong]
                marked |= {k for k in worst if probabilities[k, j] > probabilities[k, i]}
    return marked


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(judged_clips())
def test_what_is_marked_is_what_the_published_method_marks(clips):
    y, answers = clips
    doubts = doubt_labels(y, answers)
    assert set(np.flatnonzero(doubts.marked)) == marked_by_the_book(y, answers.probabilities, answers.judged)


@settings(max_examples=30, deadline=None)
@given(judged_clips())
def test_doubts_are_shares_and_nothing_is_said_of_clips_that_are_not_judged(clips):
    y, answers = clips
    doubts = doubt_labels(y, answers)
    assert ((doubts.doubt >= 0) & (doubts.doubt <= 1)).all()
    assert (doubts.other != y).all()
    assert not doubts.doubt[~answers.judged].any()
    assert not doubts.marked[~answers.judged].any()
    assert (doubts.doubt[doubts.marked] > 0.5).all()
    assert (np.diff(doubts.doubt[doubts.ranking]) <= 0).all()


def test_answers_that_agree_with_every_label_mark_nothing():
    y = np.arange(30) % 3
    answers = Answers(probabilities=0.9 * np.eye(3)[y] + 0.1 / 3, judged=np.ones(30, dtype=bool))
    assert not doubt_labels(y, answers).marked.any()


def test_labels_and_answers_of_different_number_are_refused():
    with pytest.raises(SettingError, match="2 answers do not fit labels"):
        doubt_labels(np.array([0]), Answers(probabilities=np.eye(2), judged=np.ones(2, dtype=bool)))


# ---------------------------------------------------------------- with a model


@pytest.fixture
def quick_model(monkeypatch):
    """The logistic regression without the hundred trees, which take ten times as long."""

    def fit(x, y, seed):
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(x, y).predict_proba

    monkeypatch.setattr(labels, "fit_sound", fit)


def clips_of(n=90, n_swapped=6, takes=1, seed=0):
    """Three classes that can be told apart; of some groups all takes have the label of another class."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(n // takes) % 3, takes)
    groups = np.repeat(np.arange(n // takes), takes)
    swapped = np.isin(groups, rng.choice(n // takes, n_swapped, replace=False))
    y = np.where(swapped, (truth + 1) % 3, truth)
    sources = rng.normal(size=(n // takes, 8))[groups]  # what takes of one recording have in common
    x = 2.5 * np.eye(3, 8)[truth] + sources + 0.01 * rng.normal(size=(n, 8))
    clips = [Clip(name=f"{k}.wav", path=Path(), label="abc"[y[k]], group=f"g{groups[k]}") for k in range(n)]
    return Dataset(clips, root=Path()), x, {f"{k}.wav" for k in np.flatnonzero(swapped)}


@pytest.mark.slow
def test_swapped_labels_are_found_and_come_first():
    dataset, x, swapped = clips_of()
    findings = find_label_errors(dataset, x)
    first = [finding.clips[0] for finding in findings[:6]]
    assert len(set(first) & swapped) >= 5
    assert {finding.kind for finding in findings} == {"label"}
    assert findings[0].severity == "warning"
    assert [f.score for f in findings] == sorted((f.score for f in findings), reverse=True)
    assert findings == find_label_errors(dataset, x)
    clip = next(clip for clip in dataset if clip.name == first[0])
    assert f"is labelled {clip.label!r} and sounds like " in findings[0].message


@pytest.mark.slow
@pytest.mark.usefixtures("quick_model")
def test_of_right_labels_hardly_any_is_a_warning():
    warnings = [
        finding
        for seed in range(3)
        for finding in find_label_errors(*clips_of(n_swapped=0, seed=seed)[:2])
        if finding.severity == "warning"
    ]
    assert len(warnings) <= 5  # of 270


@pytest.mark.slow
def test_takes_of_a_recording_do_not_vouch_for_one_another(monkeypatch):
    def fit(x, y, seed):  # what a model does that knows its clips by heart
        return KNeighborsClassifier(3).fit(x, y).predict_proba

    monkeypatch.setattr(labels, "fit_sound", fit)
    dataset, x, swapped = clips_of(n=180, takes=3)
    found = {finding.clips[0] for finding in find_label_errors(dataset, x)}
    torn = Dataset([replace(c, group=c.name) for c in dataset], root=Path())
    found_torn = {finding.clips[0] for finding in find_label_errors(torn, x)}
    assert len(found & swapped) >= 12  # of 18
    assert len(found_torn & swapped) < len(found & swapped) / 2


def test_too_few_clips_no_labels_or_one_class_say_nothing():
    dataset, x, _ = clips_of()
    bare = Dataset([replace(c, label="") for c in dataset], root=Path())
    single = Dataset([replace(c, label="a") for c in dataset], root=Path())
    grouped = Dataset([replace(c, group="g") for c in dataset], root=Path())
    assert find_label_errors(dataset.subset(range(19)), x[:19]) == []
    for odd in (bare, single, grouped):
        assert find_label_errors(odd, x) == []


def test_statistics_of_other_clips_are_refused():
    dataset, x, _ = clips_of()
    with pytest.raises(SettingError, match="89 rows of statistics do not fit 90 clips"):
        find_label_errors(dataset, x[:-1])


@pytest.mark.slow
@pytest.mark.usefixtures("quick_model")
def test_a_class_that_one_group_holds_is_not_judged():
    dataset, x, _ = clips_of()
    clips = [
        Clip(name=c.name, path=c.path, label="alone" if k < 4 else c.label, group="one" if k < 4 else c.group)
        for k, c in enumerate(dataset)
    ]
    found = {finding.clips[0] for finding in find_label_errors(Dataset(clips, root=Path()), x)}
    assert not found & {f"{k}.wav" for k in range(4)}
