"""A trained run that the tests of several verbs use, and a way to call the command line."""

from dataclasses import dataclass

import numpy as np
import pytest
import soundfile

from earmark.cli import main


@dataclass
class Answer:
    """What the command line answered."""

    status: int
    out: str
    err: str

    @property
    def told(self):
        """The lines on stderr without those of progress bars."""
        return [line for line in self.err.splitlines() if line.strip() and "━" not in line]


@pytest.fixture
def earmark(capsys):
    """Call the command line inside this process."""

    def call(*arguments):
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(status, captured.out, captured.err)

    return call


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Keep features out of the cache of whoever runs the tests."""
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A data set of three pitches, and a small run that was trained on it."""
    root = tmp_path_factory.mktemp("trained")
    for index, label in enumerate(("dog", "rain", "sea")):
        for number in range(8):
            path = root / "sounds" / label / f"{label}{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            time_s = np.arange(22050) / 22050
            noise = np.random.default_rng(100 * index + number).standard_normal(22050)
            soundfile.write(path, 0.5 * np.sin(2 * np.pi * 300 * 2**index * time_s) + 0.01 * noise, 22050)
    status = main(
        [
            *(
                "train",
                str(root / "sounds"),
                "-o",
                str(root / "run"),
                "--epochs",
                "3",
                "--segment-s",
                "1",
                "--network",
                "cnn",
            ),
            *("--cache", str(root / "cache")),
        ]
    )
    assert status == 0
    return root
