"""The clips that findings are about, worst first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earmark._util.catalogue import nearest
from earmark.data.clip import Clip
from earmark.data.dataset import listed
from earmark.errors import DataError, SettingError

_SEVERITIES = ("error", "warning", "note")
# Nobody hears from a single clip what the data set as a whole has wrong.
_OF_THE_WHOLE = frozenset({"imbalance", "small-class", "shortcut", "leak", "mixed-rates"})
_MOST_NOTED = 12  # a note on more clips is one on the whole too, such as that every second clip ends in silence


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found about some clips.

    Attributes:
        kind: What it is, such as ``near-repeat``.
        severity: ``error``, ``warning`` or ``note``.
        clips: The addresses of the clips, the one concerned most first.
        score: How sure it is, 0 to 1.
        message: What was found.
        advice: What to do.
    """

    kind: str
    severity: str
    clips: tuple[str, ...]
    score: float
    message: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A clip to be judged.

    Attributes:
        address: What findings call it.
        clip: The clip.
        findings: Where in the list of findings those about it are, worst first.
    """

    address: str
    clip: Clip
    findings: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What is to be judged.

    Attributes:
        findings: The findings about single clips, worst first.
        suspects: The clips that they are about, each once; clips of one finding follow each other.
        unknown: Addresses in the findings that the data set does not have.
    """

    findings: tuple[Finding, ...]
    suspects: tuple[Suspect, ...]
    unknown: tuple[str, ...]


def line_up(findings: Sequence[Mapping[str, Any]], clips: Mapping[str, Clip], *, kinds: Collection[str] = ()) -> Queue:
    """Return the clips that findings are about, worst first.

    Errors come before warnings, and among those of one severity the surest first. What is about the data set as a
    whole (shortcuts, leaks, imbalance, small classes, mixed rates, a note on many clips) is left out, unless `kinds`
    names it.

    Args:
        findings: The findings of an audit, as its JSON has them.
        clips: The clips of the data set by what findings call them.
        kinds: The kinds wanted; none for all.

    Raises:
        DataError: What is given are no findings, or none of their clips is in the data set.
        SettingError: There is no finding of a kind that is asked for.
    """
    read = [_finding(number, value) for number, value in enumerate(findings)]
    known = {finding.kind for finding in read}
    for kind in kinds:
        if kind not in known:
            raise SettingError(f"there is no finding of kind {kind!r}: {nearest(kind, known)}")
    chosen = [finding for finding in read if (finding.kind in kinds if kinds else not _is_of_the_whole(finding))]
    chosen.sort(key=lambda finding: (_SEVERITIES.index(finding.severity), -finding.score))
    about: dict[str, list[int]] = {}
    for number, finding in enumerate(chosen):
        for address in dict.fromkeys(finding.clips):
            about.setdefault(address, []).append(number)
    unknown = tuple(address for address in about if address not in clips)
    if unknown and len(unknown) == len(about):
        raise DataError(f"none of the clips in the findings is in the data set ({listed(unknown)}): audit this one")
    suspects = [
        Suspect(address=address, clip=clips[address], findings=tuple(numbers))
        for address, numbers in about.items()
        if address in clips
    ]
    return Queue(findings=tuple(chosen), suspects=tuple(suspects), unknown=unknown)


def _is_of_the_whole(finding: Finding) -> bool:
    is_wide = finding.severity == "note" and len(finding.clips) > _MOST_NOTED
    return finding.kind in _OF_THE_WHOLE or is_wide


def _finding(number: int, value: Mapping[str, Any]) -> Finding:
    try:
        finding = Finding(
            kind=str(value["kind"]),
            severity=str(value["severity"]),
            clips=tuple(str(address) for address in value["clips"]),
            score=float(value["score"]),
            message=str(value["message"]),
            advice=str(value.get("advice", "")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"finding {number + 1} is none: it needs kind, severity, clips, score and message "
            f"({type(error).__name__}: {error})"
        ) from error
    if finding.severity not in _SEVERITIES or not 0 <= finding.score <= 1:
        raise DataError(
            f"finding {number + 1} is none: its severity is {finding.severity!r} (known: {', '.join(_SEVERITIES)}) and "
            f"its score {finding.score:g} (0 to 1)"
        )
    return finding
