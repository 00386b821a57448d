"""How long a person waits before anything happens: whole processes, from the start to the end.

Run it as `.venv/bin/python benchmarks/startup.py --run runs/first`.
"""

import argparse
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

COMMAND = str(Path(sysconfig.get_path("scripts")) / "earmark")
CLIP_S = 30
SAMPLE_RATE = 22_050


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path("runs/demo/run"), help="run folder to predict with")
    parser.add_argument("--repeats", type=int, default=5, help="processes to take the median of")
    options = parser.parse_args()
    rows = [
        ("python -c pass", [sys.executable, "-c", "pass"], None),
        ("import earmark", [sys.executable, "-c", "import earmark"], None),
        ("earmark --help", [COMMAND, "--help"], 0.35),
        ("earmark train --help", [COMMAND, "train", "--help"], None),
    ]
    with tempfile.TemporaryDirectory() as folder:
        if (options.run / "bundle").is_dir():
            sound = write_sound(Path(folder) / "sound.wav")
            rows.append((f"earmark predict, {CLIP_S} s", [COMMAND, "predict", str(options.run), str(sound)], 3.5))
        print(f"{'':24}{'median s':>10}{'fastest s':>11}{'allowed s':>11}")
        for name, command, allowed_s in rows:
            times_s = [time_s(command) for _ in range(options.repeats)]
            allowed = f"{allowed_s:11.2f}" if allowed_s else ""
            print(f"{name:24}{median(times_s):10.3f}{min(times_s):11.3f}{allowed}")
    if not (options.run / "bundle").is_dir():
        print(f"earmark predict was left out: {options.run} is no run folder; make one with `make demo`")


def time_s(command: list[str]) -> float:
    """Return how long a process takes from its start to its end, in seconds."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def write_sound(path: Path) -> Path:
    """Write noise of the length of a GTZAN track."""
    waveform = 0.1 * np.random.default_rng(0).standard_normal(CLIP_S * SAMPLE_RATE)
    soundfile.write(path, waveform, SAMPLE_RATE)
    return path


if __name__ == "__main__":
    main()
