from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit.findings import Finding
from earmark.audit.repeats import SURE
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.splits import Split
from earmark.experiment.memory import describe_repeats, repeats_of_learnt

SPLIT = Split(train=(0, 1), validation=(2,), test=(3, 4, 5))


def dataset(groups="abcdef"):
    clips = [Clip(name=str(n), path=Path(str(n)), label="x", group=group) for n, group in enumerate(groups)]
    return Dataset(clips, root=Path())


def found(clips, *, kind="near-repeat", severity="error", score=1):
    return Finding(kind=kind, severity=severity, clips=tuple(clips), score=score, message="m", advice="a")


def test_a_repeat_by_way_of_others_is_one():
    findings = [found("35"), found("03"), found("45"), found("12", kind="exact-repeat")]

    assert repeats_of_learnt(findings, dataset(), SPLIT) == {"3": "0", "4": "0", "5": "0"}


def test_the_validation_part_is_learnt_from():
    assert repeats_of_learnt([found("52")], dataset(), SPLIT) == {"5": "2"}


@pytest.mark.parametrize("clips", ["01", "02", "345"])
def test_repeats_on_one_side_of_the_test_part_are_none(clips):
    assert repeats_of_learnt([found(clips, kind="exact-repeat")], dataset(), SPLIT) == {}


def test_other_findings_and_clips_in_no_part_are_none():
    findings = [found("03", kind="label"), found("04", kind="shortcut"), found(["5", "elsewhere"])]

    assert repeats_of_learnt(findings, dataset(), SPLIT) == {}


def test_a_short_stretch_in_common_makes_no_repeat():
    notes = [found("03", severity="note", score=SURE - 0.01), found("45", severity="note", score=SURE), found("14")]

    assert repeats_of_learnt(notes, dataset(), SPLIT) == {"4": "1", "5": "1"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sets(st.sampled_from("012345"), min_size=2), max_size=6))
def test_what_repeats_is_what_hangs_together_with_something_learnt(sets):
    reached = set("012")
    for _ in sets:
        for some in sets:
            if some & reached:
                reached |= some
    findings = [found(sorted(some), kind="exact-repeat") for some in sets]
    repeats = repeats_of_learnt(findings, dataset(), SPLIT)

    assert set(repeats) == reached & set("345")
    assert set(repeats.values()) <= set("012")


def test_the_sentence_counts_and_names():
    one = describe_repeats({"3": "0"}, 3)

    assert one.startswith("1 clip of the 3 of the test part is the same sound, or nearly, as one learnt from: 3 (0); ")
    assert "this much of the score is memory" in one
    assert "byte for byte" not in one
    assert "; 1 of them byte for byte the same; " in describe_repeats({"3": "0"}, 3, 1)
    assert describe_repeats({"3": "0", "4": "0"}, 3).startswith("2 clips of the 3 of the test part are ")
