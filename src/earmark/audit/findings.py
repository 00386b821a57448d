"""What an audit says: findings with the clips concerned, and the whole of them."""

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from earmark.data.clip import Clip
from earmark.errors import SettingError

Kind = Literal[
    "unreadable",
    "truncated",
    "empty",
    "wrong-extension",
    "not-finite",
    "silent",
    "clipped",
    "offset",
    "quiet",
    "band-limited",
    "dead-channel",
    "odd-duration",
    "mixed-rates",
    "exact-repeat",
    "near-repeat",
    "label",
    "imbalance",
    "small-class",
    "shortcut",
    "leak",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every kind of finding, in the order in which they are looked for."""

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""How bad a finding is, worst first: a score is wrong, a score may be wrong, good to know."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that an audit found.

    Attributes:
        kind: What it is, of `KINDS`.
        severity: ``error`` (what is learnt or scored is wrong), ``warning`` (it may be) or ``note``.
        clips: The addresses of the clips concerned (`clip_address`), the one concerned most first; empty where it
            is about the whole data set.
        score: How sure it is, 0 to 1.
        message: One plain line: what was found, with the number measured.
        advice: One plain line: what to do.

    Raises:
        SettingError: The kind or the severity is unknown, or the score is not between 0 and 1.

    >>> Finding(kind="silent", severity="error", clips=("a.wav",), score=1, message="is silent", advice="drop it").kind
    'silent'
    """

    kind: Kind
    severity: Severity
    clips: tuple[str, ...]
    score: float
    message: str
    advice: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.severity not in SEVERITIES:
            raise SettingError(f"no finding is of kind {self.kind!r} and severity {self.severity!r}: see KINDS")
        if not (math.isfinite(self.score) and 0 <= self.score <= 1):
            raise SettingError(f"score is {self.score}: how sure a finding is lies between 0 and 1")
        object.__setattr__(self, "clips", tuple(self.clips))
        object.__setattr__(self, "score", float(self.score))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "clips": list(self.clips),
            "score": round(self.score, 4),
            "message": self.message,
            "advice": self.advice,
        }


def clip_address(clip: Clip) -> str:
    """Return what a clip is called in findings: its name, and where it is a stretch of a file, which one.

    See `Clip.address`.

    >>> from pathlib import Path
    >>> clip_address(Clip(name="a.wav", path=Path(), label="rain", group="a", start_s=1.5, end_s=3.0))
    'a.wav#t=1.5,3'
    """
    return clip.address


def by_severity(findings: list[Finding]) -> list[Finding]:
    """Return findings sorted: errors first, then by kind, the surest first, then by the clips' names."""
    return sorted(
        findings,
        key=lambda found: (SEVERITIES.index(found.severity), KINDS.index(found.kind), -found.score, found.clips),
    )
