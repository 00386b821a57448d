"""Choose how long `resnet-mel` learns and what its second opinion looks at, without the folds that test the choice.

A nested cross-validation. For each pair of folds networks are trained on all other folds and asked about both: what
they say of the one counts towards the choice for the other, so that no clip has a voice in what is chosen for the fold
that it is in. Of five folds that is ten trainings a recipe and seed in place of twenty. The second opinion is solved
after the training, so that all kinds of it share one. For each fold, the candidate with the most inner clips right over
all seeds is taken, the first named where two are level; then finished cross-validations, one a seed, say what it comes
to on the fold.

    python benchmarks/nested.py ../shared/data/esc10 -o runs/nested --runs runs/esc10-0 runs/esc10-1 runs/esc10-2

Give the same command again to go on with what was cut off; ``--pairs 1-2 3-4`` trains for these alone, and ends there.
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from earmark._util.allocator import keep_freed_memory
from earmark._util.files import write_json
from earmark.data.dataset import Dataset, distinct_folds
from earmark.data.splits import Split
from earmark.evaluate.paired import paired_accuracy, spell_p
from earmark.experiment.calibrating import calibrate
from earmark.experiment.config import AugmentConfig, RunConfig, make_config
from earmark.experiment.fitting import fit_classifier, gather, standardised
from earmark.experiment.folder import RunFolder
from earmark.experiment.prepare import Prepared, prepare, prepare_dataset, split_by_config
from earmark.experiment.scoring import score_clips
from earmark.features.store import FeatureStore, default_store_folder
from earmark.inference.bundle import load_bundle
from earmark.models.graph import ClassifierGraph
from earmark.models.opinion import SecondOpinion
from earmark.train.opinion import solve_opinion

EPOCHS = (150, 240)
OPINIONS: Mapping[str, Mapping[str, Any] | None] = {
    "none": None,
    "statistics, all bands": {"share": 1.0},
    "statistics": {"share": 0.85},  # of 64 bands up to 22 kHz: those below 11 kHz
    "statistics and swings": {"share": 0.85, "modulation_frames": 64},
}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What one network said of some clips, with each kind of second opinion.

    Attributes:
        folds: The fold of each clip.
        groups: The group of each.
        right: Whether each is right, by kind.
        log_losses: What each answer costs, by kind.
    """

    folds: list[int]
    groups: list[str]
    right: dict[str, list[bool]]
    log_losses: dict[str, list[float]]


Inner = Mapping[tuple[int, int], Sequence[Answers]]  # by epochs and seed: one a pair of folds


def main() -> None:
    """Train on what all pairs leave, choose, and score."""
    options = parse_options()
    keep_freed_memory()
    torch.set_num_threads(1)
    store = FeatureStore(options.cache or default_store_folder())
    whole = prepare(config_of(options, options.epochs[0], 0, steps=False), store=store)
    folds = [fold for fold in distinct_folds(whole.dataset) if isinstance(fold, int)]
    pairs = [pair for pair in combinations(folds, 2) if not options.pairs or "{}-{}".format(*pair) in options.pairs]
    inner = {
        (epochs, seed): [ask_pair(config_of(options, epochs, seed), whole, pair, options, store) for pair in pairs]
        for seed, epochs in product(options.seeds, options.epochs)
    }
    if options.pairs:
        return
    print_inner(inner)
    chosen = print_choices(inner, folds)
    if options.runs:
        print_outer(chosen, whole, options.runs)


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a data set with folds")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the inner answers; resumed")
    parser.add_argument("--epochs", type=int, nargs="+", default=EPOCHS, help="candidates for train.max_epochs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--pairs", nargs="+", help="these pairs of folds only, such as 1-2")
    parser.add_argument("--runs", type=Path, nargs="+", default=[], help="finished cross-validations")
    parser.add_argument("--cache", type=Path, help="where features are kept; earmark's own place by default")
    return parser.parse_args()


def config_of(options: argparse.Namespace, epochs: int, seed: int, *, steps: bool = True) -> RunConfig:
    """Return the default recipe with so many epochs."""
    tables = {"data": {"path": options.data}, "train": {"max_epochs": epochs}, "seed": seed, "device": "cpu"}
    config = make_config(tables)
    return config if steps else replace(config, augment=AugmentConfig(steps=()))


# ---------------------------------------------------------------- the inner answers


def ask_pair(
    config: RunConfig, whole: Prepared, pair: tuple[int, int], options: argparse.Namespace, store: FeatureStore
) -> Answers:
    """Train on all folds but two, and return what is said of these; what is there already is read."""
    epochs = config.train.max_epochs
    place = options.out / f"epochs-{epochs}" / f"seed-{config.seed}" / "{}-{}.json".format(*pair)
    if place.exists():
        return Answers(**json.loads(place.read_text(encoding="utf-8")))

    def split(clips: Dataset) -> Split:
        as_one = [replace(clip, fold=pair[0]) if clip.fold == pair[1] else clip for clip in clips]
        tested = replace(config, split=replace(config.split, test_fold=pair[0]))
        return split_by_config(replace(clips, clips=as_one), tested)

    began = time.process_time()
    prepared = prepare_dataset(whole.dataset, config, split=split, store=store)
    graph = fit_classifier(config, prepared, device=torch.device("cpu")).graph
    answers = ask(graph, prepared, OPINIONS, seed=config.seed)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_json(place, asdict(answers))
    scores = ", ".join(f"{kind} {100 * statistics.mean(right):.1f}" for kind, right in answers.right.items())
    print(
        f"{epochs} epochs, seed {config.seed}, folds {pair}: {scores}; {time.process_time() - began:.0f} s", flush=True
    )
    return answers


def ask(graph: ClassifierGraph, prepared: Prepared, kinds: Mapping[str, Any], *, seed: int) -> Answers:
    """Return what a trained network says of the test part with each kind of second opinion; it keeps the last."""
    dataset, split = prepared.dataset, prepared.split
    train = gather(prepared.features, dataset.y, split.train)
    validation = standardised(graph, gather(prepared.features, dataset.y, split.validation))
    y = dataset.y[list(split.test)]
    right, log_losses = {}, {}
    for kind, settings in kinds.items():
        graph.network.opinion = settings and SecondOpinion(
            n_bins=prepared.features[0].shape[-2], n_classes=len(dataset.labels), **settings
        )
        groups = [dataset.groups[clip] for clip in split.train]
        solve_opinion(graph.network, graph.standardiser, train, validation, groups=groups, seed=seed)
        calibrate(graph, prepared)
        said = score_clips(graph, dataset, prepared.features, split.test, seed=seed).clip_probabilities
        right[kind] = (said.argmax(axis=1) == y).tolist()
        log_losses[kind] = (-np.log(np.maximum(said[np.arange(len(y)), y], 1e-12))).tolist()
    return Answers(
        folds=[int(dataset[clip].fold or 0) for clip in split.test],
        groups=[dataset.groups[clip] for clip in split.test],
        right=right,
        log_losses=log_losses,
    )


# ---------------------------------------------------------------- the choice, and what it comes to


def candidates_of(inner: Inner) -> list[tuple[int, str]]:
    """Return the candidates: epochs and the kind of second opinion."""
    return list(product(dict.fromkeys(epochs for epochs, _ in inner), OPINIONS))


def said_without(inner: Inner, candidate: tuple[int, str], fold: int) -> list[bool]:
    """Return whether each answer is right that may count for a fold.

    These are the answers of networks that had not learnt from the fold, about clips that are not of it.
    """
    epochs, kind = candidate
    return [
        right
        for (trained, _), pairs in inner.items()
        if trained == epochs
        for pair in pairs
        if fold in pair.folds
        for right, other in zip(pair.right[kind], pair.folds, strict=True)
        if other != fold
    ]


def print_inner(inner: Inner) -> None:
    """Print the inner scores over all pairs and seeds, and how far each candidate lies above the first."""
    print("| candidate | inner accuracy, % | log loss | points over the first (95 % interval over groups) | p |")
    print(f"|{'---|' * 5}")
    first: list[bool] = []
    for epochs, kind in candidates_of(inner):
        asked = [pair for (trained, _), pairs in inner.items() if trained == epochs for pair in pairs]
        right = [right for pair in asked for right in pair.right[kind]]
        first = first or right
        loss = statistics.mean(loss for pair in asked for loss in pair.log_losses[kind])
        result = paired_accuracy(right, first, [group for pair in asked for group in pair.groups])
        ends = "" if result.low is None else f" ({100 * result.low:+.1f} to {100 * result.high:+.1f})"
        told = f"{100 * statistics.mean(right):.1f} | {loss:.3f} | {100 * result.difference:+.1f}{ends}"
        print(f"| {epochs} epochs, {kind} | {told} | {spell_p(result.p)} |")


def print_choices(inner: Inner, folds: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Print what is chosen for each fold, and return it."""
    candidates = candidates_of(inner)
    print("\n| fold | " + " | ".join(f"{epochs}, {kind}" for epochs, kind in candidates) + " | chosen |")
    print("|---|" + "---|" * (len(candidates) + 1))
    chosen = {}
    for fold in folds:
        scores = {candidate: statistics.mean(said_without(inner, candidate, fold)) for candidate in candidates}
        chosen[fold] = max(scores, key=lambda candidate: scores[candidate])
        row = " | ".join(f"{100 * score:.1f}" for score in scores.values())
        print(f"| {fold} | {row} | {'{} epochs, {}'.format(*chosen[fold])} |")
    return chosen


def print_outer(chosen: Mapping[int, tuple[int, str]], whole: Prepared, runs: Sequence[Path]) -> None:
    """Print what finished cross-validations come to with each fold's choice, and with each second opinion everywhere.

    Raises:
        SystemExit: One was trained for other epochs than were chosen.
    """
    print(
        "\n| seed | " + " | ".join(f"fold {fold}" for fold in chosen) + " | as chosen | " + " | ".join(OPINIONS) + " |"
    )
    print("|---|" + "---|" * (len(chosen) + 1 + len(OPINIONS)))
    rows = []
    for path in runs:
        answers = {
            fold: ask_fold(RunFolder(path / f"fold-{fold}"), whole, epochs) for fold, (epochs, _) in chosen.items()
        }
        own = [statistics.mean(answers[fold].right[kind]) for fold, (_, kind) in chosen.items()]
        right = [right for fold, (_, kind) in chosen.items() for right in answers[fold].right[kind]]
        always = [statistics.mean(right for one in answers.values() for right in one.right[kind]) for kind in OPINIONS]
        rows.append([*own, statistics.mean(right), *always])
        seed = RunFolder(path).read_config().seed
        print(f"| {seed} | " + " | ".join(f"{100 * value:.1f}" for value in rows[-1]) + " |")
    means = [statistics.mean(column) for column in zip(*rows, strict=True)]
    print("| mean | " + " | ".join(f"{100 * value:.1f}" for value in means) + " |")


def ask_fold(fold: RunFolder, whole: Prepared, epochs: int) -> Answers:
    """Return what the network of a finished fold says of its test part with each kind of second opinion."""
    config = fold.read_config()
    if config.train.max_epochs != epochs:
        raise SystemExit(
            f"{fold.path} was trained for {config.train.max_epochs} epochs, and {epochs} are chosen for it"
        )
    graph, _ = load_bundle(fold.bundle_path)
    where = {clip.name: index for index, clip in enumerate(whole.dataset)}
    rows = fold.read_table("split.csv")
    parts = {
        part: tuple(where[row["path"]] for row in rows if row["part"] == part)
        for part in ("train", "validation", "test")
    }
    here = replace(whole, split=replace(whole.split, **parts))
    return ask(graph, here, OPINIONS, seed=config.seed)


if __name__ == "__main__":
    main()
