"""How long the report of a run takes, and how large it is: 1,000 tested clips of 5 s, or a run of yours.

The bounds are those of the project: 20 s and 15 MB.
"""

import argparse
import csv
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from earmark.experiment.config import make_config
from earmark.experiment.run import train_run
from earmark.features.store import FeatureStore
from earmark.report.build import write_report

SAMPLE_RATE, CLIP_S = 22050, 5.0
MOST_S, MOST_MB = 20.0, 15.0
N_CLASSES, N_LEARNT = 10, 60


def main() -> int:
    """Write a report, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="a finished run or cross-validation; without it one is made")
    parser.add_argument("--clips", type=int, default=1000, help="tested clips of the run that is made")
    parser.add_argument("--repeats", type=int, default=3, help="how many times the report is written")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        run = asked.run or make_run(Path(place), asked.clips)
        print(f"{'':28}{'seconds':>9}{'of processor':>14}{'MB':>8}")
        worst_s, n_megabytes = 0.0, 0.0
        for number in range(asked.repeats):
            began, busy = time.perf_counter(), time.process_time()
            page = write_report(run, out=Path(place) / "report.html")
            worst_s = max(worst_s, time.perf_counter() - began)
            n_megabytes = page.stat().st_size / 1e6
            what = "first (libraries are loaded)" if not number else "again"
            print(f"{what:28}{time.perf_counter() - began:9.1f}{time.process_time() - busy:14.1f}{n_megabytes:8.1f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    keeps = worst_s < MOST_S and n_megabytes < MOST_MB
    print(f"{'within' if keeps else 'NOT within'} {MOST_S:.0f} s and {MOST_MB:.0f} MB")
    return 0 if keeps else 1


def make_run(place: Path, n_tested: int) -> Path:
    """Train a network that has seen too little, so that there are many mistakes to show."""
    rows = []
    for number in range(N_LEARNT + n_tested):
        label = f"class {number % N_CLASSES}"
        rows.append((f"{number}.wav", label, f"group {number // 2}", 2 if number < N_LEARNT else 1))
        soundfile.write(place / f"{number}.wav", make_sound(number), SAMPLE_RATE)
    with (place / "clips.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("path", "label", "group", "fold"), *rows])
    tables = {
        "data": {"path": str(place / "clips.csv"), "group_column": "group"},
        "network": {"name": "cnn"},
        "split": {"test_fold": 1},
        "train": {"max_epochs": 2},
    }
    train_run(make_config(tables), place / "run", store=FeatureStore(None))
    return place / "run"


def make_sound(number: int) -> np.ndarray:
    """Return noise around a pitch of the class: what MP3 makes largest."""
    rng = np.random.default_rng(number)
    time_s = np.arange(round(CLIP_S * SAMPLE_RATE)) / SAMPLE_RATE
    pitch_hz = 200 * 1.3 ** (number % N_CLASSES) * rng.uniform(0.8, 1.25)
    return (0.2 * np.sin(2 * np.pi * pitch_hz * time_s) + 0.1 * rng.standard_normal(len(time_s))).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
