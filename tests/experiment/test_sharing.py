from dataclasses import replace

import numpy as np
import pytest

from earmark.errors import DataError
from earmark.evaluate.tested import make_tested
from earmark.experiment.reading import ReadRun
from earmark.experiment.sharing import compare_read

N = 24


def read(name="first", *, seed=0, clips=range(N), labels=("dog", "rain"), learnt=("old.wav",), **changes):
    """Return what a made-up run said of some of 24 clips, each a group of its own."""
    rng = np.random.default_rng(seed)
    clips = list(clips)
    shares = rng.random((len(clips), len(labels)))
    tested = make_tested(
        labels=labels,
        names=[f"{clip}.wav" for clip in clips],
        y=np.array([labels.index(("dog", "rain")[clip % 2]) for clip in clips]),
        groups=[f"source {clip}" for clip in clips],
        clip_probabilities=shares / shares.sum(axis=1, keepdims=True),
    )
    names = {f"{clip}.wav": f"source {clip}" for clip in range(N)} | {"old.wav": "old source"}
    given = {
        "name": name,
        "tested": tested,
        "contents": {clip: f"bytes of {clip}" for clip in names},
        "learnt": (frozenset(learnt),) * len(clips),
        "groups": names,
    }
    return ReadRun(**given | changes)


def test_runs_of_the_same_clips_are_compared_without_a_note():
    found = compare_read(read(), read("second", seed=1))
    assert (found.first, found.second, found.notes) == ("first", "second", ())
    assert found.accuracy.n_clips == N


def test_the_order_of_the_clips_does_not_matter():
    other = read("second", seed=1)
    order = list(np.random.default_rng(0).permutation(N))
    shuffled = replace(other, tested=other.tested.subset(order))
    assert compare_read(read(), shuffled) == compare_read(read(), other)


def test_clips_that_only_one_tested_are_left_out_and_counted():
    found = compare_read(read(clips=range(18)), read("second", seed=1, clips=range(4, 24)))
    assert found.accuracy.n_clips == 14
    assert found.notes == (
        "compared on 14 clips: 4 of the 18 that first tested are not the other's",
        "compared on 14 clips: 6 of the 20 that second tested are not the other's",
    )


def test_two_clips_of_one_name_stay_two():
    names = ["same.wav"] * 4 + [f"{clip}.wav" for clip in range(4, N)]
    runs = [read(name, seed=seed) for seed, name in enumerate(("first", "second"))]
    runs = [
        replace(run, tested=replace(run.tested, names=tuple(names)), groups={name: name for name in names})
        for run in runs
    ]
    plain = compare_read(read(), read("second", seed=1))
    assert compare_read(*runs).accuracy == plain.accuracy


def test_runs_of_other_clips_are_refused():
    with pytest.raises(DataError, match=r"first and second share no test clip \(none was tested by both\)"):
        compare_read(read(clips=range(12)), read("second", clips=range(12, 24)))


def test_clips_whose_bytes_differ_are_other_clips():
    other = read("second", seed=1)
    changed = replace(other, contents=other.contents | {"3.wav": "other bytes", "5.wav": ""})
    found = compare_read(read(), changed)
    assert found.accuracy.n_clips == N - 1
    assert found.notes == ("left out, since they hold other sounds in the two runs: 3.wav",)
    every = replace(other, contents=dict.fromkeys(other.contents, "other"))
    with pytest.raises(DataError, match="all that are called the same hold other sounds"):
        compare_read(read(), every)


def test_two_truths_of_one_clip_are_refused():
    other = read("second")
    clash = replace(other, tested=replace(other.tested, y=1 - other.tested.y))
    with pytest.raises(DataError, match=r"different classes for 0.wav, .* and 19 more \(the first dog and rain\)"):
        compare_read(read(), clash)


def test_a_class_that_one_does_not_know_is_named_and_shifts_nothing():
    more = read("second", seed=1, labels=("ant", "dog", "rain"))
    found = compare_read(read(), more)
    assert found.notes == ("first does not know ant: it cannot find what it has not learnt",)
    assert found.accuracy.second == (more.tested.predicted == more.tested.y).mean()
    assert found.accuracy.first == (read().tested.predicted == read().tested.y).mean()


def test_a_run_that_learnt_from_groups_that_the_other_tests_is_named():
    leaky = read("second", seed=1, learnt=("7b.wav", "old.wav"))
    first = read()
    first = replace(first, groups=first.groups | {"7b.wav": "source 7"})

    found = compare_read(first, leaky)

    (note,) = found.notes
    assert note == (
        "second had learnt from clips of the same group as 7.wav (1 of 24), as first groups them: its score is too good"
    )
    assert compare_read(leaky, first).notes == (note,)


def test_what_another_fold_had_learnt_from_is_no_leak():
    one = read()
    learnt = tuple(frozenset({f"{(clip + 1) % N}.wav"}) for clip in range(N))
    assert compare_read(replace(one, learnt=learnt), read("second", seed=1)).notes == ()
