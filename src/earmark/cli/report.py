"""``earmark report``: the page of a run, a cross-validation or a comparison made anew, or its model card."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.console import show
from earmark.errors import StorageError


class Format(StrEnum):
    """What is written."""

    html = "html"
    card = "card"


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run, a cross-validation or a comparison.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The file (default: report.html or card.md in the folder).", metavar="FILE"),
    ] = None,
    what: Annotated[
        Format,
        typer.Option("--format", help="html: one page for everybody. card: a model card in Markdown for a model hub."),
    ] = Format.html,
    explain: Annotated[
        bool, typer.Option(help="Show what clips were decided from, which takes up to ten seconds.")
    ] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.")] = False,
) -> None:
    """Write the report of a run, a cross-validation or a comparison anew, and print where it is."""
    from earmark.report.build import write_report
    from earmark.report.card import write_card

    if out is not None:
        refuse_place(out, overwrite=overwrite)
    written = write_card(run, out=out) if what is Format.card else write_report(run, out=out, explain=explain)
    show(str(written))


def refuse_place(out: Path, *, overwrite: bool) -> None:
    """Refuse a place where no file can be written, or where one is that nobody asked to replace.

    Raises:
        StorageError: It is a folder, or a file that is there.
    """
    if out.is_dir():
        raise StorageError(f"{out} is a folder: name a file, such as -o {out / 'report.html'}")
    if out.exists() and not overwrite:
        raise StorageError(f"{out} is there already: name another file, or give --overwrite")
