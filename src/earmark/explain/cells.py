"""Features in cells: a coarse grid of patches that are taken away and put back one after another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.explain import FloatArray

_MOST_CELLS = 200  # a segment
_ROWS = 8
_FEW_FRAMES = 8


@dataclass(frozen=True)
class Cells:
    """A grid of equal cells over features; of vectors, such as statistics, each value is a cell as far as they suffice.

    Single values would not do: a classifier has never seen features with holes of one value, and fails on them wherever
    they are.

    Attributes:
        n_bins: Bins of the features.
        n_frames: Frames of the features.

    >>> Cells(64, 251).shape, Cells(100, 1).shape, Cells(1, 65536).shape
    ((8, 25), (100, 1), (1, 200))
    """

    n_bins: int
    n_frames: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        is_map = self.n_frames > _FEW_FRAMES
        n_rows = min(self.n_bins, _ROWS if is_map else max(1, _MOST_CELLS // self.n_frames))
        return n_rows, min(self.n_frames, _MOST_CELLS // n_rows)

    @property
    def n(self) -> int:
        """How many cells there are."""
        return self.shape[0] * self.shape[1]

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """The number of the cell that each value lies in, (n_bins, n_frames)."""
        n_rows, n_columns = self.shape
        row = np.arange(self.n_bins) * n_rows // self.n_bins
        column = np.arange(self.n_frames) * n_columns // self.n_frames
        return row[:, None] * n_columns + column

    def means(self, values: FloatArray) -> npt.NDArray[np.float64]:
        """Return the mean of each cell, (n_maps, n), of maps (n_maps, n_bins, n_frames)."""
        numbers = self.numbers.ravel()
        sizes = np.bincount(numbers, minlength=self.n)
        rows = [np.bincount(numbers, weights=one.ravel(), minlength=self.n) / sizes for one in values]
        return np.array(rows, dtype=np.float64).reshape(len(values), self.n)
