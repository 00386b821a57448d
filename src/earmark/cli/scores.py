"""``earmark scores``: every score of finished runs, with intervals, one by one or side by side."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.console import show, talk
from earmark.cli.options import AsJson, Seed
from earmark.errors import SettingError


class Format(StrEnum):
    """How a table is written."""

    table = "table"
    csv = "csv"
    latex = "latex"


def scores(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of runs, cross-validations or comparisons; the first is compared with the others.",
            metavar="RUN...",
        ),
    ],
    *,
    form: Annotated[
        Format, typer.Option("--format", help="table for a person, csv with a row a score, or latex (booktabs).")
    ] = Format.table,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write to this file and not to stdout.", metavar="FILE")
    ] = None,
    resamples: Annotated[int, typer.Option(help="How often groups are drawn for the intervals.", metavar="N")] = 2000,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Show every score of finished runs with 95 % intervals; compare several on the clips they share."""
    from earmark._util.files import write_text
    from earmark.evaluate.pairs import Pair
    from earmark.evaluate.run_scores import RunScores
    from earmark.evaluate.score_tables import compared_tables, run_tables, tidy_csv
    from earmark.experiment.scores import compare_runs, compare_with_baseline, members, read_run_scores

    _refuse_two_forms(form, as_json=as_json)
    folders = [place for folder in runs for place in members(folder)]
    every: tuple[RunScores, ...]
    pairs: tuple[Pair, ...] = ()
    if len(folders) == 1:
        one = read_run_scores(folders[0], seed=seed or 0, n_resamples=resamples)
        every, tables = (one,), run_tables(one)
        pair = compare_with_baseline(folders[0], seed=seed or 0, n_resamples=resamples)
        content = {**one.to_json(), "beside_baseline": pair.to_json() if pair else None}
        told = [*(f"note: {note}" for note in one.notes), one.sentence(), *([pair.sentence()] if pair else [])]
    else:
        several = compare_runs(folders, seed=seed or 0, n_resamples=resamples)
        every, pairs, content = several.runs, several.pairs, several.to_json()
        tables = compared_tables(every, pairs, several.p)
        told = [f"note: {run.name}: {note}" for run in every for note in run.notes]
        told += [f"note: {note}" for note in dict.fromkeys(note for pair in pairs for note in pair.notes)]
        told += [pair.sentence() for pair in pairs]
    for line in told:
        talk(line)
    if as_json:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    elif form is Format.csv:
        text = tidy_csv(every, pairs)
    else:
        text = "\n\n".join(table.latex() if form is Format.latex else str(table) for table in tables)
    if out:
        write_text(out, text + "\n")
    else:
        show(text)


def _refuse_two_forms(form: Format, *, as_json: bool) -> None:
    if as_json and form is not Format.table:
        raise SettingError(f"--json and --format {form} ask for two things: give one of them")
