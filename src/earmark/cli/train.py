"""``earmark train``: a folder of labelled sounds in, a classifier with an honest score out."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from earmark.cli.console import INTERRUPTED, ProgressBar, name_bad_files, show, show_json, talk
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
from earmark.cli.typed import given, merge, parse_assignments, steps_typed
from earmark.errors import SettingError


def train(
    data: Labelled = None,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The run folder: new or empty.", metavar="DIR")],
    front_end: FrontEnd = None,
    network: Network = None,
    test_fold: Annotated[int | None, typer.Option(help="The published fold to test on.", metavar="N")] = None,
    test_fraction: Annotated[
        float | None, typer.Option(help="Share of the test part where there are no folds.", metavar="X")
    ] = None,
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    group_tag: GroupTag = None,
    split: GivenSplit = None,
    segments: SegmentCount = None,
    segment_s: Annotated[
        float | None, typer.Option(help="Length of a segment in seconds, in place of --segments.", metavar="X")
    ] = None,
    hop_s: Annotated[float | None, typer.Option(help="From one segment to the next in seconds.", metavar="X")] = None,
    epochs: Epochs = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Segments in a training step (default: the network's).", metavar="N")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Step size (default: the network's).", metavar="X")
    ] = None,
    augment: Augment = None,
    seed: Seed = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish the run that was cut off in DIR.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is in DIR.")] = False,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Write each epoch for TensorBoard into this folder.", metavar="DIR")
    ] = None,
    strict: Strict = False,
    cache: Cache = None,
    as_json: AsJson = False,
) -> int:
    """Train a classifier, and score it on sounds from groups that it has never heard."""
    from earmark.experiment.config import load_config, make_config
    from earmark.experiment.folder import RunFolder
    from earmark.experiment.run import train_run
    from earmark.experiment.tables import refuse_typed_front_end
    from earmark.features.store import FeatureStore, default_store_folder
    from earmark.report.build import write_report

    refuse_both(overwrite=overwrite, resume=resume)
    if resume and not (data or config):
        RunFolder(out).require()
        config = RunFolder(out).config_path
    tables = load_config(config) if config else {}
    typed = {
        "data.path": data,
        "data.group_column": group_column,
        "data.group_pattern": group_pattern,
        "data.group_tag": group_tag,
        "split.plan": split,
        "split.test_fold": test_fold,
        "split.test_fraction": test_fraction,
        "segments.count": segments,
        "segments.segment_s": segment_s,
        "segments.hop_s": hop_s,
        "front_end.name": front_end,
        "network.name": network,
        "train.max_epochs": epochs,
        "train.batch_size": batch_size,
        "train.learning_rate": learning_rate,
        "augment.steps": steps_typed(augment),
        "seed": seed,
        "device": device,
    }
    settings = make_config(merge(tables, parse_assignments(assignments or ()) | given(typed)))
    if front_end is not None:
        refuse_typed_front_end(settings)
    board = open_board(tensorboard, resume=resume, overwrite=overwrite)
    with ProgressBar() as progress, board as on_epoch:
        result = train_run(
            settings,
            out,
            store=FeatureStore(cache or default_store_folder()),
            overwrite=overwrite,
            resume=resume,
            strict=strict,
            progress=progress,
            on_epoch=on_epoch,
        )
    write_report(result.folder.path)
    tell_result(result)
    if as_json:
        show_json(result.scorecard.to_json())
    else:
        show(str(result.scorecard))
    return INTERRUPTED if result.fitted.ended == "interrupted" else 0


def refuse_both(*, overwrite: bool, resume: bool) -> None:
    """Refuse what contradicts itself.

    Raises:
        SettingError: A run is to be replaced and to be finished.
    """
    if overwrite and resume:
        raise SettingError("a run is replaced or finished: give --overwrite or --resume, not both")


def open_board(folder: Path | None, *, resume: bool, overwrite: bool) -> AbstractContextManager[Any]:
    """Return what writes each epoch for TensorBoard; nothing that does where no folder is named."""
    if folder is None:
        return nullcontext()
    from earmark.train.board import Board

    return Board(folder, resume=resume, overwrite=overwrite)


def tell_result(result: Any) -> None:  # noqa: ANN401 - a RunResult, whose import would load torch
    """Tell on stderr what a person should know of a run."""
    prepared = result.prepared
    for note in result.notes:
        talk(f"note: {note}")
    if result.audit:
        talk(f"data: {result.audit}")
    if prepared.silent:
        talk(f"note: {len(prepared.silent)} silent: {', '.join(prepared.silent[:5])}")
    if result.fitted.ended == "interrupted":
        talk(f"interrupted: epoch {result.fitted.best_epoch} was kept; --resume goes on from there")
    faults = [(file.name, file.reason) for file in prepared.bad]
    name_bad_files(faults, len(prepared.dataset) + len(faults), table=result.folder.path / "sounds.csv")
    for sentence in result.fitted.verdict.sentences:
        talk(f"training: {sentence}")
    talk(result.scorecard.sentence())
    talk(f"report: {result.folder.report_path}")
