"""The main job on built-in data, and what a random split of segments would have claimed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from earmark._util.progress import Progress
from earmark._util.seeds import spawn_generator
from earmark.data.dataset import Dataset
from earmark.data.genres.make import VERSION, make_genres
from earmark.data.splits import Split
from earmark.evaluate.intervals import Estimate
from earmark.evaluate.scorecard import Scorecard
from earmark.experiment.config import RunConfig, make_config
from earmark.experiment.fitting import fit_classifier
from earmark.experiment.folder import RunFolder
from earmark.experiment.prepare import Prepared
from earmark.experiment.run import RunResult, train_run
from earmark.experiment.scoring import score_clips
from earmark.features.store import FeatureStore, default_store_folder
from earmark.models.device import resolve_device

# Of each genre. Chosen by looking at the honest score: the network had 0.35 of clips with 5, 0.29 with 8, 0.57 with 12.
# It is a property of the set's making, as the strength of its artists is, and no finding about anything.
_N_ARTISTS = 12


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """The same network on the same sounds, split in two ways.

    Attributes:
        run: The honest one: whole artists are kept apart.
        claimed: The scores of a random split of segments.
    """

    run: RunResult
    claimed: Scorecard

    @property
    def difference(self) -> float:
        """By how much the random split overstates the accuracy per segment."""
        return self.claimed.segment.accuracy.value - self.run.scorecard.segment.accuracy.value

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "random_segments": self.claimed.to_json()["segment"],
            "by_artist": self.run.scorecard.to_json()["segment"],
            "difference": self.difference,
        }

    def __str__(self) -> str:
        rows = [
            ("random split of segments", self.claimed.segment.accuracy, "what such a split would have claimed"),
            ("split by artist (honest)", self.run.scorecard.segment.accuracy, "what to expect of artists never heard"),
        ]
        lines = [f"  {name}   {_interval(estimate)}   {meaning}" for name, estimate, meaning in rows]
        verdict = f"{100 * self.difference:.0f} points are recordings and artists recognised, not genres learnt."
        if self.difference <= 0:
            verdict = "Here the random split claims no more: that is luck, and no reason to trust it."
        return "\n".join(["The same network on the same sounds, accuracy per segment of 3 s:", *lines, verdict])


def run_demonstration(out: Path, *, seed: int = 0, progress: Progress | None = None) -> Demonstration:
    """Make ten synthetic genres, train on them by artist, and again on a random split of segments.

    Args:
        out: Where the sounds (``genres-...``) and the run (``run``) are written; an earlier demonstration is replaced.
        seed: The root of all random numbers.
        progress: What is told while it goes on.

    Raises:
        StorageError: The folder holds something else, or cannot be written.
    """
    folder = RunFolder(out / "run")
    folder.claim(overwrite=folder.is_run, resume=False)  # before any work is done for it
    # The version and the seed in its name: other sounds get another folder.
    table = make_genres(out / f"genres-{VERSION}-{seed}", seed=seed, n_artists=_N_ARTISTS, progress=progress)
    config = make_config(
        {
            "data": {"path": str(table), "group_column": "artist"},
            "front_end": {"name": "mfcc"},
            "network": {"name": "cnn"},
            "segments": {"count": 10},
            "train": {"max_epochs": 40, "patience": 10},
            "seed": seed,
        }
    )
    run = train_run(
        config,
        folder.path,
        store=FeatureStore(default_store_folder()),
        overwrite=folder.is_run,
        progress=progress,
    )
    if run.fitted.ended == "interrupted":
        raise KeyboardInterrupt
    return Demonstration(run=run, claimed=score_random_segments(config, run.prepared, progress=progress))


def score_random_segments(config: RunConfig, prepared: Prepared, *, progress: Progress | None = None) -> Scorecard:
    """Score the same network on a random split of segments, as is often done and never should be.

    Parts are as large as those of the honest split; only what they are made of differs.

    Args:
        config: See `RunConfig`.
        prepared: Data, honest split and features.
        progress: What is told of each epoch.
    """
    n_segments = [len(features) for features in prepared.features]
    owner = np.repeat(np.arange(len(n_segments)), n_segments).tolist()
    names = [f"{prepared.dataset[clip].name}#{number}" for number, clip in enumerate(owner)]
    clips = [replace(prepared.dataset[clip], name=name, group=name) for clip, name in zip(owner, names, strict=True)]
    order = spawn_generator(config.seed, "random segments").permutation(len(clips)).tolist()
    n_train, n_validation = (
        _n_segments(part, n_segments) for part in (prepared.split.train, prepared.split.validation)
    )
    split = Split(
        train=tuple(order[:n_train]),
        validation=tuple(order[n_train : n_train + n_validation]),
        test=tuple(order[n_train + n_validation :]),
    )
    dataset = Dataset(clips, root=prepared.dataset.root)
    features = tuple(segment[np.newaxis] for array in prepared.features for segment in array)
    shuffled = replace(prepared, dataset=dataset, split=split, features=features)
    fitted = fit_classifier(config, shuffled, device=resolve_device(config.device), progress=progress)
    return score_clips(fitted.graph, dataset, features, split.test, seed=config.seed).scorecard


def _n_segments(clips: Sequence[int], n_segments: Sequence[int]) -> int:
    return sum(n_segments[clip] for clip in clips)


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"
