"""``earmark review``: suspicious clips on a page of this machine; and what was decided there, carried out."""

import json
import os
import shlex
import sys
import webbrowser
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli.asked import open_asked
from earmark.cli.console import ProgressBar, show, show_json, talk
from earmark.cli.options import AsJson, GivenSplit, GroupColumn, GroupPattern, GroupTag, TestFold
from earmark.cli.targets import refuse_inside, refuse_target
from earmark.errors import DataError, SettingError

if TYPE_CHECKING:
    from earmark.data.dataset import Dataset
    from earmark.data.splits import Split

_SCHEMA = "earmark-audit/"


def review(
    data: Annotated[Path, typer.Argument(help="Sounds: a folder of class folders, an ESC-50 checkout, or a table.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The table of decisions (default: NAME.review.csv, here).", metavar="FILE"),
    ] = None,
    audit: Annotated[
        Path | None,
        typer.Option(
            "--from", help="What earmark inspect --json printed (default: the sounds are audited).", metavar="FILE"
        ),
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only clips with such findings, as label,near-repeat.", metavar="KINDS")
    ] = None,
    apply: Annotated[
        Path | None,
        typer.Option(help="Carry the decisions out: write a table of the clips left, and stop.", metavar="FILE"),
    ] = None,
    diff: Annotated[
        Path | None, typer.Option(help="Compare with another table of decisions, and stop.", metavar="FILE")
    ] = None,
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    group_tag: GroupTag = None,
    split: GivenSplit = None,
    test_fold: TestFold = None,
    port: Annotated[int, typer.Option(help="Port of the page (default: any that is free).", metavar="N")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the table of --apply.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play suspicious clips, worst first, on a page of this machine: keep, relabel or drop them with the keyboard.

    Each decision is saved at once, in a small table beside the sounds, which are never touched. --apply carries the
    decisions out, on these sounds or on a fresh copy of them.
    """
    _refuse_two(apply, diff)
    _refuse_split(is_audited=not (audit or apply or diff), is_split=split is not None or test_fold is not None)
    table = out or _beside(data)
    if diff:
        _compare(table, diff, as_json=as_json)
        return
    dataset, parts = open_asked(
        data,
        plan=split,
        test_fold=test_fold,
        group_column=group_column,
        group_pattern=group_pattern,
        group_tag=group_tag,
    )
    refuse_inside(data, table, "the table of decisions is", "-o")
    for note in dataset.notes:
        talk(f"note: {note}")
    if apply:
        _check_target(data, table, apply, overwrite=overwrite)
        _carry_out(dataset, table, apply, as_json=as_json)
    else:
        findings = _read_findings(audit) if audit else _find(dataset, parts)
        told = _listen(dataset, findings, data, table, kinds=_names(kind), port=port, browser=browser)
        if as_json:
            show_json(told)
        elif told["n_decided"]:
            show(str(table))


def _refuse_two(apply: Path | None, diff: Path | None) -> None:
    if apply and diff:
        raise SettingError("--apply and --diff are two things: give one of them")


def _refuse_split(*, is_audited: bool, is_split: bool) -> None:
    if is_split and not is_audited:
        raise SettingError("with --from, --apply and --diff nothing is audited: leave --split and --test-fold out")


def _beside(data: Path) -> Path:
    """Return where decisions are kept if nobody says where: in the present folder, called as the data set is."""
    place = data.absolute()
    return Path(f"{place.stem if data.is_file() else place.name}.review.csv")


def _check_target(data: Path, table: Path, target: Path, *, overwrite: bool) -> None:
    if target.suffix.lower() != ".csv":
        raise SettingError(f"--apply writes a table such as clean.csv, not {target}")
    refuse_target(data, target, "--apply", table)
    if target.exists() and not overwrite:
        raise SettingError(f"{target} is there already: --overwrite replaces it")


def _read_decisions(table: Path) -> Any:  # noqa: ANN401 - decisions, whose import would load the room
    from earmark.audit.decisions import read_decisions

    if not table.exists():
        raise DataError(f"there is no table of decisions {table}: name it with -o, or review the sounds first")
    return read_decisions(table)


def _compare(table: Path, other: Path, *, as_json: bool) -> None:
    from earmark.audit.replay import diff_decisions

    differences = diff_decisions(_read_decisions(table), _read_decisions(other))
    talk(f"{len(differences)} clips are decided in another way in {other} than in {table}")
    if as_json:
        show_json([difference.to_json() for difference in differences])
    elif differences:
        show("\n".join(map(str, differences)))


def _carry_out(dataset: "Dataset", table: Path, target: Path, *, as_json: bool) -> None:
    from earmark.audit.replay import replay, write_clips

    done = replay(dataset, _read_decisions(table))
    write_clips(done.dataset, target)
    for note in done.dataset.notes[len(dataset.notes) :]:
        talk(f"note: {note}")
    talk(f"{done.dataset.n} of {dataset.n} clips are left, in {len(done.dataset.labels)} classes")
    if as_json:
        show_json({"table": str(target), **done.to_json()})
    else:
        show(str(target))


def _read_findings(path: Path) -> list[Any]:
    from earmark.data.sources.table import read_text

    try:
        audit = json.loads(read_text(path))
    except RecursionError as error:
        raise DataError(f"{path} is no audit: brackets within brackets, too deep to be read") from error
    except json.JSONDecodeError as error:
        raise DataError(f"{path} is no JSON ({error}): write it with earmark inspect DATA --json") from error
    is_audit = isinstance(audit, dict) and str(audit.get("schema", "")).startswith(_SCHEMA)
    if not (is_audit and isinstance(audit.get("findings"), list)):
        raise DataError(f"{path} is no audit: write it with earmark inspect DATA --json")
    findings: list[Any] = audit["findings"]
    return findings


def _find(dataset: "Dataset", split: "Split | None") -> list[Any]:
    from earmark.audit.audit import audit_dataset
    from earmark.features.store import FeatureStore, default_store_folder

    with ProgressBar() as progress:
        audit = audit_dataset(dataset, split=split, store=FeatureStore(default_store_folder()), progress=progress)
    return [finding.to_json() for finding in audit.findings]


def _listen(
    dataset: "Dataset", findings: list[Any], data: Path, table: Path, *, kinds: list[str], port: int, browser: bool
) -> dict[str, Any]:
    """Show the page until it is finished or Ctrl-C is pressed, and return how things stand."""
    from earmark.audit.decisions import DecisionTable
    from earmark.audit.findings import clip_address
    from earmark.data.dataset import listed
    from earmark.report.pictures import spectrogram_png
    from earmark.serve.loopback import Loopback
    from earmark.serve.queue import line_up
    from earmark.serve.review import ReviewPage

    queue = line_up(findings, {clip_address(clip): clip for clip in dataset}, kinds=kinds)
    decisions = DecisionTable(table)
    clips = [suspect.clip for suspect in queue.suspects]
    if queue.unknown:
        names = listed(queue.unknown)
        talk(f"note: {len(queue.unknown)} clips of the findings are not in the data set: {names}")
    if clips:
        page = ReviewPage(
            queue,
            decisions,
            labels=dataset.labels,
            draw=spectrogram_png,
            title=data.absolute().name,
            table=str(table),
            next_step=shlex.join(["earmark", "review", str(data), "-o", str(table), "--apply", "clean.csv"]),
        )
        with Loopback(page.answer, port=port) as server:
            n_decided = len(clips) - decisions.of(clips).count(None)
            talk(f"{len(clips)} clips to hear, worst first; {n_decided} are decided. Each decision is saved in {table}")
            talk(f"{server.address}   (Ctrl-C ends it)")
            if browser and _has_display():
                webbrowser.open(server.address)
            _serve(server.serve)
    standing = Counter(decision.action if decision else "left" for decision in decisions.of(clips))
    n_decided = len(clips) - standing["left"]
    talk(f"{n_decided} of {len(clips)} suspicious clips are decided" if clips else "no clip is suspicious")
    counts = {"n_kept": standing["keep"], "n_relabelled": standing["relabel"], "n_dropped": standing["drop"]}
    return {"table": str(table), "n_clips": len(clips), "n_decided": n_decided, **counts}


def _serve(serve: Any) -> None:  # noqa: ANN401 - a function
    try:
        serve()
    except KeyboardInterrupt:
        talk("")


def _has_display() -> bool:
    """Return whether a browser has where to show itself: a text browser would take the terminal."""
    is_graphical = sys.platform in {"darwin", "win32"}
    return is_graphical or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _names(typed: list[str] | None) -> list[str]:
    return [name.strip() for text in typed or () for name in text.split(",") if name.strip()]
