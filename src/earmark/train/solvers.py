"""What fits the networks that are not trained in epochs, by their kind."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from earmark.models.foreign import Foreign
from earmark.models.forest import Forest
from earmark.models.logistic import Logistic
from earmark.models.nearest import Nearest
from earmark.models.svm import Svm
from earmark.train.foreign import fit_foreign
from earmark.train.forest import fit_forest
from earmark.train.logistic import fit_logistic
from earmark.train.nearest import fit_nearest
from earmark.train.svm import fit_svm


class Solver(Protocol):
    """Fits a network at once."""

    def __call__(
        self,
        network: Any,  # noqa: ANN401 - each takes its own kind
        features: Tensor,
        y: npt.NDArray[np.int64],
        *,
        seed: int,
    ) -> None:
        """Fit a network in place to standardised features (n, n_bins, n_frames) of classes `y` (n,)."""


SOLVERS: Mapping[type[nn.Module], Solver] = MappingProxyType(
    {
        Foreign: fit_foreign,
        Forest: fit_forest,
        Logistic: fit_logistic,
        Nearest: fit_nearest,
        Svm: fit_svm,
    }
)


def solver_of(network: nn.Module) -> Solver | None:
    """Return what fits a network at once; None for one that is trained in epochs."""
    return SOLVERS.get(type(network))
