"""Putting training clips where the nearest neighbours look for them."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earmark.errors import TrainingError
from earmark.models.nearest import Nearest


def fit_nearest(
    network: Nearest,
    features: Tensor,
    y: npt.NDArray[np.int64],
    *,
    seed: int = 0,  # noqa: ARG001 - every solver is told; nothing is drawn here
) -> None:
    """Put the training clips into the network; there is nothing to find.

    Args:
        network: What is fitted, in place.
        features: Standardised features (n, n_bins, n_frames), as many as there are neighbours at least.
        y: The class of each (n,).
        seed: For what is left to chance: here nothing.

    Raises:
        TrainingError: There are fewer clips than neighbours.
    """
    n_neighbours = network.settings.n_neighbours
    if len(y) < n_neighbours:
        raise TrainingError(
            f"n_neighbours is {n_neighbours} and there are {len(y)} segments to learn from: ask for {len(y)} at most"
        )
    network.points = features.flatten(1).clone()
    network.y = torch.from_numpy(y.copy())
