"""Labelled features that are there already: what training takes in place of sounds, and what is written for others."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.splits import split_dataset
from earmark.errors import DataError
from earmark.features.extract import Recipe

Array = npt.NDArray[Any]


def array_key(array: Array) -> str:
    """Return 32 hexadecimal digits that name an array: two share them only if they are equal."""
    digest = hashlib.blake2b(f"{array.dtype.str}{array.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class FeatureTable:
    """Clips and the features of each.

    Attributes:
        dataset: The clips, with label, group and fold; `path` is the file that their features came from.
        arrays: One entry a clip: features (n_segments, n_bins, n_frames) float32, or, where `is_pictures`, one picture
            (n_rows, n_columns, 4) uint8. They may be read when asked for, so ask for one at a time.
        recipe: How the features were made, where that is known.
        is_pictures: Whether the arrays are pictures.
        contents: What names the content of the sound of each clip, where the table was made from sounds and knows it.
        groups_known: Whether it is known which clips share a source; else each is a group by itself.

    Raises:
        DataError: There are not as many arrays as clips.
    """

    dataset: Dataset
    arrays: Sequence[Array]
    recipe: Recipe | None = None
    is_pictures: bool = False
    contents: tuple[str, ...] | None = None
    groups_known: bool = True

    def __post_init__(self) -> None:
        if len(self.arrays) != len(self.dataset):
            raise DataError(f"there are {len(self.dataset)} clips and {len(self.arrays)} arrays: one belongs to each")

    def rows(self) -> Iterator[tuple[Clip, int, Array]]:
        """Yield each clip, its label as a place in `dataset.labels`, and its array, one after the other."""
        yield from zip(self.dataset, self.dataset.y.tolist(), self.arrays, strict=True)

    def segments(self) -> Iterator[tuple[Clip, int, Array]]:
        """Yield each segment by itself: its clip, its label as a place in `dataset.labels`, (n_bins, n_frames)."""
        for clip, y, array in self.rows():
            for segment in np.asarray(array):
                yield clip, y, segment

    def regroup(self, *, column: str | None = None, pattern: str | None = None) -> "FeatureTable":
        """Return the table with other groups: see `Dataset.regroup`.

        Raises:
            SettingError: Both are given, or what is given does not fit.
            DataError: The column is empty for some clips.
        """
        known = self.groups_known or column is not None or pattern is not None
        return replace(self, dataset=self.dataset.regroup(column=column, pattern=pattern), groups_known=known)

    def first_per_class(self, n: int) -> "FeatureTable":
        """Return the table of the first `n` clips of each class, or of all where a class has fewer.

        Raises:
            SettingError: `n` is below 1.
        """
        return self.subset(self.dataset.first_of_classes(n).tolist())

    def subset(self, indices: Sequence[int]) -> "FeatureTable":
        """Return the table of the clips at `indices`, in the order asked for."""
        contents = None if self.contents is None else tuple(self.contents[index] for index in indices)
        return replace(
            self, dataset=self.dataset.subset(indices), arrays=Chosen(self.arrays, indices), contents=contents
        )

    def train_test_split(
        self, *, test_fold: int | None = None, test_fraction: float = 0.2, seed: int = 0
    ) -> tuple["FeatureTable", "FeatureTable"]:
        """Divide the table into one to learn from and one to be scored on; no group is in both.

        Args:
            test_fold: The published fold to test on; where there are folds and none is named, the last.
            test_fraction: The share of the clips to test on, where there are no folds.
            seed: The root seed, not negative.

        Raises:
            SettingError: The fraction or the seed is out of range, or there is no such fold.
            SplitError: A fold shares a group with another, or there are too few groups.
        """
        split = split_dataset(self.dataset, seed=seed, test_fold=test_fold, test_fraction=test_fraction)
        return self.subset(sorted((*split.train, *split.validation))), self.subset(split.test)


class Chosen(Sequence[Array]):
    """Some arrays of a sequence, in the order asked; each is read when it is asked for.

    Args:
        arrays: The whole sequence.
        indices: Which of them.
    """

    def __init__(self, arrays: Sequence[Array], indices: Sequence[int]) -> None:
        self._arrays = arrays
        self._indices = tuple(indices)

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> Array: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Array]: ...
    def __getitem__(self, index: int | slice) -> Array | Sequence[Array]:
        if isinstance(index, slice):
            return Chosen(self._arrays, self._indices[index])
        return self._arrays[self._indices[index]]
