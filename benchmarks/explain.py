"""How true explanations are to their classifier: what deleting and inserting the parts they name does, against chance.

    python benchmarks/explain.py runs/esc10 --methods integrated-gradients gradcam occlusion --n-clips 100

takes a finished ``earmark crossval``: each clip is explained with the classifier of the fold that tests it, which has
never met it. Only clips that it gets right count. With ``--part validation`` the clips are those of the validation
parts: for choices, which must not be made on what is reported. Printed for each method: in what share of clips deletion
beats random orders of the same parts (and insertion), the mean areas, and the median time a clip.
"""

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch

from earmark import Predictor
from earmark._util.seeds import spawn_generator
from earmark.data.clip import Clip
from earmark.data.open import open_dataset
from earmark.experiment.explaining import explain_sound, some_of_each
from earmark.experiment.folder import RunFolder
from earmark.explain.attribution import METHODS
from earmark.explain.explanation import Explanation
from earmark.explain.faithfulness import Faithfulness, measure_faithfulness
from earmark.explain.replacements import REPLACEMENTS, replacement_for


def main() -> None:
    """Measure each method on the same clips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a finished cross-validation")
    parser.add_argument("--methods", nargs="+", default=["integrated-gradients"], choices=sorted(METHODS))
    parser.add_argument("--layer", help="of gradcam")
    parser.add_argument("--replacements", nargs="+", default=["blur"], choices=REPLACEMENTS)
    parser.add_argument("--n-clips", type=int, help="clips in all, spread over folds and classes (default: every one)")
    parser.add_argument("--folds", type=int, nargs="+", help="these alone")
    parser.add_argument("--part", default="test", choices=("test", "validation"))
    parser.add_argument("--orders", type=int, default=8, help="random orders a clip")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="one JSON line a clip and method, for a closer look")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[tuple[str, str], list[Faithfulness]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    n_right = n_clips = 0
    for predictor, clip in clips_of(asked.run, asked.part, asked.folds, asked.n_clips, asked.seed):
        n_clips += 1
        if predictor.predict_clip(clip).label != clip.label:
            continue
        n_right += 1
        for method in asked.methods:
            began = time.perf_counter()
            layer = asked.layer if method == "gradcam" else None
            explanation = explain_sound(predictor, clip, method=method, layer=layer, n_orders=0)
            seconds[method].append(time.perf_counter() - began)
            for name in asked.replacements:
                one = faithfulness(predictor, explanation, name, n_orders=asked.orders, seed=asked.seed)
                if one is None:
                    continue
                found[method, name].append(one)
                write_line(asked.out, clip.name, method, name, one)
    print(f"{n_right} of {n_clips} clips are right ({asked.part} parts of {asked.run})")
    for (method, name), measured in found.items():
        print(line(method, name, measured, n_right, seconds[method]))


def clips_of(
    path: Path, part: str, folds: list[int] | None, n_clips: int | None, seed: int
) -> Iterator[tuple[Predictor, Clip]]:
    """Yield clips with the classifier of the fold that they are in the given part of."""
    crossval = RunFolder(path)
    numbers = sorted(int(fold.name.removeprefix("fold-")) for fold in path.glob("fold-*"))
    numbers = [number for number in numbers if not folds or number in folds]
    for place, number in enumerate(numbers):
        run = crossval.fold(number)
        dataset = open_dataset(run.read_config().data.path)
        names = {row["path"] for row in run.read_table("split.csv") if row["part"] == part}
        chosen = dataset.subset([index for index, clip in enumerate(dataset) if clip.name in names])
        if n_clips is not None:
            share = n_clips // len(numbers) + (place < n_clips % len(numbers))
            drawn = some_of_each(chosen, -(-share // len(chosen.labels)), seed + number)
            chosen = chosen.subset(sorted(spawn_generator(seed, "clips", number).permutation(drawn)[:share].tolist()))
        predictor = Predictor.load(run.path)
        for clip in chosen:
            yield predictor, clip


def faithfulness(
    predictor: Predictor, explanation: Explanation, replacement: str, *, n_orders: int, seed: int
) -> Faithfulness | None:
    """Measure an explanation with one of several things that stand in for what is deleted."""
    if explanation.is_empty:
        return None
    features = torch.from_numpy(explanation.network_features)
    target = predictor.labels.index(explanation.label)
    return measure_faithfulness(
        lambda changed: predictor.graph.probabilities(changed)[:, target],
        features,
        replacement_for(predictor.graph, features, replacement),
        explanation.relevance,
        rng=spawn_generator(seed, "explain"),
        n_orders=n_orders,
        replaced_by=replacement,
    )


def write_line(path: Path | None, name: str, method: str, replacement: str, found: Faithfulness) -> None:
    """Add a line on one clip to a file."""
    if path is None:
        return
    value = {"path": name, "method": method, "replacement": replacement, **found.to_json()}
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(value) + "\n")


def line(method: str, replacement: str, found: list[Faithfulness], n_clips: int, seconds: list[float]) -> str:
    """Return a line of the table; a clip in which nothing speaks for its class counts as not beating random."""
    mean = statistics.fmean
    deletes = 100 * sum(one.beats_random for one in found) / n_clips
    inserts = 100 * sum(one.insertion_beats_random for one in found) / n_clips
    areas = [
        f"{mean(getattr(one, f'{name}_area') for one in found):.3f}"
        for name in ("deletion", "random_deletion", "insertion", "random_insertion")
    ]
    return (
        f"{method:<21} {replacement:<6} deletion beats random {deletes:5.1f} % (area {areas[0]}, random {areas[1]}); "
        f"insertion {inserts:5.1f} % ({areas[2]}, {areas[3]}); {1000 * statistics.median(seconds):.0f} ms a clip"
    )


if __name__ == "__main__":
    main()
