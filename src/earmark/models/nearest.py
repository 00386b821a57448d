"""The nearest neighbours on statistics of a clip: what the training clips most like it are."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.models.checks import check_counts
from earmark.models.solved import log_probabilities, take_shapes

_WEIGHTS = ("uniform", "distance")


@dataclass(frozen=True, kw_only=True)
class NearestSettings:
    """Settings of the nearest neighbours.

    Attributes:
        n_neighbours: How many training clips have a say.
        weights: ``"uniform"``: all of them the same; ``"distance"``: the nearer, the more (one over the distance).

    Raises:
        SettingError: A setting cannot be.
    """

    n_neighbours: int = 5
    weights: Literal["uniform", "distance"] = "uniform"

    def __post_init__(self) -> None:
        check_counts(self, "n_neighbours")
        if self.weights not in _WEIGHTS:
            raise SettingError(f"weights must be one of {', '.join(_WEIGHTS)}, not {self.weights!r}")


class Nearest(nn.Module):
    """The training clips themselves as tensors, of which the nearest vote; `earmark.train.nearest` puts them there.

    The softmax of the scores is what scikit-learn's ``KNeighborsClassifier(algorithm="brute").predict_proba`` gives; a
    class without a neighbour gets 1e-7 in place of nothing. Of training clips at the very same distance, the one that
    was given first goes before; scikit-learn leaves it open which. Under ``weights="distance"`` a training clip at
    distance zero silences all others.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features: 1 for statistics.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `NearestSettings`.

    Source: Cover and Hart (1967), "Nearest neighbor pattern classification", IEEE Transactions on Information Theory
    13(1); the weights of Dudani (1976) as scikit-learn simplifies them.
    """

    points: Tensor
    y: Tensor

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: NearestSettings
    ) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.settings = settings
        self.register_buffer("points", torch.zeros(settings.n_neighbours, n_channels * n_bins * n_frames))
        self.register_buffer("y", torch.zeros(settings.n_neighbours, dtype=torch.int64))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for standardised features (batch, [n_channels,] n_bins, n_frames)."""
        # By differences: the quicker way over a product of matrices tells equal points apart by rounding.
        distances = torch.cdist(  # (batch, n_points)
            features.flatten(1), self.points, compute_mode="donot_use_mm_for_euclid_dist"
        )
        distances, order = distances.sort(dim=1, stable=True)  # topk leaves open which of equal ones comes first
        n_neighbours = self.settings.n_neighbours
        shares = self._shares(distances[:, :n_neighbours])
        votes = features.new_zeros(features.shape[0], self.n_classes)
        votes = votes.scatter_add(1, self.y[order[:, :n_neighbours]], shares)
        return log_probabilities(votes / votes.sum(1, keepdim=True))

    def _shares(self, distances: Tensor) -> Tensor:
        """Return the say of each neighbour (batch, n_neighbours)."""
        if self.settings.weights == "uniform":
            return torch.ones_like(distances)
        at_it = distances == 0
        weights = 1 / torch.where(at_it, torch.ones_like(distances), distances)
        return torch.where(at_it.any(1, keepdim=True), at_it.to(distances.dtype), weights)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: object) -> None:
        take_shapes(self, state_dict, prefix, ("points", "y"))
        super()._load_from_state_dict(state_dict, prefix, *rest)
