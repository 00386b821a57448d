"""Repeats as groups: clips that are one sound in one group, so that no split puts them on two sides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from earmark._util.progress import Progress
from earmark.audit.measure import measure_dataset
from earmark.audit.repeats import find_repeats, repeat_groups, repeat_sets
from earmark.data.copies import copies_in
from earmark.data.dataset import Dataset, count, listed
from earmark.errors import SettingError
from earmark.features.store import FeatureStore

_N_SHOWN = 3  # of the clips that are one sound


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """The sounds that are in a data set more than once, exactly or nearly.

    Attributes:
        sets: The clips of each, by their places in the data set, rising; what hangs together by way of a third is one.
        groups: What each group that is joined with others is called from then on, by what it was called.
    """

    sets: tuple[tuple[int, ...], ...]
    groups: dict[str, str]

    def across_groups(self, dataset: Dataset) -> list[tuple[int, ...]]:
        """Return the sets whose clips are in several groups, which a split may put on two sides."""
        return [some for some in self.sets if len({dataset[index].group for index in some}) > 1]

    def join(self, dataset: Dataset) -> Dataset:
        """Return the data set with the groups joined, and a note that says so; as it is where none need be."""
        torn = self.across_groups(dataset)
        if not torn:
            return dataset
        clips = [replace(clip, group=self.groups.get(clip.group, clip.group)) for clip in dataset]
        return replace(dataset, clips=clips, notes=(*dataset.notes, describe_joined(dataset, torn)))


def group_repeats(
    dataset: Dataset,
    *,
    store: FeatureStore | None = None,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Return the data set with each sound that is in it more than once, exactly or nearly, in one group.

    Groups that a repeat connects become one, and are called as the one that comes first in the data set; the notes say
    which clips made it so. Every clip is decoded once, but for augmented copies, which stay with their sources. Clips
    that cannot be read, and silent ones, repeat nothing.

    Folds stay as they are. Where clips of one sound lie in two folds, a split by these folds is refused afterwards:
    published folds, which are kept so that scores compare, are better split as they are.

    Args:
        dataset: The clips.
        store: Where what was measured is kept, so that an audit of the same clips listens to none again; None for
            nowhere.
        n_workers: Number of threads; None for one a processor, at most eight.
        progress: Is told how far it is.

    Raises:
        SettingError: It is no data set of sounds, or `n_workers` is below 1.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from earmark.audio.write import write_sound
    >>> from earmark.data.clip import Clip
    >>> rain = 0.1 * np.random.default_rng(0).standard_normal(22050).astype(np.float32)
    >>> with TemporaryDirectory() as folder:
    ...     for name, gain in (("a.wav", 1), ("b.wav", 0.5)):
    ...         write_sound(Path(folder, name), gain * rain, 22050)
    ...     clips = [Clip(name=name, path=Path(folder, name), label="x", group=name) for name in ("a.wav", "b.wav")]
    ...     group_repeats(Dataset(clips, root=Path(folder))).groups
    ('a.wav', 'a.wav')
    """
    if not isinstance(dataset, Dataset):
        raise SettingError(
            f"a Dataset of sounds is wanted, not {type(dataset).__name__}: make one with earmark.open_dataset(path)"
        )
    return hear_repeats(dataset, store=store, n_workers=n_workers, progress=progress).join(dataset)


def hear_repeats(
    dataset: Dataset,
    *,
    store: FeatureStore | None = None,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> Repeats:
    """Listen to the clips, and return which of them are one sound. See `group_repeats`."""
    store = FeatureStore(None) if store is None else store
    copies = copies_in(dataset)  # what was mixed into several of them makes no one sound of their sources
    originals = dataset.subset([index for index in range(dataset.n) if index not in copies])
    measures = measure_dataset(originals, store=store, n_workers=n_workers, progress=progress)
    found = find_repeats(measures, originals, progress=progress)
    place = {clip.address: index for index, clip in enumerate(dataset)}
    sets = [tuple(place[address] for address in some) for some in repeat_sets(originals, found)]
    named = repeat_groups(originals, found)
    groups = {clip.group: named[clip.address] for clip in originals if clip.address in named}
    return Repeats(sets=tuple(sets), groups=groups)


def describe_joined(dataset: Dataset, torn: Sequence[Sequence[int]]) -> str:
    """Return in one line which clips are one sound though their groups are several.

    Args:
        dataset: The clips in the groups that they had.
        torn: The places of the clips of each sound, one sound at least.
    """
    named = listed(_same([dataset[index].address for index in some]) for some in torn)
    are, each = ("is", "it is") if len(torn) == 1 else ("are", "each is")
    return (
        f"{count(len(torn), 'sound')} {are} in the data more than once, exactly or nearly: {named}; {each} one group "
        "now, so that a split keeps it on one side"
    )


def _same(names: Sequence[str]) -> str:
    more = [f"{len(names) - _N_SHOWN} more"] if len(names) > _N_SHOWN else []
    return " = ".join([*names[:_N_SHOWN], *more])
