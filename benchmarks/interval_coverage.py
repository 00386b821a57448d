"""Simulate classifiers on clips in groups, and print how often the 95 % intervals of the scores hold the truth.

    python benchmarks/interval_coverage.py --trials 400

Each simulated group has a difficulty of its own and sounds that lean to a class of their own, so that its clips are
right and wrong together. The truth is the score of a hundred thousand clips. Beside earmark's interval stand the plain
percentiles of the same resampled groups, and the interval of somebody who takes every clip for a group of its own.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.evaluate.intervals import Estimate, effective_groups, inflated_estimate, resampled_estimate
from earmark.evaluate.measures import MEASURES, Items, draw_weights, measure
from earmark.evaluate.tested import make_tested

FloatArray = npt.NDArray[np.float64]
SHOWN = ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "average_precision", "log_loss", "brier_score")
BIASED = "expected_calibration_error"
N_TRUTH = 100_000


@dataclass(frozen=True)
class Structure:
    """How clips lie in groups.

    Attributes:
        title: What it is called in the table.
        n_groups: How many groups.
        n_clips: How many clips a group has, on average.
        n_classes: How many classes.
        is_uneven: Whether group sizes follow a geometric distribution rather than being equal.
        is_nested: Whether a group holds clips of one class only, as a freesound recording or a bird does.
        skill: How well the classifier tells classes apart.
        spread: How much groups differ.
    """

    title: str
    n_groups: int
    n_clips: int
    n_classes: int = 5
    is_uneven: bool = False
    is_nested: bool = False
    skill: float = 2.5
    spread: float = 1.5


STRUCTURES = (
    Structure("5 groups of 20", 5, 20),
    Structure("10 groups of 20", 10, 20),
    Structure("20 groups of 10", 20, 10),
    Structure("20 groups, uneven", 20, 10, is_uneven=True),
    Structure("50 groups of 8", 50, 8),
    Structure("50 groups, uneven", 50, 8, is_uneven=True),
    Structure("50 of one class each", 50, 8, is_nested=True),
    Structure("200 groups of 2", 200, 2),
    Structure("50 groups, 96 % right", 50, 8, skill=6.5),
    Structure("400 clips, no groups", 400, 1),
)


def simulate(structure: Structure, n_groups: int, rng: np.random.Generator) -> Items:
    """Return what a made-up classifier says of clips in made-up groups."""
    n_classes = structure.n_classes
    sizes = np.full(n_groups, structure.n_clips)
    if structure.is_uneven:
        sizes = rng.geometric(1 / structure.n_clips, n_groups)
    group = np.repeat(np.arange(n_groups), sizes)
    of_group = rng.integers(n_classes, size=n_groups)
    y = of_group[group] if structure.is_nested else rng.integers(n_classes, size=len(group))
    difficulty = structure.skill + structure.spread * rng.standard_normal(n_groups)
    leaning = structure.spread * rng.standard_normal((n_groups, n_classes))
    logits = rng.standard_normal((len(group), n_classes)) + leaning[group]
    logits[np.arange(len(group)), y] += difficulty[group]
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    tested = make_tested(
        labels=[str(index) for index in range(n_classes)],
        y=y,
        groups=[f"{index:06d}" for index in group],
        clip_probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
    )
    return Items.of_clips(tested)


def ours(name: str, value: float, resampled: FloatArray, items: Items) -> Estimate:
    """Return the interval that earmark gives."""
    n_groups = effective_groups(np.bincount(items.group))
    if name == BIASED:
        return inflated_estimate(value, resampled, n_groups=n_groups)
    return resampled_estimate(value, resampled, n_groups=n_groups, most=MEASURES[name].most)


def percentiles(_name: str, value: float, resampled: FloatArray, _items: Items) -> Estimate:
    """Return the plain percentile interval."""
    low, high = np.nanquantile(resampled, [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high))


def by_clip(items: Items) -> Items:
    """Return the same answers with every clip for a group of its own."""
    n = len(items.y)
    return Items(
        y=items.y,
        predicted=items.predicted,
        probabilities=items.probabilities,
        group=np.arange(n),
        n_groups=n,
        n_classes=items.n_classes,
    )


WAYS: tuple[tuple[str, Callable[[Items], Items], Callable[..., Estimate]], ...] = (
    ("earmark", lambda items: items, ours),
    ("percentiles", lambda items: items, percentiles),
    ("naive", by_clip, ours),
)


def cover(
    structure: Structure, *, n_trials: int, n_resamples: int, names: tuple[str, ...], seed: int = 0
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Return for each way and score how often its interval holds the truth, and how wide each of earmark's is."""
    rng = np.random.default_rng([seed, structure.n_groups, structure.n_clips])
    population = simulate(structure, N_TRUTH // structure.n_clips, rng)
    truth = measure(population, np.ones((1, population.n_groups))).scores
    held = {way: dict.fromkeys(names, 0) for way, *_ in WAYS}
    width = dict.fromkeys(names, 0.0)
    for _ in range(n_trials):
        drawn = simulate(structure, structure.n_groups, rng)
        for way, change, interval in WAYS:
            items = change(drawn)
            plain = measure(items, np.ones((1, items.n_groups))).scores
            resampled = measure(items, draw_weights(items.n_groups, n_resamples, rng)).scores
            for name in names:
                found = interval(name, float(plain[name][0]), resampled[name], items)
                if found.low is None or found.high is None:
                    raise SystemExit(f"{structure.title}: no interval for {name}")
                held[way][name] += found.low <= float(truth[name][0]) <= found.high
                width[name] += (found.high - found.low) / n_trials if way == "earmark" else 0.0
    shares = {way: {name: n / n_trials for name, n in row.items()} for way, row in held.items()}
    return shares, width


def main() -> None:
    """Print a table for each way of making intervals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--resamples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="structures whose title holds this text")
    arguments = parser.parse_args()
    names = (*SHOWN, BIASED)
    print("| structure | interval | " + " | ".join(MEASURES[name].title for name in names) + " |")
    print("|" + "---|" * (len(names) + 2))
    for structure in STRUCTURES:
        if arguments.only and arguments.only not in structure.title:
            continue
        shares, width = cover(
            structure, n_trials=arguments.trials, n_resamples=arguments.resamples, names=names, seed=arguments.seed
        )
        for way, *_ in WAYS:
            cells = " | ".join(f"{100 * shares[way][name]:.1f}" for name in names)
            print(f"| {structure.title} | {way} | {cells} |", flush=True)
        print(f"| | width | {' | '.join(f'{width[name]:.2f}' for name in names)} |", flush=True)


if __name__ == "__main__":
    main()
