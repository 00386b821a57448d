"""A lesson: a script that teaches one thing, read into its title, what one learns, and its cells."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from earmark.errors import DataError

_FILE_NAME = re.compile(r"(\d\d)_(\w+)\.py")
_CELL_MARK = re.compile(r"^# ?%%.*$", re.MULTILINE)
_RULE = re.compile(r"([=\-~^\"#*+])\1*")
_SETTING = re.compile(r"^[ \t]*# *sphinx_gallery_\w+.*\n?", re.MULTILINE)  # talk to who draws the gallery


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A stretch of a lesson.

    Attributes:
        kind: Whether it is words or Python.
        source: Its text: reST, or Python; without blank lines at the ends.
    """

    kind: Literal["text", "code"]
    source: str


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A lesson as it stands in its file.

    Attributes:
        number: Its place in the gallery.
        name: What it is asked for by, such as ``sound-and-sampling``.
        title: What stands above it.
        learns: What one learns, in the first paragraph below the title; one line of reST.
        cells: Words and Python in turn; the first holds the title.
        path: The script.
    """

    number: int
    name: str
    title: str
    learns: str
    cells: tuple[Cell, ...]
    path: Path

    def to_json(self) -> dict[str, object]:
        """Return what a list of lessons shows."""
        return {
            "number": self.number,
            "name": self.name,
            "title": self.title,
            "learns": plain(self.learns),
            "file": self.path.name,
        }


def read_lesson(path: Path) -> Lesson:
    """Read a script such as ``07_pooling.py``: a docstring with a title, then cells that begin with ``# %%``.

    Comment lines right below such a mark are words; what follows is Python.

    Args:
        path: The script.

    Raises:
        DataError: It is no Python, or has no number, title or first paragraph.
    """
    named = _FILE_NAME.fullmatch(path.name)
    if named is None:
        raise DataError(f"{path.name} is no name of a lesson: write two digits, _ and a name, as in 07_pooling.py")
    source = path.read_text(encoding="utf-8")
    words, code = _docstring_and_code(source, path.name)
    title, learns = _title_and_first_paragraph(words, path.name)
    return Lesson(
        number=int(named[1]),
        name=named[2].replace("_", "-"),
        title=title,
        learns=learns,
        cells=(Cell(kind="text", source=words), *_cells(_SETTING.sub("", code))),
        path=path,
    )


def plain(words: str) -> str:
    """Return reST as a terminal shows it: without marks of code, of roles and of stress.

    >>> plain("*Why* ``0.5``, and :math:`x^2`, `here <https://example.org>`_")
    'Why 0.5, and x^2, here'
    """
    words = re.sub(r":[\w:]+:`", "`", words)
    words = re.sub(r"`([^`<]*?)\s*<[^`>]*>`_*", r"\1", words)
    return re.sub(r"(?<![`*])(`{1,2}|\*{1,2})(?=[^\s`*])([^`*]*)(?<=\S)\1(?![`*])", r"\2", words)


def _docstring_and_code(source: str, name: str) -> tuple[str, str]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise DataError(f"{name}: line {error.lineno} is no Python: {error.msg}") from error
    words = ast.get_docstring(tree)
    if words is None:
        raise DataError(f"{name} has no docstring: a lesson begins with its title, what one learns, and why")
    end = tree.body[0].end_lineno
    return words, "\n".join(source.splitlines()[end:]) + "\n"


def _title_and_first_paragraph(words: str, name: str) -> tuple[str, str]:
    paragraphs = [part.splitlines() for part in re.split(r"\n\s*\n", words.strip())]
    head = [line.strip() for line in paragraphs[0]]
    if head and _RULE.fullmatch(head[0]):  # a rule above the title as well
        head = head[1:]
    if len(head) < 2 or not _RULE.fullmatch(head[1]):  # noqa: PLR2004 - the title and its rule
        raise DataError(f"{name}: its docstring must begin with a title and a rule below it, not {head[:1]}")
    rest = head[2:] or (paragraphs[1] if len(paragraphs) > 1 else [])
    if not rest:
        raise DataError(f"{name}: below its title nothing says what one learns")
    return head[0], " ".join(line.strip() for line in rest)


def _cells(code: str) -> list[Cell]:
    """Return the cells of what stands below the docstring."""
    marks = list(_CELL_MARK.finditer(code))
    starts = [mark.end() + 1 for mark in marks]
    ends = [mark.start() for mark in marks] + [len(code)]
    cells = [Cell(kind="code", source=code[: ends[0]].strip("\n"))]
    for start, end in zip(starts, ends[1:], strict=True):
        cells += _words_and_python(code[start:end].splitlines())
    return [cell for cell in cells if cell.source.strip()]


def _words_and_python(lines: list[str]) -> list[Cell]:
    n_words = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    words = [line[1:].removeprefix(" ") for line in lines[:n_words]]
    return [
        Cell(kind="text", source="\n".join(words).strip("\n")),
        Cell(kind="code", source="\n".join(lines[n_words:]).strip("\n")),
    ]
