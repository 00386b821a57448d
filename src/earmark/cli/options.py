"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

GroupColumn = Annotated[str | None, typer.Option(help="Column of the table that says what a group is.", metavar="NAME")]
GroupPattern = Annotated[
    str | None,
    typer.Option(
        help="Regular expression on a clip's path: what it matches (or its first bracket) is the group.",
        metavar="REGEX",
    ),
]
GroupTag = Annotated[
    str | None, typer.Option(help="Tag of the sound files that says what a group is, such as artist.", metavar="NAME")
]
GivenSplit = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="A split to follow: a table (path, part), published for the parts the data come with, or each-group.",
        metavar="FILE",
    ),
]
TestFold = Annotated[int | None, typer.Option(help="The published fold to test on.", metavar="N")]
Labelled = Annotated[
    str | None,
    typer.Argument(help="Class folders, ESC-50 checkout, table (CSV, TSV), or features (JSON, TFRecord, pictures)."),
]
SegmentCount = Annotated[
    int | None, typer.Option("--segments", help="Cut a clip of typical length into N segments.", metavar="N")
]
Seed = Annotated[int | None, typer.Option(help="Root of all random numbers (default: 0).", metavar="N")]
Config = Annotated[
    Path | None, typer.Option(help="TOML file with settings, such as a run's config.toml.", metavar="FILE")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Device = Annotated[str | None, typer.Option(help="auto (for training), cpu, cuda or mps.", metavar="DEVICE")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at bad files instead of going on without them.")]
Cache = Annotated[
    Path | None,
    typer.Option(help="Where features are kept from run to run (default: the user's cache folder).", metavar="DIR"),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="A setting by its key, such as front_end.n_mfcc=20; may be repeated.", metavar="KEY=VALUE"
    ),
]
Augment = Annotated[
    list[str] | None,
    typer.Option(
        "--augment",
        help="Change the training part: steps such as speed,noise:snr_db_low=5,time-mask, or none (default: the "
        "network's).",
        metavar="STEPS",
    ),
]
FrontEnd = Annotated[
    str | None,
    typer.Option(help="Such as log-mel, mfcc or spectrogram (default: the network's own).", metavar="NAME"),
]
Network = Annotated[str | None, typer.Option(help="Such as cnn, lstm or svm (default: resnet-mel).", metavar="NAME")]
Epochs = Annotated[int | None, typer.Option(help="Epochs at most (default: the network's).", metavar="N")]
