"""Everything that can be said of a run in numbers, each with its interval: per clip, segment, group and class."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark._util.seeds import spawn_generator
from earmark.errors import SettingError
from earmark.evaluate.checks import FloatArray, IntArray
from earmark.evaluate.clips import majority_vote, mean_log_odds, mean_probabilities
from earmark.evaluate.intervals import Estimate, effective_groups, inflated_estimate, resampled_estimate
from earmark.evaluate.measures import CLASS_MEASURES, MEASURES, Items, Measured, draw_weights, measure
from earmark.evaluate.metrics import confusion_matrix
from earmark.evaluate.remarks import remarks, why_undefined, why_undefined_class
from earmark.evaluate.tested import Tested

LEVELS = ("clip", "vote", "log-odds", "segment", "group")


@dataclass(frozen=True, kw_only=True)
class LevelScores:
    """How one kind of answer fares.

    Attributes:
        level: ``clip`` (the mean probability of its segments), ``vote`` (their majority), ``log-odds`` (their mean
            log-odds), ``segment`` (each on its own) or ``group`` (the mean probability of the clips of a group; once
            for each class that a group has).
        n: How many answers there are.
        scores: Those of `MEASURES` that are defined, with their intervals.
        undefined: Why each of the others is not.
        confusion: Counts: a row for each true class, in it a column for each predicted one.
    """

    level: str
    n: int
    scores: Mapping[str, Estimate]
    undefined: Mapping[str, str]
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ClassScores:
    """How one class fares among the clips.

    Attributes:
        label: The class.
        n: How many clips are of it.
        n_groups: Of how many groups these are.
        scores: What is defined of ``precision``, ``recall``, ``f1``, ``roc_auc`` and ``average_precision`` (one class
            against the rest), with intervals.
        undefined: Why each of the others is not.
    """

    label: str
    n: int
    n_groups: int
    scores: Mapping[str, Estimate]
    undefined: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """How the clips of one group fare.

    Attributes:
        group: Its name.
        labels: Of which classes its clips are.
        n_clips: How many there are.
        n_right: How many are right.
    """

    group: str
    labels: tuple[str, ...]
    n_clips: int
    n_right: int


@dataclass(frozen=True, kw_only=True)
class FoldSpread:
    """How much the scores per clip differ from fold to fold.

    It shows how steady they are. It is no interval: the folds share most of what they learn from.

    Attributes:
        folds: The number of each fold.
        n_clips: How many clips each has.
        values: Each measure in each fold; None where it is undefined.
        mean: The mean over the folds where it is defined.
        deviation: The deviation over these (divided by n - 1).
    """

    folds: tuple[int, ...]
    n_clips: tuple[int, ...]
    values: Mapping[str, tuple[float | None, ...]]
    mean: Mapping[str, float]
    deviation: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class RunScores:
    """The scores of a run.

    Attributes:
        name: What the run is called.
        labels: The classes, in the order of every table.
        n_clips: How many clips were scored.
        n_groups: Of how many groups; the intervals come from drawing these.
        levels: The scores of each kind of answer: clips first.
        classes: How each class fares.
        groups: How each group fares, the worst first.
        folds: How the scores differ from fold to fold; None where there are no folds.
        notes: What a reader should know, in plain sentences: what is undefined, and why.
    """

    name: str
    labels: tuple[str, ...]
    n_clips: int
    n_groups: int
    levels: tuple[LevelScores, ...]
    classes: tuple[ClassScores, ...]
    groups: tuple[GroupRow, ...]
    folds: FoldSpread | None = None
    notes: tuple[str, ...] = ()

    @property
    def clip(self) -> LevelScores:
        """The scores per clip."""
        return self.levels[0]

    def level(self, name: str) -> LevelScores | None:
        """Return the scores of one kind of answer; None where there are none.

        Args:
            name: One of `LEVELS`.
        """
        return next((level for level in self.levels if level.level == name), None)

    def sentence(self) -> str:
        """Return the verdict in plain words."""
        accuracy = self.clip.scores["accuracy"]
        counted = f"{self.n_clips} clip{'' if self.n_clips == 1 else 's'}"
        right = f"{100 * accuracy.value:.1f} % of {counted} {'is' if self.n_clips == 1 else 'are'} right"
        if accuracy.low is None or accuracy.high is None:
            return f"{right} (no interval: all of one group)."
        ends = f"{100 * accuracy.low:.1f} to {100 * accuracy.high:.1f}"
        return f"{right} (95 % interval {ends}, over {self.n_groups} groups)."

    def to_json(self) -> dict[str, Any]:
        """Return the scores as what JSON can hold."""
        return {
            "name": self.name,
            "labels": list(self.labels),
            "n_clips": self.n_clips,
            "n_groups": self.n_groups,
            "levels": {level.level: _plain(level) for level in self.levels},
            "classes": [_plain(row) for row in self.classes],
            "groups": [_plain(row) for row in self.groups],
            "folds": None if self.folds is None else _plain(self.folds),
            "notes": list(self.notes),
        }


def score_tested(tested: Tested, *, name: str = "", seed: int = 0, n_resamples: int = 2000) -> RunScores:
    """Measure what a classifier said by everything that can be said of it.

    All intervals come from the same draws of groups. The order of clips and segments does not matter.

    Args:
        tested: What it said of each clip.
        name: What the run is called.
        seed: The root seed, not negative: draws the groups.
        n_resamples: How often they are drawn.

    Raises:
        SettingError: The seed is negative, or `n_resamples` is below 1.

    >>> from earmark.evaluate.tested import make_tested
    >>> right, wrong = [0.9, 0.1], [0.2, 0.8]
    >>> tested = make_tested(
    ...     labels=["dog", "rain"],
    ...     y=[0, 0, 0, 1, 1],
    ...     groups=list("abcde"),
    ...     clip_probabilities=[right, right, wrong, wrong, wrong],
    ... )
    >>> scores = score_tested(tested)
    >>> scores.clip.scores["accuracy"].value, scores.classes[0].scores["recall"].value.__round__(2)
    (0.8, 0.67)

    Source: see `earmark.evaluate.intervals.resampled_estimate`.
    """
    if seed < 0:
        raise SettingError(f"the seed {seed} is negative: write 0 or more")
    if n_resamples < 1:
        raise SettingError(f"n_resamples is {n_resamples}: write 1 or more, such as 2000")
    weights = draw_weights(len(tested.group_names), n_resamples, spawn_generator(seed, "bootstrap"))
    levels: list[LevelScores] = []
    classes: tuple[ClassScores, ...] = ()
    for level, items in _items(tested):
        plain, resampled = measure(items, np.ones((1, items.n_groups))), measure(items, weights)
        levels.append(_level(level, items, plain, resampled))
        if level == "clip":
            classes = _classes(tested.labels, items, plain, resampled)
    return RunScores(
        name=name,
        labels=tested.labels,
        n_clips=len(tested),
        n_groups=len(tested.group_names),
        levels=tuple(levels),
        classes=classes,
        groups=_groups(tested),
        folds=None if tested.folds is None else _spread(tested),
        notes=remarks(tested),
    )


def estimate_scores(items: Items, plain: Measured, resampled: Measured) -> tuple[dict[str, Estimate], dict[str, str]]:
    """Return each score with its interval, and why each of the others has none.

    Args:
        items: What was measured.
        plain: Its scores with every group counting once.
        resampled: Its scores with drawn groups.
    """
    n_groups = effective_groups(np.bincount(items.group, minlength=items.n_groups))
    scores, undefined = {}, {}
    for name, one in MEASURES.items():
        value = float(plain.scores[name][0]) if name in plain.scores else np.nan
        if np.isnan(value):
            undefined[name] = why_undefined(one, items)
        elif name == "expected_calibration_error":
            scores[name] = inflated_estimate(value, resampled.scores[name], n_groups=n_groups)
        else:
            scores[name] = resampled_estimate(value, resampled.scores[name], n_groups=n_groups, most=one.most)
    return scores, undefined


def _items(tested: Tested) -> Iterator[tuple[str, Items]]:
    """Yield each kind of answer that is known, clips first."""
    yield "clip", Items.of_clips(tested)
    segments, clip = tested.segment_probabilities, tested.clip_index
    group = tested.group_index
    if segments is not None and clip is not None and len(segments) > len(tested):
        vote = majority_vote(segments, clip)
        yield "vote", Items.of(tested, tested.y, None, group, predicted=vote)
        yield "log-odds", Items.of(tested, tested.y, mean_log_odds(segments, clip), group)
        yield "segment", Items.of(tested, tested.y[clip], segments, group[clip])
    if len(tested.group_names) < len(tested):
        unit, place = np.unique(group * len(tested.labels) + tested.y, return_inverse=True)
        means = mean_probabilities(tested.clip_probabilities, place)
        yield "group", Items.of(tested, unit % len(tested.labels), means, unit // len(tested.labels))


def _level(level: str, items: Items, plain: Measured, resampled: Measured) -> LevelScores:
    scores, undefined = estimate_scores(items, plain, resampled)
    confusion = confusion_matrix(items.y, items.predicted, items.n_classes)
    return LevelScores(
        level=level,
        n=len(items.y),
        scores=scores,
        undefined=undefined,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def _classes(labels: tuple[str, ...], items: Items, plain: Measured, resampled: Measured) -> tuple[ClassScores, ...]:
    true = _sizes(items, items.y)
    predicted = _sizes(items, items.predicted)
    sizes = {"precision": predicted, "f1": true + predicted}
    rows = []
    for index, label in enumerate(labels):
        scores, undefined = {}, {}
        for name in CLASS_MEASURES:
            value = float(plain.classes[name][0, index])
            if np.isnan(value):
                undefined[name] = why_undefined_class(name, label, n_true=int(true[:, index].sum()))
                continue
            n_groups = effective_groups(sizes.get(name, true)[:, index])
            scores[name] = resampled_estimate(value, resampled.classes[name][:, index], n_groups=n_groups)
        n_clips, n_groups_of_it = int(true[:, index].sum()), int((true[:, index] > 0).sum())
        rows.append(ClassScores(label=label, n=n_clips, n_groups=n_groups_of_it, scores=scores, undefined=undefined))
    return tuple(rows)


def _sizes(items: Items, of_class: IntArray) -> npt.NDArray[np.int64]:
    """Return how many answers of each group are of each class, shape (n_groups, n_classes)."""
    cells = np.bincount(items.group * items.n_classes + of_class, minlength=items.n_groups * items.n_classes)
    return cells.reshape(items.n_groups, items.n_classes)


def _groups(tested: Tested) -> tuple[GroupRow, ...]:
    right = tested.predicted == tested.y
    n_clips = np.bincount(tested.group_index)
    n_right = np.bincount(tested.group_index, weights=right).astype(np.int64)
    classes: list[set[str]] = [set() for _ in tested.group_names]
    for group, label in zip(tested.group_index, tested.y, strict=True):
        classes[group].add(tested.labels[label])
    rows = [
        GroupRow(group=group, labels=tuple(sorted(classes[place])), n_clips=int(n), n_right=int(hits))
        for place, (group, n, hits) in enumerate(zip(tested.group_names, n_clips, n_right, strict=True))
    ]
    return tuple(sorted(rows, key=lambda row: (row.n_right / row.n_clips, -row.n_clips, row.group)))


def _spread(tested: Tested) -> FoldSpread | None:
    folds = sorted(set(tested.folds or ()))
    parts = [tested.subset([clip for clip, own in enumerate(tested.folds or ()) if own == fold]) for fold in folds]
    measured = [measure(Items.of_clips(part), np.ones((1, len(part.group_names)))).scores for part in parts]
    values = {
        name: tuple(_number(scores.get(name)) for scores in measured)
        for name in MEASURES
        if any(name in scores for scores in measured)
    }
    defined = {name: [value for value in row if value is not None] for name, row in values.items()}
    return FoldSpread(
        folds=tuple(folds),
        n_clips=tuple(map(len, parts)),
        values=values,
        mean={name: float(np.mean(row)) for name, row in defined.items() if row},
        deviation={name: float(np.std(row, ddof=1)) for name, row in defined.items() if len(row) > 1},
    )


def _number(values: FloatArray | None) -> float | None:
    return None if values is None or np.isnan(values[0]) else float(values[0])


def _plain(row: Any) -> dict[str, Any]:  # noqa: ANN401 - one of the rows above
    """Return a row as what JSON can hold."""
    content: dict[str, Any] = json.loads(json.dumps(asdict(row), allow_nan=False))  # tuples become lists
    return content
