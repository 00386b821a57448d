"""One Parquet file, a row a segment: what pandas, polars, DuckDB, Spark and Hugging Face `datasets` read.

Features are lists in lists, [n_bins][n_frames], because every reader of Parquet has them; the schema's metadata tells
their shape to who wants an array. Pictures are PNG files in a column ``image`` of ``bytes`` and ``path``, the way in
which `datasets` keeps them.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from earmark._util.files import write_whole
from earmark._util.optional import import_extra
from earmark._util.progress import Progress
from earmark.data.clip import Clip
from earmark.features.interchange.table import Array, FeatureTable
from earmark.features.interchange.writing import blocks, claim_file, item_shape
from earmark.features.recipe import recipe_to_json

SUMMARY = "one .parquet file for pandas, polars and others: a row a segment"

EXTRA = "parquet"
"""The extra that brings pyarrow."""

_MAGIC = b"PAR1"
_ROW_GROUP_BYTES = 4 << 20  # of features: what is in memory at once

Block = tuple[Clip, int, Array]


def write(path: Path, table: FeatureTable, *, progress: Progress | None = None, overwrite: bool = False) -> None:
    """Write a row for each segment, or for each picture, one row group at a time.

    The columns are `label` (text), `label_index` (its place among the labels), `clip`, `group`, `fold` (null for
    none), `segment` (counted from 0 within the clip), and `features` (lists of float32) or `image`. The schema's
    metadata has a key ``earmark`` with JSON: `shape`, `labels`, and `recipe` or null.

    Args:
        path: The file.
        table: What is written.
        progress: Is told of each clip.
        overwrite: Whether a Parquet file that is there already may be replaced.

    Raises:
        SettingError: The segments differ in shape.
        DataError: There are no clips.
        StorageError: The file is there already, or cannot be written.
        MissingExtraError: pyarrow is not installed.
    """
    import_extra("pyarrow", EXTRA)
    claim_file(path, is_ours=is_parquet, kind="a Parquet file", overwrite=overwrite)
    with write_whole(path) as part:
        write_rows(part, table, numbered=False, progress=progress)


def write_rows(path: Path, table: FeatureTable, *, numbered: bool, progress: Progress | None = None) -> None:
    """Write the rows of a table to a file as they come.

    Args:
        path: The file; what is there is written over.
        table: What is written.
        numbered: Whether `label` holds the label's number, and there is no `label_index`.
        progress: Is told of each clip.

    Raises:
        SettingError: The segments differ in shape.
        DataError: There are no clips.
        MissingExtraError: pyarrow is not installed.
    """
    arrow, parquet = import_extra("pyarrow", EXTRA), import_extra("pyarrow.parquet", EXTRA)
    about = {
        "shape": list(item_shape(table)),
        "labels": list(table.dataset.labels),
        "recipe": recipe_to_json(table.recipe) if table.recipe else None,
    }
    schema = _schema(arrow, numbered=numbered, is_pictures=table.is_pictures)
    schema = schema.with_metadata({"earmark": json.dumps(about, ensure_ascii=False)})
    # A dictionary helps columns that say the same again and again; of features it would be tried in vain.
    repeating = [name for name in schema.names if name not in {"features", "image", "segment"}]
    with parquet.ParquetWriter(path, schema, use_dictionary=repeating) as writer:
        for group in _row_groups(blocks(table, progress)):
            columns = _columns(arrow, group, numbered=numbered, is_pictures=table.is_pictures)
            writer.write_table(arrow.table(columns, schema=schema))


def is_parquet(path: Path) -> bool:
    """Return whether a file begins as Parquet does."""
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def _schema(arrow: Any, *, numbered: bool, is_pictures: bool) -> Any:  # noqa: ANN401 - pyarrow comes with an extra
    text, number = arrow.string(), arrow.int64()
    label = {"label": number} if numbered else {"label": text, "label_index": number}
    if is_pictures:
        last = {"image": arrow.struct({"bytes": arrow.binary(), "path": text})}
    else:
        last = {"features": arrow.list_(arrow.list_(arrow.float32()))}
    return arrow.schema({**label, "clip": text, "group": text, "fold": number, "segment": number, **last})


def _row_groups(every: Iterable[Block]) -> Iterator[list[Block]]:
    group: list[Block] = []
    n_bytes = 0
    for block in every:
        group.append(block)
        n_bytes += block[2].nbytes
        if n_bytes >= _ROW_GROUP_BYTES:
            yield group
            group, n_bytes = [], 0
    if group:
        yield group


def _columns(arrow: Any, group: list[Block], *, numbered: bool, is_pictures: bool) -> Mapping[str, Any]:  # noqa: ANN401
    rows = [(clip, y, index) for clip, y, block in group for index in range(len(block))]
    names = [clip.label for clip, _, _ in rows]
    numbers = [y for _, y, _ in rows]
    label = {"label": numbers} if numbered else {"label": names, "label_index": numbers}
    pictures = {"image": [_png(clip, block[0]) for clip, _, block in group]} if is_pictures else {}
    features = {} if is_pictures else {"features": _nested(arrow, np.concatenate([block for _, _, block in group]))}
    return {
        **label,
        "clip": [clip.name for clip, _, _ in rows],
        "group": [clip.group for clip, _, _ in rows],
        "fold": [clip.fold for clip, _, _ in rows],
        "segment": [index for _, _, index in rows],
        **pictures,
        **features,
    }


def _nested(arrow: Any, features: Array) -> Any:  # noqa: ANN401
    """Return features (n, n_bins, n_frames) as lists in lists, without making a Python object of a number."""
    n, n_bins, n_frames = features.shape
    bins = arrow.ListArray.from_arrays(_offsets(n * n_bins, n_frames), arrow.array(features.ravel()))
    return arrow.ListArray.from_arrays(_offsets(n, n_bins), bins)


def _offsets(n_lists: int, length: int) -> Array:
    """Return where each of `n_lists` lists begins, and where the last ends."""
    return np.arange(n_lists + 1, dtype=np.int32) * np.int32(length)


def _png(clip: Clip, picture: Array) -> dict[str, object]:
    from PIL import Image  # noqa: PLC0415 - only pictures need it

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return {"bytes": stream.getvalue(), "path": f"{clip.name}.png"}
