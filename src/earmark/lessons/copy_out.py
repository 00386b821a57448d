"""Lessons written into a folder of somebody's own, to play with."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

from earmark._util.catalogue import nearest
from earmark._util.files import write_text
from earmark.errors import SettingError, StorageError
from earmark.lessons.lesson import Lesson
from earmark.lessons.notebook import to_notebook

Format = Literal["script", "notebook"]
_SUFFIXES = {"script": ".py", "notebook": ".ipynb"}


def copy_lessons(
    lessons: Iterable[Lesson], folder: Path, *, as_format: str = "script", overwrite: bool = False
) -> list[Path]:
    """Write lessons into a folder: all of them, or none where one of the files is there already.

    Args:
        lessons: Which.
        folder: Where to; it is made.
        as_format: ``script``, as it is in the gallery, or ``notebook`` for Jupyter.
        overwrite: Whether to replace files of these names.

    Returns:
        The files, in the order of the lessons.

    Raises:
        SettingError: There is no such format.
        StorageError: A file is there already, the folder is a file, or the disk is full.
    """
    if as_format not in get_args(Format):
        raise SettingError(f"there is no format {as_format!r}: {nearest(as_format, get_args(Format))}")
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file: name a folder")
    targets = {folder / f"{lesson.path.stem}{_SUFFIXES[as_format]}": lesson for lesson in lessons}
    taken = [str(path) for path in targets if path.exists() or path.is_symlink()]
    if taken and not overwrite:
        raise StorageError(
            f"{', '.join(taken)} {'is' if len(taken) == 1 else 'are'} there already: name another folder, "
            "or say --overwrite (overwrite=True)"
        )
    for path, lesson in targets.items():
        write_text(path, _content(lesson, as_format))
    return list(targets)


def _content(lesson: Lesson, as_format: str) -> str:
    if as_format == "script":
        return lesson.path.read_text(encoding="utf-8")
    return json.dumps(to_notebook(lesson), indent=1, ensure_ascii=False) + "\n"
