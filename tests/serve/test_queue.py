"""Which clips are judged, and in which order."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit.findings import KINDS, SEVERITIES
from earmark.data.clip import Clip
from earmark.errors import DataError, SettingError
from earmark.serve import queue as module
from earmark.serve.queue import line_up

CLIPS = {name: Clip(name=name, path=Path(name), label="dog", group=name) for name in map("{}.wav".format, range(8))}


def finding(*names, kind="label", severity="warning", score=0.5):
    return {"kind": kind, "severity": severity, "clips": list(names), "score": score, "message": "is odd"}


def order(findings, **settings):
    return [suspect.address for suspect in line_up(findings, CLIPS, **settings).suspects]


def test_the_worst_comes_first():
    findings = [
        finding("0.wav", severity="note", score=1.0),
        finding("1.wav", score=0.2),
        finding("2.wav", score=0.9),
        finding("3.wav", severity="error", score=0.1),
    ]
    assert order(findings) == ["3.wav", "2.wav", "1.wav", "0.wav"]


def test_a_clip_comes_once_with_all_that_was_found_about_it():
    findings = [finding("0.wav", kind="quiet", severity="note"), finding("1.wav"), finding("0.wav", severity="error")]
    queue = line_up(findings, CLIPS)
    assert [(suspect.address, suspect.findings) for suspect in queue.suspects] == [("0.wav", (0, 2)), ("1.wav", (1,))]
    assert [queue.findings[number].kind for number in queue.suspects[0].findings] == ["label", "quiet"]


def test_the_clips_of_one_finding_follow_each_other_the_one_concerned_most_first():
    findings = [finding("5.wav", "2.wav", "5.wav", score=0.9), finding("7.wav", score=0.8), finding("2.wav", score=0.1)]
    assert order(findings) == ["5.wav", "2.wav", "7.wav"]
    assert [suspect.findings for suspect in line_up(findings, CLIPS).suspects] == [(0,), (0, 2), (1,)]


def test_what_no_single_clip_shows_is_left_out_unless_it_is_asked_for():
    findings = [finding("0.wav", kind="imbalance"), finding("1.wav"), finding(kind="leak")]
    assert order(findings) == ["1.wav"]
    assert order(findings, kinds=["imbalance"]) == ["0.wav"]


def test_a_note_on_many_clips_is_one_on_the_whole_and_a_repeat_of_many_is_not():
    clips = dict.fromkeys(map("{}.wav".format, range(20)), CLIPS["0.wav"])
    for severity, kind, n_clips, n_expected in (
        ("note", "silent", 12, 12),
        ("note", "silent", 13, 0),
        ("error", "near-repeat", 20, 20),
    ):
        found = finding(*list(clips)[:n_clips], kind=kind, severity=severity)
        assert len(line_up([found], clips).suspects) == n_expected
        assert len(line_up([found], clips, kinds=[kind]).suspects) == n_clips


def test_kinds_choose():
    findings = [finding("0.wav", kind="label"), finding("1.wav", kind="quiet"), finding("2.wav", kind="clipped")]
    assert order(findings, kinds=["quiet", "clipped"]) == ["1.wav", "2.wav"]
    with pytest.raises(SettingError, match="no finding of kind 'lable': did you mean 'label'"):
        order(findings, kinds=["lable"])


def test_clips_that_are_not_there_are_named():
    queue = line_up([finding("0.wav", "gone.wav")], CLIPS)
    assert [suspect.address for suspect in queue.suspects] == ["0.wav"]
    assert queue.unknown == ("gone.wav",)


def test_findings_of_another_data_set_are_refused():
    with pytest.raises(DataError, match=r"none of the clips .* \(x\.wav\)"):
        line_up([finding("x.wav")], CLIPS)


def test_nothing_found_is_nothing_to_judge():
    assert line_up([], CLIPS) == module.Queue(findings=(), suspects=(), unknown=())


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({}, "finding 1 is none: it needs kind"),
        ("label", "finding 1 is none"),
        (finding("0.wav") | {"clips": None}, "finding 1 is none"),
        (finding("0.wav") | {"score": "high"}, "finding 1 is none"),
        (finding("0.wav") | {"score": math.nan}, "its score nan"),
        (finding("0.wav") | {"score": 1.5}, "its score 1.5"),
        (finding("0.wav") | {"severity": "bad"}, "severity is 'bad' (known: error, warning, note)"),
    ],
)
def test_what_is_no_finding_is_refused(value, told):
    with pytest.raises(DataError, match=re.escape(told)):
        line_up([value], CLIPS)


def test_it_knows_the_severities_and_kinds_of_an_audit():
    assert module._SEVERITIES == SEVERITIES
    assert set(KINDS) >= module._OF_THE_WHOLE


FINDINGS = st.lists(
    st.builds(
        lambda names, severity, score: finding(*names, severity=severity, score=score),
        st.lists(st.sampled_from([*CLIPS]), min_size=1, max_size=4),
        st.sampled_from(SEVERITIES),
        st.floats(0, 1),
    ),
    max_size=8,
)


@settings(max_examples=40)
@given(findings=FINDINGS)
def test_every_clip_concerned_comes_once_and_none_before_a_worse_one(findings):
    queue = line_up(findings, CLIPS)
    assert {suspect.address for suspect in queue.suspects} == {name for one in findings for name in one["clips"]}
    worst = [
        min((SEVERITIES.index(one["severity"]), -one["score"]) for one in findings if suspect.address in one["clips"])
        for suspect in queue.suspects
    ]
    assert worst == sorted(worst)
    assert len({suspect.address for suspect in queue.suspects}) == len(queue.suspects)
