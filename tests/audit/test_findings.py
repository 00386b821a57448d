import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit.findings import KINDS, SEVERITIES, Finding, by_severity, clip_address
from earmark.data.clip import Clip
from earmark.errors import SettingError

FINDINGS = st.builds(
    Finding,
    kind=st.sampled_from(KINDS),
    severity=st.sampled_from(SEVERITIES),
    clips=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    score=st.floats(0, 1),
    message=st.just("m"),
    advice=st.just("a"),
)


def finding(**fields):
    return Finding(
        **{"kind": "silent", "severity": "error", "clips": ("a.wav",), "score": 1, "message": "m", "advice": "a"}
        | fields
    )


def clip(start_s=0.0, end_s=None):
    return Clip(name="a.wav", path=Path(), label="rain", group="a", start_s=start_s, end_s=end_s)


def test_the_kinds_are_those_of_the_issue():
    issue = (
        "unreadable truncated empty wrong-extension not-finite silent clipped offset quiet band-limited dead-channel "
        "odd-duration mixed-rates exact-repeat near-repeat label imbalance small-class shortcut leak"
    )
    assert " ".join(KINDS) == issue


def test_json_has_the_promised_keys_and_no_more_figures_than_are_meant():
    told = finding(score=1 / 3).to_json()
    assert told == {
        "kind": "silent",
        "severity": "error",
        "clips": ["a.wav"],
        "score": 0.3333,
        "message": "m",
        "advice": "a",
    }
    assert json.loads(json.dumps(told, allow_nan=False)) == told


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan, math.inf])
def test_how_sure_lies_between_0_and_1(score):
    with pytest.raises(SettingError, match="between 0 and 1"):
        finding(score=score)


@pytest.mark.parametrize("fault", [{"kind": "loud"}, {"severity": "fatal"}])
def test_a_made_up_kind_or_severity_is_refused(fault):
    with pytest.raises(SettingError, match="no finding"):
        finding(**fault)


def test_a_list_of_clips_becomes_a_tuple_so_that_findings_can_be_compared_and_hashed():
    assert finding(clips=["a.wav"]) == finding()
    assert hash(finding(clips=["a.wav"])) == hash(finding())


@settings(max_examples=30, deadline=None)
@given(st.lists(FINDINGS, max_size=12))
def test_the_worst_come_first_and_none_is_lost(findings):
    ordered = by_severity(findings)
    assert sorted(map(repr, ordered)) == sorted(map(repr, findings))
    ranks = [(SEVERITIES.index(one.severity), KINDS.index(one.kind), -one.score) for one in ordered]
    assert ranks == sorted(ranks)


def test_stretches_of_one_file_have_addresses_of_their_own():
    addresses = [clip_address(clip(*stretch)) for stretch in [(), (0.0, 1.5), (1.5, 3.0), (3.0, None)]]
    assert addresses == ["a.wav", "a.wav#t=0,1.5", "a.wav#t=1.5,3", "a.wav#t=3"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**7)), min_size=2, max_size=2, unique=True))
def test_no_two_stretches_share_an_address(stretches):
    first, second = (clip(start / 1000, (start + length) / 1000) for start, length in stretches)
    assert clip_address(first) != clip_address(second)
