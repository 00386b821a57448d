"""The features of many clips as one sequence, of which only what is asked for is in memory."""

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from earmark.errors import StorageError
from earmark.features.store import FeatureStore

FloatArray = npt.NDArray[np.float32]
Shape = tuple[int, ...]


class StoredArrays(Sequence[FloatArray]):
    """Arrays in a store, read when asked for and each time anew: hold on to what you need more than once.

    Args:
        store: Where the arrays are.
        keys: The key of each.
        shapes: The shape of each, where they are known already.

    Attributes:
        store: As received.
        keys: As received.

    >>> import tempfile
    >>> from pathlib import Path
    >>> store, key = FeatureStore(Path(tempfile.mkdtemp())), "0" * 32
    >>> store.put(key, np.zeros((10, 13, 130), np.float32))
    >>> arrays = StoredArrays(store, [key, key])
    >>> len(arrays), arrays.shapes[1], arrays[-1].shape
    (2, (10, 13, 130), (10, 13, 130))
    """

    def __init__(self, store: FeatureStore, keys: Sequence[str], shapes: Sequence[Shape] | None = None) -> None:
        self.store = store
        self.keys = tuple(keys)
        self._shapes = None if shapes is None else tuple(shapes)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shape of each array; no array is read for it.

        Raises:
            StorageError: The store does not have one of the arrays.
        """
        if self._shapes is None:
            self._shapes = tuple(self._shape_of(key) for key in self.keys)
        return self._shapes

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> FloatArray: ...
    @overload
    def __getitem__(self, index: slice) -> "StoredArrays": ...
    def __getitem__(self, index: int | slice) -> "FloatArray | StoredArrays":
        """Return one array (n_segments, n_bins, n_frames), read-only, or for a slice the sequence of those in it.

        Raises:
            StorageError: The store does not have the array any more.
        """
        if isinstance(index, slice):
            shapes = None if self._shapes is None else self._shapes[index]
            return StoredArrays(self.store, self.keys[index], shapes)
        array = self.store.get(self.keys[index])
        if array is None:
            raise self._lost(self.keys[index])
        return array

    def _shape_of(self, key: str) -> Shape:
        shape = self.store.get_shape(key)
        if shape is None:
            raise self._lost(key)
        return shape

    def _lost(self, key: str) -> StorageError:
        return StorageError(
            f"the features {key} are no longer in the store {self.store.folder}: it was changed or damaged meanwhile; "
            "start again, and they are computed anew"
        )
