"""Train on every published fold of a data set in turn with one setting, and print the scores and their mean.

    python benchmarks/folds.py ../shared/data/esc10 --seeds 0 1 2

What follows ``--`` goes to ``earmark train`` as it is. With ``--without-fold 5`` that fold is taken out of the data
set altogether: for choices that must not be made on it.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import earmark


def main() -> None:
    """Run `earmark train` once a fold and seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--without-fold", type=int)
    ours, _, options = " ".join(sys.argv[1:]).partition(" -- ")
    arguments = parser.parse_args(ours.split())
    folds = [fold for fold in arguments.folds if fold != arguments.without_fold]
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data
        if arguments.without_fold is not None:
            data = str(table_without(data, arguments.without_fold, Path(folder) / "table.csv"))
        measure(data, folds, arguments.seeds, options.split())


def measure(data: str, folds: list[int], seeds: list[int], options: list[str]) -> None:
    """Train on each fold with each seed, and print the accuracies per clip."""
    means = []
    for seed in seeds:
        began = time.monotonic()
        scores = [train(data, fold, seed, options) for fold in folds]
        clip, baseline = ([score[which] for score in scores] for which in ("clip", "baseline"))
        means.append(statistics.mean(clip))
        print(
            f"seed {seed}: " + " ".join(f"{100 * value:.1f}" for value in clip),
            f"mean {100 * means[-1]:.1f}; SVM {' '.join(f'{100 * value:.1f}' for value in baseline)}",
            f"mean {100 * statistics.mean(baseline):.1f}; {time.monotonic() - began:.0f} s",
            flush=True,
        )
    spread = f", deviation over seeds {100 * statistics.stdev(means):.1f}" if len(means) > 1 else ""
    print(f"mean over folds and seeds {100 * statistics.mean(means):.1f}{spread}")


def table_without(data: str, fold: int, table: Path) -> Path:
    """Write a table of the clips of a data set that are not in one fold, and return its path."""
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("path", "label", "group", "fold"))
        for clip in earmark.open_dataset(data):
            if clip.fold != fold:
                writer.writerow((clip.path.resolve(), clip.label, clip.group, clip.fold))
    return table


def train(data: str, fold: int, seed: int, options: list[str]) -> dict[str, float]:
    """Return the clip accuracies of the network and of the baseline on one fold."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "earmark", "train", data, "-o", str(out)]
        command += ["--test-fold", str(fold), "--seed", str(seed), *options]
        subprocess.run(command, check=True, capture_output=True)
        scorecard = json.loads((out / "scorecard.json").read_text())
        with (out / "predictions.csv").open(newline="") as stream:
            n_clips = len(list(csv.DictReader(stream)))
    if scorecard["clip"]["n"] != n_clips:
        raise SystemExit(f"fold {fold}: the scorecard counts other clips than predictions.csv")
    return {
        "clip": scorecard["clip"]["accuracy"]["value"],
        "baseline": scorecard["baseline"]["clip"]["accuracy"]["value"],
    }


if __name__ == "__main__":
    main()
