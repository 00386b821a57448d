"""``earmark features``: the features of a data set, computed once and written for any tool."""

from pathlib import Path
from typing import Annotated, Any

import typer

from earmark.cli.console import ProgressBar, name_bad_files, show, show_json, talk
from earmark.cli.options import AsJson, Assignments, Cache, Config, GroupColumn, GroupPattern, SegmentCount, Strict
from earmark.cli.typed import given, merge, parse_assignments


def features(
    data: Annotated[str, typer.Argument(help="Sounds, as for train; or features or pictures to be written anew.")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write: a folder, or .json, .npz, .parquet.")],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="store (default), json, tfrecord, pictures, numpy, parquet or huggingface.",
            metavar="NAME",
        ),
    ] = None,
    front_end: Annotated[
        str | None, typer.Option(help="Such as log-mel (default; mfcc for .json) or spectrogram.", metavar="NAME")
    ] = None,
    picture: Annotated[
        str | None, typer.Option(help="Draw pictures: waveform, spectrogram or mel.", metavar="NAME")
    ] = None,
    segments: SegmentCount = None,
    segment_s: Annotated[float | None, typer.Option(help="Length of a segment in seconds.", metavar="X")] = None,
    hop_s: Annotated[float | None, typer.Option(help="From one segment to the next in seconds.", metavar="X")] = None,
    per_class: Annotated[
        int | None, typer.Option("--files-per-class", help="Take the first N files of each class.", metavar="N")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Files in work at once.", metavar="N")] = None,
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    config: Config = None,
    assignments: Assignments = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what was written there before.")] = False,
    strict: Strict = False,
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Compute the features of labelled sounds, and write them for training or for other tools."""
    from earmark.data.dataset import count
    from earmark.experiment.config import load_config
    from earmark.experiment.export import export_features, make_export_config
    from earmark.features.store import FeatureStore, default_store_folder

    typed: dict[str, Any] = {
        "data.path": data,
        "data.group_column": group_column,
        "data.group_pattern": group_pattern,
        "segments.count": segments,
        "segments.segment_s": segment_s,
        "segments.hop_s": hop_s,
        "front_end.name": front_end,
    }
    tables = merge(load_config(config) if config else {}, parse_assignments(assignments or ()) | given(typed))
    with ProgressBar() as progress:
        exported = export_features(
            make_export_config(tables, out, format_name=format_name),
            out,
            store=FeatureStore(cache or default_store_folder()),
            format_name=format_name,
            picture=picture,
            per_class=per_class,
            n_workers=workers,
            overwrite=overwrite,
            strict=strict,
            progress=progress,
        )
    for note in exported.notes:
        talk(f"note: {note}")
    name_bad_files([(file.name, file.reason) for file in exported.bad], exported.n_clips + len(exported.bad))
    talk(f"{count(exported.n_clips, 'clip')} of {count(len(exported.labels), 'label')}")
    if as_json:
        show_json(exported.to_json())
    else:
        show(str(exported.path))
