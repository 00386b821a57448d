"""Which features a classifier cannot do without: what is lost when one of them is shuffled among clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from earmark.errors import DataError, SettingError
from earmark.explain import FloatArray
from earmark.explain.axes import axes_of
from earmark.models.blueprint import Blueprint
from earmark.models.graph import ClassifierGraph

_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class Importance:
    """What shuffling one group of features costs.

    Attributes:
        name: The group: the statistics of one thing, or one bin.
        accuracy_lost: By how much the accuracy falls, as the mean over repeats; below 0 where it rises.
        deviation: The deviation of that over repeats (divided by n).
        probability_lost: By how much the mean probability of the true class falls, as the mean over repeats.
    """

    name: str
    accuracy_lost: float
    deviation: float
    probability_lost: float

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {name: round(value, 6) if isinstance(value, float) else value for name, value in vars(self).items()}


@dataclass(frozen=True, kw_only=True)
class Importances:
    """What shuffling costs, group by group.

    Attributes:
        groups: One a group, the most important first.
        accuracy: That of the classifier when nothing is shuffled.
        n_clips: How many clips it was measured on.
        n_repeats: How many times each group was shuffled.
    """

    groups: tuple[Importance, ...]
    accuracy: float
    n_clips: int
    n_repeats: int

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "method": "permutation",
            "accuracy": round(self.accuracy, 6),
            "clips": self.n_clips,
            "repeats": self.n_repeats,
            "groups": [group.to_json() for group in self.groups],
        }


def permutation_importance(
    graph: ClassifierGraph,
    blueprint: Blueprint,
    arrays: Sequence[FloatArray],
    labels: Sequence[str],
    *,
    rng: np.random.Generator,
    n_repeats: int = 5,
) -> Importances:
    """Return what a classifier loses when a group of features is shuffled among clips, segment by segment.

    What two groups say alike is not missed when one of them is shuffled: a small loss does not mean that a group says
    nothing.

    Args:
        graph: The fitted graph.
        blueprint: What it was built from.
        arrays: The features of each clip, (n_segments, n_bins, n_frames).
        labels: The true class of each clip.
        rng: Shuffles.
        n_repeats: How many times each group is shuffled, at least 1.

    Raises:
        DataError: There are fewer than two clips.
        SettingError: There is nothing to repeat, or features have channels.

    Source: Breiman (2001), "Random forests", Machine Learning 45, section 10; Fisher, Rudin and Dominici (2019), "All
    models are wrong, but many are useful", JMLR 20, for shuffling groups with any classifier.
    """
    if len(arrays) < 2:  # noqa: PLR2004 - one has nobody to change with
        raise DataError(f"importance by permutation wants a data set of at least 2 clips, not {len(arrays)}")
    if n_repeats < 1 or arrays[0].ndim != 3:  # noqa: PLR2004 - segments, bins, frames
        raise SettingError("permutation wants at least 1 repeat, and features without channels: not pictures")
    features = np.concatenate(arrays)  # (n_segments, n_bins, n_frames)
    clip = np.repeat(np.arange(len(arrays)), [len(one) for one in arrays])
    y = np.array([blueprint.labels.index(label) for label in labels])
    accuracy, probability = _score(graph, features, clip, y)
    axes = axes_of(blueprint.recipe, *features.shape[1:])
    groups = np.array(axes.groups)
    found = []
    for name in dict.fromkeys(axes.groups):
        chosen = np.flatnonzero(groups == name)
        losses = np.array([_loss(graph, features, clip, y, chosen, rng) for _ in range(n_repeats)])
        lost = np.array([accuracy, probability]) - losses  # (n_repeats, 2)
        found.append(
            Importance(
                name=name,
                accuracy_lost=float(lost[:, 0].mean()),
                deviation=float(lost[:, 0].std()),
                probability_lost=float(lost[:, 1].mean()),
            )
        )
    found.sort(key=lambda one: (-one.accuracy_lost, -one.probability_lost))
    return Importances(groups=tuple(found), accuracy=accuracy, n_clips=len(arrays), n_repeats=n_repeats)


def _loss(
    graph: ClassifierGraph,
    features: FloatArray,
    clip: npt.NDArray[np.int64],
    y: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[float, float]:
    shuffled = features.copy()
    shuffled[:, chosen] = features[rng.permutation(len(features))][:, chosen]
    return _score(graph, shuffled, clip, y)


@torch.inference_mode()
def _score(
    graph: ClassifierGraph, features: FloatArray, clip: npt.NDArray[np.int64], y: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Return the accuracy over clips, and the mean probability of the true class."""
    tensor = torch.from_numpy(features)
    device = graph.temperature.device
    rows = (
        torch.cat([graph.probabilities(some.to(device)).cpu() for some in torch.split(tensor, _AT_ONCE)])
        .double()
        .numpy()
    )
    means = np.zeros((len(y), rows.shape[1]))
    np.add.at(means, clip, rows)
    means /= np.bincount(clip)[:, None]
    return float((means.argmax(axis=1) == y).mean()), float(means[np.arange(len(y)), y].mean())
