"""A scikit-learn estimator of a user's own where a network is wanted."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from earmark.models.solved import log_probabilities


class Foreign(nn.Module):
    """An estimator with scikit-learn's verbs as a network; `earmark.train.foreign` fits a clone of it.

    The softmax of the scores is what its ``predict_proba`` gives; of one that has none they are what its
    ``decision_function`` gives, one score a class, or of two classes the second's against nothing for the first.
    It computes on the processor outside of torch: it cannot be exported, and holds nothing that a bundle could keep.

    Args:
        estimator: What is fitted; never changed itself.
        n_classes: Classes to tell apart.
    """

    def __init__(self, estimator: Any, *, n_classes: int) -> None:  # noqa: ANN401 - of no type that is known here
        super().__init__()
        self.estimator = estimator
        self.n_classes = n_classes

    def forward(self, features: Tensor) -> Tensor:
        """Return scores (batch, n_classes) for standardised features (batch, [n_channels,] n_bins, n_frames)."""
        values = features.flatten(1).cpu().numpy()  # (batch, n_values)
        if hasattr(self.estimator, "predict_proba"):
            probabilities = torch.as_tensor(np.asarray(self.estimator.predict_proba(values), dtype=np.float64))
            return log_probabilities(probabilities).float().to(features.device)
        decisions = torch.as_tensor(np.asarray(self.estimator.decision_function(values), dtype=np.float32))
        if decisions.ndim == 1:  # of two classes: above 0 for the second
            decisions = torch.stack([torch.zeros_like(decisions), decisions], dim=1)
        return decisions.to(features.device)
