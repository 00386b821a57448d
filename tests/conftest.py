"""Fixtures that every test may use: sounds made on the spot, and the real ones where they are there."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass
class Sounds:
    """Writes small sounds below a folder."""

    root: Path

    def write(
        self,
        name,
        *,
        seconds=1.0,
        sample_rate=22050,
        n_channels=1,
        subtype=None,
        kind="tone",
        frequency_hz=440.0,
        seed=0,
    ):
        """Write one sound in the format of its suffix, and return its path."""
        time_s = np.arange(round(seconds * sample_rate)) / sample_rate
        noise = np.random.default_rng(seed).standard_normal(len(time_s))
        waveform = {
            "tone": 0.5 * np.sin(2 * np.pi * frequency_hz * time_s) + 0.01 * noise,
            "noise": 0.1 * noise,
            "silence": np.zeros(len(time_s)),
        }[kind]
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        channels = np.stack([waveform] * n_channels, axis=1) if n_channels > 1 else waveform
        soundfile.write(path, channels.astype(np.float32), sample_rate, subtype=subtype)
        return path

    def folder(self, counts, *, seconds=1.0, name="sounds"):
        """Write a folder of class folders: each class its own pitch, each clip its own noise."""
        for index, (label, n_clips) in enumerate(counts.items()):
            for number in range(n_clips):
                self.write(
                    f"{name}/{label}/{label}{number}.wav",
                    seconds=seconds,
                    frequency_hz=300.0 * 2**index + 7 * number,
                    seed=100 * index + number,
                )
        return self.root / name


@pytest.fixture
def sounds(tmp_path):
    """Make small sounds below the test's own folder."""
    return Sounds(tmp_path)


@pytest.fixture(scope="session")
def shared_data():
    """The real sounds that lie beside the checkout; the test is skipped where they do not."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real sounds are not here: ../shared/data is absent")
    return folder
