"""``earmark demo``: the main job on built-in data, and what a dishonest split would have claimed."""

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.console import ProgressBar, show, show_json, talk
from earmark.cli.options import AsJson


def demo(
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write.", metavar="DIR")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(help="The root of all random numbers.", metavar="N")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make ten synthetic genres, train on them, and show why a random split of segments lies."""
    from earmark.experiment.demonstration import run_demonstration
    from earmark.report.build import write_report

    with ProgressBar() as progress:
        result = run_demonstration(out, seed=seed, progress=progress)
    report = write_report(result.run.folder.path)
    talk(result.run.scorecard.sentence())
    if as_json:
        show_json(result.to_json())
    else:
        show(str(result))
    talk(f"report: {report}")
