"""A small run that many tests look at, and ways to make others."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from earmark.audio.write import write_sound
from earmark.experiment.config import RunConfig, make_config
from earmark.experiment.run import RunResult, train_run
from earmark.features.store import FeatureStore


@dataclass(frozen=True)
class Trained:
    """A data set, its configuration, and the run that was made of it."""

    data: Path
    config: RunConfig
    store: FeatureStore
    result: RunResult

    @property
    def folder(self):
        """The run folder."""
        return self.result.folder.path


def _write_tone(path, *, label, number, seconds=1.0):
    """Write a tone whose pitch says the class, unlike any other by its number."""
    time_s = np.arange(round(seconds * 22050)) / 22050
    noise = np.random.default_rng([label, number]).standard_normal(len(time_s))
    tone = np.sin(2 * np.pi * (300.0 * 2**label + 7 * (number % 10)) * time_s)
    write_sound(path, (0.4 * tone + 0.05 * noise).astype(np.float32), 22050)


@pytest.fixture(scope="session")
def write_tone():
    """Write one tone: of the same class if of the same label, the same bytes if of the same number too."""
    return _write_tone


@pytest.fixture(scope="session")
def write_tones():
    """Write a folder of class folders, and return it."""

    def write(folder, counts, *, seconds=1.0):
        for label, (name, n_clips) in enumerate(counts.items()):
            for number in range(n_clips):
                _write_tone(folder / name / f"{name}{number}.wav", label=label, number=number, seconds=seconds)
        return folder

    return write


@pytest.fixture(scope="session")
def configure():
    """Make the configuration of a run of a second or less."""

    def configuration(path, **tables):
        small = {
            "data": {"path": str(path)},
            "segments": {"count": 2},
            "front_end": {"name": "mfcc"},
            "network": {"name": "cnn"},
            "train": {"max_epochs": 3, "batch_size": 4, "learning_rate": 3e-3},
            "device": "cpu",
        }
        return make_config({**small, **tables})

    return configuration


@pytest.fixture(scope="session")
def trained(tmp_path_factory, write_tones, configure):
    """A run on three pitches; nobody may write into its folder."""
    root = tmp_path_factory.mktemp("trained")
    data = write_tones(root / "sounds", {"dog": 6, "rain ü": 6, "sea": 6})
    config, store = configure(data), FeatureStore(root / "store")
    return Trained(data=data, config=config, store=store, result=train_run(config, root / "run", store=store))
