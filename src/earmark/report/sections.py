"""What each part of the page of a run, or of a cross-validation, shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli_w

from earmark.errors import StorageError
from earmark.evaluate.measures import MEASURES
from earmark.evaluate.pairs import Pair
from earmark.evaluate.run_scores import LEVELS, ClassScores, RunScores
from earmark.evaluate.tested import Tested
from earmark.experiment import scores as all_scores
from earmark.experiment.reading import read_tested
from earmark.features.interchange.catalogue import holds_features
from earmark.report import figures, reliability
from earmark.report.excerpts import Excerpts, make_excerpts
from earmark.report.matrix import class_orders
from earmark.report.players import find_clips
from earmark.report.results import RunResults, ScoredClip
from earmark.report.spread import draw_folds, fold_boxes
from earmark.report.tables import (
    class_lines,
    commonest_confusions,
    commonest_share,
    data_rows,
    matrix_rows,
    part_names,
    score_rows,
)
from earmark.report.verdict import cautions, compare_with_baseline, describe_course, describe_ending, verdict

MOST_GROUPS = 300
MOST_CLIPS = 5000  # rows of the list of clips: 1 MB
_LEVEL_TITLES = {
    "clip": "per clip",
    "vote": "by vote",
    "log-odds": "by log-odds",
    "segment": "per segment",
    "group": "per group",
}


@dataclass(frozen=True)
class Parts:
    """The contents of the parts of one page; what several parts need is read once.

    Attributes:
        results: What the files of the run say.
        explain: Whether to show what clips were decided from.
    """

    results: RunResults
    explain: bool = True

    @cached_property
    def scores(self) -> RunScores:
        """Every score of the run."""
        return all_scores.read_run_scores(self.results.folder)

    @cached_property
    def tested(self) -> Tested:
        """What the classifier said of each clip."""
        return read_tested(self.results.folder).tested

    @cached_property
    def excerpts(self) -> Excerpts:
        """The clips that are played."""
        return make_excerpts(self.results, explain=self.explain)

    def verdict(self, faults: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Return how good the classifier is, and what a reader must know before.

        Args:
            faults: The titles of the parts that could not be made, and why.
        """
        missing = [f"The part \u201c{title}\u201d could not be made: {fault}." for title, fault in faults]
        return {
            "verdict": [sentence.replace(" %", "\N{NO-BREAK SPACE}%") for sentence in verdict(self.results)],
            "cautions": [*cautions(self.results), *missing],
        }

    def summary(self) -> dict[str, Any]:
        """Return the accuracy and F1 of the classifier and of the baseline beside it."""
        card = self.results.scorecard
        sentence = compare_with_baseline(card, network=self.results.network) if card.baseline else ""
        return {
            "scorecard": card,
            "scores": score_rows(card),
            "commonest_share": commonest_share(card),
            "baseline_sentence": "" if sentence in verdict(self.results) else sentence,
            "against": self._against(),
        }

    def _against(self) -> Pair | None:
        try:
            return all_scores.compare_with_baseline(self.results.folder)
        except StorageError:  # of an older run, or a damaged one: the table is still there
            return None

    def measures(self) -> dict[str, Any]:
        """Return every score, for each kind of answer."""
        scores = self.scores
        levels = [level for name in LEVELS if (level := scores.level(name)) is not None]
        rows = [
            (one, [(level.scores.get(name), level.undefined.get(name, "")) for level in levels])
            for name, one in MEASURES.items()
        ]
        return {
            "levels": [(_LEVEL_TITLES[level.level], level.n) for level in levels],
            "rows": [(one, cells) for one, cells in rows if any(estimate for estimate, _ in cells)],
            "notes": scores.notes,
            "spread": scores.folds,
        }

    def folds(self) -> dict[str, Any]:
        """Return what differs from fold to fold."""
        return {
            "folds": self.results.folds,
            "boxes": fold_boxes(self.results.folds, network=self.results.network),
            "charts": draw_folds(self.results.folds),
            "figures": figures,
            "network": self.results.network,
        }

    def training(self) -> dict[str, Any]:
        """Return how the training went."""
        results = self.results
        return {
            "results": results,
            "charts": figures.draw_curves(results.epochs, best_epoch=results.best_epoch),
            "figures": figures,
            "ending": describe_ending(results),
            "course": describe_course(results),
        }

    def confusion(self) -> dict[str, Any]:
        """Return what was taken for what, and the clips behind it."""
        card = self.results.scorecard
        clips = listed_clips(self.results.scored)
        played = {}
        for excerpt in (*self.excerpts.mistakes, *self.excerpts.hits, *self.excerpts.others):
            played[excerpt.clip.place] = excerpt.anchor
        return {
            "pairs": commonest_confusions(card),
            "matrix": matrix_rows(card),
            "orders": class_orders(card.labels, card.clip.confusion),
            "labels": card.labels,
            "clips": clips,
            "n_clips": len(self.results.scored),
            "n_wrong": sum(not clip.is_right for clip in self.results.scored),
            "played": played,
            "has_folds": bool(self.results.folds),
        }

    def reliability(self) -> dict[str, Any]:
        """Return how often the classifier is right where it is so and so sure."""
        return {"diagram": reliability.draw_reliability(self.tested, self.results), "figures": reliability}

    def classes(self) -> dict[str, Any]:
        """Return how each class fares."""
        known: Mapping[str, ClassScores] = {}
        try:
            known = {row.label: row for row in self.scores.classes}
        except StorageError:  # said in the part of all scores; the table of the scorecard is still there
            known = {}
        return {"classes": class_lines(self.results.scorecard), "known": known}

    def groups(self) -> dict[str, Any]:
        """Return how each group fares."""
        rows = self.scores.groups
        return {
            "rows": rows[:MOST_GROUPS],
            "n_rows": len(rows),
            "n_clips": self.scores.n_clips,
            "n_perfect": sum(row.n_right == row.n_clips for row in rows),
            "n_none": sum(row.n_right == 0 for row in rows),
        }

    def mistakes(self) -> dict[str, Any]:
        """Return the worst mistakes."""
        return {
            "mistakes": self.excerpts.mistakes,
            "others": self.excerpts.others,
            "n_wrong": sum(not clip.is_right for clip in self.results.scored),
            "notes": self.excerpts.notes,
        }

    def hits(self) -> dict[str, Any]:
        """Return the right clips that the classifier was least sure of."""
        return {"hits": self.excerpts.hits, "n_right": sum(clip.is_right for clip in self.results.scored)}

    def data(self) -> dict[str, Any]:
        """Return what is in the data, and what was found in it."""
        results = self.results
        return {
            "results": results,
            "parts": part_names(results),
            "data": data_rows(results),
            "bad": [sound for sound in results.sounds if sound.is_bad],
            "silent": [sound for sound in results.sounds if sound.fault and not sound.is_bad],
            "has_sounds": not holds_features(results.data_path),
            "split": verdict(results)[1],
            "changed": self._changed(),
        }

    def _changed(self) -> list[str]:
        """Return what of the data set is no longer as it was when the run was made."""
        if holds_features(self.results.data_path):
            return []
        found = find_clips(self.results.config.get("data", {}), self.results.clips)
        pairs = list(zip(self.results.clips, found, strict=True))
        gone = [clip.name for clip, now in pairs if now is None or not now.path.exists()]
        other = [clip.name for clip, now in pairs if now is not None and now.label != clip.label]
        said = []
        if gone:
            said.append(f"{len(gone)} of {len(pairs)} clips are no longer where they were, such as {gone[0]}.")
        if other:
            said.append(f"{len(other)} of {len(pairs)} clips have another label now, such as {other[0]}.")
        return said

    def making(self) -> dict[str, Any]:
        """Return how the results were made, and how to make them again."""
        return {"results": self.results, "config": shown_config(self.results.config)}


def listed_clips(scored: Sequence[ScoredClip]) -> list[ScoredClip]:
    """Return the clips of the list, wrong ones first; of very many, no more than a page can hold."""
    return sorted(scored, key=lambda clip: (clip.is_right, clip.label, clip.predicted, clip.place))[:MOST_CLIPS]


def shown_config(config: Mapping[str, Any]) -> str:
    """Return a configuration as TOML, without the folders above its paths: they may name a person or a place.

    >>> print(shown_config({"data": {"path": "/home/ann/sounds"}}).strip())
    [data]
    path = ".../sounds"
    """
    return tomli_w.dumps({key: _without_folders(key, value) for key, value in config.items()})


def _without_folders(key: str, value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Return a value of a configuration; of a path, the last name alone."""
    if isinstance(value, Mapping):
        return {inner: _without_folders(inner, one) for inner, one in value.items()}
    if key == "path" and isinstance(value, str) and Path(value).name != value:
        return f".../{Path(value).name}"
    return value
