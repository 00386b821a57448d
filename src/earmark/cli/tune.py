"""``earmark tune``: better settings, found inside the training part, and one honest score for them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from earmark.cli.console import INTERRUPTED, ProgressBar, show, show_json, talk
from earmark.cli.options import (
    AsJson,
    Assignments,
    Augment,
    Cache,
    Config,
    Device,
    Epochs,
    FrontEnd,
    GroupColumn,
    GroupPattern,
    Labelled,
    Network,
    Seed,
    SegmentCount,
    Strict,
)
from earmark.cli.train import refuse_both, tell_result
from earmark.cli.typed import given, merge, parse_assignments, steps_typed


def tune(
    data: Labelled = None,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder: new or empty.", metavar="DIR")],
    trials: Annotated[int, typer.Option(help="Settings to try, those before --resume counted.", metavar="N")] = 20,
    search: Annotated[
        list[str] | None,
        typer.Option(
            help="What may be changed, such as train.learning_rate=1e-4..1e-2,network.dropout=0..0.6 or "
            "'front_end.name=mfcc|log-mel' (default: what suits the network).",
            metavar="SPACE",
        ),
    ] = None,
    inner_folds: Annotated[
        int | None,
        typer.Option(help="Folds of the training part that each trial is judged by (default: 3).", metavar="N"),
    ] = None,
    front_end: FrontEnd = None,
    network: Network = None,
    test_fold: Annotated[int | None, typer.Option(help="The published fold to test on.", metavar="N")] = None,
    test_fraction: Annotated[
        float | None, typer.Option(help="Share of the test part where there are no folds.", metavar="X")
    ] = None,
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    segments: SegmentCount = None,
    epochs: Epochs = None,
    augment: Augment = None,
    seed: Seed = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the search in DIR.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the search in DIR.")] = False,
    strict: Strict = False,
    cache: Cache = None,
    as_json: AsJson = False,
) -> int:
    """Search for better settings inside the training part; train and score with the best on sounds it never saw."""
    from earmark.experiment.config import load_config
    from earmark.experiment.search_folder import read_search
    from earmark.experiment.tune import tune as search_settings
    from earmark.features.store import FeatureStore, default_store_folder

    refuse_both(overwrite=overwrite, resume=resume)
    tables: dict[str, Any] = load_config(config) if config else {}
    if resume and not (data or config):
        tables, begun, inner_folds_begun = read_search(out)
        search, inner_folds = search or begun, inner_folds or inner_folds_begun
    typed: dict[str, Any] = {
        "data.path": data,
        "data.group_column": group_column,
        "data.group_pattern": group_pattern,
        "split.test_fold": test_fold,
        "split.test_fraction": test_fraction,
        "segments.count": segments,
        "front_end.name": front_end,
        "network.name": network,
        "train.max_epochs": epochs,
        "augment.steps": steps_typed(augment),
        "seed": seed,
        "device": device,
    }
    with ProgressBar() as progress:
        result = search_settings(
            merge(tables, parse_assignments(assignments or ()) | given(typed)),
            out,
            n_trials=trials,
            store=FeatureStore(cache or default_store_folder()),
            search=search or (),
            n_inner=inner_folds,
            overwrite=overwrite,
            resume=resume,
            strict=strict,
            progress=progress,
        )
    return _tell(result, as_json=as_json)


def _tell(result: Any, *, as_json: bool) -> int:  # noqa: ANN401 - a Tuning, whose import would load torch
    from earmark.report.build import write_report

    if result.run:
        write_report(result.run.folder.path)
        tell_result(result.run)
    talk(result.how)
    talk(result.sentence())
    if result.best:
        talk(f"settings: {result.folder / 'best.toml'}")
    if as_json:
        show_json(result.to_json())
    else:
        show(str(result))
    if not result.is_finished:
        talk("interrupted: what was tried is kept; --resume goes on from there")
        return INTERRUPTED
    return 0
