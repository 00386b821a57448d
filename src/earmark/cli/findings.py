"""How the command line lays out an audit: a table of what a data set holds, and what was found."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from earmark.data.dataset import count, listed

if TYPE_CHECKING:
    from earmark.audit.findings import Finding
    from earmark.audit.summary import ClassSummary, Summary

_MOST_SHOWN = 8  # findings of one kind; all are in --json and on the page
_WIDEST = 24
_HEADER = ("class", "clips", "groups", "length", "typical", "shortest", "longest", "level", "10 to 90 %", "sound up to")
_MINUTE = 60


def summary_lines(summary: "Summary") -> list[str]:
    """Return what a data set holds, as lines: the facts, and a table of its classes.

    Args:
        summary: See `earmark.audit.summary.Summary`.
    """
    facts = [
        f"{summary.name}: {count(summary.whole.n_clips, 'clip')}, {duration(summary.whole.total_s)}",
        _shares("rates", {f"{rate} Hz": number for rate, number in summary.sample_rates.items()}),
        _shares("channels", {str(number): n_clips for number, n_clips in summary.channels.items()}),
        _shares("formats", summary.formats),
        *([f"folds     {', '.join(map(str, summary.folds))}"] if summary.folds else []),
        *(f"note      {note}" for note in summary.notes),
    ]
    classes = summary.classes if summary.is_labelled else ()
    rows = [_HEADER, *(_row(part) for part in classes), _row(summary.whole, "all")]
    return [*facts, "", *_aligned(rows)]


def finding_lines(findings: Sequence["Finding"]) -> list[str]:
    """Return findings as lines, those of one kind under one heading with what to do.

    Args:
        findings: Sorted by severity and kind.

    >>> finding_lines([])
    ['nothing found']
    """
    if not findings:
        return ["nothing found"]
    lines = []
    for (severity, kind), members in groupby(findings, key=lambda finding: (finding.severity, finding.kind)):
        found = list(members)
        lines.append(f"{severity}: {kind} ({len(found)})")
        lines += [f"  {_told(finding)}" for finding in found[:_MOST_SHOWN]]
        if len(found) > _MOST_SHOWN:
            lines.append(f"  and {len(found) - _MOST_SHOWN} more: see --json, or a page (-o page.html)")
        lines += [f"  -> {advice}" for advice in dict.fromkeys(finding.advice for finding in found)]
        lines.append("")
    return lines[:-1]


def duration(time_s: float) -> str:
    """Return a length of time in three figures or so.

    >>> duration(4.2), duration(125), duration(7320)
    ('4.20 s', '2 min 5 s', '2 h 2 min')
    """
    if round(time_s, 2) < _MINUTE:
        return f"{time_s:.3g} s" if time_s < 1 else f"{time_s:.2f} s"
    minutes, seconds = divmod(round(time_s), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _told(finding: "Finding") -> str:
    if not finding.clips:
        return finding.message
    if len(finding.clips) == 1:
        return f"{finding.clips[0]}: {finding.message}"
    is_named = all(name in finding.message for name in finding.clips[:2])
    return finding.message if is_named else f"{finding.message} [{listed(finding.clips, 3)}]"


def _shares(title: str, counts: dict[str, int]) -> str:
    alone = len(counts) == 1
    told = ", ".join(what if alone else f"{what} ({number})" for what, number in counts.items())
    return f"{title:<9} {told or 'none could be read'}"


def _row(part: "ClassSummary", name: str = "") -> tuple[str, ...]:
    label = name or part.label
    bad = f" ({part.n_unusable} bad)" if part.n_unusable else ""
    if part.n_unusable == part.n_clips:
        return (_short(label), f"{part.n_clips}{bad}", str(part.n_groups), *["-"] * (len(_HEADER) - 3))
    return (
        _short(label),
        f"{part.n_clips}{bad}",
        str(part.n_groups),
        duration(part.total_s),
        *(duration(time_s) for time_s in (part.median_s, part.shortest_s, part.longest_s)),
        f"{part.median_db:.1f} dB",
        f"{part.lowest_db:.0f} to {part.highest_db:.0f}",
        f"{part.median_bandwidth_hz / 1000:.1f} kHz",
    )


def _short(name: str) -> str:
    return name if len(name) <= _WIDEST else name[: _WIDEST - 3] + "..."


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
