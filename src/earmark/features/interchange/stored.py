"""A store of features with the list of its clips: what ``earmark features DATA -o STORE`` makes and fills."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import earmark
from earmark._util.files import write_text
from earmark._util.progress import NoProgress, Progress
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.errors import SettingError, StorageError
from earmark.features.extract import Recipe
from earmark.features.interchange.table import Array, FeatureTable, array_key
from earmark.features.recipe import recipe_from_json, recipe_to_json
from earmark.features.store import FeatureStore
from earmark.features.stored import StoredArrays

SUMMARY = "a folder that opens at once, mapped into memory"

SCHEMA = 1
_LIST = "features.json"
_ARRAYS = "arrays"
_COLUMNS = ("name", "label", "group", "fold", "start_s", "end_s")


def recognises(path: Path) -> bool:
    """Return whether `path` is a folder with such a list in it."""
    return (path / _LIST).is_file()


def knows_sounds(path: Path) -> bool:
    """Return whether the list in the folder `path` says which sounds its features were made from.

    Raises:
        StorageError: The list is damaged or of another version.
    """
    return _read_list(path).get("contents") is not None


def arrays_folder(path: Path) -> Path:
    """Return where in the folder `path` the arrays are kept."""
    return path / _ARRAYS


def claim(path: Path, recipe: Recipe | None, clips: Iterable[Clip], *, overwrite: bool = False) -> None:
    """Make sure that `path` may hold features made by `recipe`: it is new, empty, or holds such features already.

    The folder is made.

    Args:
        path: The folder.
        recipe: How they are made, where that is known.
        clips: The clips that it will list.
        overwrite: Whether a list of features made otherwise, or of other clips, may be replaced.

    Raises:
        StorageError: It is a file, cannot be written, holds something else, features made otherwise, or clips that
            would no longer be listed.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if not path.exists() or path.is_dir():
            raise StorageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error
    if not path.is_dir():
        raise StorageError(f"{path} is a file: a store needs a folder")
    if not os.access(path, os.W_OK):
        raise StorageError(f"cannot write {path}: permission denied")
    if {file.name for file in path.iterdir() if not file.name.startswith(".")} <= {_ARRAYS}:
        return  # new, empty, or a store whose making was cut off
    if not recognises(path):
        raise StorageError(f"{path} is a folder with something else in it: name a new folder")
    if overwrite:
        return
    there = _read_list(path)
    if there["recipe"] != (recipe_to_json(recipe) if recipe else None):
        raise StorageError(f"{path} holds features made with other settings: name another folder, or give --overwrite")
    wanted = {(clip.name, clip.start_s) for clip in clips}
    lost = [row[0] for row in there["clips"] if (row[0], row[4]) not in wanted]
    if lost:
        raise StorageError(
            f"{path} holds {count(len(lost), 'clip')} that would be lost ({listed(lost)}): name another folder, or "
            "give --overwrite"
        )


def write(path: Path, table: FeatureTable, *, progress: Progress | None = None, overwrite: bool = False) -> None:
    """Keep a table in the folder `path`; what is there already is not written again.

    Args:
        path: The folder: new, empty, or a store that was made with the same settings.
        table: What is kept. Arrays that lie in this store already are listed and not touched.
        progress: Is told of each clip.
        overwrite: Whether a list of features made otherwise may be replaced.

    Raises:
        SettingError: The table holds pictures.
        StorageError: The folder holds something else, or cannot be written.
    """
    if table.is_pictures:
        raise SettingError("a store keeps features, and these are pictures: give --format pictures or tfrecord")
    claim(path, table.recipe, table.dataset, overwrite=overwrite)
    progress = progress or NoProgress()
    store = table.arrays.store if _lies_in(table.arrays, path) else FeatureStore(arrays_folder(path))
    keys = table.arrays.keys if _lies_in(table.arrays, path) else _put_all(store, table, progress)
    if not store.flush():
        raise StorageError(f"cannot write {path}: is its disk full, or the folder read-only?")
    clips = [
        [clip.name, clip.label, clip.group, clip.fold, clip.start_s, clip.end_s, key]
        for clip, key in zip(table.dataset, keys, strict=True)
    ]
    value = {
        "schema": SCHEMA,
        "earmark": earmark.__version__,
        "recipe": recipe_to_json(table.recipe) if table.recipe else None,
        "notes": list(table.dataset.notes),
        "groups_known": table.groups_known,
        "contents": None if table.contents is None else list(table.contents),
        "columns": [*_COLUMNS, "key"],
        "clips": clips,
    }
    write_text(path / _LIST, json.dumps(value, ensure_ascii=False))


def read(path: Path) -> FeatureTable:
    """Return the table that lies in the folder `path`; its arrays are read when asked for.

    Raises:
        StorageError: The list is damaged or of another version, or the store does not hold all that it names.
    """
    value = _read_list(path)
    try:
        keys = tuple(str(row[-1]) for row in value["clips"])
        clips = [
            Clip(**dict(zip(_COLUMNS, row, strict=False)), path=path / _LIST, extra={"key": row[-1]})
            for row in value["clips"]
        ]
        recipe = recipe_from_json(value["recipe"]) if value["recipe"] else None
        notes = tuple(value["notes"])
        contents = None if value["contents"] is None else tuple(map(str, value["contents"]))
        known = bool(value["groups_known"])
        _check(clips)
    except (KeyError, TypeError, ValueError, IndexError, SettingError) as error:
        raise StorageError(f"{path / _LIST} is damaged ({error}): make the features again") from error
    arrays = StoredArrays(FeatureStore(arrays_folder(path), read_only=True), keys)
    return FeatureTable(
        dataset=Dataset(clips, path, notes), arrays=arrays, recipe=recipe, contents=contents, groups_known=known
    )


def _check(clips: Sequence[Clip]) -> None:
    for clip in clips:
        words, fold = (clip.name, clip.label, clip.group), clip.fold
        if not all(isinstance(word, str) for word in words) or isinstance(fold, str | float | bool):
            raise TypeError(f"the row {[*words, fold]} is none of a clip")


def _read_list(path: Path) -> dict[str, Any]:
    try:
        value = json.loads((path / _LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path / _LIST} cannot be read: {error}") from error
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != SCHEMA:
        raise StorageError(
            f"the store {path} has schema {schema!r}, and this version of earmark reads schema {SCHEMA}: make the "
            "features again, in a new folder"
        )
    return dict(value)


def _lies_in(arrays: Sequence[Array], path: Path) -> TypeGuard[StoredArrays]:
    return isinstance(arrays, StoredArrays) and arrays.store.folder == arrays_folder(path)


def _put_all(store: FeatureStore, table: FeatureTable, progress: Progress) -> list[str]:
    progress.start("writing", len(table.dataset))
    keys = []
    for array in table.arrays:
        key = array_key(array)
        if store.get_shape(key) is None:
            store.put(key, array)
        keys.append(key)
        progress.advance()
    return keys
