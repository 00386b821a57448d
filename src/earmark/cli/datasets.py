"""``earmark datasets``: the published data sets that are known, with licence and size."""

import textwrap
from typing import Annotated, Any

import typer

from earmark.cli.console import show, show_json
from earmark.cli.options import AsJson

_WIDTH = 100
_SHOWN = ("summary", "licence", "citation", "homepage", "address", "checksum", "group", "split", "faults")


def datasets(
    name: Annotated[str | None, typer.Argument(help="One of them, to show all that is known of it.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the published data sets that `earmark fetch` gets and that are recognised on disk."""
    from earmark.data.sources.catalogue import KNOWN

    names = list(KNOWN) if name is None else [name]
    known = [KNOWN[each].ABOUT.to_json(each) for each in names]
    if as_json:
        show_json(known if name is None else known[0])
    elif name is None:
        show(_table(known))
    else:
        show(_page(known[0]))


def _table(known: list[dict[str, Any]]) -> str:
    header = ("name", "clips", "classes", "size", "licence")
    rows = [
        (
            each["name"],
            f"{each['n_clips']:,}",
            str(each["n_classes"]),
            f"{each['n_megabytes']:,} MB",
            each["licence"].partition(";")[0],
        )
        for each in known
    ]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header) - 1)]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:], strict=True)),
                row[-1],
            ]
        )
        for row in (header, *rows)
    ]
    return "\n".join(lines)


def _page(about: dict[str, Any]) -> str:
    head = f"{about['title']} ({about['name']}): {about['n_clips']:,} clips, {about['n_classes']} classes"
    told = [(key, about[key] or "none") for key in _SHOWN if about[key] or key == "address"]
    lines = [
        textwrap.fill(
            text,
            _WIDTH,
            initial_indent=f"{key:10}",
            subsequent_indent=" " * 10,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for key, text in told
    ]
    return "\n".join([head, *lines])
