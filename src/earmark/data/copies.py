"""Augmented copies: they may be learnt from, and are never scored or chosen by."""

from dataclasses import replace

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count
from earmark.data.splits import Split

_SOURCE, _STEPS = "source", "steps"  # the columns that `earmark augment` writes


def copies_in(dataset: Dataset) -> set[int]:
    """Return where the augmented copies are, as the table of a data set says.

    A copy has a ``source`` and the ``steps`` that made it, as `earmark augment` writes them: the source is called as in
    the data set that was augmented. With a source alone it is one if that names another clip of this set.
    """
    names = {clip.name for clip in dataset}

    def is_copy(clip: Clip) -> bool:
        source = clip.extra.get(_SOURCE, "")
        return bool(source and clip.extra.get(_STEPS)) or (source in names and source != clip.name)

    return {index for index, clip in enumerate(dataset) if is_copy(clip)}


def without_copies(dataset: Dataset) -> Dataset:
    """Leave out all augmented copies, with a note, where they could not be told from the sounds afterwards."""
    copies = copies_in(dataset)
    if not copies:
        return dataset
    kept = dataset.subset([index for index in range(dataset.n) if index not in copies])
    note = (
        f"{_spelled(len(copies))} left out: features cannot say what is a copy, and a copy is never to be tested on; "
        "learn from copies with the sounds themselves, or with --augment"
    )
    return replace(kept, notes=(*kept.notes, note))


def _spelled(n: int) -> str:
    return count(n, "augmented copy").replace("copys", "copies")


def tested_copies(dataset: Dataset, split: Split) -> set[int]:
    """Return the augmented copies that lie in the validation and test parts of a split."""
    return copies_in(dataset) & {*split.validation, *split.test}


def without_tested_copies(dataset: Dataset, split: Split) -> tuple[Dataset, Split]:
    """Leave the augmented copies out of the validation and test parts, where there are some.

    A copy lies in the group of its source, so both are in one part.

    Args:
        dataset: What was split.
        split: The split.

    Returns:
        The data set without those copies, and the split of what is left; both as received if there are none.
    """
    copies = tested_copies(dataset, split)
    if not copies:
        return dataset, split
    kept = [index for index in range(dataset.n) if index not in copies]
    place = {index: new for new, index in enumerate(kept)}
    note = f"{_spelled(len(copies))} left out of the validation and test parts"

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
