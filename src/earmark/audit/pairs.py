"""Which of many fingerprints are of the same sound: looked up by their keys, then held against each other bit by bit.

All steps are sorts and passes over arrays whose length is bounded by the number of keys, so that the time grows as
n log n however alike the sounds are. Nothing compares every sound with every other.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from earmark._util.progress import NoProgress, Progress
from earmark.audit.fingerprint import FRAME_RATE_HZ, N_BITS, Fingerprint, Words, differing_bits
from earmark.errors import SettingError

Places = NDArray[np.int64]
T = TypeVar("T", bound=np.generic)

_MOST_PARTNERS = 16  # of one key: the bound that keeps a key which thousands of sounds share from costing its square
_NEAR_FRAMES = (-12, 12)  # from a hit: looked at first, one by one, as most hits of chance end there
_AROUND_FRAMES = (-30, -24, -18, -6, 6, 18, 24, 30)  # then looked at together
_MOST_ERRORS_AROUND = 0.35
_MOST_OFFSETS = 4
_JITTER_FRAMES = 2
_BLOCK = 1 << 20
_PLACE = np.uint64(0xFFFFFFFF)
_CHANCE = 0.5  # the share of bits by which two sounds differ that have nothing in common


@dataclass(frozen=True, kw_only=True)
class PairSettings:
    """When two fingerprints are said to be of the same sound.

    Attributes:
        most_errors: The share of differing bits, below 0.5, up to which a long stretch is the same sound.
        least_evidence: What a short stretch needs too: by how much fewer bits differ than by chance, times the root
            of the number of frames, above 0. Among 500 pairs of ESC-10 clips of one class, the best of all offsets
            reached 1.2, and encodings of one sound come to 3 and more.
        shortest_s: How much must be heard in both at once, in seconds, above 0.

    Raises:
        SettingError: A number is out of its range.
    """

    most_errors: float = 0.36
    least_evidence: float = 1.75
    shortest_s: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.most_errors < _CHANCE:
            raise SettingError(f"most_errors must lie between 0 and {_CHANCE}, not {self.most_errors}")
        for name in ("least_evidence", "shortest_s"):
            if not getattr(self, name) > 0:
                raise SettingError(f"{name} must be above 0, not {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two sounds that are the same for a while.

    Attributes:
        first: The place of one, lower than `second`.
        second: The place of the other.
        offset_s: Where in the first one the second one begins, in seconds; negative where it begins before.
        shared_s: How long sound is heard in both at once, in seconds.
        errors: The share of the bits that differ meanwhile, 0 to 0.5.
        share: `shared_s` over what is heard of the one that has less, 0 to 1.
    """

    first: int
    second: int
    offset_s: float
    shared_s: float
    errors: float
    share: float

    @property
    def sureness(self) -> float:
        """How sure it is that these are one sound, 0 to 1: more with fewer errors and a longer stretch."""
        return 1 - math.exp(-self.evidence / 1.5)

    @property
    def evidence(self) -> float:
        """By how much fewer bits differ than by chance, times the root of the number of frames."""
        return (_CHANCE - self.errors) * math.sqrt(self.shared_s * FRAME_RATE_HZ)


def find_pairs(
    fingerprints: Sequence[Fingerprint], *, settings: PairSettings | None = None, progress: Progress | None = None
) -> list[Pair]:
    """Return the pairs of fingerprints that are of the same sound, or that have a stretch in common.

    Of very many copies of one sound not each is paired with each, but all of them hang together by pairs.

    Args:
        fingerprints: One a sound.
        settings: When two are the same.
        progress: Told how far the comparing has come.

    Returns:
        At most one pair for two sounds, sorted by `first` and `second`.
    """
    settings = settings or PairSettings()
    index = _Index(fingerprints)
    hits = np.concatenate([_NO_HITS, *(_alike_around(index, block) for block in _hits(index))])
    candidates = _best_offsets(hits)  # (n, 3): first, second, offset
    told = progress or NoProgress()
    told.start("comparing sounds", len(candidates))
    best: dict[tuple[int, int], Pair] = {}
    tried: dict[tuple[int, int], list[int]] = {}
    for first, second, offset in candidates.tolist():
        offsets = tried.setdefault((first, second), [])
        if any(abs(offset - other) <= _JITTER_FRAMES for other in offsets):
            told.advance()
            continue
        offsets.append(offset)
        pair = _compared(fingerprints, first, second, offset, settings)
        told.advance()
        if pair is not None and pair.evidence > best.get((first, second), _NOTHING).evidence:
            best[first, second] = pair
    return [best[places] for places in sorted(best)]


_NOTHING = Pair(first=0, second=0, offset_s=0.0, shared_s=0.0, errors=_CHANCE, share=0.0)
_NO_HITS = np.zeros((0, 4), np.int64)


class _Index:
    """All fingerprints end to end, and their keys sorted."""

    def __init__(self, fingerprints: Sequence[Fingerprint]) -> None:
        lengths = np.array([len(one.words) for one in fingerprints], dtype=np.int64)
        n_keys = np.array([len(one.keys) for one in fingerprints], dtype=np.int64)
        self.starts = np.concatenate([[0], np.cumsum(lengths)])  # (n + 1,)
        self.words = _end_to_end([one.words for one in fingerprints], np.uint32)
        self.heard = _end_to_end([one.heard for one in fingerprints], np.bool_)
        self.sounds = np.repeat(np.arange(len(fingerprints), dtype=np.int32), n_keys)
        self.frames = _end_to_end([one.key_frames for one in fingerprints], np.int32)
        # Each key with its place as lower bits: twice as quick as an argsort, and most places are never looked at.
        self.sorted_keys = _end_to_end([one.keys for one in fingerprints], np.uint32).astype(np.uint64) << np.uint64(32)
        self.sorted_keys |= np.arange(len(self.sorted_keys), dtype=np.uint64)
        self.sorted_keys.sort()

    def with_equal_key(self, start: int, step: int) -> tuple[Places, Places]:
        """Return the places of keys that are equal, so many steps apart: of a block of sorted keys."""
        one = self.sorted_keys[start : min(start + _BLOCK, len(self.sorted_keys) - step)]
        other = self.sorted_keys[start + step : start + step + len(one)]
        is_equal = (one ^ other) <= _PLACE
        return (one[is_equal] & _PLACE).astype(np.int64), (other[is_equal] & _PLACE).astype(np.int64)

    def differing(self, hits: Places, shift: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many bits differ so many frames from each hit, and how many there are: none in silence."""
        one, is_heard_in_one = self._words_at(hits[:, 0], hits[:, 2] + shift)
        other, is_heard_in_other = self._words_at(hits[:, 1], hits[:, 3] + shift)
        is_heard = is_heard_in_one & is_heard_in_other
        return differing_bits(one, other) * is_heard, N_BITS * is_heard.astype(np.int64)

    def _words_at(self, sounds: Places, frames: Places) -> tuple[Words, NDArray[np.bool_]]:
        starts = self.starts[sounds]
        places = np.minimum(np.maximum(starts + frames, starts), self.starts[sounds + 1] - 1)
        return self.words[places], (places == starts + frames) & self.heard[places]


def _end_to_end(parts: Sequence[NDArray[T]], dtype: type[T]) -> NDArray[T]:
    return np.concatenate([np.zeros(0, dtype), *parts])


def _hits(index: _Index) -> Iterator[Places]:
    """Yield where two sounds have a key in common, (n_hits, 4) in blocks: two sounds, and the frame in each."""
    n_keys = len(index.sorted_keys)
    for step in range(1, min(_MOST_PARTNERS, n_keys - 1) + 1):
        for start in range(0, n_keys - step, _BLOCK):
            here, there = index.with_equal_key(start, step)  # the second comes later: places are sorted too
            apart = index.sounds[here] != index.sounds[there]
            here, there = here[apart], there[apart]
            places = (index.sounds[here], index.sounds[there], index.frames[here], index.frames[there])
            yield np.stack(places, axis=1).astype(np.int64)


def _alike_around(index: _Index, hits: Places) -> Places:
    """Return the hits about which the sounds are alike as well: chance gives many, and few of those."""
    for shift in _NEAR_FRAMES:
        n_differing, n_bits = index.differing(hits, shift)
        hits = hits[n_differing <= _MOST_ERRORS_AROUND * n_bits]
    total, total_bits = np.zeros(len(hits), np.int64), np.zeros(len(hits), np.int64)
    for shift in _AROUND_FRAMES:
        n_differing, n_bits = index.differing(hits, shift)
        total += n_differing
        total_bits += n_bits
    return hits[total <= _MOST_ERRORS_AROUND * total_bits]


def _best_offsets(hits: Places) -> Places:
    """Return the offsets that most hits of two sounds speak for, (n, 3): two sounds, and the offset in frames."""
    offsets = np.column_stack([hits[:, 0], hits[:, 1], hits[:, 2] - hits[:, 3]])
    offsets = offsets[np.lexsort(offsets.T[::-1])]
    begins = np.flatnonzero(_is_new(offsets))
    distinct, votes = offsets[begins], np.diff(np.append(begins, len(offsets)))
    ranked = distinct[np.lexsort((-votes, distinct[:, 1], distinct[:, 0]))]
    begins = np.flatnonzero(_is_new(ranked[:, :2]))
    rank = np.arange(len(ranked)) - np.repeat(begins, np.diff(np.append(begins, len(ranked))))
    return np.asarray(ranked[rank < _MOST_OFFSETS])


def _is_new(rows: Places) -> NDArray[np.bool_]:
    """Return which of sorted rows differ from the one before, (n,)."""
    return np.concatenate([np.ones(min(len(rows), 1), dtype=bool), (rows[1:] != rows[:-1]).any(axis=1)])


def _compared(
    fingerprints: Sequence[Fingerprint], first: int, second: int, offset: int, settings: PairSettings
) -> Pair | None:
    """Return how alike two sounds are about an offset in frames; None where they are not one sound."""
    one, other = fingerprints[first], fingerprints[second]
    least_heard = int(min(np.count_nonzero(one.heard), np.count_nonzero(other.heard)))
    best: Pair | None = None
    for shifted in range(offset - _JITTER_FRAMES, offset + _JITTER_FRAMES + 1):
        begin, end = max(0, shifted), min(len(one.words), shifted + len(other.words))
        if end <= begin:
            continue
        heard = one.heard[begin:end] & other.heard[begin - shifted : end - shifted]
        n_frames = int(np.count_nonzero(heard))
        if n_frames < settings.shortest_s * FRAME_RATE_HZ:
            continue
        differing = differing_bits(
            one.words[begin:end][heard], other.words[begin - shifted : end - shifted][heard]
        ).sum()
        pair = Pair(
            first=first,
            second=second,
            offset_s=shifted / FRAME_RATE_HZ,
            shared_s=n_frames / FRAME_RATE_HZ,
            errors=float(differing) / (N_BITS * n_frames),
            share=n_frames / least_heard,
        )
        is_one_sound = pair.errors <= settings.most_errors and pair.evidence >= settings.least_evidence
        if is_one_sound and (best is None or pair.errors < best.errors):
            best = pair
    return best
