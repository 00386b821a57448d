"""``earmark augment``: an augmented copy of a data set, tied to it by a table."""

from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.console import ProgressBar, name_bad_files, show, show_json, talk
from earmark.cli.options import AsJson, GroupColumn, GroupPattern, Strict


def augment(
    data: Annotated[str, typer.Argument(help="Sounds: a folder of class folders, an ESC-50 checkout, or a table.")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.", metavar="DIR")],
    steps: Annotated[
        list[str] | None,
        typer.Option(
            help="What is done to each copy, such as gain,noise:p=0.5 (default: speed, time-shift, gain, noise). There "
            "are pitch-shift, time-stretch, speed, noise, background, gain, time-shift, polarity and room.",
            metavar="NAMES",
        ),
    ] = None,
    copies: Annotated[int, typer.Option(help="Copies of each sound.", metavar="N")] = 1,
    seed: Annotated[int, typer.Option(help="Root of all random numbers.", metavar="N")] = 0,
    include_original: Annotated[
        bool, typer.Option("--include-original/--no-include-original", help="Put the sounds themselves there too.")
    ] = True,
    format_name: Annotated[str, typer.Option("--format", help="wav, flac or ogg.", metavar="NAME")] = "wav",
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what was written there before.")] = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Write augmented copies of labelled sounds, for training only, and clips.csv, which ties each to its source.

    A copy has the group and fold of its source. Test on rows whose column source is empty: those are no copies.
    """
    from earmark.augment.chain import parse_steps
    from earmark.experiment.augmentation import DEFAULT_STEPS, augment_dataset

    parsed = parse_steps(steps or DEFAULT_STEPS)
    with ProgressBar() as progress:
        augmented = augment_dataset(
            data,
            out,
            steps=parsed,
            n_copies=copies,
            seed=seed,
            include_original=include_original,
            format_name=format_name,
            group_column=group_column,
            group_pattern=group_pattern,
            overwrite=overwrite,
            strict=strict,
            progress=progress,
        )
    for note in augmented.notes:
        talk(f"note: {note}")
    n_used = augmented.n_copies // copies
    name_bad_files(augmented.bad, n_used + len(augmented.bad))
    talk(f"{augmented.n_copies} copies of {n_used} sounds of {len(augmented.labels)} classes")
    if as_json:
        show_json(augmented.to_json())
    else:
        show(str(augmented.path))
