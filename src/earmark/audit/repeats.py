"""The same sound twice in a data set: exactly, or nearly so, and the groups that keep it on one side of a split."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from earmark._util.progress import Progress
from earmark.audit.findings import Finding, Severity, clip_address
from earmark.audit.levels import SILENCE
from earmark.audit.measure import Measured, Measures
from earmark.audit.pairs import Pair, find_pairs
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, listed
from earmark.data.splits import Split, split_parts

_MOSTLY = 0.8  # the share of one sound that is in the other, from which on it is the other, or a part of it
_SAME_LENGTH_S = 1.05  # a trim of a second makes no part of a longer one
_SHORT_S = 0.5  # clicks that have nothing else in common are alike for 0.26 s; a window of analysis makes 0.25 s of it
_SHORT_SHARE = 0.5  # of the shorter of two clips

SURE = 0.5
"""The score from which on a repeat counts as one sound: a stretch that is short for both clips stays below."""


class _Verdict(NamedTuple):
    """What sets clips of one sound apart, worst first: their labels, their side, their fold, their group."""

    severity: Severity
    where: str
    advice: str


def find_repeats(
    measures: Measures, dataset: Dataset, *, split: Split | None = None, progress: Progress | None = None
) -> list[Finding]:
    """Return the sounds that are in a data set more than once.

    An exact repeat has the same decoded samples; all clips with them are one finding. A near repeat is re-encoded,
    louder or softer, trimmed, shifted, or part of a longer clip. Of clips that hang together by near repeats, there
    are as few findings of two clips as hold them together, the surest. Silent clips repeat nothing. Two clips that have
    only a short stretch in common, below half a second and below half of either, are a note of a score below `SURE`.

    Repeats are an error where their labels differ, for one is wrong, or where they are on two sides of the split or
    in two folds, for then the test is learnt. Near repeats within one group are a note: a split keeps them together.

    Args:
        measures: What was measured of the clips.
        dataset: The clips; labels that are all empty stand for none.
        split: The split about to be used, if it is known.
        progress: Told how far the comparing has come.

    Returns:
        Findings of the kinds ``exact-repeat``, its clips in the order of the data set, and ``near-repeat``, with the
        shorter clip first.
    """
    judge = _Judge(dataset, split)
    alike: dict[str, list[Measured]] = {}
    for sound in measures.sounds:
        if sound.peak > SILENCE:
            alike.setdefault(sound.content_key, []).append(sound)
    findings = [_exact(sounds, judge) for sounds in alike.values() if len(sounds) > 1]
    singles = [sounds[0] for sounds in alike.values()]
    pairs = find_pairs([sound.fingerprint for sound in singles], progress=progress)
    findings += [_near(pair, singles[pair.first], singles[pair.second], judge) for pair in _surest(pairs, singles)]
    return findings


def repeat_groups(dataset: Dataset, findings: Iterable[Finding]) -> dict[str, str]:
    """Return the groups that keep all repeats of a sound on one side of a split.

    Groups that a repeat connects become one, and take the name of the one that comes first in the data set.

    Args:
        dataset: The clips.
        findings: What was found; only exact and near repeats matter, and only those of a score from `SURE` on.

    Returns:
        The group of each clip concerned, by its address. A clip that is not in it keeps its own.
    """
    group_of = {clip_address(clip): clip.group for clip in dataset}
    order = {group: index for index, group in reversed(list(enumerate(dataset.groups)))}
    leaders = Leaders()
    for finding in findings:
        if is_one_sound(finding):
            groups = sorted({group_of[name] for name in finding.clips}, key=order.__getitem__)
            for group in groups[1:]:
                leaders.join(groups[0], group)
    first: dict[object, str] = {}
    for group in sorted(leaders.known(), key=order.__getitem__):
        first.setdefault(leaders.of(group), group)
    return {name: first[leaders.of(group)] for name, group in group_of.items() if leaders.of(group) in first}


def repeat_sets(dataset: Dataset, findings: Iterable[Finding]) -> list[list[str]]:
    """Return the clips that are one sound, also by way of others: their addresses, in the order of the data set.

    Args:
        dataset: The clips.
        findings: What was found; only exact and near repeats matter, and only those of a score from `SURE` on.
    """
    leaders = Leaders()
    for finding in filter(is_one_sound, findings):
        for name in finding.clips[1:]:
            leaders.join(finding.clips[0], name)
    known = set(leaders.known())
    sets: dict[object, list[str]] = {}
    for name in (clip_address(clip) for clip in dataset):
        if name in known:
            sets.setdefault(leaders.of(name), []).append(name)
    return list(sets.values())


def is_one_sound(finding: Finding) -> bool:
    """Return whether a finding says for sure that its clips are one sound."""
    return finding.kind in {"exact-repeat", "near-repeat"} and finding.score >= SURE


class Leaders:
    """Which things hang together: disjoint sets, each known by one of its members."""

    def __init__(self) -> None:
        self._above: dict[object, object] = {}

    def known(self) -> list[str]:
        """Return all that was put together with something."""
        return [str(thing) for thing in self._above]

    def of(self, thing: object) -> object:
        """Return the member that stands for all that hang together with this one."""
        leader = thing
        while self._above.get(leader, leader) != leader:
            leader = self._above[leader]
        while self._above.get(thing, leader) != leader:  # the way is made short for the next one who asks
            self._above[thing], thing = leader, self._above[thing]
        return leader

    def join(self, one: object, other: object) -> bool:
        """Put two together, and return whether they were apart."""
        leader, follower = self.of(one), self.of(other)
        self._above.setdefault(leader, leader)
        self._above[follower] = leader
        return leader != follower


def _surest(pairs: Sequence[Pair], sounds: Sequence[Measured]) -> list[Pair]:
    """Return the surest pairs that hold all together that hang together: a spanning forest, after Kruskal (1956)."""
    leaders = Leaders()
    scores = {(pair.first, pair.second): _score(pair, sounds[pair.first], sounds[pair.second]) for pair in pairs}
    ranked = sorted(pairs, key=lambda pair: (-scores[pair.first, pair.second], pair.first, pair.second))
    chosen = [pair for pair in ranked if leaders.join(pair.first, pair.second)]
    return sorted(chosen, key=lambda pair: (pair.first, pair.second))


def _score(pair: Pair, first: Measured, second: Measured) -> float:
    """Return how sure it is that two clips are one sound: `SURE` at most where the stretch is short for both."""
    shorter_s = min(first.duration_s, second.duration_s)
    is_short = pair.shared_s < min(_SHORT_S, _SHORT_SHARE * shorter_s)
    return pair.sureness * pair.shared_s / shorter_s if is_short else pair.sureness


class _Judge:
    """Says how bad it is that some clips are one sound."""

    def __init__(self, dataset: Dataset, split: Split | None) -> None:
        self._dataset = dataset
        self._parts = split_parts(split, dataset.n) if split is not None else [""] * dataset.n
        self._has_labels = any(dataset.labels)

    def verdict(self, indices: Sequence[int], *, exact: bool) -> _Verdict:
        clips = [self._dataset[index] for index in indices]
        labels = _distinct(clip.label for clip in clips)
        parts = _distinct(str(self._parts[index]) for index in indices if self._parts[index])
        folds = _distinct(f"fold {clip.fold}" for clip in clips if clip.fold is not None)
        if self._has_labels and len(labels) > 1:
            where = f"labelled {_joined(labels)}"
            return _Verdict("error", where, "one label at least is wrong: listen, and keep the clip with the right one")
        if len(parts) > 1:
            where = f"in the {_joined(parts)} parts of the split"
            return _Verdict("error", where, "give them one group, or keep one of them: as it is, the test is learnt")
        if len(folds) > 1:
            return _Verdict("error", f"in {_joined(folds)}", "put them into one fold, or keep one of them")
        return self._harmless(clips, exact=exact)

    def _harmless(self, clips: Sequence[Clip], *, exact: bool) -> _Verdict:
        if len({clip.group for clip in clips}) > 1:
            where = f"in {len({clip.group for clip in clips})} groups"
            return _Verdict("warning", where, "give them one group, or a split may put them on two sides")
        if exact:
            return _Verdict("warning", "in one group", "keep one: the others add nothing, and count twice")
        return _Verdict("note", "in one group", "nothing: a split by group keeps them together")


def _distinct(words: Iterable[str]) -> list[str]:
    return list(Counter(words))


def _joined(words: Sequence[str]) -> str:
    return listed(words) if len(words) > 2 else " and ".join(words)  # noqa: PLR2004 - "one and other"


def _exact(sounds: Sequence[Measured], judge: _Judge) -> Finding:
    severity, where, advice = judge.verdict([sound.index for sound in sounds], exact=True)
    names = [sound.name for sound in sounds]
    return Finding(
        kind="exact-repeat",
        severity=severity,
        clips=tuple(names),
        score=1.0,
        message=f"the same {sounds[0].duration_s:.2f} s, sample for sample, {len(names)} times, {where}: "
        f"{_joined(names)}",
        advice=advice,
    )


def _near(pair: Pair, first: Measured, second: Measured, judge: _Judge) -> Finding:
    """Return the finding of a pair; it tells of the shorter one as part of the longer."""
    if first.duration_s < second.duration_s:
        inner, outer, begins_s = first, second, -pair.offset_s
    else:
        inner, outer, begins_s = second, first, pair.offset_s
    severity, where, advice = judge.verdict([first.index, second.index], exact=False)
    score = _score(pair, first, second)
    if score < SURE:
        severity, advice = (
            "note",
            "listen: a click or a beep may be alike by chance; if it is one sound, give one group",
        )
    return Finding(
        kind="near-repeat",
        severity=severity,
        clips=(inner.name, outer.name),
        score=score,
        message=f"{_relation(pair, inner, outer, begins_s, score)}, {where}: {pair.shared_s:.2f} s with "
        f"{1 - pair.errors:.0%} of the fingerprint alike (chance 50%)",
        advice=advice,
    )


def _relation(pair: Pair, inner: Measured, outer: Measured, begins_s: float, score: float) -> str:
    if score < SURE:
        return f"{inner.name} and {outer.name} have a short stretch in common"
    if pair.share < _MOSTLY:
        return f"{inner.name} and {outer.name} have a stretch in common"
    if outer.duration_s - inner.duration_s > _SAME_LENGTH_S:
        return f"{inner.name} is a part of {outer.name}, from {max(0.0, begins_s):.2f} s on"
    shift = f", {abs(begins_s):.2f} s apart" if abs(begins_s) >= 0.01 else ""  # noqa: PLR2004 - under a frame
    return f"{inner.name} is nearly the same sound as {outer.name}{shift}"
