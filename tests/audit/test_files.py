from pathlib import Path

import pytest

from earmark.audit.files import find_file_faults
from earmark.audit.measure import Measures, Unusable
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset


def look(sounds, unusable=(), names=None):
    names = names or [sound.name for sound in sounds]
    clips = [Clip(name=name, path=Path(name), label="x", group=name) for name in names]
    return find_file_faults(Measures(sounds=tuple(sounds), unusable=tuple(unusable)), Dataset(clips, Path()))


def many(measured, n, **faults):
    return [measured(index=index, name=f"{index}.wav", **faults) for index in range(n)]


def test_sounds_without_a_fault_give_no_finding(measured):
    assert look(many(measured, 10)) == []


@pytest.mark.parametrize("kind", ["unreadable", "truncated", "empty", "not-finite"])
def test_a_file_that_cannot_be_used_is_an_error_for_certain(kind):
    bad = Unusable(index=0, name="a.wav", kind=kind, reason="it is broken: copy or download it again")
    (found,) = look([], [bad], names=["a.wav"])
    assert (found.kind, found.severity, found.clips, found.score) == (kind, "error", ("a.wav",), 1.0)
    assert found.message == "it is broken"
    assert "leave it out" in found.advice


@pytest.mark.parametrize(
    ("name", "container", "severity"),
    [
        ("a.wav", "OGG", "warning"),
        ("a.mp3", "WAV", "warning"),
        ("a.WAV", "FLAC", "warning"),
        ("a", "WAV", "note"),
        ("a.sound", "FLAC", "note"),
    ],
)
def test_a_wrong_name_is_told_with_the_right_one(measured, name, container, severity):
    (found,) = look([measured(name=name, container=container)])
    assert (found.kind, found.severity) == ("wrong-extension", severity)
    assert container in found.message
    assert f".{container.lower()}" in found.advice


@pytest.mark.parametrize(
    ("name", "container"),
    [("a.wav", "WAV"), ("a.WAV", "WAVEX"), ("a.oga", "OGG"), ("a.opus", "OGG"), ("a.aif", "AIFF"), ("a.mp3", "MP3")],
)
def test_a_right_name_is_not(measured, name, container):
    assert look([measured(name=name, container=container)]) == []


def test_of_a_stretch_the_name_of_the_file_counts(measured):
    assert look([measured(name="a.wav#t=1,2")], names=["a.wav"]) == []


@pytest.mark.parametrize(("odd_s", "how"), [(0.5, "shorter"), (60.0, "longer")])
def test_a_clip_far_from_the_rest_is_named(measured, odd_s, how):
    sounds = [*many(measured, 20), measured(index=20, name="odd.wav", duration_s=odd_s)]
    (found,) = look(sounds)
    assert (found.kind, found.clips) == ("odd-duration", ("odd.wav",))
    assert f"far {how}" in found.message
    assert f"{odd_s:g} s" in found.message


def test_the_odder_a_clip_the_surer_is_it(measured):
    odd = [measured(index=19 + n, name=f"odd{n}.wav", duration_s=5.0 * 2**n) for n in range(1, 5)]
    found = look([*many(measured, 20), *odd])
    scores = {finding.clips[0]: finding.score for finding in found}
    assert [scores[f"odd{n}.wav"] for n in range(1, 5)] == sorted(scores.values())


def test_where_lengths_vary_none_is_odd(measured):
    sounds = [measured(index=n, name=f"{n}.wav", duration_s=1.3**n) for n in range(12)]
    assert look(sounds) == []


def test_of_few_clips_none_is_called_odd(measured):
    assert look([*many(measured, 3), measured(index=3, name="odd.wav", duration_s=90.0)]) == []


def test_a_click_is_odd_even_among_clicks(measured):
    found = look(many(measured, 10, duration_s=0.01))
    assert {finding.kind for finding in found} == {"odd-duration"}
    assert len(found) == 10


@pytest.mark.parametrize(
    ("fault", "told", "severity"),
    [
        ({"sample_rate": 8000}, "sample rates differ: 9 clips of 22050 Hz, 1 clip of 8000 Hz", "warning"),
        ({"n_channels": 2}, "channels differ: 9 clips of 1 channel, 1 clip of 2 channels", "note"),
        ({"subtype": "PCM_24"}, "formats differ: 9 clips of WAV PCM_16, 1 clip of WAV PCM_24", "note"),
    ],
)
def test_clips_stored_otherwise_than_the_rest_are_named(measured, fault, told, severity):
    sounds = [*many(measured, 9), measured(index=9, name="other.wav", **fault)]
    (found,) = look(sounds)
    assert (found.kind, found.severity, found.clips, found.message) == ("mixed-rates", severity, ("other.wav",), told)


def test_of_nothing_at_all_nothing_is_told():
    assert look([]) == []
