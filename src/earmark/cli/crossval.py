"""``earmark crossval``: a fresh classifier for each fold, and what they say together."""

from pathlib import Path
from typing import Annotated, Any

import typer

from earmark.cli.console import ProgressBar, name_bad_files, show, show_json, talk
from earmark.cli.options import (
    AsJson,
    Assignments,
    Augment,
    Cache,
    Config,
    Device,
    Epochs,
    FrontEnd,
    GivenSplit,
    GroupColumn,
    GroupPattern,
    GroupTag,
    Labelled,
    Network,
    Seed,
    SegmentCount,
    Strict,
)
from earmark.cli.train import refuse_both
from earmark.cli.typed import given, merge, parse_assignments, steps_typed, without_test_part


def crossval(
    data: Labelled = None,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder: new or empty.", metavar="DIR")],
    front_end: FrontEnd = None,
    network: Network = None,
    folds: Annotated[
        int | None, typer.Option(help="Folds to make where the data set has none (default: 5).", metavar="N")
    ] = None,
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    group_tag: GroupTag = None,
    split_plan: GivenSplit = None,
    segments: SegmentCount = None,
    epochs: Epochs = None,
    augment: Augment = None,
    seed: Seed = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish what was cut off in DIR, fold by fold.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is in DIR.")] = False,
    strict: Strict = False,
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Cross-validate a classifier: every clip is tested once, by a classifier that has not learnt from its fold."""
    from earmark.experiment.config import load_config, make_config
    from earmark.experiment.crossval import cross_validate
    from earmark.experiment.folder import RunFolder
    from earmark.experiment.tables import refuse_typed_front_end
    from earmark.features.store import FeatureStore, default_store_folder
    from earmark.report.build import write_report
    from earmark.report.crossval import write_crossval_pictures

    refuse_both(overwrite=overwrite, resume=resume)
    if resume and not (data or config):
        RunFolder(out).require()
        config = RunFolder(out).config_path
    tables, n_folds = without_test_part(load_config(config) if config else {})
    typed: dict[str, Any] = {
        "data.path": data,
        "data.group_column": group_column,
        "data.group_pattern": group_pattern,
        "data.group_tag": group_tag,
        "split.plan": split_plan,
        "segments.count": segments,
        "front_end.name": front_end,
        "network.name": network,
        "train.max_epochs": epochs,
        "augment.steps": steps_typed(augment),
        "seed": seed,
        "device": device,
    }
    settings = make_config(merge(tables, parse_assignments(assignments or ()) | given(typed)))
    if front_end is not None:
        refuse_typed_front_end(settings)
    with ProgressBar() as progress:
        result = cross_validate(
            settings,
            out,
            store=FeatureStore(cache or default_store_folder()),
            n_folds=n_folds if folds is None else folds,
            overwrite=overwrite,
            resume=resume,
            strict=strict,
            progress=progress,
        )
    write_crossval_pictures(result.folder.path)
    page = write_report(result.folder.path)
    for note in result.notes:
        talk(f"note: {note}")
    n_files = result.scorecard.n_clips + len(result.bad)
    name_bad_files([(file.name, file.reason) for file in result.bad], n_files)
    talk(f"report: {page}")
    talk(result.scorecard.sentence())
    if as_json:
        show_json(result.to_json())
    else:
        show(str(result))
