"""``earmark compare``: several classifiers on the same folds, and whether the best is better than the simplest."""

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
    GroupColumn,
    GroupPattern,
    Labelled,
    Seed,
    SegmentCount,
    Strict,
)
from earmark.cli.train import refuse_both
from earmark.cli.typed import given, merge, parse_assignments, steps_typed, without_test_part
from earmark.errors import SettingError


def compare(
    data: Labelled = None,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder: new or empty.", metavar="DIR")],
    network: Annotated[
        list[str] | None, typer.Option(help="Which networks, such as svm,cnn,lstm.", metavar="NAME,NAME")
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            help="With which front ends, such as mfcc,log-mel: each network with each (default: with its own).",
            metavar="NAME,NAME",
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(help="Folds to make where the data set has none (default: 5).", metavar="N")
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
    resume: Annotated[bool, typer.Option("--resume", help="Finish what was cut off in DIR, fold by fold.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is in DIR.")] = False,
    strict: Strict = False,
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Cross-validate several classifiers on the same folds: is the best significantly better than the simplest?"""
    from earmark.experiment.compare import compare, read_asked
    from earmark.experiment.config import load_config, make_config
    from earmark.features.store import FeatureStore, default_store_folder
    from earmark.report.build import write_comparison_reports
    from earmark.report.crossval import write_comparison_pictures

    refuse_both(overwrite=overwrite, resume=resume)
    typed: dict[str, Any] = {
        "data.path": data,
        "data.group_column": group_column,
        "data.group_pattern": group_pattern,
        "segments.count": segments,
        "train.max_epochs": epochs,
        "augment.steps": steps_typed(augment),
        "seed": seed,
        "device": device,
    }
    values = parse_assignments(assignments or ()) | given(typed)
    _refuse_names(values)
    if resume and not (config or network or features):
        candidates, n_folds = read_asked(out)
        candidates = {name: make_config(merge(one.to_dict(), values)) for name, one in candidates.items()}
    else:
        tables, n_folds = without_test_part(load_config(config) if config else {})
        candidates = _candidates(_names(network), _names(features), tables, values)
    with ProgressBar() as progress:
        result = compare(
            candidates,
            out,
            store=FeatureStore(cache or default_store_folder()),
            n_folds=n_folds if folds is None else folds,
            overwrite=overwrite,
            resume=resume,
            strict=strict,
            progress=progress,
        )
    write_comparison_pictures(result)
    page = write_comparison_reports(result.folder)
    for note in result.notes:
        talk(f"note: {note}")
    name_bad_files([(file.name, file.reason) for file in result.bad], result.n_clips + len(result.bad))
    talk(f"report: {page}")
    talk(result.sentence())
    if as_json:
        show_json(result.to_json())
    else:
        show(str(result))


def _candidates(
    networks: list[str], front_ends: list[str], tables: dict[str, Any], values: dict[str, object]
) -> dict[str, Any]:
    """Return the configuration of each candidate by its name."""
    from earmark.experiment.compare import pair_up
    from earmark.experiment.config import make_config

    pairs = pair_up(networks, front_ends)
    candidates = {}
    for name, (network, front_end) in pairs.items():
        own = dict(tables)
        told = tables.get("network", {})
        if front_end is None and isinstance(told, dict) and told.get("name", network) != network:
            own.pop("front_end", None)  # that of another network
        try:
            candidates[name] = make_config(
                merge(own, values | given({"network.name": network, "front_end.name": front_end}))
            )
        except SettingError as error:
            which = "" if str(error).startswith("which sounds") else f"{name}: "
            raise SettingError(f"{which}{error}") from error
    return candidates


def _refuse_names(values: dict[str, object]) -> None:
    for key, option in (("network.name", "--network"), ("front_end.name", "--features")):
        if key in values:
            raise SettingError(f"--set {key}: candidates are named with {option}")


def _names(typed: list[str] | None) -> list[str]:
    """Return the names in a list that was typed with commas, in one option or several."""
    names = [name.strip() for text in typed or () for name in text.split(",")]
    return [name for name in names if name]
