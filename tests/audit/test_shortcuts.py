from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.audit.fingerprint import Fingerprint
from earmark.audit.measure import Measured
from earmark.audit.shortcuts import CLUES, find_shortcuts, shortcut_scores
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import SettingError

PLAIN = Measured(
    index=0,
    name="0.wav",
    sample_rate=44100,
    n_channels=1,
    container="WAV",
    subtype="PCM_16",
    duration_s=5.0,
    peak=0.5,
    rms_db=-20.0,
    n_clipped_runs=0,
    clipped_share=0.0,
    offset=0.0,
    silent_stretches=(),
    leading_silence_s=0.0,
    bandwidth_hz=20000.0,
    is_cut=False,
    dead_channels=(),
    content_key="0" * 32,
    fingerprint=Fingerprint(
        words=np.zeros(0, np.uint32),
        heard=np.zeros(0, bool),
        keys=np.zeros(0, np.uint32),
        key_frames=np.zeros(0, np.int32),
    ),
)


def data_set(labels, groups=None):
    groups = groups or [f"g{k}" for k in range(len(labels))]
    clips = [
        Clip(name=f"{k}.wav", path=Path(), label=label, group=group)
        for k, (label, group) in enumerate(zip(labels, groups, strict=True))
    ]
    return Dataset(clips, root=Path())


def measured(n, **of_clips):
    """What was measured of n clips; each name is given one value a clip."""
    return [
        replace(PLAIN, index=k, name=f"{k}.wav", **{name: values[k] for name, values in of_clips.items()})
        for k in range(n)
    ]


LABELS = [("dog", "rain", "rooster")[k % 3] for k in range(60)]
NOISE = np.random.default_rng(0).normal(size=60).tolist()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clue", "name", "values"),
    [
        ("level", "rms_db", {"dog": -30.0, "rain": -10.0, "rooster": -20.0}),
        ("bandwidth", "bandwidth_hz", {"dog": 16000.0, "rain": 20000.0, "rooster": 11000.0}),
        ("duration", "duration_s", {"dog": 4.0, "rain": 5.0, "rooster": 4.0}),
        ("rate", "sample_rate", {"dog": 44100, "rain": 22050, "rooster": 48000}),
        ("codec", "subtype", {"dog": "VORBIS", "rain": "PCM_16", "rooster": "PCM_16"}),
        ("leading silence", "leading_silence_s", {"dog": 0.5, "rain": 0.0, "rooster": 0.0}),
    ],
)
def test_a_planted_clue_is_found_and_no_other(clue, name, values):
    sounds = measured(60, **{name: [values[label] for label in LABELS]})
    (finding,) = find_shortcuts(data_set(LABELS), sounds)
    (score,) = shortcut_scores(data_set(LABELS), sounds)
    assert (finding.kind, finding.severity) == ("shortcut", "warning")
    assert score.clue == clue
    assert finding.advice == CLUES[clue].advice
    assert finding.message.startswith(f"from the {CLUES[clue].what} alone the class is told in ")
    assert "by guessing in 33 %" in finding.message
    told = 1.0 if len(set(values.values())) == 3 else 2 / 3
    assert score.recall.value == pytest.approx(told, abs=0.01)
    assert finding.score == pytest.approx(score.skill)


@pytest.mark.slow
def test_chance_is_hardly_ever_taken_for_a_clue():
    found = 0
    for seed in range(16):
        noise = np.random.default_rng(seed).normal(size=(2, 60)).tolist()
        sounds = measured(60, rms_db=noise[0], bandwidth_hz=noise[1])
        found += len(find_shortcuts(data_set(LABELS), sounds))
    assert found <= 4  # of 32, each by chance in one case of forty


@pytest.mark.slow
def test_what_belongs_to_a_recording_is_no_clue_to_its_class():
    groups = [f"{label}{k // 12}" for k, label in enumerate(LABELS)]  # five recordings of each class
    levels = dict(zip(sorted(set(groups)), np.random.default_rng(1).permutation(15).tolist(), strict=True))
    sounds = measured(60, rms_db=[float(levels[group]) for group in groups])
    assert find_shortcuts(data_set(LABELS, groups), sounds) == []
    assert find_shortcuts(data_set(LABELS), sounds) != []  # the fault: takes of a recording on both sides


@pytest.mark.slow
def test_a_large_class_is_no_clue():
    labels = ["rain"] * 90 + ["dog"] * 10
    noise = np.random.default_rng(2).normal(size=100).tolist()
    (score,) = shortcut_scores(data_set(labels), measured(100, rms_db=noise))
    assert score.chance == 0.5
    assert score.recall.low < 0.5
    assert find_shortcuts(data_set(labels), measured(100, rms_db=noise)) == []


def test_what_is_the_same_everywhere_is_not_asked():
    assert shortcut_scores(data_set(LABELS), measured(60)) == []


@pytest.mark.slow
def test_numbers_that_are_not_finite_are_no_fault():
    levels = [float("-inf") if label == "dog" else -20.0 for label in LABELS]
    (finding,) = find_shortcuts(data_set(LABELS), measured(60, rms_db=levels))
    assert "dog 100 %" in finding.message


def test_too_few_clips_no_labels_or_one_class_say_nothing():
    levels = {"rms_db": NOISE}
    assert shortcut_scores(data_set(LABELS), measured(60, **levels)[:19]) == []
    assert shortcut_scores(data_set([""] * 60), measured(60, **levels)) == []
    assert shortcut_scores(data_set(["dog"] * 60), measured(60, **levels)) == []
    assert shortcut_scores(data_set(LABELS, ["g"] * 60), measured(60, **levels)) == []
    assert shortcut_scores(data_set([]), []) == []


@pytest.mark.slow
def test_clips_that_were_not_measured_and_classes_of_one_group_are_left_out():
    labels = [*LABELS, *["alone"] * 5]
    groups = [f"g{min(k, 60)}" for k in range(65)]
    sounds = measured(65, rms_db=[float("abcdlonergit".index(label[0])) for label in labels])[5:]
    (score,) = shortcut_scores(data_set(labels, groups), sounds)
    assert score.chance == pytest.approx(1 / 3)
    assert "alone" not in dict(score.easiest)
    assert set(score.to_json()) == {"clue", "recall", "chance", "p", "easiest"}


def test_measures_of_another_data_set_are_refused():
    with pytest.raises(SettingError, match="measured of another data set than this one of 59 clips"):
        shortcut_scores(data_set(LABELS[:59]), measured(60))
