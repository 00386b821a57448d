"""``earmark config``: the settings that a training would have, every default filled in."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from earmark.cli.console import show, show_json
from earmark.cli.options import (
    AsJson,
    Assignments,
    Augment,
    Config,
    Device,
    FrontEnd,
    GroupColumn,
    GroupPattern,
    Network,
    Seed,
    SegmentCount,
)
from earmark.cli.typed import given, merge, parse_assignments, steps_typed
from earmark.errors import SettingError

config_app = typer.Typer(
    name="config",
    help="Show settings, with every default filled in.",
    epilog="Example: earmark config show --network resnet-mel",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@config_app.callback()
def _group() -> None:
    """Make a group of it although there is one verb."""


@config_app.command("show", epilog="Example: earmark config show --network resnet-mel > strong.toml")
def show_config(
    data: Annotated[
        str | None, typer.Argument(help="A run folder, to show its settings; or the sounds to be trained on.")
    ] = None,
    *,
    front_end: FrontEnd = None,
    network: Network = None,
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    segments: SegmentCount = None,
    augment: Augment = None,
    seed: Seed = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Print what would be trained, as a configuration in TOML that --config takes; or that of a run."""
    from earmark.experiment.changes import resolve_steps, settle_steps
    from earmark.experiment.config import load_config, make_config, show_as_toml
    from earmark.experiment.folder import RunFolder

    if data and RunFolder(Path(data)).is_run:
        _refuse_two(data, config)
        config, data = RunFolder(Path(data)).config_path, None
    typed: dict[str, Any] = {
        "data.path": data,
        "data.group_column": group_column,
        "data.group_pattern": group_pattern,
        "segments.count": segments,
        "front_end.name": front_end,
        "network.name": network,
        "augment.steps": steps_typed(augment),
        "seed": seed,
        "device": device,
    }
    tables = _with_a_path(load_config(config) if config else {})
    settings = make_config(merge(tables, parse_assignments(assignments or ()) | given(typed)))
    steps = resolve_steps(settings, front_end=settings.front_end.name, hears_sound=True)
    settings = replace(settings, augment=settle_steps(settings.augment, steps))
    if as_json:
        show_json(settings.to_dict())
    else:
        show(show_as_toml(settings).rstrip())


def _refuse_two(run: str, config: Path | None) -> None:
    if config:
        raise SettingError(f"{run} is a run with settings of its own: give it, or --config, not both")


def _with_a_path(tables: dict[str, Any]) -> dict[str, Any]:
    """Return the tables with a path where they have none: here nobody needs to say which sounds."""
    data = tables.get("data", {})
    return {**tables, "data": {"path": "", **data}} if isinstance(data, dict) else tables
