"""Solving the second opinion beside a network, when the network is trained."""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from earmark._util.seeds import spawn_seed
from earmark.evaluate.calibration import fit_temperature
from earmark.features.standardise import Standardiser
from earmark.models.opinion import SecondOpinion
from earmark.models.resnet_mel import ResnetMel
from earmark.models.svm import Svm
from earmark.train.loop import LabelledSegments
from earmark.train.svm import fit_svm

_MOST_SEGMENTS = 4000  # a support-vector machine's work grows with the square of them
_N_FOLDS = 5
_BATCH = 128

IntArray = npt.NDArray[np.int64]


@torch.no_grad()
def solve_opinion(
    network: nn.Module,
    standardiser: Standardiser,
    train: LabelledSegments,
    validation: LabelledSegments,
    *,
    groups: Sequence[str],
    seed: int,
) -> bool:
    """Solve the second opinion of a trained network, in place.

    The machine learns from the training part alone, so that the validation part stays one that nothing was learnt from.
    Its temperature is fitted to what it says of each of up to five folds of the training part (whole groups) when it
    has learnt from the others; that of the network, to the validation part. Of more than 4000 segments, as many are
    taken, spread evenly over each class.

    Args:
        network: Trained; in evaluation mode afterwards.
        standardiser: What brought the features to what the network sees.
        train: The training part, not standardised.
        validation: The validation part, standardised.
        groups: The group of each clip of the training part.
        seed: The root of the random numbers that make the folds.

    Returns:
        Whether there is an opinion: not every network has one.
    """
    network.eval()
    if not isinstance(network, ResnetMel) or network.opinion is None:
        return False
    opinion = network.opinion
    opinion.bins = deepcopy(standardiser)  # two names for one tensor could not be saved
    kept = spread_evenly(train.y.numpy(), _MOST_SEGMENTS)
    y = train.y.numpy()[kept]
    batches = torch.split(train.features[torch.from_numpy(kept)], _BATCH)
    points = torch.cat([opinion.statistics(standardiser(batch)) for batch in batches])  # (n, n_values, 1)
    held_out = _hold_out(points, y, np.asarray(groups)[train.clip_index.numpy()[kept]], opinion, seed)
    opinion.temperature.fill_(held_out)
    opinion.values = Standardiser.fit(points)
    fit_svm(opinion.machine, opinion.values(points), y)
    logits = torch.cat([network.logits(batch) for batch in torch.split(validation.features, _BATCH)])
    opinion.network_temperature.fill_(fit_temperature(logits.numpy(), validation.y.numpy()))
    return True


def spread_evenly(y: IntArray, n_most: int) -> IntArray:
    """Return which rows to keep of many: all, or about `n_most`, of each class its share, evenly spread.

    >>> spread_evenly(np.array([0, 0, 0, 0, 1, 1]), 3).tolist()
    [0, 2, 4]
    """
    if len(y) <= n_most:
        return np.arange(len(y))
    step = len(y) / n_most
    rows = [np.flatnonzero(y == label) for label in np.unique(y)]
    return np.sort(np.concatenate([row[np.arange(0, len(row), step).astype(np.int64)] for row in rows]))


def _hold_out(points: Tensor, y: IntArray, groups: npt.NDArray[np.str_], opinion: SecondOpinion, seed: int) -> float:
    """Return the temperature that fits what machines say of groups that they have not learnt from; 1 if there is none.

    A fold without which a class is missing is left out.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - takes over a second to import

    n_folds = min(_N_FOLDS, *(len(set(groups[y == label])) for label in np.unique(y)))
    if n_folds < 2:  # noqa: PLR2004 - one fold leaves nothing to learn from
        return 1.0
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=spawn_seed(seed, "opinion") % 2**32)
    scores, truth = [], []
    for learnt, held_out in folds.split(np.zeros(len(y)), y, groups):
        if len(np.unique(y[learnt])) < opinion.machine.n_classes:
            continue
        values = Standardiser.fit(points[learnt])
        like = opinion.machine
        machine = Svm(n_bins=points.shape[1], n_frames=1, n_classes=like.n_classes, settings=like.settings)
        fit_svm(machine, values(points[learnt]), y[learnt])
        scores.append(machine(values(points[held_out])).numpy())
        truth.append(y[held_out])
    return fit_temperature(np.concatenate(scores), np.concatenate(truth)) if scores else 1.0
