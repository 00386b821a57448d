"""A NumPy archive (.npz): the features of all segments in one array, and beside it what is known of each."""

import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from earmark._util.files import write_whole
from earmark._util.progress import Progress
from earmark.errors import SettingError
from earmark.features.interchange.table import FeatureTable
from earmark.features.interchange.writing import blocks, claim_file, item_shape

SUMMARY = "one .npz file for numpy.load: features, labels, mapping, clip, group and fold"

NO_FOLD = -1
"""What `fold` holds for a segment of a clip without one."""


def write(path: Path, table: FeatureTable, *, progress: Progress | None = None, overwrite: bool = False) -> None:
    """Write an archive that ``numpy.load`` opens without pickle; one clip at a time is in memory.

    Its arrays have one entry a segment, or one a picture: `features` (n, n_bins, n_frames) float32 or
    (n, n_rows, n_columns, 4) uint8; `labels` (n,) int64, places in `mapping`; `clip` and `group` (n,) names; `fold`
    (n,) int64, -1 for none. `mapping` (n_classes,) holds the class names.

    Args:
        path: The file.
        table: What is written.
        progress: Is told of each clip.
        overwrite: Whether such a file that is there already may be replaced.

    Raises:
        SettingError: The segments differ in shape.
        DataError: There are no clips.
        StorageError: The file is there already, or cannot be written.
    """
    claim_file(path, is_ours=_is_ours, kind="a NumPy archive of features", overwrite=overwrite)
    counts = _counts(table)
    clips = table.dataset
    each = {
        "labels": clips.y,
        "clip": np.array([clip.name for clip in clips]),
        "group": np.array(clips.groups),
        "fold": np.array([NO_FOLD if fold is None else fold for fold in clips.folds], dtype=np.int64),
    }
    # Stored and not deflated, as numpy.savez does: deflating float32 saves a tenth, and takes most of the time.
    with write_whole(path) as part, zipfile.ZipFile(part, "w") as archive:
        _write_features(archive, table, sum(counts), progress)
        for name, values in (("mapping", np.array(clips.labels)), *each.items()):
            whole = values if name == "mapping" else np.repeat(values, counts)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                npy.write_array(stream, whole, allow_pickle=False)


def _counts(table: FeatureTable) -> list[int]:
    """Return the number of segments of each clip: the header stands before the first one, and must know."""
    if table.is_pictures:
        return [1] * len(table.dataset)
    shapes = getattr(table.arrays, "shapes", None)  # what reads from a store knows them without reading
    return [shape[0] for shape in (shapes or (array.shape for array in table.arrays))]


def _write_features(archive: zipfile.ZipFile, table: FeatureTable, n: int, progress: Progress | None) -> None:
    shape, dtype = (n, *item_shape(table)), np.dtype(np.uint8 if table.is_pictures else np.float32)
    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    n_written = 0
    with archive.open("features.npy", "w", force_zip64=True) as stream:
        npy.write_array_header_1_0(stream, header)
        for _, _, block in blocks(table, progress):
            stream.write(block.data)
            n_written += len(block)
    if n_written != n:
        raise SettingError(f"{n_written} segments came where {n} were announced: the features changed meanwhile")


def _is_ours(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return {"features.npy", "labels.npy"} <= set(archive.namelist())
