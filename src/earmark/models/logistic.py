"""Logistic regression on statistics of a clip: the simplest of the classical networks, one weight a value and class."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class LogisticSettings:
    """Settings of the logistic regression.

    Attributes:
        penalty: What an unlikely clip costs against large weights (C), above 0; less gives smaller weights.

    Raises:
        SettingError: A setting cannot be.
    """

    penalty: float = 1.0

    def __post_init__(self) -> None:
        if not self.penalty > 0:
            raise SettingError(f"penalty must be above 0, not {self.penalty}")


class Logistic(nn.Module):
    """A multinomial logistic regression, kept as tensors; `earmark.train.logistic` finds them.

    The softmax of the scores is what scikit-learn's ``LogisticRegression.predict_proba`` gives.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features: 1 for statistics.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `LogisticSettings`.

    >>> Logistic(n_bins=65, n_frames=1, n_classes=10, settings=LogisticSettings())(torch.zeros(2, 65, 1)).shape
    torch.Size([2, 10])
    """

    weight: Tensor
    intercepts: Tensor

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: LogisticSettings
    ) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.settings = settings
        self.register_buffer("weight", torch.zeros(n_classes, n_channels * n_bins * n_frames))
        self.register_buffer("intercepts", torch.zeros(n_classes))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for standardised features (batch, [n_channels,] n_bins, n_frames)."""
        return functional.linear(features.flatten(1), self.weight, self.intercepts)
