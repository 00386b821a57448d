"""The tables of the report: what is in each cell, before any of it is drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from earmark.evaluate.intervals import Estimate
from earmark.evaluate.metrics import ClassRow
from earmark.evaluate.scorecard import Scorecard
from earmark.report.results import RunResults, ScoredClip, SplitClip

PARTS = ("train", "validation", "test")
_N_LEVELS = 10
_N_PAIRS = 3
_SPELLED = {"svm": "SVM"}


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """A row of the table of scores.

    Attributes:
        name: What is scored.
        note: How, in small print.
        accuracy: The share that is right.
        macro_f1: The mean F1 of the classes.
        n: How many were scored.
        noun: What was counted: ``clips`` or ``segments``.
        is_baseline: Whether it is the simple method beside the network.
    """

    name: str
    note: str
    accuracy: Estimate
    macro_f1: Estimate
    n: int
    noun: str
    is_baseline: bool = False


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of the confusion matrix.

    Attributes:
        n: How many clips.
        level: The share of its row in tenths, at least 1 where there is any clip.
        predicted: The class of its column.
    """

    n: int
    level: int
    predicted: str


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """A row of the confusion matrix.

    Attributes:
        label: The true class.
        n: How many clips are of it.
        cells: One a class.
    """

    label: str
    n: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Clips of one class that were taken for another.

    Attributes:
        label: What they are.
        predicted: What they were taken for.
        n: How many there are.
        n_label: How many clips are of the class.
    """

    label: str
    predicted: str
    n: int
    n_label: int


@dataclass(frozen=True, kw_only=True)
class ClassLine:
    """A row of the table of classes.

    Attributes:
        scores: How the class fares.
        confused: What it is most often taken for; None if for nothing else.
    """

    scores: ClassRow
    confused: Confusion | None


@dataclass(frozen=True, kw_only=True)
class PartCount:
    """What of a class is in a part of the data.

    Attributes:
        n_clips: How many clips.
        n_groups: Of how many groups.
    """

    n_clips: int
    n_groups: int


@dataclass(frozen=True, kw_only=True)
class DataRow:
    """A row of the table of the data.

    Attributes:
        label: The class.
        counts: What is in training, validation and test, and in all.
    """

    label: str
    counts: tuple[PartCount, ...]


def score_rows(scorecard: Scorecard) -> list[ScoreRow]:
    """Return the scores per clip and per segment, and those of the baseline."""
    clip, segment, baseline = scorecard.clip, scorecard.segment, scorecard.baseline
    rows = [
        ScoreRow(
            name="Per clip",
            note="mean probability of its segments",
            accuracy=clip.accuracy,
            macro_f1=clip.macro_f1,
            n=clip.n,
            noun="clips",
        ),
        ScoreRow(
            name="Per clip, by vote",
            note="majority of its segments",
            accuracy=clip.vote_accuracy,
            macro_f1=clip.vote_macro_f1,
            n=clip.n,
            noun="clips",
        ),
        ScoreRow(
            name="Per segment",
            note="each on its own",
            accuracy=segment.accuracy,
            macro_f1=segment.macro_f1,
            n=segment.n,
            noun="segments",
        ),
    ]
    if baseline is not None:
        rows.append(
            ScoreRow(
                name=f"{_SPELLED.get(baseline.name, baseline.name)} baseline",
                note="a simple method, per clip",
                accuracy=baseline.clip.accuracy,
                macro_f1=baseline.clip.macro_f1,
                n=baseline.clip.n,
                noun="clips",
                is_baseline=True,
            )
        )
    return rows


def commonest_share(scorecard: Scorecard) -> float:
    """Return the share that would be right if always the most common class were said, in 0..1."""
    return max(row.n for row in scorecard.clip.classes) / scorecard.n_clips


def matrix_rows(scorecard: Scorecard) -> list[MatrixRow]:
    """Return the confusion matrix of the clips, a row for each true class."""
    return [
        MatrixRow(
            label=label,
            n=sum(counts),
            cells=tuple(
                Cell(n=n, level=math.ceil(_N_LEVELS * n / sum(counts)) if n else 0, predicted=predicted)
                for n, predicted in zip(counts, scorecard.labels, strict=True)
            ),
        )
        for label, counts in zip(scorecard.labels, scorecard.clip.confusion, strict=True)
    ]


def confusions(scorecard: Scorecard) -> list[Confusion]:
    """Return every pair of classes that was confused, the most frequent first."""
    found = [
        Confusion(label=row.label, predicted=cell.predicted, n=cell.n, n_label=row.n)
        for row in matrix_rows(scorecard)
        for cell in row.cells
        if cell.n and cell.predicted != row.label
    ]
    return sorted(found, key=lambda pair: (-pair.n, -pair.n / pair.n_label, pair.label, pair.predicted))


def commonest_confusions(scorecard: Scorecard, n: int = _N_PAIRS) -> list[Confusion]:
    """Return the `n` pairs of classes that were confused most often."""
    return confusions(scorecard)[:n]


def class_lines(scorecard: Scorecard) -> list[ClassLine]:
    """Return how each class fares, the worst first, and last what was not tested."""
    confused: dict[str, Confusion] = {}
    for pair in confusions(scorecard):
        confused.setdefault(pair.label, pair)
    rows = sorted(scorecard.clip.classes, key=lambda row: (row.n == 0, row.f1, row.label))
    return [ClassLine(scores=row, confused=confused.get(row.label)) for row in rows]


def data_rows(results: RunResults) -> list[DataRow]:
    """Return what each part holds of each class, and last what it holds in all."""
    parts = part_names(results)
    of_label: dict[str, list[SplitClip]] = {}
    for clip in results.clips:
        of_label.setdefault(clip.label, []).append(clip)
    rows = [_data_row(label, of_label[label], parts) for label in sorted(of_label)]
    return [*rows, _data_row("All", results.clips, parts)]


def part_names(results: RunResults) -> tuple[str, ...]:
    """Return the parts that the clips are in: those of a split, or the folds."""
    return tuple(f"fold {fold.fold}" for fold in results.folds) or PARTS


def worst_mistakes(scored: Sequence[ScoredClip], n: int) -> list[ScoredClip]:
    """Return the wrong clips that the classifier was surest of, the surest first."""
    wrong = [clip for clip in scored if not clip.is_right]
    return sorted(wrong, key=lambda clip: (-clip.predicted_probability, clip.place))[:n]


def least_sure_hits(scored: Sequence[ScoredClip], n: int) -> list[ScoredClip]:
    """Return the right clips that the classifier was least sure of, the least sure first."""
    right = [clip for clip in scored if clip.is_right]
    return sorted(right, key=lambda clip: (clip.predicted_probability, clip.place))[:n]


def one_of_each_confusion(scored: Sequence[ScoredClip], n: int, *, but: Sequence[ScoredClip]) -> list[ScoredClip]:
    """Return at most `n` wrong clips: the surest of each confusion, then the next of each, and so on.

    Args:
        scored: What was said of the clips.
        n: How many are wanted.
        but: Those that are shown already.
    """
    shown = {clip.place for clip in but}
    n_before: dict[tuple[str, str], int] = {}
    ranked = []
    for clip in worst_mistakes(scored, len(scored)):
        pair = (clip.label, clip.predicted)
        ranked.append((n_before.get(pair, 0), clip))
        n_before[pair] = n_before.get(pair, 0) + 1
    ranked.sort(key=lambda one: one[0])
    return [clip for _, clip in ranked if clip.place not in shown][:n]


def _data_row(label: str, clips: Sequence[SplitClip], names: Sequence[str]) -> DataRow:
    parts = [[clip for clip in clips if clip.part == part] for part in names]
    return DataRow(label=label, counts=tuple(_count(part) for part in [*parts, [clip for clip in clips if clip.part]]))


def _count(clips: Sequence[SplitClip]) -> PartCount:
    return PartCount(n_clips=len(clips), n_groups=len({clip.group for clip in clips}))
