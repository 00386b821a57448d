"""Sounds with one fault each, and what is measured of a clip that has none."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.audit.fingerprint import fingerprint
from earmark.audit.measure import Measured
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset

RATE = 22050


def noise(seconds=1.0, *, rate=RATE, seed=0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


@pytest.fixture
def write_sound(tmp_path):
    def write(name, samples, *, rate=RATE, **how):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.asarray(samples).T, rate, **how)
        return path

    return write


@pytest.fixture
def dataset_of(tmp_path):
    """A data set of files below the test's own folder: the label is the folder."""

    def make(*names, labels=None):
        labels = labels or [Path(name).parent.name for name in names]
        clips = [
            Clip(name=name, path=tmp_path / name, label=label, group=name)
            for name, label in zip(names, labels, strict=True)
        ]
        return Dataset(clips, tmp_path)

    return make


@pytest.fixture
def measured():
    """A clip without a fault; each test plants its own."""

    def make(**faults):
        values = {
            "index": 0,
            "name": "a.wav",
            "sample_rate": RATE,
            "n_channels": 1,
            "container": "WAV",
            "subtype": "PCM_16",
            "duration_s": 5.0,
            "peak": 0.5,
            "rms_db": -20.0,
            "n_clipped_runs": 0,
            "clipped_share": 0.0,
            "offset": 0.0,
            "silent_stretches": (),
            "leading_silence_s": 0.0,
            "bandwidth_hz": RATE / 2,
            "is_cut": False,
            "dead_channels": (),
            "content_key": "0" * 32,
            "fingerprint": fingerprint(noise(), RATE),
        }
        return Measured(**values | faults)

    return make
