"""Decisions of a person carried out on a data set, be it a fresh copy under other names; and two tables compared."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark.audit.clip_table import write_clip_table
from earmark.audit.decisions import Decision, clip_content, remember
from earmark.audit.findings import clip_address
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, listed
from earmark.errors import DataError

REVIEW = "review"
"""The column that says what was decided about a clip."""


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What became of a data set.

    Attributes:
        dataset: The clips that are left, under their new labels. Those decided about say so in their extra column
            ``review``; its notes say what was done.
        dropped: The addresses of the clips that were left out.
        relabelled: Those of the clips that have another label.
        kept: Those of the clips that were found right.
        strangers: The decisions that no clip of the data set belongs to.
    """

    dataset: Dataset
    dropped: tuple[str, ...]
    relabelled: tuple[str, ...]
    kept: tuple[str, ...]
    strangers: tuple[Decision, ...]

    def to_json(self) -> dict[str, Any]:
        """Return how many clips are left, and what was done to which."""
        return {
            "n_clips": self.dataset.n,
            "dropped": list(self.dropped),
            "relabelled": list(self.relabelled),
            "kept": list(self.kept),
            "not_carried_out": [decision.address for decision in self.strangers],
        }


def apply_decisions(dataset: Dataset, decisions: Iterable[Decision]) -> Dataset:
    """Return a data set with decisions carried out: `replay`, and of it the data set alone.

    Raises:
        DataError: Nothing is left.

    >>> clips = [Clip(name=name, path=Path(name), label="dog", group=name) for name in ("a.wav", "b.wav")]
    >>> left = apply_decisions(Dataset(clips, root=Path()), [Decision(name="a.wav", action="drop")])
    >>> [clip.name for clip in left], left.notes
    (['b.wav'], ('1 clip was dropped by review: a.wav',))
    """
    return replay(dataset, decisions).dataset


def replay(dataset: Dataset, decisions: Iterable[Decision]) -> Replay:
    """Carry out decisions on a data set; sound files are not touched.

    A decision belongs to the clip of its name, if the file there has the content that was judged; else to a clip
    with this content under another name, one of the same label first. So a decision is never carried out on another
    sound that took the name. Where the content was not known when the decision was made, the name decides alone.

    Args:
        dataset: The data set, or a fresh copy of it.
        decisions: The decisions, one a clip at most.

    Raises:
        DataError: Nothing is left.
    """
    decisions = tuple(decisions)
    places = _places(decisions, dataset.clips, remember(clip_content))
    found = {place: decision for place, decision in zip(places, decisions, strict=True) if place is not None}
    strangers = tuple(decision for place, decision in zip(places, decisions, strict=True) if place is None)
    left = [
        _decided(clip, found.get(place))
        for place, clip in enumerate(dataset.clips)
        if place not in found or found[place].action != "drop"
    ]
    if not left:
        raise DataError(f"{dataset.root}: all {count(dataset.n, 'clip')} were dropped by review, and nothing is left")

    def decided(action: str) -> tuple[str, ...]:
        chosen = (place for place in sorted(found) if found[place].action == action)
        return tuple(clip_address(dataset[place]) for place in chosen)

    done = Replay(
        dataset=replace(dataset, clips=left),
        dropped=decided("drop"),
        relabelled=decided("relabel"),
        kept=decided("keep"),
        strangers=strangers,
    )
    surprises = _surprises([(dataset[place], decision) for place, decision in sorted(found.items())])
    notes = (*dataset.notes, *_told(done), *surprises)
    return replace(done, dataset=replace(done.dataset, notes=notes))


def write_clips(dataset: Dataset, path: Path | str) -> None:
    """Write a data set as a table of clips, which `open_dataset` reads; its paths start from the table's folder.

    Raises:
        StorageError: It cannot be written.
    """
    write_clip_table(dataset, Path(path), remark=REVIEW)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One clip about which two tables of decisions say different things.

    Attributes:
        clip: What it is called in the first table, or in the second where it is in that alone.
        before: What the first table says of it; None where it says nothing.
        after: What the second table says of it.
    """

    clip: str
    before: Decision | None
    after: Decision | None

    @property
    def is_none(self) -> bool:
        """Whether both tables say the same."""
        return bool(self.before and self.after and self.before.verdict == self.after.verdict)

    def to_json(self) -> dict[str, str | None]:
        """Return what either table says: ``keep``, ``drop``, ``relabel to LABEL``, or null."""
        before, after = (decision.verdict if decision else None for decision in (self.before, self.after))
        return {"clip": self.clip, "before": before, "after": after}

    def __str__(self) -> str:
        said = [decision.verdict if decision else "nothing" for decision in (self.before, self.after)]
        return f"{self.clip}: {said[0]} -> {said[1]}"


def diff_decisions(before: Sequence[Decision], after: Sequence[Decision]) -> list[Difference]:
    """Return where two tables of decisions differ, by the clips' names; clips are matched as in `replay`.

    >>> first = [Decision(name="a.wav", action="keep"), Decision(name="b.wav", action="drop")]
    >>> [str(difference) for difference in diff_decisions(first, first[:1])]
    ['b.wav: drop -> nothing']
    """
    clips = [_as_clip(decision) for decision in after]
    content = {id(clip): decision.content for clip, decision in zip(clips, after, strict=True)}
    places = _places(before, clips, lambda clip: content[id(clip)])
    pairs = [
        Difference(clip=decision.address, before=decision, after=None if place is None else after[place])
        for decision, place in zip(before, places, strict=True)
    ]
    known = set(places)
    new = [decision for place, decision in enumerate(after) if place not in known]
    pairs += [Difference(clip=decision.address, before=None, after=decision) for decision in new]
    return sorted((pair for pair in pairs if not pair.is_none), key=lambda pair: pair.clip)


def _places(
    decisions: Sequence[Decision], clips: Sequence[Clip], content_of: Callable[[Clip], str]
) -> list[int | None]:
    """Return where the clip of each decision is; no clip belongs to two. Files are read only where a name fails."""
    by_name = {clip_address(clip): place for place, clip in enumerate(clips)}
    places: list[int | None] = []
    for decision in decisions:
        place = by_name.get(decision.address)
        # What is not known, or cannot be read now, is no other sound.
        is_it = place is not None and (not decision.content or content_of(clips[place]) in {"", decision.content})
        places.append(place if is_it else None)
    lost = [number for number, place in enumerate(places) if place is None and decisions[number].content]
    if not lost:
        return places
    taken = set(places)
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        if place not in taken:
            alike[content_of(clip), _stretch(clip)].append(place)
    for number in lost:
        decision = decisions[number]
        free = alike[decision.content, _stretch(_as_clip(decision))]
        if free:
            # Of equal sounds any would do, but for their labels: min takes the first of those with the same.
            place = min(free, key=lambda place: clips[place].label != decision.label)
            free.remove(place)
            places[number] = place
    return places


def _as_clip(decision: Decision) -> Clip:
    return Clip(
        name=decision.name,
        path=Path(decision.name),
        label=decision.label,
        group="",
        start_s=decision.start_s,
        end_s=decision.end_s,
    )


def _stretch(clip: Clip) -> str:
    return clip_address(replace(clip, name=""))


def _decided(clip: Clip, decision: Decision | None) -> Clip:
    if decision is None:
        return clip
    if decision.action == "keep":
        return replace(clip, extra={**clip.extra, REVIEW: "kept"})
    said = f"relabelled from {clip.label}" if clip.label != decision.new_label else "relabelled"
    return replace(clip, label=decision.new_label, extra={**clip.extra, REVIEW: said})


def _told(done: Replay) -> list[str]:
    notes = []
    for addresses, what in ((done.dropped, "dropped"), (done.relabelled, "relabelled")):
        if addresses:
            verb = "was" if len(addresses) == 1 else "were"
            notes.append(f"{count(len(addresses), 'clip')} {verb} {what} by review: {listed(addresses)}")
    if done.strangers:
        one = len(done.strangers) == 1
        names = listed(decision.address for decision in done.strangers)
        notes.append(
            f"{count(len(done.strangers), 'decision')} {'was' if one else 'were'} not carried out, as no clip here has "
            f"the sound that was judged: {names}"
        )
    return notes


def _surprises(found: Sequence[tuple[Clip, Decision]]) -> list[str]:
    """Return a sentence on clips that have another label now than when they were judged."""
    others = [
        f"{clip_address(clip)} ({clip.label}, judged as {decision.label})"
        for clip, decision in found
        if decision.label and clip.label not in {decision.label, decision.new_label} and decision.action != "drop"
    ]
    verb = "has" if len(others) == 1 else "have"
    return [f"{count(len(others), 'clip')} {verb} another label than when judged: {listed(others)}"] if others else []
