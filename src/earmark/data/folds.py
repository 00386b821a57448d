"""Folds for a data set that has none: whole groups, stratified by label."""

import warnings
from dataclasses import replace

import numpy as np

from earmark._util.seeds import spawn_seed
from earmark.data.copies import copies_in
from earmark.data.dataset import Dataset, distinct_folds, listed
from earmark.errors import SettingError, SplitError

_FEWEST = 2


def with_folds(dataset: Dataset, n_folds: int, *, seed: int) -> Dataset:
    """Return the data set with folds 1 to `n_folds`: each group in one of them, each label spread as evenly as can be.

    Args:
        dataset: A data set without folds.
        n_folds: How many.
        seed: The root seed, not negative: the same seed gives the same folds.

    Raises:
        SettingError: The data set has folds, or fewer than two are asked for.
        SplitError: There are fewer groups than folds, no label has a clip for each fold, or a label has one group
            only, so that one fold would hold all that there is to learn of it.

    Source: scikit-learn's `StratifiedGroupKFold`.
    """
    if distinct_folds(dataset):
        raise SettingError("the data set has folds of its own, which are kept: leave n_folds out")
    if n_folds < _FEWEST:
        raise SettingError(f"n_folds must be at least {_FEWEST}, not {n_folds}")
    n_groups = len(set(dataset.groups))
    if n_groups < n_folds:
        raise SplitError(
            f"{n_folds} folds need as many groups, and there are {n_groups}: ask for fewer folds (--folds), or group "
            "more finely (--group-column, --group-pattern)"
        )
    groups_of = {label: {clip.group for clip in dataset if clip.label == label} for label in dataset.labels}
    alone = [label for label, groups in groups_of.items() if len(groups) == 1]
    if alone:
        raise SplitError(
            f"one group holds all clips of {listed(map(repr, alone))}: in the fold that tests it nothing is left to "
            "learn it from; add recordings of other sources, or leave the label out"
        )
    # Copies follow their sources, so that the folds are the same with and without them.
    copies = copies_in(dataset)
    originals = dataset.subset([index for index in range(dataset.n) if index not in copies])
    n_most = int(np.bincount(originals.y).max())
    if n_most < n_folds:
        raise SplitError(
            f"{n_folds} folds need a label with as many clips, and the largest has {n_most}: ask for fewer folds "
            "(--folds)"
        )
    fold_of = _fold_of_groups(originals, n_folds, seed)
    return replace(dataset, clips=[replace(clip, fold=fold_of[clip.group]) for clip in dataset])


def _fold_of_groups(dataset: Dataset, n_folds: int, seed: int) -> dict[str, int]:
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - scikit-learn takes a second to import

    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=spawn_seed(seed, "folds"))
    fold_of: dict[str, int] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "least populated class": it is in as many folds as it can be
        for number, (_, test) in enumerate(splitter.split(np.zeros(dataset.n), dataset.y, dataset.groups), 1):
            fold_of |= dict.fromkeys((dataset.groups[index] for index in test), number)
    return fold_of
