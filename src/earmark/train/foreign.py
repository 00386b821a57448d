"""Fitting a scikit-learn estimator of a user's own."""

from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from earmark.errors import TrainingError
from earmark.models.foreign import Foreign

_CHANCE = "random_state"
_FAULTS = (AttributeError, IndexError, RuntimeError, TypeError, ValueError)  # what strangers raise


def fit_foreign(network: Foreign, features: Tensor, y: npt.NDArray[np.int64], *, seed: int = 0) -> None:
    """Fit a fresh clone of the estimator, and put it into the network.

    Args:
        network: What is fitted, in place.
        features: Standardised features (n, n_bins, n_frames), given to the estimator as (n, n_values) float32.
        y: The class of each (n,).
        seed: For every ``random_state`` of the estimator, and of those inside it, that the user left open.

    Raises:
        TrainingError: The estimator refuses what it is given, or its scores are not one a class.
    """
    from sklearn.base import clone  # noqa: PLC0415 - scikit-learn takes over a second to import

    values = features.flatten(1).numpy()
    name, n_classes = type(network.estimator).__name__, network.n_classes
    try:
        estimator = clone(network.estimator)
        _settle_chance(estimator, seed)
        estimator.fit(values, y)
        network.estimator = estimator
        n_scores = network(features[:1]).shape[-1]
    except _FAULTS as error:
        raise TrainingError(
            f"{name} cannot be fitted to {len(values)} segments of {values.shape[1]} values in {n_classes} classes: "
            f"{' '.join(str(error).split())}"
        ) from error
    if n_scores != n_classes:
        raise TrainingError(f"{name} gives {n_scores} scores for {n_classes} classes: one a class is wanted")


def _settle_chance(estimator: Any, seed: int) -> None:  # noqa: ANN401 - of no type that is known here
    given = estimator.get_params(deep=True)
    open_ones = [key for key, value in given.items() if key.split("__")[-1] == _CHANCE and value is None]
    estimator.set_params(**dict.fromkeys(open_ones, seed))
