"""What calibration, prediction sets and novelty come to, on the folds of finished cross-validations.

    python benchmarks/calibration.py runs/esc10-0 runs/esc10-1 --other ../shared/data/genres10/tracks.csv

Nothing is trained: bundles, splits and settings are read from the folders that `earmark crossval` wrote. Calibration,
cutoffs and novelty are fitted anew to each fold's own validation part (and its training part, for novelty) and measured
on the clips that it tests; the clips of all folds and runs are pooled. ``before`` is the network at temperature 1.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

import earmark
from earmark.audio.read import read_sound
from earmark.evaluate.calibration import (
    Calibration,
    expected_calibration_error,
    fit_calibration,
    held_out_probabilities,
)
from earmark.evaluate.clip_logits import softmax
from earmark.evaluate.clips import mean_probabilities
from earmark.evaluate.conformal import conformal_cutoff, conformity_scores, group_weights, prediction_sets
from earmark.experiment.calibrating import keep_neighbours
from earmark.experiment.config import AugmentConfig
from earmark.experiment.folder import RunFolder
from earmark.experiment.prepare import Prepared, prepare
from earmark.features.store import FeatureStore
from earmark.inference.bundle import load_bundle
from earmark.models.graph import ClassifierGraph, predict_views

COVERAGES = (0.8, 0.9, 0.95)
METHODS = ("auto", "temperature", "per-class")


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a network said of some clips: logits of segments, the clip of each, and the distance of each clip."""

    logits: np.ndarray
    clip_index: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    distances: np.ndarray

    def probabilities(self, calibration: Calibration | None) -> np.ndarray:
        """Return those of clips; None for the network as it is."""
        segments = calibration.apply(self.logits) if calibration else softmax(self.logits)
        return mean_probabilities(segments, self.clip_index)


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One fold: what was said of its validation and test clips, and of sounds that are of no class."""

    validation: Heard
    test: Heard
    others: dict[str, Heard]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of finished cross-validations")
    parser.add_argument("--cache", type=Path, help="where features are kept")
    parser.add_argument("--other", action="append", default=[], help="data whose sounds are of no class")
    parser.add_argument("--clips", type=int, default=100, help="clips of each such data set")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    waves: dict[str, np.ndarray] = {}
    folds = [
        fold
        for path in arguments.runs
        for fold in read_folds(RunFolder(path), FeatureStore(arguments.cache), arguments, waves)
    ]
    print(f"{len(folds)} folds, {sum(len(fold.test.y) for fold in folds)} tested clips; 95 % intervals over groups\n")
    print_calibration(folds)
    print_coverage(folds)
    print_novelty(folds)
    print_answers(folds)


def read_folds(
    run: RunFolder, store: FeatureStore, arguments: argparse.Namespace, waves: dict[str, np.ndarray]
) -> Iterator[Fold]:
    """Yield each fold of a cross-validation; the sounds of no class are read once, into `waves`."""
    prepared: Prepared | None = None
    for place in sorted(run.path.glob("fold-*"), key=lambda path: int(path.name.removeprefix("fold-"))):
        fold = RunFolder(place)
        config = replace(fold.read_config(), augment=AugmentConfig(steps=()))
        prepared = prepared or prepare(config, store=store)
        graph, blueprint = load_bundle(fold.bundle_path)
        if not waves:
            waves.update(read_others(arguments, blueprint.recipe))
        rows = fold.read_table("split.csv")
        where = {clip.name: index for index, clip in enumerate(prepared.dataset)}
        parts = {
            part: tuple(where[row["path"]] for row in rows if row["part"] == part)
            for part in ("train", "validation", "test")
        }
        here = replace(prepared, split=replace(prepared.split, **parts))
        graph.doubt.novelties = torch.zeros(0)
        keep_neighbours(graph, here)
        with torch.inference_mode():
            others = {name: listen(graph, graph.front_end(torch.from_numpy(wave))) for name, wave in waves.items()}
        yield Fold(validation=hear(graph, here, "validation"), test=hear(graph, here, "test"), others=others)


def read_others(arguments: argparse.Namespace, recipe) -> dict[str, np.ndarray]:  # noqa: ANN001 - see `Blueprint.recipe`
    """Return one segment (n, n_samples) of each of some sounds that are of no class: noise, tones, other data."""
    rng = np.random.default_rng(0)
    n, sample_rate = recipe.segments.length_samples, recipe.settings.sample_rate
    frequencies = np.maximum(np.fft.rfftfreq(n, 1 / sample_rate), 20.0)

    def noise(slope: float) -> np.ndarray:
        wave = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * frequencies ** (-slope / 2), n)
        return (wave / np.abs(wave).max() * 10 ** (-rng.uniform(0, 40) / 20)).astype(np.float32)

    def tone() -> np.ndarray:
        return (0.3 * np.sin(2 * np.pi * np.exp(rng.uniform(4.6, 8.5)) * np.arange(n) / sample_rate)).astype(np.float32)

    waves = {
        "white noise": np.stack([noise(0) for _ in range(30)]),
        "pink noise": np.stack([noise(1) for _ in range(30)]),
        "pure tones": np.stack([tone() for _ in range(30)]),
    }
    for data in arguments.other:
        dataset = earmark.open_dataset(data)
        chosen = rng.permutation(len(dataset))[: arguments.clips]
        read = [read_sound(dataset[int(clip)].path, sample_rate=sample_rate)[0] for clip in chosen]
        middles = [wave[max(0, (len(wave) - n) // 2) :][:n] for wave in read if len(wave) >= n]
        waves[dataset.root.name] = np.stack(middles)
    return waves


def hear(graph: ClassifierGraph, prepared: Prepared, part: str) -> Heard:
    """Return what a network says of the clips of a part."""
    clips = list(getattr(prepared.split, part))
    arrays = [prepared.features[clip] for clip in clips]
    clip_index = np.repeat(np.arange(len(clips)), [len(array) for array in arrays])
    logits, views = predict_views(graph, torch.from_numpy(np.concatenate(arrays)))
    distances = graph.doubt.distances(views).numpy()
    return Heard(
        logits=logits.numpy(),
        clip_index=clip_index,
        y=prepared.dataset.y[clips],
        groups=np.array([prepared.dataset.groups[clip] for clip in clips]),
        distances=np.bincount(clip_index, weights=distances) / np.bincount(clip_index),
    )


def listen(graph: ClassifierGraph, features: torch.Tensor) -> Heard:
    """Return what a network says of segments that are of no class."""
    logits, views = predict_views(graph, features)
    none = np.zeros(len(logits), dtype=int)
    distances = graph.doubt.distances(views).numpy()
    return Heard(logits=logits.numpy(), clip_index=np.arange(len(none)), y=none, groups=none, distances=distances)


def print_calibration(folds: list[Fold]) -> None:
    """Print the scores of probabilities before and after."""
    y = np.concatenate([fold.test.y for fold in folds])
    groups = np.concatenate([fold.test.groups for fold in folds])
    print("| probabilities | accuracy | ECE | log loss | Brier | chosen |\n|---|---|---|---|---|---|")
    for method in ("none", *METHODS):
        fitted = [
            fit_calibration(
                fold.validation.logits,
                fold.validation.y,
                clip_index=fold.validation.clip_index,
                groups=fold.validation.groups.tolist(),
                method=method,
            )
            for fold in folds
        ]
        said = np.concatenate([fold.test.probabilities(one) for fold, one in zip(folds, fitted, strict=True)])
        chosen = [one.method for one in fitted]
        counted = ", ".join(f"{name} {chosen.count(name)}" for name in sorted(set(chosen)))
        own = said[np.arange(len(y)), y]
        brier = np.square(said - np.eye(said.shape[1])[y]).sum(axis=1)
        columns = [
            interval((said.argmax(axis=1) == y).astype(float), groups, percent=True),
            ece_interval(said, y, groups),
            interval(-np.log(np.maximum(own, 1e-12)), groups),
            interval(brier, groups),
        ]
        print(f"| {'before' if method == 'none' else method} | {' | '.join(columns)} | {counted} |")
    print()


def print_coverage(folds: list[Fold]) -> None:
    """Print how often prediction sets hold the truth, and how large they are."""
    groups = np.concatenate([fold.test.groups for fold in folds])
    print("| asked | rule | covered % | by run | labels a clip | none | one |\n|---|---|---|---|---|---|---|")
    for coverage in COVERAGES:
        for at_least in (False, True):
            sets = [sets_of(fold, coverage, at_least=at_least) for fold in folds]
            held = [found[np.arange(len(found)), fold.test.y] for found, fold in zip(sets, folds, strict=True)]
            sizes = np.concatenate([found.sum(axis=1) for found in sets])
            runs = [np.concatenate(held[start : start + 5]) for start in range(0, len(held), 5)]
            by_run = " ".join(f"{100 * run.mean():.1f}" for run in runs)
            print(
                f"| {coverage:g} | {'at least' if at_least else 'interpolated'} "
                f"| {interval(np.concatenate(held).astype(float), groups, percent=True)} | {by_run} "
                f"| {sizes.mean():.2f} | {100 * (sizes == 0).mean():.1f} % | {100 * (sizes == 1).mean():.1f} % |"
            )
    print()


def sets_of(fold: Fold, coverage: float, *, at_least: bool) -> np.ndarray:
    """Return the prediction sets of the tested clips of a fold."""
    part = fold.validation
    calibration = fit_calibration(
        part.logits, part.y, clip_index=part.clip_index, groups=part.groups.tolist(), method="auto"
    )
    as_new = held_out_probabilities(
        part.logits, part.y, clip_index=part.clip_index, groups=part.groups.tolist(), method=calibration.method
    )
    scores = conformity_scores(as_new, part.y)
    cutoff = conformal_cutoff(scores, coverage, weights=group_weights(part.groups), at_least=at_least)
    return prediction_sets(fold.test.probabilities(calibration), cutoff)


def print_novelty(folds: list[Fold]) -> None:
    """Print how well distance tells tested clips from sounds of no class."""
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - only here

    print("| sounds | AUC against tested clips (lowest fold) | called novel |\n|---|---|---|")
    cutoffs = [
        conformal_cutoff(fold.validation.distances, 0.95, weights=group_weights(fold.validation.groups)).value
        for fold in folds
    ]
    called = np.concatenate([fold.test.distances > cutoff for fold, cutoff in zip(folds, cutoffs, strict=True)])
    print(f"| tested clips | | {100 * called.mean():.1f} % |")
    for name in folds[0].others:
        areas = [
            roc_auc_score(
                np.repeat([0, 1], [len(fold.test.distances), len(fold.others[name].distances)]),
                np.concatenate([fold.test.distances, fold.others[name].distances]),
            )
            for fold in folds
        ]
        novel = np.mean(
            [(fold.others[name].distances > cutoff).mean() for fold, cutoff in zip(folds, cutoffs, strict=True)]
        )
        print(f"| {name} | {np.mean(areas):.3f} ({min(areas):.3f}) | {100 * novel:.0f} % |")


def print_answers(folds: list[Fold], least: float = 0.7) -> None:
    """Print how often a label is given that has to be so probable, and how often it is right."""
    print(f"\n| sounds | given a label with --min-confidence {least:g} | of these right |\n|---|---|---|")
    fitted = [
        fit_calibration(
            fold.validation.logits,
            fold.validation.y,
            clip_index=fold.validation.clip_index,
            groups=fold.validation.groups.tolist(),
        )
        for fold in folds
    ]
    said = np.concatenate([fold.test.probabilities(one) for fold, one in zip(folds, fitted, strict=True)])
    right = said.argmax(axis=1) == np.concatenate([fold.test.y for fold in folds])
    sure = said.max(axis=1) >= least
    print(f"| tested clips | {100 * sure.mean():.1f} % | {100 * right[sure].mean():.1f} % |")
    for name in folds[0].others:
        heard = [fold.others[name].probabilities(one) for fold, one in zip(folds, fitted, strict=True)]
        print(f"| {name} | {100 * (np.concatenate(heard).max(axis=1) >= least).mean():.1f} % | |")


def interval(values: np.ndarray, groups: np.ndarray, *, percent: bool = False) -> str:
    """Return the mean of a value a clip with its 95 % interval from drawing groups."""
    _, index = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(index, weights=values), np.bincount(index)
    drawn = draws(len(counts))
    low, high = np.quantile((drawn @ sums) / (drawn @ counts), [0.025, 0.975])
    scale, digits = (100, 1) if percent else (1, 3)
    return f"{scale * values.mean():.{digits}f} ({scale * low:.{digits}f}-{scale * high:.{digits}f})"


def ece_interval(said: np.ndarray, y: np.ndarray, groups: np.ndarray) -> str:
    """Return the expected calibration error with its 95 % interval from drawing groups."""
    _, index = np.unique(groups, return_inverse=True)
    found = []
    for weights in draws(index.max() + 1, n=300):
        taken = np.repeat(np.arange(len(y)), weights[index].astype(int))
        found.append(expected_calibration_error(said[taken], y[taken]))
    low, high = np.quantile(found, [0.025, 0.975])
    return f"{expected_calibration_error(said, y):.3f} ({low:.3f}-{high:.3f})"


def draws(n_groups: int, n: int = 2000) -> np.ndarray:
    """Return how often each group is drawn (n, n_groups)."""
    return np.random.default_rng(0).multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n).astype(float)


if __name__ == "__main__":
    main()
