"""A lesson as a Jupyter notebook, which is JSON: no library is needed to write one."""

import re
import textwrap
from typing import Any

from earmark.lessons.lesson import Cell, Lesson

_NEEDS = "*This notebook needs a kernel with earmark: `pip install earmark`.*"
_RULE = re.compile(r"([=\-~^\"#*+])\1* *")
_LEVELS = {"=": "#", "-": "##", "~": "###", "^": "####"}
_DIRECTIVE = re.compile(r"\.\. ([\w-]+):: *(.*)")
_FORMULA, _CODE = ("math",), ("code", "code-block")
_TITLE_AND_RULE = 2
_REMARKS = {"note": "Note", "tip": "Tip", "warning": "Warning", "seealso": "See also"}


def to_notebook(lesson: Lesson) -> dict[str, Any]:
    """Return a lesson as the JSON of a notebook (nbformat 4.5), with nothing run yet.

    Args:
        lesson: The lesson.

    Returns:
        What `json.dump` writes into a file ``.ipynb``.
    """
    cells = [_cell(cell, f"cell-{number}") for number, cell in enumerate(lesson.cells)]
    return {
        "cells": [*cells, _markdown(_NEEDS, "needs")],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def to_markdown(words: str) -> str:
    r"""Return reST as the Markdown of a notebook: headings, formulas, code, links, remarks.

    Only what lessons use is known; all else stays as it is, for Markdown and reST are alike in it.

    >>> print(to_markdown("A sum\n=====\n\nIt is :math:`a + b`, ``sum()``."))
    # A sum
    <BLANKLINE>
    It is $a + b$, `sum()`.
    """
    return "\n\n".join(_block(block) for block in _blocks(words.splitlines()))


def _blocks(lines: list[str]) -> list[list[str]]:
    """Return lines without a blank one between them; what is indented below a directive or ``::`` belongs to it."""
    blocks: list[list[str]] = []
    after_blank = True
    for line in lines:
        is_inside = line[:1].isspace() and blocks and _has_body(blocks[-1])
        if line.strip() and after_blank and not is_inside:
            blocks.append([])
        if blocks and (line.strip() or _has_body(blocks[-1])):
            blocks[-1].append(line.rstrip())
        after_blank = not line.strip()
    return blocks


def _has_body(block: list[str]) -> bool:
    first = next((index for index, line in enumerate(block) if index and line[:1].isspace()), len(block))
    head = [line for line in block[:first] if line]
    return bool(_DIRECTIVE.match(block[0])) or head[-1].endswith("::")


def _block(lines: list[str]) -> str:
    found = _DIRECTIVE.match(lines[0])
    if found and found[1] in _FORMULA:
        return f"$$\n{_body([found[2], *_flush(lines[1:])])}\n$$"
    if found and found[1] in _CODE:
        return f"```{found[2] or 'python'}\n{_body(_flush(lines[1:]))}\n```"
    if found and found[1] in _REMARKS:
        said = to_markdown(_body([found[2], *_flush(lines[1:])])).splitlines()
        return "\n".join([f"> **{_REMARKS[found[1]]}**", ">", *(f"> {line}".rstrip() for line in said)])
    if _has_body(lines) and not found:
        n_head = next((index for index, line in enumerate(lines) if line.endswith("::")), 0) + 1
        head = _inline("\n".join(lines[:n_head]).removesuffix(":"))
        return f"{head}\n\n```\n{_body(_flush(lines[n_head:]))}\n```"
    if len(lines) > _TITLE_AND_RULE and _RULE.fullmatch(lines[0]) and lines[0] == lines[2]:
        lines = lines[1:]  # a rule above the title as well
    if len(lines) >= _TITLE_AND_RULE and _RULE.fullmatch(lines[1]) and len(lines[1]) >= len(lines[0].strip()):
        heading = f"{_LEVELS.get(lines[1][0], '##')} {_inline(lines[0].strip())}"
        rest = lines[2:]
        return "\n\n".join([heading, _inline("\n".join(rest))] if rest else [heading])
    return _inline("\n".join(lines))


def _inline(words: str) -> str:
    words = re.sub(r":math:`([^`]+)`", r"$\1$", words)
    words = re.sub(r":[\w:]+:`~?([^`<]*?)\s*(?:<[^`>]*>)?`", r"`\1`", words)
    words = re.sub(r"(?<!`)`([^`<]*?)\s*<([^`>]*)>`_{1,2}", r"[\1](\2)", words)
    return re.sub(r"``([^`]+)``", r"`\1`", words)


def _body(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")


def _flush(lines: list[str]) -> list[str]:
    """Return lines without the indent that all of them have."""
    return textwrap.dedent("\n".join(lines)).splitlines()


def _cell(cell: Cell, name: str) -> dict[str, Any]:
    if cell.kind == "text":
        return _markdown(to_markdown(cell.source), name)
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": cell.source.splitlines(keepends=True),
    }


def _markdown(words: str, name: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": words.splitlines(keepends=True)}
