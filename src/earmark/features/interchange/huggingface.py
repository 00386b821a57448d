"""A folder that ``datasets.load_dataset(FOLDER)`` reads, and that can be pushed to the Hugging Face Hub as it is.

All clips are in the one split ``train``, with their fold as a column, as ESC-50 lies on the Hub: a fold is trained on
or tested on only once a cross-validation says which, and a split ``test`` would promise a choice that nobody made.
``ds.filter(lambda row: row["fold"] != 5)`` takes one out.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from earmark._util.files import write_folder_whole
from earmark._util.optional import import_extra
from earmark._util.progress import Progress
from earmark.data.dataset import count
from earmark.errors import StorageError
from earmark.features.interchange.parquet import EXTRA, write_rows
from earmark.features.interchange.table import FeatureTable
from earmark.features.interchange.writing import item_shape, shown
from earmark.features.recipe import recipe_to_json

SUMMARY = "a folder that Hugging Face datasets loads: data/ with a Parquet file, and README.md"

_ROWS = Path("data", "train-00000-of-00001.parquet")
_CARD = Path("README.md")


def write(path: Path, table: FeatureTable, *, progress: Progress | None = None, overwrite: bool = False) -> None:
    """Write the folder: a Parquet file with a row a segment, and a card that names its columns and classes.

    The columns are those of the format ``parquet``, but `label` is the class as a number, which `datasets` knows by
    its name (``ClassLabel``), and `features` is an ``Array2D``, `image` an ``Image``.

    Args:
        path: The folder: new, or empty.
        table: What is written.
        progress: Is told of each clip.
        overwrite: Whether such a folder that is there already may be replaced.

    Raises:
        SettingError: The segments differ in shape.
        DataError: There are no clips.
        StorageError: The folder holds something, or cannot be written.
        MissingExtraError: pyarrow is not installed.
    """
    import_extra("pyarrow", EXTRA)
    _claim_folder(path, overwrite=overwrite)
    with write_folder_whole(path) as part:
        (part / _ROWS).parent.mkdir()
        write_rows(part / _ROWS, table, numbered=True, progress=progress)
        (part / _CARD).write_text("\n".join(_card(table)), encoding="utf-8")


def _claim_folder(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not path.is_dir():
        raise StorageError(f"{path} is a file: name a folder")
    held = {file.relative_to(path) for file in path.rglob("*")} if path.exists() else set()
    if not held:
        return
    if not {_ROWS, _CARD} <= held or held - {_ROWS, _CARD, _ROWS.parent}:
        raise StorageError(f"{path} is a folder with something else in it: name a new folder")
    if not overwrite:
        raise StorageError(f"{path} exists: name another folder, or give --overwrite")


def _card(table: FeatureTable) -> Iterator[str]:
    yield from ("---", "configs:", "- config_name: default", "  data_files:", "  - split: train")
    yield from (f"    path: {_ROWS.parent}/train-*", "dataset_info:", "  features:")
    yield from ("  - name: label", "    dtype:", "      class_label:", "        names:")
    yield from (f"          '{index}': {_quoted(label)}" for index, label in enumerate(table.dataset.labels))
    for name, dtype in (("clip", "string"), ("group", "string"), ("fold", "int64"), ("segment", "int64")):
        yield from (f"  - name: {name}", f"    dtype: {dtype}")
    if table.is_pictures:
        yield from ("  - name: image", "    dtype: image")
    else:
        yield from ("  - name: features", "    dtype:", "      array2_d:", "        shape:")
        yield from (f"        - {length}" for length in item_shape(table))
        yield "        dtype: float32"
    yield from ("---", "", *_text(table))


def _text(table: FeatureTable) -> Iterator[str]:
    """Yield what a person reads in the card."""
    one, all_of_them = ("picture", "pictures") if table.is_pictures else ("segment", "features")
    yield from (f"# Sounds as {all_of_them}", "")
    yield f"{count(len(table.dataset), 'clip')}, one row a {one} of {shown(item_shape(table))}."
    yield "Rows with one `group` come from one source: keep them on one side of a split."
    yield from ("", "| class | clips |", "|---|---|")
    clips = Counter(clip.label for clip in table.dataset)
    yield from (
        f"| {' '.join(label.split()).replace('|', chr(92) + '|')} | {clips[label]} |" for label in table.dataset.labels
    )
    if table.recipe:
        yield from ("", "Made by earmark with:", "", "```json")
        yield from (json.dumps(recipe_to_json(table.recipe), indent=2), "```")
    yield from (
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'rows = load_dataset("FOLDER", split="train")',
    )
    yield from ("```", "")


def _quoted(text: str) -> str:
    r"""Return a text as YAML quotes it, what cannot be printed as its number.

    >>> _quoted('a "b"')
    '"a \\"b\\""'
    """
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in plain) + '"'
