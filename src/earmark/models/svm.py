"""The support-vector machine on statistics of a clip: the baseline that a network has to beat."""

from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.models.solved import take_shapes


@dataclass(frozen=True, kw_only=True)
class SvmSettings:
    """Settings of the support-vector machine.

    Attributes:
        penalty: What a clip on the wrong side costs (C), above 0.

    Raises:
        SettingError: A setting cannot be.
    """

    penalty: float = 10.0

    def __post_init__(self) -> None:
        if not self.penalty > 0:
            raise SettingError(f"penalty must be above 0, not {self.penalty}")


class Svm(nn.Module):
    """A support-vector machine with a Gaussian kernel, kept as tensors; `earmark.train.svm` finds them.

    As a module it is saved, exported and calibrated like any network, without scikit-learn and without pickle. The
    scores are those of scikit-learn's ``SVC.decision_function`` with ``decision_function_shape="ovr"``: the votes of
    the pairwise machines, ties broken by their confidences; two classes are scored in the same way.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features: 1 for statistics.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `SvmSettings`.
    """

    support: Tensor
    coefficients: Tensor
    intercepts: Tensor
    gamma: Tensor

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: SvmSettings
    ) -> None:
        super().__init__()
        n_pairs = n_classes * (n_classes - 1) // 2
        self.n_classes = n_classes
        self.settings = settings
        self.register_buffer("support", torch.zeros(0, n_channels * n_bins * n_frames))
        self.register_buffer("coefficients", torch.zeros(n_pairs, 0))
        self.register_buffer("intercepts", torch.zeros(n_pairs))
        self.register_buffer("gamma", torch.ones(()))
        pairs = list(combinations(range(n_classes), 2))
        self.first = [first for first, _ in pairs]
        self.second = [second for _, second in pairs]

    def forward(self, features: Tensor) -> Tensor:
        """Return scores (batch, n_classes) for standardised features (batch, [n_channels,] n_bins, n_frames)."""
        points = features.flatten(1)  # (batch, n_values)
        squares = points.square().sum(1, keepdim=True) + self.support.square().sum(1)  # (batch, n_support)
        kernel = torch.exp(-self.gamma * (squares - 2 * points @ self.support.T))  # (batch, n_support)
        decisions = kernel @ self.coefficients.T + self.intercepts  # (batch, n_pairs), above 0 for the pair's first
        votes = (decisions > 0).to(features.dtype)
        n_classes = self.n_classes
        ballots = features.new_zeros(features.shape[0], n_classes)
        sums = torch.zeros_like(ballots)
        first = torch.tensor(self.first, device=features.device)
        second = torch.tensor(self.second, device=features.device)
        ballots = ballots.index_add(1, first, votes).index_add(1, second, 1 - votes)
        sums = sums.index_add(1, first, decisions).index_add(1, second, -decisions)
        return ballots + sums / (3 * (sums.abs() + 1))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: object) -> None:
        take_shapes(self, state_dict, prefix, ("support", "coefficients"))
        super()._load_from_state_dict(state_dict, prefix, *rest)
