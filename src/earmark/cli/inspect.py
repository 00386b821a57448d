"""``earmark inspect``: what is wrong with sounds, before anything is learnt from them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli.asked import open_asked
from earmark.cli.console import ProgressBar, show, show_json, talk
from earmark.cli.options import AsJson, Cache, GivenSplit, GroupColumn, GroupPattern, GroupTag, Seed, TestFold
from earmark.cli.targets import refuse_target
from earmark.errors import SettingError

if TYPE_CHECKING:
    from earmark.audit.audit import Audit

FOUND = 3  # the exit status of --fail-on: neither a fault of the machine (1) nor a mistake in what was typed (2)
_LEVELS = {"error": ("error",), "warning": ("error", "warning")}


def inspect(
    data: Annotated[
        str, typer.Argument(help="Class folders, ESC-50 checkout, table (CSV, TSV); or sounds without labels.")
    ],
    *,
    page: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write a page with players and pictures.", metavar="PAGE.html")
    ] = None,
    write_table: Annotated[
        Path | None,
        typer.Option(help="Write a table with the faulty clips left out or regrouped, and why.", metavar="CLEAN.csv"),
    ] = None,
    fail_on: Annotated[
        str | None, typer.Option(help="error or warning: exit with status 3 if there is one.", metavar="LEVEL")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Look at files, sound and repeats only; learn nothing.")
    ] = False,
    group_column: GroupColumn = None,
    group_pattern: GroupPattern = None,
    group_tag: GroupTag = None,
    split: GivenSplit = None,
    test_fold: TestFold = None,
    seed: Seed = None,
    workers: Annotated[int | None, typer.Option(help="Files in work at once.", metavar="N")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the page or table that is there.")] = False,
    cache: Cache = None,
    as_json: AsJson = False,
) -> int:
    """Look at a data set: what it holds, what is wrong with it, and what to do."""
    from earmark.audit.audit import audit_dataset
    from earmark.audit.clean import check_table_target, left_out_table, write_clean_table
    from earmark.audit.opening import open_sounds
    from earmark.features.store import FeatureStore, default_store_folder
    from earmark.report.audit import check_page_target, write_audit_page

    failing = _failing(fail_on)
    if page:
        check_page_target(page, overwrite=overwrite)
    if write_table:
        check_table_target(write_table, overwrite=overwrite)
        for target in (write_table, left_out_table(write_table)):
            refuse_target(Path(data).expanduser(), target, "--write-table", *_tables(split))
    _refuse_negative(seed)
    if group_tag is None and split is None and test_fold is None:
        dataset, parts = open_sounds(data, group_column=group_column, group_pattern=group_pattern), None
    else:
        dataset, parts = open_asked(
            data,
            plan=split,
            test_fold=test_fold,
            group_column=group_column,
            group_pattern=group_pattern,
            group_tag=group_tag,
            seed=seed or 0,
        )
    with ProgressBar() as progress:
        audit = audit_dataset(
            dataset,
            split=parts,
            store=FeatureStore(cache or default_store_folder()),
            seed=seed or 0,
            quick=quick,
            n_workers=workers,
            progress=progress,
            name=Path(data).absolute().name,
        )
        if page:
            write_audit_page(audit, dataset, page, overwrite=overwrite, progress=progress)
    if write_table:
        table = write_clean_table(audit, dataset, write_table, overwrite=overwrite)
        talk(table.sentence())
    talk(audit.sentence())
    if as_json:
        show_json(audit.to_json())
    else:
        _show(audit)
    if page:
        talk(f"page: {page}")
    return FOUND if any(finding.severity in failing for finding in audit.findings) else 0


def _tables(split: str | None) -> list[Path]:
    """Return the table of a split that is given, where it is one."""
    return [Path(split).expanduser()] if split else []


def _refuse_negative(seed: int | None) -> None:
    if seed is not None and seed < 0:
        raise SettingError(f"--seed must be a whole number from 0, not {seed}")


def _failing(level: str | None) -> tuple[str, ...]:
    if level is None:
        return ()
    if level not in _LEVELS:
        raise SettingError(f"--fail-on takes error or warning, not {level!r}")
    return _LEVELS[level]


def _show(audit: "Audit") -> None:
    from earmark.cli.findings import finding_lines, summary_lines

    table = [str(audit.leaks), ""] if audit.leaks else []
    show("\n".join([*summary_lines(audit.summary), "", *table, *finding_lines(audit.findings)]))
