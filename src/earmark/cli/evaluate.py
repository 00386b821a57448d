"""``earmark evaluate``: a trained classifier on other labelled sounds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli.console import ProgressBar, name_bad_files, show, show_json, talk
from earmark.cli.options import AsJson, Cache, Device, GroupColumn, GroupPattern, GroupTag, Strict
from earmark.errors import SettingError

if TYPE_CHECKING:
    from earmark.experiment.evaluation import Evaluation


def evaluate(
    run: Annotated[Path, typer.Argument(help="A run folder, or the bundle in it.")],
    data: Annotated[
        str,
        typer.Argument(
            help="Class folders, ESC-50 checkout, table (CSV, TSV), or features (JSON, TFRecord, pictures)."
        ),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write the scorecard to this JSON file.", metavar="FILE")
    ] = None,
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    group_tag: GroupTag = None,
    device: Device = None,
    strict: Strict = False,
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Score a classifier on labelled sounds that it was not trained on."""
    from earmark.data.dataset import Dataset
    from earmark.data.plan import open_planned
    from earmark.experiment.evaluation import evaluate_bundle
    from earmark.features.interchange.catalogue import open_features
    from earmark.features.interchange.table import FeatureTable
    from earmark.features.store import FeatureStore, default_store_folder

    table = open_features(data)
    labelled: Dataset | FeatureTable
    if table is not None:
        _refuse_tag(group_tag)
        labelled = table.regroup(column=group_column, pattern=group_pattern)
        dataset = table.dataset
    else:
        labelled = dataset = open_planned(
            data, plan=None, group_column=group_column, group_pattern=group_pattern, group_tag=group_tag
        )
    with ProgressBar() as progress:
        evaluation = evaluate_bundle(
            run,
            labelled,
            device=device or "cpu",
            store=FeatureStore(cache or default_store_folder()),
            strict=strict,
            progress=progress,
        )
    for note in (*dataset.notes, *evaluation.notes):
        talk(f"note: {note}")
    name_bad_files([(file.name, file.reason) for file in evaluation.bad], len(dataset))
    _show_scores(evaluation, Path(data).absolute().name, out=out, as_json=as_json)


def _show_scores(evaluation: "Evaluation", name: str, *, out: Path | None, as_json: bool) -> None:
    from earmark._util.files import write_json
    from earmark.evaluate.run_scores import score_tested
    from earmark.evaluate.score_tables import run_tables

    wider = score_tested(evaluation.tested, name=name)
    for note in wider.notes:
        talk(f"note: {note}")
    talk(evaluation.scorecard.sentence())
    content = {**evaluation.scorecard.to_json(), "scores": wider.to_json()}
    if out:
        write_json(out, content)
        talk(f"scorecard: {out}")
    if as_json:
        show_json(content)
    else:
        show("\n\n".join([str(evaluation.scorecard), *map(str, run_tables(wider))]))


def _refuse_tag(group_tag: str | None) -> None:
    if group_tag is not None:
        raise SettingError("features have no tags to group by: leave --group-tag out, or score the sounds")
