"""The page on which a person judges suspicious clips: what it shows, and what it does with a decision."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from typing import Any, Protocol

from earmark.data.clip import Clip
from earmark.errors import SettingError
from earmark.serve.excerpt import Draw, draw_excerpt, excerpt
from earmark.serve.loopback import Question, Reply, json_reply
from earmark.serve.queue import Queue

_FILES = {
    "": ("review.html", "text/html; charset=utf-8"),
    "review.css": ("review.css", "text/css; charset=utf-8"),
    "review.js": ("review.js", "text/javascript; charset=utf-8"),
}
_N_KEPT = 6


class Decided(Protocol):
    """What was decided about a clip."""

    @property
    def address(self) -> str:
        """What findings call the clip."""

    @property
    def action(self) -> str:
        """``keep``, ``relabel`` or ``drop``."""

    @property
    def new_label(self) -> str:
        """The label that it gets; empty where it is not relabelled."""


class Decisions(Protocol):
    """Where decisions are kept; what is told is safe there before a call returns."""

    def of(self, clips: Iterable[Clip]) -> list[Any]:
        """Return what is decided about each clip, or None."""

    def decide(self, clip: Clip, action: str, *, new_label: str = "", kinds: tuple[str, ...] = ()) -> Decided:
        """Decide about a clip."""

    def undo(self) -> Decided:
        """Take back the latest decision, and return it."""


class ReviewPage:
    """Answers what the page of a review asks.

    Args:
        queue: The clips to be judged.
        decisions: Where decisions are kept.
        labels: The labels to choose from.
        draw: Draws a waveform (n_samples,) of some rate, as the bytes of a PNG.
        title: What is reviewed.
        table: What the table of decisions is called.
        next_step: The command that carries the decisions out.
    """

    def __init__(
        self,
        queue: Queue,
        decisions: Decisions,
        *,
        labels: Iterable[str],
        draw: Draw,
        title: str,
        table: str,
        next_step: str,
    ) -> None:
        self._queue = queue
        self._decisions = decisions
        self._labels = sorted(set(labels))
        self._told = {"title": title, "table": table, "next_step": next_step}
        self._place = {suspect.address: place for place, suspect in enumerate(queue.suspects)}
        # Sound is decoded once for the page's look ahead and once more at most; some minutes of it are kept.
        self._excerpt = lru_cache(maxsize=_N_KEPT)(lambda place: excerpt(queue.suspects[place].clip))
        self._draw = draw

    def answer(self, question: Question) -> Reply:
        """Return the page, a part of it, or what became of a decision.

        Raises:
            SettingError: There is no such clip or decision.
            EarmarkError: The decision cannot be saved.
        """
        if question.method == "GET" and question.path in _FILES:
            name, kind = _FILES[question.path]
            return Reply(content=_template(name), kind=kind)
        if question.method == "GET" and question.path.startswith("picture/"):
            place = self._at(question.path.removeprefix("picture/"))
            return Reply(content=draw_excerpt(self._queue.suspects[place].clip, self._draw), kind="image/png")
        is_last = False
        value: Mapping[str, Any]
        match question.method, *question.path.split("/"):
            case "GET", "state":
                value = self._state()
            case "GET", "clip", said:
                value = self._excerpt(self._at(said))
            case "POST", "decide":
                value = self._decide(question.body)
            case "POST", "undo":
                value = self._undo()
            case "POST", "finish":
                value, is_last = {}, True
            case _:
                return json_reply({"error": f"there is no {question.path!r} here"}, status=HTTPStatus.NOT_FOUND)
        return json_reply(value, is_last=is_last)

    def _state(self) -> dict[str, Any]:
        decided = self._decisions.of(suspect.clip for suspect in self._queue.suspects)
        suspects = [
            {
                "address": suspect.address,
                "label": suspect.clip.label,
                "group": "" if suspect.clip.group == suspect.clip.name else suspect.clip.group,
                "fold": suspect.clip.fold,
                "findings": suspect.findings,
                "decision": _as_json(decision),
            }
            for suspect, decision in zip(self._queue.suspects, decided, strict=True)
        ]
        labels = {decision.new_label for decision in decided if decision} - {""}
        findings = [
            {
                "kind": finding.kind,
                "severity": finding.severity,
                "score": finding.score,
                "message": finding.message,
                "advice": finding.advice,
                "suspects": [self._place[address] for address in finding.clips if address in self._place],
            }
            for finding in self._queue.findings
        ]
        return {**self._told, "labels": sorted({*self._labels, *labels}), "findings": findings, "suspects": suspects}

    def _decide(self, body: Mapping[str, Any]) -> dict[str, Any]:
        place = self._at(body.get("place"))
        suspect = self._queue.suspects[place]
        kinds = dict.fromkeys(self._queue.findings[number].kind for number in suspect.findings)
        decision = self._decisions.decide(
            suspect.clip,
            str(body.get("action", "")),
            new_label=str(body.get("new_label", "")).strip(),
            kinds=tuple(kinds),
        )
        return {"place": place, "decision": _as_json(decision)}

    def _undo(self) -> dict[str, Any]:
        taken_back = self._decisions.undo()
        place = self._place.get(taken_back.address)
        before = None if place is None else self._decisions.of([self._queue.suspects[place].clip])[0]
        return {"place": place, "address": taken_back.address, "decision": _as_json(before)}

    def _at(self, said: object) -> int:
        try:
            place = int(str(said))
        except ValueError:
            place = -1
        if not 0 <= place < len(self._queue.suspects):
            raise SettingError(f"there is no clip {said!r} in this review: it has {len(self._queue.suspects)}")
        return place


def _as_json(decision: Decided | None) -> dict[str, str] | None:
    return {"action": decision.action, "new_label": decision.new_label} if decision else None


def _template(name: str) -> bytes:
    return (resources.files("earmark.serve") / "templates" / name).read_bytes()
