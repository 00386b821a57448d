"""What a training makes small: cross-entropy with its variations, and penalties on the weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.train.settings import TrainSettings


class Objective:
    """The loss of a training.

    Args:
        settings: See `TrainSettings`.
        y: The classes of the training segments (n_segments,), from which class weights follow.
    """

    def __init__(self, settings: TrainSettings, y: Tensor) -> None:
        self._settings = settings
        self._y = y
        self._weight: Tensor | None = None

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy of a batch.

        Args:
            logits: (batch, n_classes).
            targets: The class of each segment (batch,) int64, or the share of each class (batch, n_classes).
        """
        if self._settings.class_weights == "balanced" and self._weight is None:
            self._weight = balanced_weights(self._y, logits.shape[1])
        return functional.cross_entropy(
            logits.float(), targets, weight=self._weight, label_smoothing=self._settings.label_smoothing
        )

    def penalty(self, network: nn.Module) -> Tensor | None:
        """Return what the weights themselves add to the loss; None for nothing. Biases and norms are left out."""
        settings = self._settings
        if not (settings.l1 or settings.l2):
            return None
        weights = [weight for weight in network.parameters() if weight.ndim > 1]
        l1 = torch.stack([weight.abs().sum() for weight in weights]).sum() if settings.l1 else 0.0
        l2 = torch.stack([weight.square().sum() for weight in weights]).sum() if settings.l2 else 0.0
        return torch.as_tensor(settings.l1 * l1 + settings.l2 * l2)


def balanced_weights(y: Tensor, n_classes: int) -> Tensor:
    """Return a weight for each class (n_classes,), inverse to how often it occurs; 1 on average over the segments.

    >>> balanced_weights(torch.tensor([0, 0, 0, 1]), 2)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(y, minlength=n_classes)
    present = int((counts > 0).sum())
    return (len(y) / (present * counts.clamp_min(1))).float()
