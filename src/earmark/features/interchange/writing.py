"""What every writer of this room begins with: a place that may be written, and segments of one shape."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from earmark._util.progress import NoProgress, Progress
from earmark.data.clip import Clip
from earmark.errors import DataError, SettingError, StorageError
from earmark.features.interchange.table import Array, FeatureTable


def claim_file(path: Path, *, is_ours: Callable[[Path], bool], kind: str, overwrite: bool) -> None:
    """Make sure that a file may be written at `path`: nothing is there, or what may be replaced.

    Args:
        path: Where the file is to be.
        is_ours: Tells whether a file is of the kind that would be written; asked only of a file that is there.
        kind: What would be written, with its article, as ``a Parquet file``.
        overwrite: Whether a file of this kind may be replaced.

    Raises:
        StorageError: A folder is there, a file of another kind, or one of this kind and `overwrite` is not set.
    """
    if path.is_dir():
        raise StorageError(f"{path} is a folder: name {kind} in it, or another place")
    if not path.exists():
        return
    try:
        ours = is_ours(path)
    except OSError as error:
        raise StorageError(f"{path} exists and cannot be read: {(error.strerror or str(error)).lower()}") from error
    if not ours:
        raise StorageError(f"{path} exists and is not {kind}: name another file")
    if not overwrite:
        raise StorageError(f"{path} exists: name another file, or give --overwrite")


def item_shape(table: FeatureTable) -> tuple[int, ...]:
    """Return the shape of the first segment, (n_bins, n_frames), or of the first picture, (n_rows, n_columns, 4).

    It is for formats that name the shape before the numbers: `blocks` sees to it that all have it.

    Raises:
        DataError: There are no clips.
    """
    _refuse_none(table)
    shape = table.arrays[0].shape
    return shape if table.is_pictures else shape[1:]


def blocks(table: FeatureTable, progress: Progress | None = None) -> Iterator[tuple[Clip, int, Array]]:
    """Yield what is written of each clip, one clip after another, all in one shape.

    Args:
        table: What is written.
        progress: Is told of each clip.

    Yields:
        The clip, its label as a place in ``table.dataset.labels``, and its segments (n_segments, n_bins, n_frames)
        float32, or its one picture (1, n_rows, n_columns, 4) uint8.

    Raises:
        SettingError: The segments or pictures differ in shape.
        DataError: There are no clips.
    """
    _refuse_none(table)
    progress, shape = progress or NoProgress(), None
    wanted = 3 if table.is_pictures else 2
    thing, dtype = ("picture", np.uint8) if table.is_pictures else ("segment", np.float32)
    progress.start("writing", len(table.dataset))
    for clip, y, array in table.rows():
        block = array[None] if table.is_pictures else array
        shape = shape or block.shape[1:]
        if block.shape[1:] != shape or len(shape) != wanted:
            raise SettingError(
                f"{clip.name} gives {thing}s of {shown(block.shape[1:])} and {table.dataset[0].name} of "
                f"{shown(shape)}: one file takes {thing}s of one shape, with {wanted} axes; cut all clips alike"
            )
        yield clip, y, np.ascontiguousarray(block, dtype=dtype)
        progress.advance()


def _refuse_none(table: FeatureTable) -> None:
    if not len(table.dataset):
        raise DataError("there are no clips, so there is nothing to write")


def shown(shape: tuple[int, ...]) -> str:
    """Return a shape as a message says it.

    >>> shown((13, 130))
    '13 x 130'
    """
    return " x ".join(map(str, shape)) or "a single number"
