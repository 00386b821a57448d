"""``earmark report``: the page of a run, made anew."""

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.console import show


def report(run: Annotated[Path, typer.Argument(help="A run folder.")]) -> None:
    """Write the report of a run anew, and print where it is."""
    from earmark.report.build import write_report

    show(str(write_report(run)))
