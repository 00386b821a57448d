"""A split that is given: parts and folds that the data set comes with, a table of names, or each group by itself."""

from collections.abc import Mapping
from dataclasses import replace

from earmark.data.dataset import Dataset, count, distinct_folds, listed
from earmark.data.splits import PARTS, Split, check_split
from earmark.errors import DataError, SettingError, SplitError

PART = "part"  # the column, and the key in a clip's `extra`

_ALSO_CALLED = {
    "training": "train",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "testing": "test",
    "eval": "test",
}


def part_called(text: str) -> str | None:
    """Return the part that a text names, nothing for an empty one, and None for what names no part.

    >>> part_called("Dev"), part_called(""), part_called("holdout")
    ('validation', '', None)
    """
    name = text.strip().lower()
    name = _ALSO_CALLED.get(name, name)
    return name if name in {*PARTS, ""} else None


def split_of_parts(dataset: Dataset, *, together: Mapping[str, str] | None = None) -> Split:
    """Return the split that the clips themselves name, as a table with a column ``part`` gives it.

    Args:
        dataset: Clips that all have a part in `Clip.extra`.
        together: What must not be torn apart; see `check_split`.

    Raises:
        DataError: A clip has no part, or one that is none.
        SplitError: A part is empty, a group is on two sides, or a class is tested and not learnt.
    """
    parts = [part_called(clip.extra.get(PART, "")) for clip in dataset]
    without = [clip.name for clip, part in zip(dataset, parts, strict=True) if not part]
    if without:
        raise DataError(
            f"{count(len(without), 'clip')} without train, validation or test in the column {PART!r}: {listed(without)}"
        )
    places = {part: tuple(index for index, of in enumerate(parts) if of == part) for part in PARTS}
    empty = [part for part, indices in places.items() if not indices]
    if empty:
        raise SplitError(f"the split that is given has no clips to {' and '.join(map(_verb, empty))}")
    split = Split(train=places["train"], validation=places["validation"], test=places["test"])
    check_split(dataset, split, together=together)
    learnt = {dataset[index].label for index in split.train}
    unlearnt = sorted({dataset[index].label for index in (*split.validation, *split.test)} - learnt)
    if unlearnt:
        raise SplitError(f"the split that is given has nothing to learn from for {listed(map(repr, unlearnt))}")
    untested = sorted(learnt - {dataset[index].label for index in split.test})
    return replace(split, notes=tuple(f"label {label!r} is learnt but not tested" for label in untested))


def published_parts(dataset: Dataset) -> Dataset:
    """Return the clips that have a part of their own, without folds, so that the parts decide.

    Raises:
        SettingError: None has a part.
    """
    kept = [index for index, clip in enumerate(dataset) if clip.extra.get(PART, "").strip()]
    if not kept:
        hint = "its folds are used as they are: leave the split out" if distinct_folds(dataset) else "name a table"
        raise SettingError(f"the data set comes with no parts (no column {PART!r}): {hint}")
    chosen = dataset.subset(kept)
    left = [clip.name for clip in dataset if not clip.extra.get(PART, "").strip()]
    notes = [f"{count(len(left), 'clip')} without a part left out: {listed(left)}"] if left else []
    return replace(chosen, clips=[replace(clip, fold=None) for clip in chosen], notes=(*chosen.notes, *notes))


def leave_one_group_out(dataset: Dataset) -> Dataset:
    """Return the data set with a fold for each group, so that a cross-validation leaves out one group at a time.

    Args:
        dataset: A data set of two groups at least.

    Raises:
        SettingError: The data set has folds.
        SplitError: There is one group only.

    Source: scikit-learn's `LeaveOneGroupOut`, whose order of groups this is.
    """
    if distinct_folds(dataset):
        raise SettingError("the data set has folds of its own, which are kept")
    groups = sorted(set(dataset.groups))
    if len(groups) == 1:
        raise SplitError(f"there is one group only, {groups[0]!r}: without it nothing is left to learn from")
    fold_of = {group: number for number, group in enumerate(groups, 1)}
    return replace(dataset, clips=[replace(clip, fold=fold_of[clip.group]) for clip in dataset])


def _verb(part: str) -> str:
    return {"train": "learn from", "validation": "validate on", "test": "test on"}[part]
