"""Taking whole groups out of a data set, so that each label's share of clips is near to the one wished for."""

import warnings
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from earmark._util.seeds import spawn_generator, spawn_seed
from earmark.data.dataset import Dataset
from earmark.errors import SplitError

Mask = NDArray[np.bool_]


class GroupTable:
    """How many clips of each label each group holds: what a split by whole groups is decided on."""

    def __init__(self, dataset: Dataset) -> None:
        if not dataset.n:
            raise SplitError("there are no clips to split")
        self.labels = dataset.labels
        self.y = dataset.y
        names, self.group_of = np.unique(np.array(dataset.groups, dtype=object), return_inverse=True)
        self.groups: list[str] = names.tolist()
        self.counts = np.zeros((len(self.groups), len(self.labels)), dtype=np.int64)  # (n_groups, n_labels)
        np.add.at(self.counts, (self.group_of, self.y), 1)
        self.holds = self.counts > 0

    def labels_in(self, groups: Mask) -> Mask:
        """Return which labels these groups hold, (n_labels,)."""
        return np.asarray(self.holds[groups].any(axis=0))

    def clips_of(self, groups: Mask) -> tuple[int, ...]:
        """Return the indices of the clips of these groups, rising."""
        return tuple(np.flatnonzero(groups[self.group_of]).tolist())

    def names_of(self, labels: Mask) -> list[str]:
        """Return the names of these labels."""
        return [self.labels[index] for index in np.flatnonzero(labels)]


def take_groups(table: GroupTable, pool: Mask, fraction: float, seed: int, part: str) -> Mask:
    """Take whole groups out of a pool so that each label's share of clips is near to a fraction.

    What is left of the pool holds every label that the pool holds.

    Args:
        table: The groups.
        pool: Which of them may be taken, (n_groups,).
        fraction: The share of the pool's clips that is wished for.
        seed: The root seed.
        part: What the groups are taken for; each part has its own random numbers.

    Returns:
        The groups taken, (n_groups,); none where each is the only one of some label.
    """
    holds = table.holds & pool[:, None]
    pinned = np.asarray(holds[:, holds.sum(axis=0) == 1].any(axis=1))
    free = pool & ~pinned
    wanted = table.labels_in(free)  # a label that a free group holds has two groups at least
    sizes = table.counts[pool].sum(axis=0)  # (n_labels,) clips
    order = spawn_generator(seed, "split", part, "order").permutation(len(pool))

    best, best_cost = np.zeros_like(pool), (len(wanted) + 1, np.inf)
    for candidate in _candidates(table, free, fraction, seed, part):
        taken = _mended(candidate, table, holds, free=free, wanted=wanted, order=order)
        shares = table.counts[taken].sum(axis=0)[wanted] / sizes[wanted]
        cost = (int((shares == 0).sum()), float(np.abs(shares - fraction).mean()))
        if cost < best_cost:
            best, best_cost = taken, cost
    return best


def _candidates(table: GroupTable, free: Mask, fraction: float, seed: int, part: str) -> Iterator[Mask]:
    """Yield parts to choose from: runs of folds out of scikit-learn's shuffles, or an empty one where it has none."""
    clips = np.flatnonzero(free[table.group_of])
    if not len(clips):
        return
    n_folds, n_taken = _folds_near(fraction, most=min(int(free.sum()), int(np.bincount(table.y[clips]).max())))
    if n_folds == 1:
        yield np.zeros_like(free)
        return
    for shuffle in range(int(np.clip(400 // free.sum(), 1, 20))):  # a shuffle of 400 groups takes 0.1 s
        folds = _shuffled_folds(table, clips, n_folds, spawn_seed(seed, "split", part, shuffle))
        for first in range(n_folds):
            candidate = np.zeros_like(free)
            for fold in range(first, first + n_taken):
                candidate[table.group_of[folds[fold % n_folds]]] = True
            yield candidate


def _folds_near(fraction: float, *, most: int) -> tuple[int, int]:
    """Return the fewest folds, and how many of them to take, for a share within a tenth of the one wished for.

    >>> _folds_near(0.2, most=100), _folds_near(0.15, most=100), _folds_near(0.15, most=3)
    ((5, 1), (7, 1), (3, 1))
    """
    tolerance = 0.1 * min(fraction, 1 - fraction)
    nearest = (1, 0)
    for n_folds in range(2, min(most, 100) + 1):
        n_taken = int(np.clip(round(fraction * n_folds), 1, n_folds - 1))
        if abs(n_taken / n_folds - fraction) < abs(nearest[1] / nearest[0] - fraction) or nearest[0] == 1:
            nearest = (n_folds, n_taken)
        if abs(n_taken / n_folds - fraction) <= tolerance:
            break
    return nearest


def _shuffled_folds(table: GroupTable, clips: NDArray[np.int64], n_folds: int, seed: int) -> list[NDArray[np.int64]]:
    y, groups = table.y[clips], _bundles(table, seed)[table.group_of[clips]]
    fold_of = _fold_of_each(y.astype(np.int64).tobytes(), groups.astype(np.int64).tobytes(), n_folds, seed)
    return [clips[fold_of == fold] for fold in range(n_folds)]


@lru_cache(maxsize=512)  # a cross-validation asks for the same split again and again, and each takes up to a second
def _fold_of_each(y: bytes, groups: bytes, n_folds: int, seed: int) -> NDArray[np.int16]:
    """Return the fold of each clip, (n_clips,), of the bytes of int64 classes and groups."""
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - scikit-learn takes a second to import

    classes, sources = np.frombuffer(y, np.int64), np.frombuffer(groups, np.int64)
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    fold_of = np.empty(len(classes), np.int16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "least populated class": what a small class lacks is mended here
        for number, (_, inside) in enumerate(folds.split(classes, classes, sources)):
            fold_of[inside] = number
    return fold_of


def _bundles(table: GroupTable, seed: int, most: int = 2000) -> NDArray[np.int64]:
    """Return a number for each group, (n_groups,), by which random groups of one label go together where they are many.

    scikit-learn looks at groups one by one, 0.2 ms each; beyond some thousands the shares are as near with bundles.
    """
    if len(table.groups) <= most:
        return np.arange(len(table.groups))
    n_bundles = max(100, most // len(table.labels))  # a label
    bundles = np.empty(len(table.groups), dtype=np.int64)
    order = spawn_generator(seed, "bundles").permutation(len(table.groups))
    main_label = table.counts[order].argmax(axis=1)
    for label in range(len(table.labels)):
        members = order[main_label == label]
        bundles[members] = label * n_bundles + np.arange(len(members)) % n_bundles
    return bundles


def _mended(
    part: Mask, table: GroupTable, holds: NDArray[np.bool_], *, free: Mask, wanted: Mask, order: NDArray[np.int64]
) -> Mask:
    """Return a part in which, as far as moving one group at a time can, no label is all inside or all outside."""
    part = part.copy()
    pool = holds.any(axis=1)
    by_size = order[np.argsort(table.counts[order].sum(axis=1), kind="stable")]  # small groups move first
    for label in np.flatnonzero(holds.any(axis=0)):
        if not (holds[:, label] & ~part).any():
            inside = by_size[holds[by_size, label] & part[by_size]]
            spare = [group for group in inside if _is_spare(group, holds, part)]
            part[(spare or inside.tolist())[0]] = False
    for label in np.flatnonzero(wanted):
        if not (holds[:, label] & part).any():
            outside = by_size[holds[by_size, label] & (free & ~part)[by_size]]
            spare = [group for group in outside if _is_spare(group, holds, pool & ~part)]
            part[spare[:1]] = True
    return part


def _is_spare(group: int, holds: NDArray[np.bool_], side: Mask) -> bool:
    """Return whether a side keeps each label of a group when the group leaves it."""
    return bool((holds[side][:, holds[group]].sum(axis=0) > 1).all())
