"""The page of an audit: what a data set holds and what was found in it, with the clips to listen to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment

import earmark
from earmark._util.files import write_text
from earmark._util.progress import NoProgress, Progress
from earmark.audit.audit import Audit
from earmark.audit.findings import Finding, clip_address
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import StorageError
from earmark.evaluate.intervals import Estimate
from earmark.report.page import bare_templates
from earmark.report.players import NoPlayer, Player, make_player

MOST_PLAYERS = 60  # of 5 s each: about 5 MB
_MOST_OF_KIND = 12
_MOST_CLIPS = 4  # of one finding
_NO_SOUND = frozenset({"unreadable", "truncated", "empty", "not-finite", "imbalance", "small-class"})


@dataclass(frozen=True, kw_only=True)
class ShownClip:
    """A clip of a finding.

    Attributes:
        name: What the finding calls it.
        label: Its class; nothing where it has none.
        player: What plays it; None where there is nothing to play, or the page holds enough players.
    """

    name: str
    label: str
    player: Player | NoPlayer | None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A finding as the page shows it.

    Attributes:
        finding: The finding.
        clips: Its first clips.
        n_more: How many clips more it concerns.
    """

    finding: Finding
    clips: tuple[ShownClip, ...]
    n_more: int


@dataclass(frozen=True, kw_only=True)
class Section:
    """The findings of one severity and kind.

    Attributes:
        severity: Theirs.
        kind: Theirs.
        shown: The first of them, with players.
        rest: The others.
        advice: What to do, each advice once.
    """

    severity: str
    kind: str
    shown: tuple[Shown, ...]
    rest: tuple[Finding, ...]
    advice: tuple[str, ...]

    @property
    def single(self) -> list[Shown]:
        """Those shown that are about one clip."""
        return [shown for shown in self.shown if len(shown.finding.clips) == 1]

    @property
    def several(self) -> list[Shown]:
        """Those shown that are about several clips, or the whole data set."""
        return [shown for shown in self.shown if len(shown.finding.clips) != 1]

    @property
    def n(self) -> int:
        """How many findings there are."""
        return len(self.shown) + len(self.rest)


def write_audit_page(
    audit: Audit, dataset: Dataset, path: Path, *, overwrite: bool = False, progress: Progress | None = None
) -> None:
    """Write the page of an audit: one file that opens offline.

    Args:
        audit: What was found.
        dataset: The data set, whose clips are played.
        path: Where the page is to be: a name that ends in ``.html``.
        overwrite: Whether a file that is there may be replaced.
        progress: Is told of each player.

    Raises:
        StorageError: There is a file of that name, it does not end in ``.html``, or cannot be written.
    """
    check_page_target(path, overwrite=overwrite)
    write_text(path, render_audit(audit, dataset, progress=progress))


def check_page_target(path: Path, *, overwrite: bool = False) -> None:
    """Refuse a place where no page can be written.

    Raises:
        StorageError: There is a file of that name, or it does not end in ``.html``.
    """
    if path.suffix.lower() not in {".html", ".htm"}:
        raise StorageError(f"the page is an .html file, not {path.name!r}: write -o page.html")
    if path.exists() and (path.is_dir() or not overwrite):
        raise StorageError(f"{path} is there already: name another file, or give --overwrite")


def render_audit(audit: Audit, dataset: Dataset, *, progress: Progress | None = None) -> str:
    """Return the page of an audit.

    Args:
        audit: What was found.
        dataset: The data set, whose clips are played.
        progress: Is told of each player.
    """
    content = {
        "audit": audit,
        "summary": audit.summary,
        "rows": _rows(audit),
        "sections": _sections(audit.findings, dataset, progress or NoProgress()),
        "version": earmark.__version__,
    }
    return _templates().get_template("audit.html.j2").render(content)


def _rows(audit: Audit) -> list[dict[str, Any]]:
    """Return a row for each class, and one for all, with the place of its level on a scale from -60 to 0 dB."""
    summary = audit.summary
    classes = summary.classes if summary.is_labelled else ()
    parts = [*((part.label, part) for part in classes), ("all", summary.whole)]
    return [
        {"part": part, "name": name, "low": _on_scale(part.lowest_db), "high": _on_scale(part.highest_db)}
        for name, part in parts
    ]


def _on_scale(level_db: float, lowest_db: float = -60.0) -> float:
    return round(100 * min(1.0, max(0.0, 1 - level_db / lowest_db)), 1)


def _sections(findings: Sequence[Finding], dataset: Dataset, progress: Progress) -> list[Section]:
    clips = {clip_address(clip): clip for clip in dataset}
    chosen = [
        (severity, kind, list(members))
        for (severity, kind), members in groupby(findings, key=lambda found: (found.severity, found.kind))
    ]
    players = _players([found for _, _, members in chosen for found in members[:_MOST_OF_KIND]], clips, progress)
    return [
        Section(
            severity=severity,
            kind=kind,
            shown=tuple(_shown(finding, clips, players) for finding in members[:_MOST_OF_KIND]),
            rest=tuple(members[_MOST_OF_KIND:]),
            advice=tuple(dict.fromkeys(finding.advice for finding in members)),
        )
        for severity, kind, members in chosen
    ]


def _players(findings: Sequence[Finding], clips: dict[str, Clip], progress: Progress) -> dict[str, Player | NoPlayer]:
    """Return players for the first clips of findings, as many as a page can hold; each clip once."""
    wanted = dict.fromkeys(
        name
        for finding in findings
        if finding.kind not in _NO_SOUND
        for name in finding.clips[:_MOST_CLIPS]
        if name in clips
    )
    named = list(wanted)[:MOST_PLAYERS]
    progress.start("page", len(named))
    players = {}
    for name in named:
        players[name] = make_player(clips[name])
        progress.advance()
    return players


def _shown(finding: Finding, clips: dict[str, Clip], players: dict[str, Player | NoPlayer]) -> Shown:
    first = finding.clips[:_MOST_CLIPS]
    return Shown(
        finding=finding,
        clips=tuple(
            ShownClip(name=name, label=clips[name].label if name in clips else "", player=players.get(name))
            for name in first
        ),
        n_more=len(finding.clips) - len(first),
    )


@cache
def _templates() -> Environment:
    environment = bare_templates()
    environment.filters["duration"] = _duration
    environment.filters["percent"] = _percent
    environment.filters["interval"] = _interval
    return environment


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{100 * estimate.low:.0f} to {_percent(estimate.high)}"


def _duration(time_s: float) -> str:
    """Return a length of time as a person says it.

    >>> _duration(4.2), _duration(125), _duration(7320)
    ('4.2 s', '2 min 5 s', '2 h 2 min')
    """
    minutes, seconds = divmod(round(time_s), 60)
    if not minutes:
        return f"{time_s:.3g} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
