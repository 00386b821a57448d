"""The numbers of a run with their intervals, per segment and per clip, and the file that keeps them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from earmark._util.files import write_json
from earmark._util.seeds import spawn_generator
from earmark.errors import SettingError, StorageError
from earmark.evaluate.checks import FloatArray, IntArray, check_indices, check_labels, check_probabilities
from earmark.evaluate.clips import majority_vote, mean_probabilities
from earmark.evaluate.intervals import Estimate, bootstrap_estimates
from earmark.evaluate.metrics import (
    accuracy_of_counts,
    class_table,
    confusion_matrix,
    group_class_counts,
    macro_f1_of_counts,
)
from earmark.evaluate.scores import Baseline, ClipScores, Scores

_SCHEMA = 1
_METRICS = {"accuracy": accuracy_of_counts, "macro_f1": macro_f1_of_counts}
_SPELLED = {"svm": "SVM"}


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """The numbers of a run with their 95 % intervals.

    Attributes:
        labels: The classes, in the order of every table in it.
        n_groups: How many groups the clips are of; the intervals come from drawing these.
        segment: How the predictions for segments fare.
        clip: How the predictions for clips fare.
        baseline: What a simple method makes of the same clips, if one was tried.
    """

    labels: tuple[str, ...]
    n_groups: int
    segment: Scores
    clip: ClipScores
    baseline: Baseline | None = None

    @property
    def n_clips(self) -> int:
        """How many clips were scored."""
        return self.clip.n

    def with_baseline(self, name: str, other: "Scorecard") -> "Scorecard":
        """Return this scorecard with another one's scores as its baseline.

        Args:
            name: The method behind the other one, such as ``svm``.
            other: The scores of the same clips.

        Raises:
            SettingError: It is of other labels, clips or groups.
        """
        for what, ours, theirs in (
            ("labels", self.labels, other.labels),
            ("clips of each class", _class_sizes(self), _class_sizes(other)),
            ("number of groups", self.n_groups, other.n_groups),
        ):
            if ours != theirs:
                raise SettingError(
                    f"the baseline {name!r} was scored on other data: its {what}: {theirs}, here: {ours}; "
                    f"score both on the same clips"
                )
        return replace(self, baseline=Baseline(name=name, segment=other.segment, clip=other.clip))

    def sentence(self) -> str:
        """Return the verdict in plain words."""
        accuracy = self.clip.accuracy
        verb = "is" if self.n_clips == 1 else "are"
        right = f"{_percent(accuracy.value)} % of {_counted(self.n_clips, 'clip')} {verb} right"
        if accuracy.low is None or accuracy.high is None:
            trust = "no interval: all of one group"
        else:
            ends = f"{_percent(accuracy.low)} to {_percent(accuracy.high)}"
            trust = f"95 % interval {ends}, over {self.n_groups} groups"
        if self.baseline is None:
            return f"{right} ({trust})."
        name = _SPELLED.get(self.baseline.name, self.baseline.name)
        return f"{right} ({trust}); the {name} baseline gets {_percent(self.baseline.clip.accuracy.value)} %."

    def __str__(self) -> str:
        lines = [
            ("clip", self.clip.accuracy, self.clip.macro_f1, _counted(self.n_clips, "clip")),
            ("clip, by vote", self.clip.vote_accuracy, self.clip.vote_macro_f1, _counted(self.n_clips, "clip")),
            ("segment", self.segment.accuracy, self.segment.macro_f1, _counted(self.segment.n, "segment")),
        ]
        if self.baseline is not None:
            clip = self.baseline.clip
            lines.append((f"{self.baseline.name} (baseline)", clip.accuracy, clip.macro_f1, _counted(clip.n, "clip")))
        width = max(len(name) for name, *_ in lines)
        table = [f"{name:{width}}  accuracy {a!s:19}  macro F1 {f!s:19}  {n}" for name, a, f, n in lines]
        return "\n".join([*table, f"95 % intervals over {_counted(self.n_groups, 'group')}"])

    def to_json(self) -> dict[str, Any]:
        """Return the scorecard as what JSON can hold: the contents of ``scorecard.json``."""
        content = {"schema": _SCHEMA, **asdict(self)}
        lists: dict[str, Any] = json.loads(json.dumps(content, allow_nan=False))  # tuples become lists
        return lists

    @classmethod
    def from_json(cls, content: object) -> "Scorecard":
        """Return the scorecard that `to_json` made `content` from.

        Raises:
            StorageError: It is no scorecard, a broken one, or one that another version of earmark wrote.
        """
        if not isinstance(content, Mapping) or "schema" not in content:
            raise StorageError(
                "this is no scorecard: it has no schema number; a run folder keeps one in scorecard.json"
            )
        if content["schema"] != _SCHEMA:
            raise StorageError(
                f"the scorecard has schema {content['schema']!r}, and this version of earmark reads schema {_SCHEMA}: "
                f"another version of earmark wrote it; read it with that one"
            )
        try:
            labels = tuple(str(label) for label in content["labels"])
            baseline = content.get("baseline")
            return cls(
                labels=labels,
                n_groups=int(content["n_groups"]),
                segment=Scores.from_json(content["segment"], labels),
                clip=ClipScores.from_json(content["clip"], labels),
                baseline=None if baseline is None else Baseline.from_json(baseline, labels),
            )
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise StorageError(f"the scorecard is broken ({error!r}): score the run again") from error

    def save(self, path: Path) -> None:
        """Write the scorecard as JSON, whole or not at all.

        Raises:
            StorageError: The file cannot be written.
        """
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> "Scorecard":
        """Return the scorecard that `save` wrote.

        Raises:
            StorageError: The file is missing, broken, or written by another version of earmark.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise StorageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
        except (ValueError, RecursionError) as error:
            raise StorageError(f"cannot read {path}: it is no JSON ({error}); score the run again") from error
        try:
            return cls.from_json(content)
        except StorageError as error:
            raise StorageError(f"cannot read {path}: {error}") from error


def score_predictions(
    *,
    segment_probabilities: FloatArray,
    clip_index: IntArray,
    y: IntArray,
    groups: Sequence[str],
    labels: Sequence[str],
    seed: int,
) -> Scorecard:
    """Score predictions per segment and per clip, with intervals over groups.

    All intervals draw the same groups, so those of segments, clips and a baseline scored with the same seed can be
    compared. The order of clips and segments does not matter.

    Args:
        segment_probabilities: Shape (n_segments, n_classes), each in 0..1.
        clip_index: Which clip each segment is of, shape (n_segments,), in 0..n_clips - 1; every clip has one at least.
        y: The true class of each clip, shape (n_clips,), in 0..n_classes - 1.
        groups: The group of each clip, n_clips names.
        labels: The names of the classes; some may occur in no clip.
        seed: The root seed, not negative.

    Returns:
        The scorecard, without a baseline.

    Raises:
        SettingError: There are no clips, lengths differ, a class or clip is out of range, a clip has no segment, or a
            probability is none.
    """
    names = check_labels(labels)
    true = check_indices("y", y, n_kinds=len(names))
    if not len(true):
        raise SettingError("there are no clips to score: the test part is empty")
    if len(groups) != len(true):
        raise SettingError(f"there are {len(groups)} groups for {len(true)} clips: pass the group of each clip")
    if seed < 0:
        raise SettingError(f"the seed {seed} is negative: write 0 or more")
    probabilities = check_probabilities("segment_probabilities", segment_probabilities, n_columns=len(names))
    clip = check_indices("clip_index", clip_index, n_kinds=len(true), length=len(probabilities))
    n_without = len(true) - len(np.unique(clip))
    if n_without:
        raise SettingError(
            f"{n_without} of {len(true)} clips have no segment in clip_index: score only clips that were heard"
        )
    # Sorted, not in order of appearance: the draw must not depend on the order of the clips.
    number = {group: index for index, group in enumerate(sorted(set(groups)))}
    group = np.array([number[group] for group in groups], dtype=np.int64)
    vote = _estimates(true, majority_vote(probabilities, clip), group, names, seed)
    return Scorecard(
        labels=names,
        n_groups=len(number),
        segment=Scores(**_scores(true[clip], probabilities.argmax(axis=1), group[clip], names, seed)),
        clip=ClipScores(
            **_scores(true, mean_probabilities(probabilities, clip).argmax(axis=1), group, names, seed),
            vote_accuracy=vote["accuracy"],
            vote_macro_f1=vote["macro_f1"],
        ),
    )


def _scores(true: IntArray, predicted: IntArray, group: IntArray, labels: tuple[str, ...], seed: int) -> dict[str, Any]:
    confusion = confusion_matrix(true, predicted, len(labels))
    return {
        "n": len(true),
        "confusion": tuple(tuple(row) for row in confusion.tolist()),
        "classes": tuple(class_table(confusion, labels)),
        **_estimates(true, predicted, group, labels, seed),
    }


def _estimates(
    true: IntArray, predicted: IntArray, group: IntArray, labels: tuple[str, ...], seed: int
) -> dict[str, Estimate]:
    counts = group_class_counts(true, predicted, group, n_classes=len(labels), n_groups=int(group.max()) + 1)
    return bootstrap_estimates(
        counts, _METRICS, rng=spawn_generator(seed, "bootstrap"), sizes=np.bincount(group, minlength=len(counts))
    )


def _class_sizes(card: Scorecard) -> tuple[int, ...]:
    return tuple(row.n for row in card.clip.classes)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
