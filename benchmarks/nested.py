r"""Choose between settings of the default recipe for each fold of a data set, without the fold.

The inner part of a nested cross-validation. For each pair of folds a network is trained on all other folds and asked
about both: what it says of the one counts towards the choice for the other, so that no clip has a voice in what is
chosen for the fold that it is in. Of five folds that is ten trainings a candidate and seed in place of twenty. For each
fold the candidate with the most inner clips right over all seeds is taken; the log loss decides between equals.

    python benchmarks/nested.py ../shared/data/esc10 -o runs/nested \
        --candidate train.max_epochs=150 train.max_epochs=240

What the choices come to on the folds, `earmark crossval` with the settings says. Give the same command again to go on
with what was cut off; ``--pairs 1-2 3-4`` trains for these alone, and chooses nothing.
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import torch

from earmark._util.allocator import keep_freed_memory
from earmark._util.files import write_json
from earmark.cli.typed import parse_assignments
from earmark.data.dataset import Dataset, distinct_folds
from earmark.data.splits import Split
from earmark.evaluate.paired import paired_accuracy, spell_p
from earmark.experiment.config import AugmentConfig, RunConfig, make_config
from earmark.experiment.fitting import fit_classifier
from earmark.experiment.prepare import prepare, prepare_dataset, split_by_config
from earmark.experiment.scoring import score_clips
from earmark.experiment.search import with_values
from earmark.features.store import FeatureStore, default_store_folder


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What one network said of the clips of two folds that it had not learnt from.

    Attributes:
        folds: The fold of each clip.
        groups: The group of each.
        right: Whether each is right.
        log_losses: What each answer costs.
    """

    folds: list[int]
    groups: list[str]
    right: list[bool]
    log_losses: list[float]


Inner = Mapping[str, Sequence[Answers]]  # by candidate: one a seed and pair of folds


def main() -> None:
    """Train on what all pairs leave, and choose.

    Raises:
        SystemExit: There is no such pair of folds.
    """
    options = parse_options()
    keep_freed_memory()
    torch.set_num_threads(1)
    store = FeatureStore(options.cache or default_store_folder())
    plain = replace(config_of(options, "", 0), augment=AugmentConfig(steps=()))
    dataset = prepare(plain, store=store).dataset
    folds = [fold for fold in distinct_folds(dataset) if isinstance(fold, int)]
    pairs = {"{}-{}".format(*pair): pair for pair in combinations(folds, 2)}
    if unknown := set(options.pairs or ()) - set(pairs):
        raise SystemExit(f"there is no pair {min(unknown)}: the pairs are {', '.join(pairs)}")
    inner: dict[str, list[Answers]] = {candidate: [] for candidate in options.candidate}
    for seed in options.seeds:
        for candidate, answers in inner.items():
            config = config_of(options, candidate, seed)
            answers += [
                ask(config, dataset, pair, options.out / candidate, store)
                for name, pair in pairs.items()
                if not options.pairs or name in options.pairs
            ]
    if not options.pairs:
        print_inner(inner)
        print_choices(inner, folds)


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a data set with folds")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the inner answers; resumed")
    parser.add_argument(
        "--candidate", nargs="+", required=True, metavar="KEY=VALUE,...", help="settings, none of them a list"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--pairs", nargs="+", help="these pairs of folds only, such as 1-2")
    parser.add_argument("--cache", type=Path, help="where features are kept; earmark's own place by default")
    return parser.parse_args()


def config_of(options: argparse.Namespace, candidate: str, seed: int) -> RunConfig:
    """Return the default recipe with the settings of a candidate."""
    tables = {"data": {"path": options.data}, "seed": seed, "device": "cpu"}
    return make_config(with_values(tables, parse_assignments(candidate.split(",") if candidate else ())))


# ---------------------------------------------------------------- the inner answers


def ask(config: RunConfig, dataset: Dataset, pair: tuple[int, int], folder: Path, store: FeatureStore) -> Answers:
    """Train on all folds but two, and return what is said of these; what is there already is read.

    Raises:
        SystemExit: What is there was made with other settings.
    """
    place = folder / f"seed-{config.seed}" / "{}-{}.json".format(*pair)
    settings = json.loads(json.dumps(config.to_dict()))
    if place.exists():
        content = json.loads(place.read_text(encoding="utf-8"))
        if content["settings"] != settings:
            raise SystemExit(f"{place} was made with other settings: name another folder with -o")
        return Answers(**content["answers"])

    def split(clips: Dataset) -> Split:
        as_one = [replace(clip, fold=pair[0]) if clip.fold == pair[1] else clip for clip in clips]
        tested = replace(config, split=replace(config.split, test_fold=pair[0]))
        return split_by_config(replace(clips, clips=as_one), tested)

    began = time.process_time()
    prepared = prepare_dataset(dataset, config, split=split, store=store)
    graph = fit_classifier(config, prepared, device=torch.device("cpu")).graph
    tested = prepared.split.test
    said = score_clips(graph, prepared.dataset, prepared.features, tested, seed=config.seed).clip_probabilities
    y = prepared.dataset.y[list(tested)]
    answers = Answers(
        folds=[int(prepared.dataset[clip].fold or 0) for clip in tested],
        groups=[prepared.dataset.groups[clip] for clip in tested],
        right=(said.argmax(axis=1) == y).tolist(),
        log_losses=(-np.log(np.maximum(said[np.arange(len(y)), y], 1e-12))).tolist(),
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    write_json(place, {"settings": settings, "answers": asdict(answers)})
    score, seconds = 100 * statistics.mean(answers.right), time.process_time() - began
    print(f"{folder.name}, seed {config.seed}, folds {pair}: {score:.1f} %; {seconds:.0f} s", flush=True)
    return answers


# ---------------------------------------------------------------- the choice


def said_without(answers: Sequence[Answers], fold: int) -> list[tuple[bool, float]]:
    """Return what may count for a fold: whether each answer is right, and what it costs.

    These are the answers of networks that had not learnt from the fold, about clips that are not of it.
    """
    return [
        (right, loss)
        for one in answers
        if fold in one.folds
        for right, loss, other in zip(one.right, one.log_losses, one.folds, strict=True)
        if other != fold
    ]


def print_inner(inner: Inner) -> None:
    """Print the inner scores over all pairs and seeds, and how far each candidate lies above the first."""
    print("| candidate | inner accuracy, % | log loss | points over the first (95 % interval over groups) | p |")
    print(f"|{'---|' * 5}")
    first: list[bool] = []
    for candidate, answers in inner.items():
        right = [right for one in answers for right in one.right]
        loss = statistics.mean(loss for one in answers for loss in one.log_losses)
        first = first or right
        result = paired_accuracy(right, first, [group for one in answers for group in one.groups])
        ends = "" if result.low is None else f" ({100 * result.low:+.1f} to {100 * result.high:+.1f})"
        told = f"{100 * statistics.mean(right):.1f} | {loss:.3f} | {100 * result.difference:+.1f}{ends}"
        print(f"| {candidate} | {told} | {spell_p(result.p)} |")


def print_choices(inner: Inner, folds: Sequence[int]) -> None:
    """Print which candidate is chosen for each fold."""
    print("\n| fold | " + " | ".join(inner) + " | chosen |")
    print("|---|" + "---|" * (len(inner) + 1))
    for fold in folds:
        scores = {}
        for candidate, answers in inner.items():
            right, losses = zip(*said_without(answers, fold), strict=True)
            scores[candidate] = (statistics.mean(right), -statistics.mean(losses))
        row = " | ".join(f"{100 * score:.1f}, {-loss:.3f}" for score, loss in scores.values())
        print(f"| {fold} | {row} | {max(scores, key=scores.__getitem__)} |")


if __name__ == "__main__":
    main()
