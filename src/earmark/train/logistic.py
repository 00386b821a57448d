"""Finding the weights of a logistic regression, with scikit-learn."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earmark.models.logistic import Logistic

_MOST_STEPS = 5000  # scikit-learn's 100 are too few for a clip's many statistics; a step costs next to nothing


def fit_logistic(
    network: Logistic,
    features: Tensor,
    y: npt.NDArray[np.int64],
    *,
    seed: int = 0,  # noqa: ARG001 - every solver is told; there is one best answer here
) -> None:
    """Find the weights, and put them into the network.

    Args:
        network: What is fitted, in place.
        features: Standardised features (n, n_bins, n_frames).
        y: The class of each (n,); every class occurs.
        seed: For what is left to chance: here nothing.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - scikit-learn takes over a second to import

    regression = LogisticRegression(C=network.settings.penalty, max_iter=_MOST_STEPS)
    regression.fit(features.flatten(1).numpy().astype(np.float64), y)
    weight, intercepts = regression.coef_, regression.intercept_
    if len(weight) == 1:  # of two classes it keeps the second alone, against a first of zero
        weight = np.concatenate([np.zeros_like(weight), weight])
        intercepts = np.concatenate([np.zeros(1), intercepts])
    # In the order of a bundle: scikit-learn's own is another, and what is loaded would give other last bits.
    network.weight = torch.from_numpy(weight).float().contiguous()
    network.intercepts = torch.from_numpy(intercepts).float()
