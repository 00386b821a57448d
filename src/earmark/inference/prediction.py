"""What a classifier says of one sound, and when it is not to answer."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.conformal import Cutoff, conformal_cutoff, prediction_sets
from earmark.models.doubt import Doubt

_NOTHING_KEPT = (
    "this classifier keeps no validation clips (it had none, or an older version of earmark trained it), and cannot "
    "tell how many labels a coverage takes: all labels are given"
)
NOVEL = 0.95  # the share of validation clips that are nearer to what was learnt than what is called novel


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a classifier says of one sound.

    Attributes:
        path: The sound, as it was asked for.
        label: The likeliest class; None where that is not likely enough to be said.
        best_guess: The likeliest class, however likely.
        probability: Its probability.
        probabilities: The probability of each class by name.
        is_background: Whether the best guess means "none of these": see `background_labels`.
        novelty: How far the sound is from what was learnt; 1 is further than 95 % of the validation clips are. None
            where the bundle does not know, as of an older version.
        is_novel: Whether it is above 1; None where it is not known.
        labels: Those among which the truth is as often as was asked, likeliest first; None where nothing was asked.
    """

    path: str
    label: str | None
    best_guess: str
    probability: float
    probabilities: dict[str, float]
    is_background: bool = False
    novelty: float | None = None
    is_novel: bool | None = None
    labels: tuple[str, ...] | None = None

    @property
    def said(self) -> str:
        """The answer in words: the label, ``none of these (noise)``, or ``uncertain``."""
        if self.label is None:
            return "uncertain"
        return f"none of these ({self.label})" if self.is_background else self.label

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "path": self.path,
            "label": self.label,
            "best_guess": self.best_guess,
            "probability": self.probability,
            "probabilities": self.probabilities,
            "is_background": self.is_background,
            "novelty": self.novelty,
            "is_novel": self.is_novel,
            "labels": None if self.labels is None else list(self.labels),
        }


@dataclass(frozen=True, kw_only=True)
class Caution:
    """When a classifier is not to answer, and how many labels it is to give.

    Attributes:
        min_confidence: How probable the best guess must be to be said, in 0..1; ``per-class`` for the threshold of its
            class, chosen on validation clips; None to say it always.
        coverage: How often the truth is to be among the labels that are given, between 0 and 1; None for no such set.

    Raises:
        SettingError: A number is out of range.
    """

    min_confidence: float | Literal["per-class"] | None = None
    coverage: float | None = None

    def __post_init__(self) -> None:
        least, coverage = self.min_confidence, self.coverage
        if least not in {None, "per-class"} and not (isinstance(least, int | float) and 0 <= least <= 1):
            raise SettingError(f"min_confidence is {least!r}: write a number from 0 to 1 such as 0.7, or per-class")
        if coverage is not None and not 0 < coverage < 1:
            raise SettingError(f"coverage is {coverage!r}: write a number between 0 and 1, such as 0.9")


class Judge:
    """Makes predictions out of probabilities and distances, with what a bundle keeps of its validation clips.

    Args:
        labels: The name of each class.
        background: Those that mean "none of these".
        doubt: What the bundle keeps.
        caution: What was asked.

    Raises:
        SettingError: Thresholds are asked for that the bundle does not have.
    """

    def __init__(self, labels: tuple[str, ...], background: tuple[str, ...], doubt: Doubt, caution: Caution) -> None:
        self._labels, self._background = labels, background
        scores, weights = (tensor.cpu().double().numpy() for tensor in (doubt.scores, doubt.weights))
        self.cutoff: Cutoff | None = None
        if caution.coverage is not None:
            self.cutoff = conformal_cutoff(scores, caution.coverage, weights=weights)
            if not len(scores):
                self.cutoff = replace(self.cutoff, note=_NOTHING_KEPT)
        self._familiar = _familiar(doubt.novelties.cpu().double().numpy(), weights) if doubt.knows_novelty else None
        self._least = np.zeros(len(labels))
        if caution.min_confidence == "per-class":
            if len(doubt.thresholds) != len(labels):
                raise SettingError(
                    "this classifier has no thresholds per class, which are chosen on validation clips "
                    "in training: give min_confidence as a number such as 0.7"
                )
            self._least = doubt.thresholds.cpu().double().numpy()
        elif caution.min_confidence is not None:
            self._least += float(caution.min_confidence)

    def judge(self, path: str, probabilities: npt.NDArray[np.float64], distance: float | None = None) -> Prediction:
        """Return what is said of a sound.

        Args:
            path: The sound.
            probabilities: That of each class (n_classes,).
            distance: The mean distance of its segments from what was learnt; None where that is not known.
        """
        best = int(probabilities.argmax())
        guess = self._labels[best]
        prediction = Prediction(
            path=path,
            label=guess if probabilities[best] >= self._least[best] else None,
            best_guess=guess,
            probability=float(probabilities[best]),
            probabilities=dict(zip(self._labels, probabilities.tolist(), strict=True)),
            is_background=guess in self._background,
        )
        if distance is not None and self._familiar is not None:
            novelty = distance / self._familiar
            prediction = replace(prediction, novelty=novelty, is_novel=novelty > 1)
        if self.cutoff is not None:
            kept = prediction_sets(probabilities[np.newaxis], self.cutoff)[0]
            order = np.argsort(-probabilities, kind="stable")
            prediction = replace(prediction, labels=tuple(self._labels[place] for place in order if kept[place]))
        return prediction


def _familiar(novelties: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    """Return the distance that a share of `NOVEL` of new clips of the kind of the validation clips stays below."""
    n_groups = round(float(weights.sum()))
    # With fewer than 19 groups the furthest of them has to do.
    cutoff = conformal_cutoff(novelties, min(NOVEL, n_groups / (n_groups + 1)), weights=weights)
    return max(cutoff.value, 1e-12)
