"""``earmark learn``: the lessons of the gallery, and a copy of one to play with."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli.console import show, show_json
from earmark.cli.options import AsJson
from earmark.errors import SettingError

if TYPE_CHECKING:
    from earmark.lessons.lesson import Lesson

_WIDTH = 100


def learn(
    name: Annotated[str | None, typer.Argument(help="A lesson by number or name; without it, all are meant.")] = None,
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Copy it into this folder, to play with.", metavar="DIR")
    ] = None,
    as_format: Annotated[
        str, typer.Option("--format", help="script (runs as it is) or notebook (for Jupyter).", metavar="NAME")
    ] = "script",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the lessons, or copy one out as a script or a notebook."""
    from earmark.lessons.copy_out import copy_lessons
    from earmark.lessons.shelf import all_lessons, find_lesson

    lessons = all_lessons()
    chosen = lessons if name is None else [find_lesson(name, lessons)]
    if out is None and (as_format != "script" or overwrite):
        raise _nowhere_to()
    if out is not None:
        paths = [str(path) for path in copy_lessons(chosen, out, as_format=as_format, overwrite=overwrite)]
        show_json(paths) if as_json else show("\n".join(paths))
    elif as_json:
        told = [lesson.to_json() for lesson in chosen]
        show_json(told if name is None else told[0])
    else:
        show(_table(lessons) if name is None else _page(chosen[0]))


def _nowhere_to() -> SettingError:
    return SettingError("--format and --overwrite belong to a copy: say where to with -o DIR")


def _table(lessons: list["Lesson"]) -> str:
    from earmark.lessons.lesson import plain

    width = max(len(lesson.name) for lesson in lessons)
    indent = " " * (width + 6)
    return "\n".join(
        f"{lesson.number:2}  {lesson.name:{width}}  {lesson.title}\n"
        + textwrap.fill(plain(lesson.learns), _WIDTH, initial_indent=indent, subsequent_indent=indent)
        for lesson in lessons
    )


def _page(lesson: "Lesson") -> str:
    from earmark.lessons.lesson import plain

    said = "\n".join(plain(line) for line in lesson.cells[0].source.splitlines())
    return f"{said}\n\nTo play with it: earmark learn {lesson.name} -o lessons"
