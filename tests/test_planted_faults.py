"""The benchmark of the audit plants what it says, and counts what was found of it."""

import csv
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.audit.findings import Finding

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
RATE = 8000


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("audit"), importlib.import_module("plant_faults")
    for name in ("audit", "plant_faults"):  # their names are anybody's
        sys.modules.pop(name, None)


@pytest.fixture
def checkout(tmp_path):
    """Twenty clips of changing noise, laid out as ESC-50 is."""
    rng, folder = np.random.default_rng(0), tmp_path / "data"
    (folder / "audio").mkdir(parents=True)
    (folder / "meta").mkdir()
    rows = []
    for number in range(20):
        name = f"{1 + number % 5}-{number}-A-{number % 2}.wav"
        envelope = np.interp(np.arange(4 * RATE), np.linspace(0, 4 * RATE, 30), rng.uniform(0.2, 1, 30))
        soundfile.write(folder / "audio" / name, 0.1 * envelope * rng.standard_normal(4 * RATE), RATE)
        rows.append({"filename": name, "fold": 1 + number % 5, "target": number % 2, "category": "ab"[number % 2]})
        rows[-1] |= {"esc10": True, "src_file": number, "take": "A"}
    with (folder / "meta" / "esc50.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.mark.slow
def test_one_of_each_fault_is_planted_and_found(scripts, checkout, tmp_path, monkeypatch):
    audit, plant_faults = scripts
    monkeypatch.setattr(plant_faults, "COUNTS", dict.fromkeys(plant_faults.COUNTS, 1))
    planted = tmp_path / "planted"
    truth = plant_faults.plant(checkout, planted, seed=0)
    findings = audit.audit_dataset(audit.open_dataset(planted), quick=True, n_workers=1).findings
    counts = audit.counted(findings, truth)
    assert set(counts) == set(plant_faults.COUNTS)
    assert {kind: count.found for kind, count in counts.items() if kind != "label"} == dict.fromkeys(
        set(counts) - {"label"}, 1
    )
    repeats = [counts[kind].reported for kind in ("exact-repeat", "near-repeat", "excerpt")]
    assert repeats == [0, 0, 0]
    untouched = audit.untouched(truth)
    for name in untouched:
        assert (planted / "audio" / name).read_bytes() == (checkout / "audio" / name).read_bytes()


@pytest.mark.slow
def test_the_same_seed_plants_the_same_and_another_one_does_not(scripts, checkout, tmp_path, monkeypatch):
    _, plant_faults = scripts
    monkeypatch.setattr(plant_faults, "COUNTS", dict.fromkeys(plant_faults.COUNTS, 1))
    first, again, other = (
        plant_faults.plant(checkout, tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == again != other


def test_a_repeat_counts_as_found_where_a_third_clip_links_the_two(scripts):
    audit, _ = scripts
    truth = {"near-repeat": [{"clip": "c", "of": "a"}, {"clip": "x", "of": "y"}], "untouched": [{"clip": "u"}]}
    findings = [
        Finding(kind="near-repeat", severity="note", clips=clips, score=1, message="", advice="")
        for clips in (("a", "b"), ("audio/b", "c"), ("u", "x"))
    ]
    assert audit.counted(findings, truth)["near-repeat"] == audit.Count(2, 1, 0)


@pytest.mark.slow
def test_waveforms_of_one_sound_agree_and_others_do_not(scripts):
    audit, _ = scripts
    noise = (0.1 * np.random.default_rng(0).standard_normal(4 * RATE)).astype(np.float32)
    peak, lag_s = audit.agreement((noise, RATE), (noise[RATE // 2 :] / 2, RATE))
    assert peak > audit.LEAST_PEAK
    assert lag_s == pytest.approx(0.5)
    assert audit.agreement((noise[: 2 * RATE], RATE), (noise[2 * RATE :], RATE))[0] < audit.LEAST_PEAK
