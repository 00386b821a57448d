"""Clips written as a table that is opened again: paths from its folder, be it behind links, and one remark a clip."""

import os
from collections.abc import Iterable
from pathlib import Path

from earmark._util.files import write_text
from earmark.audit.decisions import table_text
from earmark.data.clip import Clip
from earmark.errors import StorageError

_OWN = ("path", "label", "group", "fold", "start_s", "end_s")
_ALWAYS = frozenset({"path", "label", "group"})


def write_clip_table(clips: Iterable[Clip], path: Path, *, remark: str) -> None:
    """Write clips as a table, which `open_dataset` reads; its paths start from the table's folder.

    Args:
        clips: The clips, with the remark in `Clip.extra`, if there is one.
        path: The table.
        remark: The column that comes last, after those of `Clip.extra` in alphabetical order.

    Raises:
        StorageError: It cannot be written.
    """
    clips = tuple(clips)
    folder = os.path.realpath(path.absolute().parent)
    beyond = sorted({column for clip in clips for column in clip.extra} - {*_OWN, remark})
    rows = [
        _own_cells(clip, folder) | {column: clip.extra.get(column, "") for column in (*beyond, remark)}
        for clip in clips
    ]
    used = [column for column in _OWN if column in _ALWAYS or any(row[column] for row in rows)]
    chosen = [{column: row[column] for column in (*used, *beyond, remark)} for row in rows]
    try:
        write_text(path, table_text([*used, *beyond, remark], chosen))
    except UnicodeEncodeError as error:
        raise StorageError(f"cannot write {path}: a name is no UTF-8 ({error.object!a}): rename the file") from error


def _own_cells(clip: Clip, folder: str) -> dict[str, str]:
    # Links are followed: a way up out of a linked folder does not lead back to where the link lies.
    place = Path(os.path.realpath(clip.path.parent), clip.path.name)
    return {
        "path": os.path.relpath(place, folder).replace(os.sep, "/"),
        "label": clip.label,
        "group": clip.group,
        "fold": "" if clip.fold is None else str(clip.fold),
        "start_s": f"{clip.start_s:.10g}" if clip.start_s else "",
        "end_s": "" if clip.end_s is None else f"{clip.end_s:.10g}",
    }
