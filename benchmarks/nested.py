"""Choose the second opinion of `resnet-mel` inside the training folds, and score the choice on the folds left out.

A nested cross-validation. For each pair of folds a network is trained on all other folds and asked about both: what it
says of the one counts towards the choice for the other, so that nothing that a fold tests has a voice in what is
chosen for it. Of five folds that is ten trainings a seed in place of twenty. The candidates differ in nothing but the
second opinion, which is solved after the training, so that they share it. The candidate with the most inner clips right
is taken, the first named where two are level; then the finished cross-validations, one a seed, say what it comes to
on the fold: their networks are taken as they are, with the second opinion that was chosen.

    python benchmarks/nested.py ../shared/data/esc10 -o runs/nested --runs runs/esc10-0 runs/esc10-1 runs/esc10-2

Give the same command again to go on with what was cut off; ``--pairs 1-2 3-4`` does these alone, and scores nothing.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import torch

from earmark._util.allocator import keep_freed_memory
from earmark._util.files import write_json
from earmark.data.dataset import Dataset, distinct_folds
from earmark.data.splits import Split
from earmark.evaluate.paired import paired_accuracy
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

OFF = "off"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the candidates said of some clips.

    Attributes:
        names: Each clip.
        folds: The fold of each.
        groups: The group of each.
        right: Whether each candidate is right about each.
        log_losses: What each candidate's answers cost.
    """

    names: list[str]
    folds: list[int]
    groups: list[str]
    right: dict[str, list[bool]]
    log_losses: dict[str, list[float]]


def main() -> None:
    """Train on what all pairs leave, choose, and score."""
    options = parse_options()
    keep_freed_memory()
    torch.set_num_threads(1)
    store = FeatureStore(options.cache or default_store_folder())
    config = make_config({"data": {"path": options.data}, "device": "cpu"})
    whole = prepare(replace(config, augment=AugmentConfig(steps=())), store=store)
    folds = distinct_folds(whole.dataset)
    pairs = [pair for pair in combinations(folds, 2) if not options.pairs or "{}-{}".format(*pair) in options.pairs]
    inner: dict[int, list[Answers]] = {seed: [] for seed in options.seeds}
    for seed in options.seeds:
        for pair in pairs:
            inner[seed].append(ask_pair(replace(config, seed=seed), whole.dataset, pair, options, store))
    if not options.pairs:
        print_choices(inner, [fold for fold in folds if isinstance(fold, int)], whole, options)


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a data set with folds")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the inner answers; resumed")
    parser.add_argument("--shares", nargs="+", default=[OFF, "1.0", "0.85"], help="candidates: network.opinion_share")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--pairs", nargs="+", help="these pairs of folds only, such as 1-2")
    parser.add_argument("--runs", type=Path, nargs="+", default=[], help="finished cross-validations of these seeds")
    parser.add_argument("--cache", type=Path, help="where features are kept; earmark's own place by default")
    return parser.parse_args()


# ---------------------------------------------------------------- the inner answers


def ask_pair(
    config: RunConfig, dataset: Dataset, pair: tuple[int, int], options: argparse.Namespace, store: FeatureStore
) -> Answers:
    """Train on all folds but two, and return what the candidates say of these; what is there already is read."""
    place = options.out / f"seed-{config.seed}" / "{}-{}.json".format(*pair)
    if place.exists():
        found = Answers(**json.loads(place.read_text(encoding="utf-8")))
        if list(found.right) == options.shares:
            return found
        raise SystemExit(f"{place} is of other candidates: name another folder with -o")

    def split(clips: Dataset) -> Split:
        as_one = [replace(clip, fold=pair[0]) if clip.fold == pair[1] else clip for clip in clips]
        tested = replace(config, split=replace(config.split, test_fold=pair[0]))
        return split_by_config(replace(clips, clips=as_one), tested)

    began = time.process_time()
    prepared = prepare_dataset(dataset, config, split=split, store=store)
    graph = fit_classifier(config, prepared, device=torch.device("cpu")).graph
    answers = ask_all(graph, prepared, options.shares, seed=config.seed)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_json(place, asdict(answers))
    scores = ", ".join(f"{share} {percent(right)}" for share, right in answers.right.items())
    print(f"seed {config.seed}, without folds {pair}: {scores}; {time.process_time() - began:.0f} s", flush=True)
    return answers


def ask_all(graph: ClassifierGraph, prepared: Prepared, shares: Sequence[str], *, seed: int) -> Answers:
    """Return what a trained network says of the test part with each second opinion; it keeps the last."""
    dataset, split = prepared.dataset, prepared.split
    train = gather(prepared.features, dataset.y, split.train)
    validation = standardised(graph, gather(prepared.features, dataset.y, split.validation))
    groups = [dataset.groups[clip] for clip in split.train]
    y = dataset.y[list(split.test)]
    right, log_losses = {}, {}
    for share in shares:
        graph.network.opinion = None if share == OFF else new_opinion(prepared, float(share))
        solve_opinion(graph.network, graph.standardiser, train, validation, groups=groups, seed=seed)
        calibrate(graph, prepared)
        said = score_clips(graph, dataset, prepared.features, split.test, seed=seed).clip_probabilities
        right[share] = (said.argmax(axis=1) == y).tolist()
        log_losses[share] = (-np.log(np.maximum(said[np.arange(len(y)), y], 1e-12))).tolist()
    tested = [dataset[clip] for clip in split.test]
    return Answers(
        names=[clip.name for clip in tested],
        folds=[clip.fold for clip in tested],
        groups=[dataset.groups[clip] for clip in split.test],
        right=right,
        log_losses=log_losses,
    )


def new_opinion(prepared: Prepared, share: float) -> SecondOpinion:
    """Return a second opinion that is still to be solved."""
    *channels, n_bins, _ = prepared.features[0].shape[1:]
    n_channels = channels[0] if channels else 1
    return SecondOpinion(n_bins=n_bins, n_channels=n_channels, n_classes=len(prepared.dataset.labels), share=share)


# ---------------------------------------------------------------- the choice, and what it comes to


def choose(answers: Sequence[Answers], outer: int) -> tuple[str, dict[str, float]]:
    """Return the candidate with the most clips right of the folds that `outer` is not, and the score of each.

    Only networks that had not learnt from `outer` are asked, and only about clips that are not of it.
    """
    heard = [one for one in answers if outer in one.folds]
    scores = {
        share: statistics.mean(
            right for one in heard for right, fold in zip(one.right[share], one.folds, strict=True) if fold != outer
        )
        for share in heard[0].right
    }
    return max(scores, key=lambda share: scores[share]), scores  # the first of equals


def print_choices(
    inner: dict[int, list[Answers]], folds: Sequence[int], whole: Prepared, options: argparse.Namespace
) -> None:
    """Print what is chosen for each fold and seed, and what the choices come to."""
    print_inner([one for answers in inner.values() for one in answers], options.shares)
    print("| seed | fold | " + " | ".join(f"inner, {share}" for share in options.shares) + " | chosen |")
    print("|---|" + "---|" * (len(options.shares) + 2))
    chosen: dict[tuple[int, int], str] = {}
    for seed, answers in inner.items():
        for fold in folds:
            chosen[seed, fold], scores = choose(answers, fold)
            row = " | ".join(f"{100 * score:.1f}" for score in scores.values())
            print(f"| {seed} | {fold} | {row} | {chosen[seed, fold]} |")
    if options.runs:
        print_outer(chosen, whole, options)


def print_inner(answers: Sequence[Answers], shares: Sequence[str]) -> None:
    """Print the inner scores over all pairs and seeds, and the difference of each candidate from the first."""
    groups = [group for one in answers for group in one.groups]
    first = [right for one in answers for right in one.right[shares[0]]]
    print("| candidate | inner accuracy, % | log loss | points over the first (95 % interval over groups) | p |")
    print(f"|{'---|' * 5}")
    for share in shares:
        right = [right for one in answers for right in one.right[share]]
        loss = statistics.mean(loss for one in answers for loss in one.log_losses[share])
        result = paired_accuracy(right, first, groups)
        ends = "" if result.low is None else f" ({100 * result.low:+.1f} to {100 * result.high:+.1f})"
        print(f"| {share} | {percent(right)} | {loss:.3f} | {100 * result.difference:+.1f}{ends} | {result.p:.3f} |")
    print()


def print_outer(chosen: dict[tuple[int, int], str], whole: Prepared, options: argparse.Namespace) -> None:
    """Print the score of each finished cross-validation with the chosen second opinions, and with each candidate."""
    print("\n| seed | chosen inside | " + " | ".join(f"always {share}" for share in options.shares) + " |")
    print("|---|" + "---|" * (len(options.shares) + 1))
    columns: list[list[float]] = []
    for path in options.runs:
        folds = {number: answer_fold(fold, whole, options.shares) for number, fold in folds_of(path).items()}
        seed = RunFolder(path).read_config().seed
        own = [fold.right[chosen[seed, number]] for number, fold in folds.items()]
        always = [[fold.right[share] for fold in folds.values()] for share in options.shares]
        columns.append([statistics.mean(map(statistics.mean, one)) for one in (own, *always)])
        print(f"| {seed} | {' | '.join(f'{100 * value:.1f}' for value in columns[-1])} |")
    means = [statistics.mean(values) for values in zip(*columns, strict=True)]
    print(f"| mean | {' | '.join(f'{100 * value:.1f}' for value in means)} |")


def folds_of(path: Path) -> dict[int, RunFolder]:
    """Return the folds of a finished cross-validation by their number."""
    places = {int(place.name.removeprefix("fold-")): RunFolder(place) for place in path.glob("fold-*")}
    return dict(sorted(places.items()))


def answer_fold(fold: RunFolder, whole: Prepared, shares: Sequence[str]) -> Answers:
    """Return what the network of a finished fold says of its test part with each second opinion."""
    graph, _ = load_bundle(fold.bundle_path)
    where = {clip.name: index for index, clip in enumerate(whole.dataset)}
    rows = fold.read_table("split.csv")
    parts = {
        part: tuple(where[row["path"]] for row in rows if row["part"] == part)
        for part in ("train", "validation", "test")
    }
    here = replace(whole, split=replace(whole.split, **parts))
    return ask_all(graph, here, shares, seed=fold.read_config().seed)


def percent(right: Sequence[bool]) -> str:
    """Return a share of right answers as text."""
    return f"{100 * statistics.mean(right):.1f}"


if __name__ == "__main__":
    main()
