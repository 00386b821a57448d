"""What `augmentation.py`, `recurrent.py` and `genres.py` share: candidates on the same folds with several seeds.

Each cross-validation lies in a folder of its own, ``OUT/NAME/seed-N``, and is resumed fold by fold when the same
command is given again. Candidates are compared clip by clip over all seeds with `earmark.evaluate.paired`: whole groups
are drawn, with all seeds of a group's clips, so that a seed more makes the noise of training smaller and does not pass
for new data. What other groups would have come to is in the intervals; what another choice of seeds would is in the
deviation over seeds.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import starmap
from pathlib import Path
from typing import Any

from earmark._util.progress import NoProgress
from earmark.evaluate.paired import PairedAccuracy, holm, paired_accuracy, spell_p
from earmark.experiment.config import RunConfig, make_config
from earmark.experiment.crossval import cross_validate, refuse_other_settings
from earmark.experiment.folder import RunFolder
from earmark.experiment.run import train_run
from earmark.experiment.settling import settle_folds
from earmark.features.store import FeatureStore, default_store_folder
from earmark.inference.bundle import load_bundle

Tables = Mapping[str, Any]  # of a configuration


@dataclass(frozen=True, kw_only=True)
class Fold:
    """What one candidate came to on one fold with one seed.

    Attributes:
        seed: The root seed.
        fold: The fold's number.
        clips: Path, label and group of each clip that was tested.
        right: Whether each of them is right.
        n_segments: Segments that were tested.
        segment_accuracy: The share of them that is right.
        vote_accuracy: The share of clips that the majority of their segments gets right.
        loss: The validation loss of the epoch that was kept; None for what is not trained in epochs.
        n_weights: How many weights are trained; 0 for what is not trained in epochs.
        training_s: How long the training took, in seconds.
    """

    seed: int
    fold: int
    clips: tuple[tuple[str, str, str], ...]
    right: tuple[bool, ...]
    n_segments: int
    segment_accuracy: float
    vote_accuracy: float
    loss: float | None
    n_weights: int
    training_s: float

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Fold":
        """Return what `asdict` and JSON made of one."""
        clips = tuple(tuple(clip) for clip in content["clips"])
        return cls(**{**content, "clips": clips, "right": tuple(content["right"])})


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What one candidate came to on all folds with all seeds, in order.

    Attributes:
        name: What it is called.
        folds: Each fold with each seed.
    """

    name: str
    folds: tuple[Fold, ...]

    @property
    def seeds(self) -> dict[int, float]:
        """The accuracy per clip of each seed, over all folds."""
        right: dict[int, list[bool]] = {}
        for fold in self.folds:
            right.setdefault(fold.seed, []).extend(fold.right)
        return {seed: statistics.mean(answers) for seed, answers in right.items()}

    @property
    def losses(self) -> list[float] | None:
        """The validation loss of each fold with each seed; None where there is none."""
        losses = [fold.loss for fold in self.folds if fold.loss is not None]
        return losses if len(losses) == len(self.folds) else None

    def to_json(self) -> dict[str, Any]:
        """Return the numbers, without the answers to each clip."""
        n_clips, n_segments = ([count(fold) for fold in self.folds] for count in (lambda f: len(f.right), _n_segments))
        return {
            "name": self.name,
            "accuracy": statistics.mean(self.seeds.values()),
            "deviation_over_seeds": _deviation(list(self.seeds.values())),
            "seeds": self.seeds,
            "folds": [[fold.seed, fold.fold, statistics.mean(fold.right)] for fold in self.folds],
            "vote_accuracy": _weighted([fold.vote_accuracy for fold in self.folds], n_clips),
            "segment_accuracy": _weighted([fold.segment_accuracy for fold in self.folds], n_segments),
            "validation_loss": statistics.mean(self.losses) if self.losses else None,
            "weights": self.folds[0].n_weights,
            "training_s": sum(fold.training_s for fold in self.folds),
        }


# ---------------------------------------------------------------- what is asked for


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every comparison has."""
    parser.add_argument("data", help="as `earmark crossval` takes it")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of all cross-validations; resumed")
    parser.add_argument("--group-column", help="the column of a table that says what a group is")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--fold", type=int, nargs="+", dest="folds", help="test on these folds only")
    parser.add_argument("--cache", type=Path, help="where features are kept; earmark's own place by default")
    parser.add_argument("--json", action="store_true", help="print JSON in place of tables")


def config_of(tables: Tables, options: argparse.Namespace, seed: int, *, epochs: int | None = None) -> RunConfig:
    """Return the configuration of a candidate on the data that were asked for."""
    data = {"path": options.data}
    if options.group_column:
        data["group_column"] = options.group_column
    config = make_config({**tables, "data": data, "seed": seed})
    if epochs is None:
        return config
    warmup = min(config.train.warmup_epochs, epochs)
    return replace(config, train=replace(config.train, max_epochs=epochs, warmup_epochs=warmup))


# ---------------------------------------------------------------- the work


def cross_validate_all(
    candidates: Mapping[str, Tables], options: argparse.Namespace, *, epochs: int | None = None
) -> list[Candidate]:
    """Cross-validate each candidate with each seed, or take what is there already.

    Args:
        candidates: The tables of each one's configuration by its name, which names its folder.
        options: Those of `add_options`.
        epochs: Epochs at most; None for what each likes.
    """
    store = FeatureStore(options.cache or default_store_folder())
    found: dict[str, list[Fold]] = {name: [] for name in candidates}
    for seed in options.seeds:  # the first seed of all comes first: there is something to be seen early
        for name, tables in candidates.items():
            began = time.monotonic()
            config = config_of(tables, options, seed, epochs=epochs)
            runs = run_folds(config, options.out / name / f"seed-{seed}", store=store, folds=options.folds)
            folds = [read_fold(run, seed, number) for number, run in runs.items()]
            found[name] += folds
            report_folds(f"seed {seed}, {name}", folds, began)
    return [Candidate(name=name, folds=tuple(folds)) for name, folds in found.items()]


def run_folds(
    config: RunConfig, folder: Path, *, store: FeatureStore, folds: Sequence[int] | None = None
) -> dict[int, RunFolder]:
    """Run a cross-validation, or some folds of one, or what is missing of it; return the run of each fold.

    Raises:
        SystemExit: There is no such fold.
    """
    run = RunFolder(folder)
    found = settle_folds(config)
    numbers, settled = found.folds, found.config
    refuse_other_settings(run, settled)
    if folds is None:
        if not run.is_finished:
            cross_validate(config, folder, store=store, resume=run.is_run, progress=NoProgress())
        return {number: run.fold(number) for number in numbers}
    if unknown := sorted(set(folds) - set(numbers)):
        raise SystemExit(f"there is no fold {unknown[0]}: the folds are {', '.join(map(str, numbers))}")
    settled.save(run.config_path)  # so that the whole cross-validation can take it up
    for number in folds:
        fold = run.fold(number)
        if not fold.is_finished or fold.was_interrupted:
            one = replace(settled, split=replace(settled.split, test_fold=number))
            train_run(one, fold.path, store=store, resume=fold.is_run)
    return {number: run.fold(number) for number in folds}


def read_fold(run: RunFolder, seed: int, number: int) -> Fold:
    """Read what a run came to.

    Raises:
        SystemExit: Its tables do not belong together.
    """
    tested = [row for row in run.read_table("split.csv") if row["part"] == "test"]
    answers = run.read_table("predictions.csv")
    clips = tuple((row["path"], row["label"], row["group"]) for row in tested)
    if [clip[:2] for clip in clips] != [(row["path"], row["label"]) for row in answers]:
        raise SystemExit(f"{run.path}: split.csv names other test clips than predictions.csv")
    scorecard, history = run.read_scorecard(), run.read_history()
    environment = run.read_environment()
    kept = int(environment["best_epoch"])
    graph, _ = load_bundle(run.bundle_path)
    return Fold(
        seed=seed,
        fold=number,
        clips=clips,
        right=tuple(row["label"] == row["predicted"] for row in answers),
        n_segments=scorecard.segment.n,
        segment_accuracy=scorecard.segment.accuracy.value,
        vote_accuracy=scorecard.clip.vote_accuracy.value,
        loss=history[kept - 1].validation_loss if kept else None,
        n_weights=sum(weight.numel() for weight in graph.network.parameters()),
        training_s=float(environment["seconds"]["training"]),
    )


def report_folds(title: str, folds: Sequence[Fold], began: float) -> None:
    """Say on stderr what the folds of one cross-validation came to."""
    scores = [100 * statistics.mean(fold.right) for fold in folds]
    line = f"{' '.join(f'{score:.1f}' for score in scores)}, mean {statistics.mean(scores):.1f}"
    print(f"{title}: {line}; {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


# ---------------------------------------------------------------- what came of it


def paired(first: Candidate, second: Candidate) -> PairedAccuracy:
    """Compare two candidates on the same clips, with all seeds of a clip in one group.

    Raises:
        SystemExit: They were tested on other clips.
    """
    tested = [[(fold.seed, clip) for fold in one.folds for clip in fold.clips] for one in (first, second)]
    if tested[0] != tested[1]:
        raise SystemExit(f"{first.name} and {second.name} were tested on other clips")
    right = [[answer for fold in one.folds for answer in fold.right] for one in (first, second)]
    return paired_accuracy(*right, [group for _, (_, _, group) in tested[0]])


def compared(pairs: Sequence[tuple[Candidate, Candidate]]) -> list[dict[str, Any]]:
    """Return a paired test of each pair, with probabilities corrected for how many there are (Holm)."""
    results = list(starmap(paired, pairs))
    corrected = holm([result.p for result in results])
    return [
        {
            "first": first.name,
            "second": second.name,
            "difference": result.difference,
            "low": result.low,
            "high": result.high,
            "p": result.p,
            "p_holm": p,
            "n_groups": result.n_groups,
        }
        for (first, second), result, p in zip(pairs, results, corrected, strict=True)
    ]


def losses_compared(first: Candidate, second: Candidate) -> dict[str, Any]:
    """Return by how much the validation loss of the first is below the second's, over folds and seeds."""
    gains = [b - a for a, b in zip(first.losses or (), second.losses or (), strict=True)]
    return {
        "first": first.name,
        "second": second.name,
        "lower_by": statistics.mean(gains),
        "deviation": _deviation(gains),
        "n_lower": sum(gain > 0 for gain in gains),
        "n": len(gains),
    }


def show(candidates: Sequence[Candidate], pairs: Sequence[dict[str, Any]], *, as_json: bool, **more: Any) -> None:  # noqa: ANN401 - what JSON can hold
    """Print what came out: two tables, or JSON with whatever else there is to say."""
    if as_json:
        print(json.dumps({"candidates": [one.to_json() for one in candidates], "pairs": pairs, **more}, indent=2))
        return
    print("| candidate | clips, % (by seed; deviation) | by vote, % | segments, % | validation loss | weights | s |")
    print(f"|{'---|' * 7}")
    for one in candidates:
        print(_row(one.to_json()))
    print("\n| first | second | points (95 % interval over groups) | p | p, Holm |\n|---|---|---|---|---|")
    for pair in pairs:
        ends = "" if pair["low"] is None else f" ({100 * pair['low']:+.1f} to {100 * pair['high']:+.1f})"
        values = f"{100 * pair['difference']:+.1f}{ends} | {spell_p(pair['p'])} | {spell_p(pair['p_holm'])}"
        print(f"| {pair['first']} | {pair['second']} | {values} |")


def save_fold(path: Path, fold: Fold, settings: Tables) -> None:
    """Write what a fold came to, and with which settings."""
    from earmark._util.files import write_json  # noqa: PLC0415 - for folds that are no runs

    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"settings": dict(settings), "result": asdict(fold)})


def load_fold(path: Path, settings: Tables) -> Fold | None:
    """Return what was saved; None where nothing is.

    Raises:
        SystemExit: It was made with other settings.
    """
    if not path.exists():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["settings"] != json.loads(json.dumps(dict(settings))):
        raise SystemExit(f"{path} was made with other settings: name another folder with -o")
    return Fold.from_json(content["result"])


def _row(one: Mapping[str, Any]) -> str:
    seeds = ", ".join(f"{100 * value:.1f}" for value in one["seeds"].values())
    loss = "-" if one["validation_loss"] is None else f"{one['validation_loss']:.3f}"
    spread = "" if one["deviation_over_seeds"] is None else f"; {100 * one['deviation_over_seeds']:.1f}"
    shares = f"{100 * one['vote_accuracy']:.1f} | {100 * one['segment_accuracy']:.1f}"
    weights = f"{one['weights']:,}" if one["weights"] else "-"
    accuracy = f"{100 * one['accuracy']:.1f} ({seeds}{spread})"
    return f"| {one['name']} | {accuracy} | {shares} | {loss} | {weights} | {one['training_s']:.0f} |"


def _n_segments(fold: Fold) -> int:
    return fold.n_segments


def _weighted(values: Sequence[float], counts: Sequence[int]) -> float:
    return sum(value * count for value, count in zip(values, counts, strict=True)) / sum(counts)


def _deviation(values: Sequence[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None
