"""Honest splits: whole groups, stratified by label, never one group on two sides."""

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from earmark.data.dataset import Dataset, count, distinct_folds, listed
from earmark.data.together import shared_keys
from earmark.data.whole_groups import GroupTable, Mask, take_groups
from earmark.errors import SettingError, SplitError

Part = Literal["train", "validation", "test"]

PARTS: tuple[Part, ...] = ("train", "validation", "test")

_HOW_TO_GROUP = "add recordings of other sources, or group more finely (--group-column, --group-pattern)"


@dataclass(frozen=True, kw_only=True)
class Split:
    """Which clips are learnt from, which decide when to stop, and which are looked at once, at the end.

    Attributes:
        train: Indices of the clips to learn from, rising.
        validation: Indices of the clips that choose the best weights.
        test: Indices of the clips that the scores are taken from.
        notes: Plain sentences on what the split cannot do, such as ``label 'owl' has one group only: ...``.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    notes: tuple[str, ...] = ()


def split_dataset(
    dataset: Dataset,
    *,
    seed: int,
    test_fold: int | None = None,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.15,
) -> Split:
    """Split a data set into train, validation and test by whole groups, stratified by label.

    Given folds are respected: the test part is the fold `test_fold`, or the last one where none is named, and
    `test_fraction` is not used. Without folds the test part is chosen among many shuffles as the one in which each
    label's share of clips is nearest to `test_fraction`. The validation part is taken the same way out of what is
    left. A label with a single group is learnt and not tested; one with two groups gives one to each side.

    Args:
        dataset: What to split.
        seed: The root seed, not negative: the same seed gives the same split.
        test_fold: The fold to test on.
        test_fraction: The share of the clips to test on, between 0 and 1.
        validation_fraction: The share of the clips outside the test part to validate on, between 0 and 1.

    Returns:
        The split; each clip is in exactly one part.

    Raises:
        SettingError: A fraction or the seed is out of range, or there is no such fold.
        SplitError: A fold shares a group with another, a part would be empty, or a label would have nothing to learn
            from or, though it has groups enough, nothing to be tested on.

    Source: the shuffles are those of scikit-learn's `StratifiedGroupKFold`.
    """
    _check_settings(seed, test_fraction=test_fraction, validation_fraction=validation_fraction)
    table = GroupTable(dataset)
    everything = np.ones(len(table.groups), dtype=bool)
    fold = _chosen_fold(dataset, test_fold)
    if fold is None:
        test, notes = _random_test(table, everything, test_fraction, seed)
    else:
        test, notes = _test_of_fold(dataset, table, fold)
    validation = _take_validation(table, everything & ~test, validation_fraction, seed)
    split = Split(
        train=table.clips_of(~test & ~validation),
        validation=table.clips_of(validation),
        test=table.clips_of(test),
        notes=(*notes, *_notes_on_validation(table, ~test, validation)),
    )
    check_split(dataset, split)
    return split


def hold_out(dataset: Dataset, *, fraction: float, seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Take a validation part out of clips that all are there to learn from; folds are not looked at.

    Args:
        dataset: What to divide.
        fraction: The share of the clips to hold out, between 0 and 1.
        seed: The root seed, not negative.

    Returns:
        The indices that stay, and the indices held out, both rising; no group is in both.

    Raises:
        SettingError: The fraction or the seed is out of range.
        SplitError: No group can be spared.
    """
    _check_settings(seed, validation_fraction=fraction)
    table = GroupTable(dataset)
    everything = np.ones(len(table.groups), dtype=bool)
    held = _take_validation(table, everything, fraction, seed)
    return table.clips_of(~held), table.clips_of(held)


def check_split(dataset: Dataset, split: Split, *, together: Mapping[str, str] | None = None) -> None:
    """Refuse a split that would put a clip or a group on two sides, or leave a clip out.

    Args:
        dataset: What was split.
        split: The split, whoever made it.
        together: What else must not be torn apart: a key that clips share by `Clip.address`, such as the groups that an
            audit put together.

    Raises:
        SettingError: None of the clips is in `together`.
        SplitError: An index is in no part, in two, or beyond the data set; or a group, or what goes together, is on
            two sides. The message names clips of it.
    """
    placed: dict[int, Part] = {}
    for part in PARTS:
        for index in map(operator.index, getattr(split, part)):
            if not 0 <= index < dataset.n:
                raise SplitError(f"the {part} part holds the index {index}, and the data set has {dataset.n} clips")
            if index in placed:
                also = f"in {placed[index]} and in {part}" if placed[index] != part else f"twice in {part}"
                raise SplitError(f"the clip {index} ({dataset[index].name}) is {also}: a clip has one place")
            placed[index] = part
    absent = [clip.name for index, clip in enumerate(dataset) if index not in placed]
    if absent:
        raise SplitError(f"{count(len(absent), 'clip')} in no part of the split: {listed(absent)}")
    _refuse_torn("group", "", {index: dataset.groups[index] for index in placed}, placed, dataset)
    if together:
        _refuse_torn("set", " of repeats", shared_keys(dataset, together), placed, dataset)


def _refuse_torn(noun: str, rest: str, keys: Mapping[int, str], placed: Mapping[int, Part], dataset: Dataset) -> None:
    """Refuse keys that clips in two parts share; the message names a clip in each part."""
    sides: dict[str, dict[Part, str]] = {}
    for index, key in keys.items():
        sides.setdefault(key, {}).setdefault(placed[index], dataset[index].name)
    torn = {key: clips for key, clips in sides.items() if len(clips) > 1}
    if torn:
        told = listed(
            f"{key} ({', '.join(f'{name} in {part}' for part, name in clips.items())})"
            for key, clips in sorted(torn.items())
        )
        raise SplitError(
            f"{count(len(torn), noun)}{rest} on two sides of the split: {told}; a {noun} belongs to one part"
        )


def split_parts(split: Split, n: int) -> list[Part | Literal[""]]:
    """Return the part of each of `n` clips: ``train``, ``validation``, ``test``, or nothing for one left out.

    >>> split_parts(Split(train=(0, 2), validation=(3,), test=(1,)), 5)
    ['train', 'test', 'train', 'validation', '']
    """
    parts: list[Part | Literal[""]] = [""] * n
    for part in PARTS:
        for index in getattr(split, part):
            parts[index] = part
    return parts


def _check_settings(seed: int, **fractions: float) -> None:
    if seed < 0:
        raise SettingError(f"seed must not be negative, not {seed}")
    for name, fraction in fractions.items():
        if not 0 < fraction < 1:
            raise SettingError(f"{name} must lie between 0 and 1, such as 0.2, not {fraction}")


def _chosen_fold(dataset: Dataset, test_fold: int | None) -> int | None:
    folds = distinct_folds(dataset)
    if test_fold is None:
        return folds[-1] if folds else None
    if not folds:
        raise SettingError(f"there is no fold {test_fold} to test on: the data set has no folds; leave it out")
    if test_fold not in folds:
        raise SettingError(f"there is no fold {test_fold} to test on: the folds are {', '.join(map(str, folds))}")
    return test_fold


def _test_of_fold(dataset: Dataset, table: GroupTable, fold: int) -> tuple[Mask, list[str]]:
    in_fold = np.array([clip.fold == fold for clip in dataset])
    if in_fold.all():
        raise SplitError(f"all clips are in fold {fold}: nothing is left to learn from; leave the folds out")
    inside = np.bincount(table.group_of, weights=in_fold) > 0
    torn = inside & (np.bincount(table.group_of, weights=~in_fold) > 0)
    if torn.any():
        names = [table.groups[index] for index in np.flatnonzero(torn)]
        raise SplitError(
            f"{count(len(names), 'group')} in fold {fold} and in other folds too: {listed(names)}; test on a fold that "
            "shares no group with the others, group otherwise, or leave the folds out"
        )
    unlearnt = table.names_of(~table.labels_in(~inside))
    if unlearnt:
        raise SplitError(f"outside fold {fold} there is nothing to learn from for {_labels(unlearnt)}: test on another")
    untested = table.names_of(~table.labels_in(inside))
    return inside, [f"label {label!r} is not in fold {fold}: it is learnt but not tested" for label in untested]


def _random_test(table: GroupTable, pool: Mask, fraction: float, seed: int) -> tuple[Mask, list[str]]:
    test = take_groups(table, pool, fraction, seed, "test")
    if not test.any():
        raise SplitError(
            f"no group can be spared for the test part: each is the only one of some label; {_HOW_TO_GROUP}"
        )
    single = table.holds.sum(axis=0) == 1
    untested = table.names_of(~single & ~table.labels_in(test))
    if untested:
        raise SplitError(
            f"no choice of whole groups gives each label something to learn from and to be tested on; left untested: "
            f"{_labels(untested)}; {_HOW_TO_GROUP}"
        )
    untestable = table.names_of(single & ~table.labels_in(test))
    return test, [f"label {label!r} has one group only: it is learnt but not tested" for label in untestable]


def _notes_on_validation(table: GroupTable, pool: Mask, validation: Mask) -> Iterator[str]:
    once_in_pool = table.holds[pool].sum(axis=0) == 1
    tested_too = table.labels_in(~pool)  # a label with one group in all has its note already
    for label in table.names_of(once_in_pool & tested_too & ~table.labels_in(validation)):
        yield f"label {label!r} has one group left beside the test part: it is learnt but not validated"


def _take_validation(table: GroupTable, pool: Mask, fraction: float, seed: int) -> Mask:
    validation = take_groups(table, pool, fraction, seed, "validation")
    if not validation.any():
        raise SplitError(
            "no group can be spared for the validation part: each one left is the only one of some label; "
            f"{_HOW_TO_GROUP}"
        )
    return validation


def _labels(names: Iterable[str]) -> str:
    return listed(repr(name) for name in names)
