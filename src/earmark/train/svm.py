"""Finding the support vectors of a support-vector machine, with scikit-learn."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earmark.models.svm import Svm

_TWO = 2


def fit_svm(
    network: Svm,
    features: Tensor,
    y: npt.NDArray[np.int64],
    *,
    seed: int = 0,  # noqa: ARG001 - every solver is told; there is one best answer here
) -> None:
    """Find the support vectors, and put them into the network.

    Args:
        network: What is fitted, in place.
        features: Standardised features (n, n_bins, n_frames).
        y: The class of each (n,); every class occurs.
        seed: For what is left to chance: here nothing.
    """
    from sklearn.svm import SVC  # noqa: PLC0415 - scikit-learn takes over a second to import

    machine = SVC(C=network.settings.penalty, kernel="rbf", gamma="scale")
    machine.fit(features.flatten(1).numpy().astype(np.float64), y)
    sign = -1.0 if network.n_classes == _TWO else 1.0  # SVC turns the sign for two classes
    network.support = torch.from_numpy(machine.support_vectors_).float()
    network.coefficients = torch.from_numpy(sign * _pair_coefficients(machine.dual_coef_, machine.n_support_)).float()
    network.intercepts = torch.from_numpy(sign * machine.intercept_).float()
    network.gamma = torch.tensor(float(machine._gamma))  # noqa: SLF001 - "scale" is resolved nowhere else


def _pair_coefficients(dual: npt.NDArray[np.float64], n_support: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return the weight of each support vector in each pairwise machine (n_pairs, n_support).

    libsvm packs them: of a support vector of class i, row j - 1 (j > i) or row j (j < i) of `dual` is its weight in
    the machine of i against j. Source: LIBSVM's README, "sv_coef".
    """
    ends = np.cumsum(n_support)
    rows = [slice(end - n, end) for n, end in zip(n_support, ends, strict=True)]
    packed = []
    for first, second in combinations(range(len(n_support)), 2):
        weights = np.zeros(dual.shape[1])
        weights[rows[first]] = dual[second - 1, rows[first]]
        weights[rows[second]] = dual[first, rows[second]]
        packed.append(weights)
    return np.stack(packed)
