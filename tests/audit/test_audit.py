import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import soundfile

import earmark
from earmark.audit import audit as audit_module
from earmark.audit.audit import audit_dataset, quick_audit
from earmark.audit.findings import KINDS, Finding
from earmark.audit.probe import Heard
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.data.splits import split_dataset
from earmark.errors import SettingError
from earmark.features.store import FeatureStore

RATE = 16000


def chord(pitch_hz, seed, seconds=2.0):
    random = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE)) / RATE
    steps = random.uniform(0.8, 1.25, 12).repeat(-(-len(time_s) // 12))[: len(time_s)]
    wave = np.sin(2 * np.pi * np.cumsum(pitch_hz * steps) / RATE) + 0.3 * random.standard_normal(len(time_s))
    return (0.2 * wave).astype(np.float32)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Three classes of twelve clips, without a fault."""
    folder = tmp_path_factory.mktemp("audit") / "sounds"
    for index, label in enumerate(("low", "middle", "high")):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            soundfile.write(folder / label / f"{number:02}.wav", chord(200 * 3**index, 100 * index + number), RATE)
    return folder


@pytest.fixture
def faulty(clean, tmp_path):
    """A copy with one file of each kind of fault."""
    folder = tmp_path / "sounds"
    for path in clean.rglob("*.wav"):
        target = folder / path.relative_to(clean)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    wave, _ = soundfile.read(folder / "low/00.wav", dtype="float32")
    (folder / "low/01.wav").write_bytes((folder / "low/01.wav").read_bytes()[:5000])
    (folder / "low/02.wav").write_bytes(b"")
    (folder / "low/03.wav").write_text("no sound")
    bad = wave.copy()
    bad[5] = np.nan
    soundfile.write(folder / "middle/01.wav", bad, RATE, subtype="FLOAT")
    soundfile.write(folder / "middle/02.wav", 0 * wave, RATE)
    soundfile.write(folder / "middle/03.wav", np.clip(20 * chord(600, 803), -1, 1), RATE)
    soundfile.write(folder / "middle/04.wav", 0.5 * chord(600, 804) + 0.2, RATE)
    soundfile.write(folder / "middle/05.wav", 0.002 * chord(600, 805), RATE)
    soundfile.write(folder / "middle/06.wav", np.stack([chord(700, 806), 0 * wave], axis=1), RATE)
    soundfile.write(folder / "high/01.wav", np.tile(chord(900, 807), 8), RATE)
    soundfile.write(folder / "high/02.flac", chord(2000, 808), RATE)
    (folder / "high/02.flac").rename(folder / "high/02.wav")
    (folder / "high/03.wav").write_bytes((folder / "high/04.wav").read_bytes())
    soundfile.write(folder / "high/05.wav", (0.1 * np.random.default_rng(0).standard_normal(88200)), 44100)
    return folder


@pytest.mark.slow
def test_a_quick_audit_of_a_clean_data_set_has_no_error_and_no_warning(clean):
    audit = quick_audit(open_dataset(clean))
    assert (audit.count("error"), audit.count("warning")) == (0, 0)
    assert audit.leaks is None


@pytest.mark.slow
def test_every_planted_fault_is_found_and_named_with_its_clip(faulty):
    audit = quick_audit(open_dataset(faulty))
    found = {(finding.kind, finding.clips[0]) for finding in audit.findings if finding.clips}
    planted = {
        ("truncated", "low/01.wav"),
        ("empty", "low/02.wav"),
        ("unreadable", "low/03.wav"),
        ("not-finite", "middle/01.wav"),
        ("silent", "middle/02.wav"),
        ("clipped", "middle/03.wav"),
        ("offset", "middle/04.wav"),
        ("quiet", "middle/05.wav"),
        ("dead-channel", "middle/06.wav"),
        ("odd-duration", "high/01.wav"),
        ("wrong-extension", "high/02.wav"),
        ("mixed-rates", "high/05.wav"),
    }
    assert planted <= found
    errors = Counter(finding.kind for finding in audit.findings if finding.severity == "error")
    assert errors == {"truncated": 1, "empty": 1, "unreadable": 1, "not-finite": 1, "silent": 1}
    (repeat,) = audit.of("exact-repeat")
    assert set(repeat.clips) == {"high/03.wav", "high/04.wav"}
    assert audit.groups["high/03.wav"] == audit.groups["high/04.wav"]


@pytest.mark.slow
def test_json_is_what_the_issue_promises(faulty):
    told = quick_audit(open_dataset(faulty), name="mine").to_json()
    assert list(told) == ["schema", "summary", "findings"]
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["summary"]["name"] == "mine"
    for finding in told["findings"]:
        assert {"kind", "severity", "clips", "score", "message"} <= finding.keys()
        assert finding["kind"] in KINDS
        assert "\n" not in finding["message"]


@pytest.mark.slow
def test_with_labels_it_is_said_what_is_memory_the_same_each_time(clean, tmp_path):
    store = FeatureStore(tmp_path / "store")
    first, second = (audit_dataset(open_dataset(clean), store=store, seed=3, n_workers=2) for _ in range(2))
    assert first.to_json() == second.to_json()
    assert first.leaks is not None
    assert {row["way"] for row in first.to_json()["summary"]["leaks"]["rows"]} >= {"random segments", "your split"}


@pytest.fixture
def learner(monkeypatch):
    """Put answers in place of what is learnt, and keep what was asked."""
    asked = {}

    def answer(name, value):
        def stand_in(*things, **settings):
            asked[name] = (things, settings)
            return value

        monkeypatch.setattr(audit_module, name, stand_in)

    def finding(kind):
        return Finding(kind=kind, severity="note", clips=(), score=0.5, message="m", advice="a")

    answer("hear", Heard(kept=(0, 1, 2), whole=np.zeros((3, 1)), cut=(), segments=(), segment_s=1.0, bad=()))
    answer("find_label_errors", [finding("label")])
    answer("find_shortcuts", [finding("shortcut")])
    answer("measure_leaks", None)
    answer("find_leaks", [finding("leak")])
    return asked


def test_a_repeat_does_not_speak_for_its_twin_when_labels_are_judged(write_sound, dataset_of, learner):
    write_sound("low/a.wav", chord(300, 1), rate=RATE)
    write_sound("low/b.flac", chord(300, 1), rate=RATE)
    write_sound("high/c.wav", chord(900, 2), rate=RATE)
    dataset = dataset_of("low/a.wav", "low/b.flac", "high/c.wav")
    audit = audit_dataset(dataset, seed=7)
    (judged, _), settings = learner["find_label_errors"]
    assert judged.groups == ("low/a.wav", "low/a.wav", "high/c.wav")
    assert settings["seed"] == 7
    (own, _), _ = learner["measure_leaks"]
    assert own.groups == judged.groups  # as a training would split them
    audit_dataset(replace(dataset, clips=[replace(clip, fold=1) for clip in dataset]), seed=7)
    assert learner["measure_leaks"][0][0].groups == dataset.groups
    assert [finding.kind for finding in audit.of("label", "shortcut", "leak")] == ["label", "shortcut", "leak"]
    assert audit.to_json()["summary"]["leaks"] is None


def test_a_seed_that_cannot_be_is_refused_before_a_sound_is_heard(clean, monkeypatch):
    monkeypatch.setattr(audit_module, "measure_dataset", lambda *_, **__: pytest.fail("it listened"))
    for quick in (False, True):
        with pytest.raises(SettingError, match="seed must be a whole number from 0, not -1"):
            audit_dataset(open_dataset(clean), seed=-1, quick=quick)


def test_a_quick_audit_learns_nothing(clean, learner):
    quick_audit(open_dataset(clean)[:3])
    assert not learner


@pytest.mark.slow
def test_a_repeat_on_two_sides_of_the_split_about_to_be_used_is_an_error(clean, tmp_path):
    (tmp_path / "a.wav").write_bytes((clean / "low/00.wav").read_bytes())
    dataset = open_dataset(clean)
    again = Clip(name="again.wav", path=tmp_path / "a.wav", label="low", group="again")
    both = Dataset([*dataset, again], clean)
    split = split_dataset(both, seed=0)
    place = next(index for index, clip in enumerate(both) if clip.name == "low/00.wav")
    parts = {name: tuple(i for i in getattr(split, name) if i not in {place, 36}) for name in ("train", "test")}
    torn = replace(split, train=(*parts["train"], place), test=(*parts["test"], 36), validation=())
    (found,) = audit_dataset(both, split=torn, quick=True).of("exact-repeat")
    assert found.severity == "error"


@pytest.mark.slow
def test_without_labels_files_sound_and_repeats_are_looked_at(faulty):
    dataset = open_dataset(faulty)
    unlabelled = replace(dataset, clips=[replace(clip, label="") for clip in dataset])
    audit = audit_dataset(unlabelled)
    assert {"truncated", "silent", "exact-repeat"} <= {finding.kind for finding in audit.findings}
    assert not audit.of("label", "imbalance", "small-class", "shortcut", "leak")
    assert audit.to_json()["summary"]["n_classes"] == 0


def test_a_data_set_that_is_all_one_file_is_looked_at(clean):
    path = clean / "low/00.wav"
    clips = [
        Clip(name="a.wav", path=path, label="ab"[index % 2], group="a.wav", start_s=index / 2, end_s=index / 2 + 0.5)
        for index in range(4)
    ]
    audit = audit_dataset(Dataset(clips, clean))
    assert audit.summary.whole.n_clips == 4
    assert not audit.of("unreadable")


def test_a_data_set_of_bad_files_alone_is_told_of(tmp_path):
    clips = [Clip(name=name, path=tmp_path / name, label=name[0], group=name) for name in ("a.wav", "b.wav")]
    audit = audit_dataset(Dataset(clips, tmp_path))
    assert [finding.kind for finding in audit.findings if finding.severity == "error"] == ["unreadable"] * 2


@pytest.mark.slow
def test_the_sentence_counts_what_was_found(clean, faulty):
    assert (
        "5 errors (1 unreadable, 1 truncated, 1 empty, 1 not-finite, 1 silent)"
        in quick_audit(open_dataset(faulty)).sentence()
    )
    lone = open_dataset(clean)[:1]
    assert quick_audit(replace(lone, clips=[replace(lone[0], label="")])).sentence() == (
        "1 clip looked at, and nothing found"
    )


def test_the_audit_is_a_public_name():
    assert earmark.audit_dataset is audit_dataset
