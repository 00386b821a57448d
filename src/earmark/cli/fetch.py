"""``earmark fetch``: a published data set, downloaded, checked and unpacked."""

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.console import ProgressBar, show, show_json, talk
from earmark.cli.options import AsJson


def fetch(
    name: Annotated[str, typer.Argument(help="Which data set, as `earmark datasets` lists it.")],
    folder: Annotated[Path, typer.Argument(help="Where it is to be: a new or empty folder.", metavar="DIR")],
    *,
    origin: Annotated[
        str | None,
        typer.Option("--from", help="Another address of the archive, or a file that is here.", metavar="PLACE"),
    ] = None,
    no_checksum: Annotated[
        bool, typer.Option("--no-checksum", help="Take the archive although it is not the one that was published.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Download a published data set; what was cut off goes on where it was."""
    from earmark.data import fetch as fetching
    from earmark.data.sources.catalogue import KNOWN

    about = KNOWN[name].ABOUT
    talk(f"{about.title}: {about.licence}; cite {about.citation}")
    with ProgressBar() as progress:
        fetched = fetching.fetch(name, folder, origin=origin, checked=not no_checksum, progress=progress)
    for note in fetched.notes:
        talk(f"note: {note}")
    talk(f"{fetched.n_clips} clips {'were there already' if fetched.was_there else 'fetched'}")
    if as_json:
        answer = {"name": name, "folder": str(fetched.folder), "n_clips": fetched.n_clips, "notes": fetched.notes}
        show_json(answer | {"was_there": fetched.was_there})
    else:
        show(str(fetched.folder))
