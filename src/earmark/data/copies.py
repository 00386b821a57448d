"""Augmented copies: they may be learnt from, and are never scored or chosen by."""

from dataclasses import replace

from earmark.data.dataset import Dataset, count
from earmark.data.splits import Split

_SOURCE = "source"  # the column that `earmark augment` writes


def copies_in(dataset: Dataset) -> set[int]:
    """Return where the augmented copies are: clips whose table names another clip of the set as their ``source``."""
    names = {clip.name for clip in dataset}
    sources = [clip.extra.get(_SOURCE) for clip in dataset]
    return {index for index, clip in enumerate(dataset) if sources[index] in names and sources[index] != clip.name}


def without_tested_copies(dataset: Dataset, split: Split) -> tuple[Dataset, Split]:
    """Leave the augmented copies out of the validation and test parts, where there are some.

    A copy lies in the group of its source, so both are in one part.

    Args:
        dataset: What was split.
        split: The split.

    Returns:
        The data set without those copies, and the split of what is left; both as received if there are none.
    """
    copies = copies_in(dataset) & {*split.validation, *split.test}
    if not copies:
        return dataset, split
    kept = [index for index in range(dataset.n) if index not in copies]
    place = {index: new for new, index in enumerate(kept)}
    note = (
        f"{count(len(copies), 'augmented copy').replace('copys', 'copies')} left out of the validation and test parts"
    )

    def moved(part: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(place[index] for index in part if index in place)

    parts = replace(
        split,
        train=moved(split.train),
        validation=moved(split.validation),
        test=moved(split.test),
        notes=(*split.notes, note),
    )
    return dataset.subset(kept), parts
