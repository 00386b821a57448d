"""Milliseconds of a training step of each network: as earmark takes it, as plain PyTorch and as Keras would.

Every batch has 32 segments and 10 classes, at the notebooks' sizes: 13 MFCC x 130 frames, 65,536 samples of a waveform,
pictures of 300 x 600 pixels in four colours. Each way runs in a process of its own with the same number of threads,
one at a time and in turn, round after round; ratios are taken within a round. The ways:

    earmark         the step of `train_network` with the network's own settings: optimiser, layout, allocator
    earmark bf16    the same with mixed_precision = true (left out where the processor has no bfloat16)
    plain           the same network written down as usual in PyTorch: ReLU before pooling, default layout and Adam
    keras           the same network in Keras, its step compiled by tf.function, without the cost of `fit`

Keras needs TensorFlow (`pip install 'earmark[oracles]'`), or another environment's interpreter that has it.

    python benchmarks/networks.py --tensorflow-python PATH
    python benchmarks/networks.py --network cnn lstm --rounds 1 --seconds 1     # a quick look
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from networks_elsewhere import (
    KERAS,
    N_CLASSES,
    N_SEGMENTS,
    N_WARM,
    SHAPES,
    batch_of,
    count_weights,
    measure_keras,
    measure_plain,
)

if TYPE_CHECKING:
    from torch import nn

    from earmark.train.settings import TrainSettings

WAYS = ("earmark", "earmark bf16", "plain", "keras")
EPOCH_MS = 300  # what earmark's epochs are made to last: what an epoch costs beside its steps is spread as in earnest


def main() -> None:
    """Measure all ways of all networks and print a table; or, with ``--way``, one of one network in this process."""
    options = parse_options()
    if options.way:
        print(json.dumps(MEASURES[options.way](options.network[0], options.seconds)))
        return
    ways = ways_to_be_had(options.tensorflow_python)
    found: dict[str, dict[str, list[dict[str, float]]]] = {name: {} for name in options.network}
    for number in range(1, options.rounds + 1):
        for name in options.network:
            print(f"round {number} of {options.rounds}: {name}", file=sys.stderr)
            for way in ways if name in KERAS else [way for way in ways if way.startswith("earmark")]:
                found[name].setdefault(way, []).append(run(options, way, name))
    results = {name: summary(by_way) for name, by_way in found.items()}
    if options.json:
        about = {"threads": options.threads, "rounds": options.rounds, "machine": platform.machine()}
        print(json.dumps({**about, "networks": results}, indent=2))
    else:
        print_table(results, options)


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="NAME")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of each way; all processors' default")
    parser.add_argument("--rounds", type=int, default=3, help="processes to take the median of")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each process takes steps")
    parser.add_argument("--tensorflow-python", metavar="PATH", help="an interpreter that has TensorFlow")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    return parser.parse_args()


def ways_to_be_had(tensorflow_python: str | None) -> list[str]:
    """Return the ways that this machine has; say in one line what is left out, and why."""
    ways = list(WAYS)
    if not has_bfloat16():
        ways.remove("earmark bf16")
        print("earmark bf16 is left out: this processor does not multiply bfloat16 by itself", file=sys.stderr)
    if not has_tensorflow(tensorflow_python):
        ways.remove("keras")
        where = tensorflow_python or "this environment"
        print(
            f"keras is left out: {where} has no TensorFlow; pip install 'earmark[oracles]', or give "
            "--tensorflow-python PATH of an interpreter that has it",
            file=sys.stderr,
        )
    return ways


def has_bfloat16() -> bool:
    """Return whether bfloat16 is quick here."""
    import torch  # noqa: PLC0415 - the interpreter of Keras need not have it

    from earmark.models.device import has_fast_bfloat16  # noqa: PLC0415 - as torch

    return has_fast_bfloat16(torch.device("cpu"))


def has_tensorflow(python: str | None) -> bool:
    """Return whether an interpreter, or this one, finds TensorFlow."""
    if python is None:
        return importlib.util.find_spec("tensorflow") is not None
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is None)"
    try:
        return subprocess.run([python, "-c", look], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def run(options: argparse.Namespace, way: str, name: str) -> dict[str, float]:
    """Measure one way of one network in a process of its own.

    Raises:
        SystemExit: It came to nothing; what it said is shown.
    """
    python = options.tensorflow_python if way == "keras" and options.tensorflow_python else sys.executable
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(options.threads))
    command = [python, __file__, "--way", way, "--network", name, "--seconds", str(options.seconds)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **threads})
    if done.returncode:
        raise SystemExit(f"{way} of {name} failed:\n{done.stderr}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def summary(by_way: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Return medians and ranges over rounds, and how many times as long as earmark each other way takes."""
    ms = {way: [one["ms"] for one in rounds] for way, rounds in by_way.items()}

    def ratio(slow: str, quick: str) -> float | None:
        if slow not in ms or quick not in ms:
            return None
        return statistics.median(a / b for a, b in zip(ms[slow], ms[quick], strict=True))

    return {
        "ms": {way: statistics.median(values) for way, values in ms.items()},
        "range": {way: [min(values), max(values)] for way, values in ms.items()},
        "weights": {way: rounds[0]["weights"] for way, rounds in by_way.items()},
        "plain / earmark": ratio("plain", "earmark"),
        "keras / earmark": ratio("keras", "earmark"),
        "keras / earmark bf16": ratio("keras", "earmark bf16"),
    }


def print_table(results: dict[str, dict[str, Any]], options: argparse.Namespace) -> None:
    """Print one row a network."""
    ratios = ("plain / earmark", "keras / earmark", "keras / earmark bf16")
    heads = [*(f"{way}, ms (min-max)" for way in WAYS), *ratios]
    print(f"| network | {' | '.join(heads)} | weights |\n|{'---|' * (len(heads) + 2)}")
    for name, result in results.items():
        times = [cell(result, way) for way in WAYS]
        quick = ["-" if result[ratio] is None else f"{result[ratio]:.2f}" for ratio in ratios]
        print(f"| `{name}` | {' | '.join([*times, *quick])} | {int(result['weights']['earmark']):,} |")
    print(f"\nmedians of {options.rounds} processes each, {options.threads} threads, {N_SEGMENTS} segments a step")


def cell(result: dict[str, Any], way: str) -> str:
    """Return one time with its range, or a dash."""
    if way not in result["ms"]:
        return "-"
    low, high = result["range"][way]
    return f"{result['ms'][way]:.1f} ({low:.1f}-{high:.1f})"


# ---------------------------------------------------------------- earmark


def measure_earmark(name: str, seconds: float, *, is_mixed: bool = False) -> dict[str, float]:
    """Return what a step of `train_network` takes: the median over epochs of their mean step."""
    from earmark._util.allocator import keep_freed_memory  # noqa: PLC0415 - before torch allocates

    keep_freed_memory()  # as every command of earmark does
    import torch  # noqa: PLC0415 - as above

    from earmark.experiment.config import make_config  # noqa: PLC0415 - as above
    from earmark.models.catalogue import NETWORKS  # noqa: PLC0415 - as above

    *channels, n_bins, n_frames = SHAPES[name]
    torch.manual_seed(0)
    config = make_config({"data": {"path": ""}, "network": {"name": name}, "train": {"mixed_precision": is_mixed}})
    network = NETWORKS[name].build(
        n_bins=n_bins,
        n_frames=n_frames,
        n_channels=channels[0] if channels else 1,
        n_classes=N_CLASSES,
        settings=config.network.settings,
    )
    once_ms = epochs_ms(network, config.train, SHAPES[name], n_epochs=N_WARM, n_steps=1)[-1]
    n_steps = min(50, max(1, round(EPOCH_MS / once_ms)))
    n_epochs = min(300, max(5, int(1000 * seconds / (once_ms * n_steps))))
    times = epochs_ms(network, config.train, SHAPES[name], n_epochs=n_epochs + 1, n_steps=n_steps)[1:]
    return {"ms": statistics.median(times), "weights": count_weights(network)}


def epochs_ms(
    network: "nn.Module",
    settings: "TrainSettings",
    shape: tuple[int, ...],
    *,
    n_epochs: int,
    n_steps: int,
) -> list[float]:
    """Train on one random batch over and over, and return the mean milliseconds of a step of each epoch."""
    from dataclasses import replace  # noqa: PLC0415 - with the rest

    import torch  # noqa: PLC0415 - after the allocator is set

    from earmark.train.loop import LabelledSegments, train_network  # noqa: PLC0415 - as above

    features, y = batch_of(shape)
    # There is one batch in memory, which `draw` hands out: as for the others, none has to be put together.
    n_segments = n_steps * N_SEGMENTS
    train = LabelledSegments(features=features, y=y.repeat(n_steps), clip_index=torch.arange(n_segments))
    settings = replace(
        settings, max_epochs=n_epochs, warmup_epochs=min(settings.warmup_epochs, n_epochs), batch_size=N_SEGMENTS
    )
    result = train_network(
        network, train, None, settings, seed=0, device=torch.device("cpu"), draw=lambda *_: (features, y)
    )
    return [1000 * epoch.time_s / n_steps for epoch in result.history]


MEASURES: dict[str, Callable[[str, float], dict[str, float]]] = {
    "earmark": measure_earmark,
    "earmark bf16": lambda name, seconds: measure_earmark(name, seconds, is_mixed=True),
    "plain": measure_plain,
    "keras": measure_keras,
}

if __name__ == "__main__":
    main()
