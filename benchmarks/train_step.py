"""Milliseconds of a training step of the network `cnn`, as earmark takes it and as plain PyTorch would.

The batch is the notebooks': 32 segments of 13 MFCC x 130 frames, 10 classes. Each way runs in a process of its own,
in turn, several times; the figures are medians over processes of the median step.

    python benchmarks/train_step.py
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

WAYS = ("plain", "earmark")
N_STEPS = 150
N_WARM = 30


def main() -> None:
    """Measure both ways, or with ``--way`` one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measure(arguments.way)))
        return
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(arguments.rounds):
        for way in WAYS:
            output = subprocess.run(
                [sys.executable, __file__, "--way", way], check=True, capture_output=True, text=True
            )
            times[way].append(json.loads(output.stdout))
    print("| way | ms a step (median) | min-max over processes |\n|---|---|---|")
    for way, values in times.items():
        print(f"| {way} | {statistics.median(values):.1f} | {min(values):.1f}-{max(values):.1f} |")
    ratios = [plain / ours for plain, ours in zip(times["plain"], times["earmark"], strict=True)]
    print(f"\nplain / earmark, round by round: median {statistics.median(ratios):.2f}")


def measure(way: str) -> float:
    """Return the median milliseconds of a training step in this process."""
    if way == "earmark":
        from earmark._util.allocator import keep_freed_memory  # noqa: PLC0415 - before torch allocates

        keep_freed_memory()
    step = earmark_step() if way == "earmark" else plain_step()
    times = []
    for _ in range(N_WARM + N_STEPS):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times[N_WARM:])


def earmark_step() -> Callable[[], None]:
    """Return a step as `earmark.train.loop` takes it."""
    import torch  # noqa: PLC0415 - after the allocator is set

    from earmark.models.cnn import Cnn, CnnSettings  # noqa: PLC0415

    network = Cnn(n_bins=13, n_frames=130, n_classes=10, settings=CnnSettings())
    network.to(memory_format=torch.channels_last)
    return make_step(network, torch.optim.AdamW(network.parameters(), weight_decay=0.0, fused=True))


def plain_step() -> Callable[[], None]:
    """Return a step of the same network written down as usual: ReLU before pooling, default layout, default Adam."""
    import torch  # noqa: PLC0415 - after the allocator is set
    from torch import nn  # noqa: PLC0415

    def block(n_in: int, kernel: int, pool: int) -> list[nn.Module]:
        pooling = nn.MaxPool2d(pool, 2, padding=pool // 2 if pool % 2 else 0, ceil_mode=pool % 2 == 0)
        return [nn.Conv2d(n_in, 32, kernel), nn.ReLU(), pooling, nn.BatchNorm2d(32)]

    blocks = nn.Sequential(nn.Unflatten(1, (1, 13)), *block(1, 3, 3), *block(32, 3, 3), *block(32, 2, 2), nn.Flatten())
    with torch.no_grad():
        n_flat = blocks(torch.zeros(2, 13, 130)).shape[1]
    head = nn.Sequential(nn.Linear(n_flat, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10))
    network = nn.Sequential(blocks, head)
    return make_step(network, torch.optim.Adam(network.parameters(), lr=1e-3))


def make_step(network: "torch.nn.Module", optimiser: "torch.optim.Optimizer") -> Callable[[], None]:  # noqa: F821
    """Return a function that takes one training step on a fixed random batch."""
    import torch  # noqa: PLC0415 - after the allocator is set

    generator = torch.Generator().manual_seed(0)
    features = torch.randn(32, 13, 130, generator=generator)
    y = torch.randint(10, (32,), generator=generator)
    network.train()

    def step() -> None:
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(features), y).backward()
        optimiser.step()

    return step


if __name__ == "__main__":
    main()
