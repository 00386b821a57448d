"""The numbers on a scorecard: those of segments, those of clips, and those of a baseline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from earmark.evaluate.intervals import Estimate
from earmark.evaluate.metrics import ClassRow


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How the predictions for segments fare, or those for clips.

    Attributes:
        n: How many there are.
        accuracy: The share that is right.
        macro_f1: The mean F1 of the classes that occur.
        confusion: Counts: a row for each true class, in it a column for each predicted one.
        classes: How each class fares, in the order of the labels.
    """

    n: int
    accuracy: Estimate
    macro_f1: Estimate
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[ClassRow, ...]

    @classmethod
    def from_json(cls, content: Mapping[str, Any], labels: tuple[str, ...]) -> Self:
        """Return the scores that `content` was made from.

        Args:
            content: What ``scorecard.json`` holds of them.
            labels: The classes.

        Raises:
            KeyError, TypeError, ValueError: It is broken; `Scorecard.from_json` makes one error of these.
        """
        return cls(**cls._fields(content, labels))

    @classmethod
    def _fields(cls, content: Mapping[str, Any], labels: tuple[str, ...]) -> dict[str, Any]:
        confusion = tuple(tuple(int(count) for count in row) for row in content["confusion"])
        classes = tuple(ClassRow(**row) for row in content["classes"])
        if {len(labels)} != {len(confusion), *map(len, confusion)} or labels != tuple(row.label for row in classes):
            raise ValueError(f"its tables do not fit its {len(labels)} labels")
        return {
            "n": int(content["n"]),
            "accuracy": _estimate(content["accuracy"]),
            "macro_f1": _estimate(content["macro_f1"]),
            "confusion": confusion,
            "classes": classes,
        }


@dataclass(frozen=True, kw_only=True)
class ClipScores(Scores):
    """How the predictions for clips fare: by the mean probability of their segments, and by their vote.

    Attributes:
        vote_accuracy: The share that the majority of segments gets right.
        vote_macro_f1: The mean F1 of the majority's answers.
    """

    vote_accuracy: Estimate
    vote_macro_f1: Estimate

    @classmethod
    def _fields(cls, content: Mapping[str, Any], labels: tuple[str, ...]) -> dict[str, Any]:
        votes = {name: _estimate(content[name]) for name in ("vote_accuracy", "vote_macro_f1")}
        return super()._fields(content, labels) | votes


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What a simple method makes of the same clips.

    Attributes:
        name: The method, such as ``svm``.
        segment: Its scores per segment, which may be cut differently.
        clip: Its scores per clip.
    """

    name: str
    segment: Scores
    clip: ClipScores

    @classmethod
    def from_json(cls, content: Mapping[str, Any], labels: tuple[str, ...]) -> Self:
        """Return the baseline that `content` was made from; arguments and errors are those of `Scores.from_json`."""
        return cls(
            name=str(content["name"]),
            segment=Scores.from_json(content["segment"], labels),
            clip=ClipScores.from_json(content["clip"], labels),
        )


def _estimate(content: Mapping[str, Any]) -> Estimate:
    low, high = (None if content[end] is None else float(content[end]) for end in ("low", "high"))
    return Estimate(value=float(content["value"]), low=low, high=high)
