"""A data set: labelled clips in a stable order, and what was left out of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark._util.catalogue import nearest
from earmark.data.clip import Clip
from earmark.errors import DataError, SettingError


@dataclass(frozen=True, repr=False)
class Dataset(Sequence[Clip]):
    """Labelled clips in a stable order: a sequence of `Clip`, with its labels, groups and folds beside it.

    What `open_dataset` returns is sorted by name, then by where a stretch begins. A data set made by hand, and a
    subset, keep the order that they are given.

    Attributes:
        clips: The clips.
        root: The folder that the clips' names start from.
        notes: Plain sentences on what was left out, such as ``2 repeated rows were dropped: a.wav, b.wav``.

    >>> clips = [Clip(name=name, path=Path(name), label=name[0], group=name) for name in ("d1.wav", "d2.wav", "r1.wav")]
    >>> Dataset(clips, root=Path()).subset([0, 2])
    Dataset(2 clips, 2 labels, 2 groups)
    """

    clips: Sequence[Clip]
    root: Path
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "clips", tuple(self.clips))
        object.__setattr__(self, "notes", tuple(self.notes))

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> "Dataset": ...
    def __getitem__(self, index: int | slice) -> "Clip | Dataset":
        return replace(self, clips=self.clips[index]) if isinstance(index, slice) else self.clips[index]

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    def __len__(self) -> int:
        return len(self.clips)

    def __repr__(self) -> str:
        counts = ((self.n, "clip"), (len(self.labels), "label"), (len(set(self.groups)), "group"))
        parts = [count(number, thing) for number, thing in counts]
        folds = distinct_folds(self)
        return f"Dataset({', '.join([*parts, f'folds {_ranges(folds)}'] if folds else parts)})"

    @property
    def n(self) -> int:
        """The number of clips."""
        return len(self.clips)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The distinct labels of these clips, sorted. A subset has its own, which may be fewer."""
        return tuple(sorted({clip.label for clip in self.clips}))

    @cached_property
    def y(self) -> NDArray[np.int64]:
        """The label of each clip as its place in `labels`, (n_clips,). Read only.

        A subset counts within its own labels: to keep the numbers of the whole, take ``dataset.y[indices]``.
        """
        place = {label: index for index, label in enumerate(self.labels)}
        y = np.array([place[clip.label] for clip in self.clips], dtype=np.int64)
        y.setflags(write=False)
        return y

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The group of each clip."""
        return tuple(clip.group for clip in self.clips)

    @cached_property
    def folds(self) -> tuple[int | None, ...]:
        """The published fold of each clip; None for a clip without one."""
        return tuple(clip.fold for clip in self.clips)

    def subset(self, indices: ArrayLike) -> "Dataset":
        """Return the data set of the clips at `indices`, in the order asked for.

        Args:
            indices: Whole numbers, (n_chosen,), or one truth value a clip, (n_clips,).

        Raises:
            IndexError: There is no clip at an index, or the truth values are not one a clip.
        """
        chosen = np.asarray(indices)
        if chosen.dtype == bool:
            if chosen.shape != (self.n,):
                raise IndexError(f"a mask holds one truth value a clip: {self.n}, not an array of {chosen.shape}")
            chosen = np.flatnonzero(chosen)
        return replace(self, clips=[self.clips[index] for index in chosen.tolist()])

    def first_per_class(self, n: int) -> "Dataset":
        """Return the data set of the first `n` clips of each class, or of all where a class has fewer.

        Raises:
            SettingError: `n` is below 1.

        >>> clips = [Clip(name=name, path=Path(), label=name[0], group=name) for name in ("d1", "d2", "r1")]
        >>> [clip.name for clip in Dataset(clips, root=Path()).first_per_class(1)]
        ['d1', 'r1']
        """
        return self.subset(self.first_of_classes(n))

    def first_of_classes(self, n: int) -> NDArray[np.int64]:
        """Return where the first `n` clips of each class are, ascending.

        Raises:
            SettingError: `n` is below 1.
        """
        if n < 1:
            raise SettingError(f"at least 1 clip of each class is taken, not {n}")
        seen: Counter[str] = Counter()
        chosen = []
        for index, clip in enumerate(self.clips):
            seen[clip.label] += 1
            if seen[clip.label] <= n:
                chosen.append(index)
        return np.array(chosen, dtype=np.int64)

    def regroup(self, *, column: str | None = None, pattern: str | None = None) -> "Dataset":
        r"""Return the data set with other groups; with neither argument, this one.

        Args:
            column: The column of the table that names the group, such as ``artist``.
            pattern: A regular expression, searched in each clip's name. The group is what its first pair of
                parentheses matches, or the whole match where it has none.

        Raises:
            SettingError: Both are given, there is no such column, the expression is faulty, or it matches nothing in
                some names.
            DataError: The column is empty for some clips.

        >>> clips = [Clip(name=f"rain/{day}.wav", path=Path(), label="rain", group="") for day in ("mo1", "mo2", "tu1")]
        >>> Dataset(clips, root=Path()).regroup(pattern=r"(\w\w)\d\.wav$").groups
        ('mo', 'mo', 'tu')
        """
        if column is not None and pattern is not None:
            raise SettingError(f"the group comes from one place: the column {column!r} or the pattern {pattern!r}")
        if column is not None:
            return self._with_groups(_groups_of_column(self.clips, column))
        if pattern is not None:
            return self._with_groups(_groups_of_pattern(self.clips, pattern))
        return self

    def _with_groups(self, groups: Iterable[str]) -> "Dataset":
        return replace(self, clips=[replace(clip, group=group) for clip, group in zip(self.clips, groups, strict=True)])


def reading_order(clip: Clip) -> tuple[str, float, float]:
    """Return what clips are sorted by: the name, then where the stretch begins and ends."""
    return (clip.name, clip.start_s, np.inf if clip.end_s is None else clip.end_s)


def distinct_folds(dataset: Dataset) -> tuple[int, ...]:
    """Return the folds that a data set has, sorted; nothing where it has none."""
    return tuple(sorted({fold for fold in dataset.folds if fold is not None}))


def count(number: int, thing: str) -> str:
    """Return a number with its noun, in the plural where it is due.

    >>> count(2, "row")
    '2 rows'
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def listed(names: Iterable[str], n_shown: int = 5) -> str:
    """Return names as a message lists them: the first few, and how many more there are.

    >>> listed(["a.wav", "b.wav", "c.wav"], n_shown=2)
    'a.wav, b.wav and 1 more'
    """
    every = list(names)
    shown = ", ".join(every[:n_shown])
    return f"{shown} and {len(every) - n_shown} more" if len(every) > n_shown else shown


def _groups_of_column(clips: Sequence[Clip], column: str) -> list[str]:
    cells = [_cells(clip) for clip in clips]
    known = {name for row in cells for name in row}
    if column not in known:
        raise SettingError(f"the data set has no column {column!r} to group by: {nearest(column, known)}")
    empty = [clip.name for clip, row in zip(clips, cells, strict=True) if not row.get(column)]
    if empty:
        raise DataError(
            f"the column {column!r} cannot name the groups: it is empty for {len(empty)} of "
            f"{count(len(clips), 'clip')} ({listed(empty)}); fill it in"
        )
    return [row[column] for row in cells]


def _cells(clip: Clip) -> dict[str, str]:
    own = {"path": clip.name, "label": clip.label, "group": clip.group}
    fold = {} if clip.fold is None else {"fold": str(clip.fold)}
    return own | fold | dict(clip.extra)


def _groups_of_pattern(clips: Sequence[Clip], pattern: str) -> list[str]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise SettingError(f"the group pattern {pattern!r} is no regular expression: {error}") from error
    matches = [expression.search(clip.name) for clip in clips]
    groups = [(match[1 if expression.groups else 0] or "") if match else "" for match in matches]
    without = [clip.name for clip, group in zip(clips, groups, strict=True) if not group]
    if without:
        raise SettingError(
            f"the group pattern {pattern!r} finds no group in {len(without)} of {count(len(clips), 'path')}, such as "
            f"{listed(without, 3)}: write one that matches every path"
        )
    return groups


def _ranges(numbers: Sequence[int]) -> str:
    """Return sorted whole numbers as ``1-5`` where none is missing between the ends, else one by one."""
    first, last = numbers[0], numbers[-1]
    if last - first >= 1 and len(numbers) == last - first + 1:
        return f"{first}-{last}"
    return ", ".join(map(str, numbers))
