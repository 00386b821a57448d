"""Which of many fingerprints are of the same sound: looked up by their keys, then held against each other bit by bit.

All steps are sorts and passes over arrays whose length is bounded by the number of keys, so that the time grows as
n log n however alike the sounds are. Nothing compares every sound with every other.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark._util.progress import NoProgress, Progress
from earmark.audit.fingerprint import FRAME_RATE_HZ, KEY_BITS, N_BITS, N_TABLES, Fingerprint, differing_bits
from earmark.errors import SettingError

Places = NDArray[np.int64]

_MOST_PARTNERS = 16  # of one key: the bound that keeps a key which thousands of sounds share from costing its square
_NEAR_FRAMES = (-12, 12)  # from a hit: looked at first, one by one, as most hits of chance end there
_AROUND_FRAMES = (-30, -24, -18, -6, 6, 18, 24, 30)  # then looked at together
_BETWEEN_FRAMES = 30  # of silence between two sounds: as far as hits are looked around
_MOST_ERRORS_AROUND = 0.35
_MOST_OFFSETS = 4
_JITTER_FRAMES = 2
_MOST_ERRORS_NEARBY = 0.45  # two frames, an eighth of a window, from where it is right, one sound still differs by less
_TOGETHER = 256  # fingerprints, or
_BLOCK = 1 << 16  # keys at a time: they stay in the processor's cache
_MOST_LEFT_OUT = 2  # bits of the octet that a key leaves out: of hits of chance, one in seven has so few
_OCTET = 0xFF
_KEY, _PLACE = np.uint32((1 << KEY_BITS) - 1), np.uint64(0xFFFFFFFF)
_PLACE_SHIFT, _KEY_SHIFT = np.uint64(8), np.uint64(40)
_ONE_KEY = np.uint64(1) << _KEY_SHIFT  # records of one key differ by less
_IS_NEAR = differing_bits(np.arange(_OCTET + 1, dtype=np.uint32), np.zeros(1, np.uint32)) <= _MOST_LEFT_OUT
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

    Raises:
        SettingError: The sounds are longer than 19,000 hours in all.
    """
    settings = settings or PairSettings()
    index = _Index(fingerprints)
    hits = np.concatenate([_NO_HITS, *(_alike_around(index, block) for block in _hits(index))])  # (n, 2): places
    candidates = _best_offsets(index.of_sounds(hits))  # (n, 3): first, second, offset
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
_NO_HITS = np.zeros((0, 2), np.int64)
_NO_RECORDS = np.zeros(0, np.uint64)


class _Index:
    """All fingerprints end to end, silence between them, and where each of their keys is from.

    A place is a frame's, counted through all of them: what lies around it can be looked at without asking whose it is.
    """

    def __init__(self, fingerprints: Sequence[Fingerprint]) -> None:
        lengths = np.array([len(one.words) + _BETWEEN_FRAMES for one in fingerprints], dtype=np.int64)
        self.starts = np.cumsum(lengths) - lengths + _BETWEEN_FRAMES  # (n,)
        n_frames = int(lengths.sum()) + _BETWEEN_FRAMES
        if n_frames > _PLACE:
            hours = int(_PLACE) / FRAME_RATE_HZ / 3600
            raise SettingError(f"these sounds are too long to be compared at once: give at most {hours:,.0f} hours")
        self.words = np.zeros(n_frames, np.uint32)
        self.heard = np.zeros(n_frames, np.bool_)
        self._records: list[list[NDArray[np.uint64]]] = [[] for _ in range(N_TABLES)]
        for first in range(0, len(fingerprints), _TOGETHER):
            self._add(fingerprints[first : first + _TOGETHER], self.starts[first : first + _TOGETHER])

    def _add(self, fingerprints: Sequence[Fingerprint], starts: Places) -> None:
        for one, start in zip(fingerprints, starts.tolist(), strict=True):
            self.words[start : start + len(one.words)] = one.words
            self.heard[start : start + len(one.words)] = one.heard
        keys = np.concatenate([one.keys for one in fingerprints])
        places = np.concatenate([one.key_frames for one in fingerprints])
        places = places + np.repeat(starts, [len(one.keys) for one in fingerprints])
        records = (keys & _KEY).astype(np.uint64) << _KEY_SHIFT
        records |= places.astype(np.uint64) << _PLACE_SHIFT
        tables = keys >> np.uint32(KEY_BITS)
        records |= self.words[places] >> 8 * tables & np.uint32(_OCTET)
        for table, several in enumerate(self._records):
            several.append(records[tables == table])

    def sorted_keys(self, table: int) -> NDArray[np.uint64]:
        """Return the keys of a table in order, with what is asked of them next: place, and the octet left out.

        Numbers of 64 bits: 24 of the key, 32 of its place, 8 that the key leaves out of its frame. So most hits of
        chance are turned away before anything is looked up at a place.
        """
        records = np.concatenate([_NO_RECORDS, *self._records[table]])
        records.sort()  # twice as quick as an argsort
        return records

    def differing(self, hits: Places, shift: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many bits differ so many frames from each hit, and how many there are: none in silence."""
        one, other = hits[:, 0] + shift, hits[:, 1] + shift
        is_heard = self.heard[one] & self.heard[other]
        return differing_bits(self.words[one], self.words[other]) * is_heard, N_BITS * is_heard.astype(np.int64)

    def of_sounds(self, hits: Places) -> Places:
        """Return hits between two sounds as (n, 3): two sounds, and where in the first the second begins, in frames."""
        first, second = np.searchsorted(self.starts, hits.T, side="right") - 1
        offsets = hits[:, 0] - self.starts[first] - hits[:, 1] + self.starts[second]
        return np.asarray(np.column_stack([first, second, offsets])[first != second])


def _hits(index: _Index) -> Iterator[Places]:
    """Yield the places of equal keys, (n_hits, 2) in blocks."""
    for table in range(N_TABLES):
        records = index.sorted_keys(table)
        for start in range(0, len(records), _BLOCK):
            yield np.concatenate([_NO_HITS, *_with_equal_key(records, start)])


def _with_equal_key(records: NDArray[np.uint64], start: int) -> Iterator[Places]:
    """Yield the places of a block of keys and of equal ones behind them: first the next, then the one after that."""
    rows = np.arange(start, min(start + _BLOCK, len(records)))
    for step in range(1, _MOST_PARTNERS + 1):
        rows = rows[: np.searchsorted(rows, len(records) - step)]
        differs = records[rows] ^ records[rows + step]
        is_equal = differs < _ONE_KEY
        rows, differs = rows[is_equal], differs[is_equal]  # what ends here has none farther on: keys are sorted
        if len(rows) == 0:
            return
        near = rows[_IS_NEAR[differs & np.uint64(_OCTET)]]
        pairs = np.column_stack([records[near], records[near + step]])
        yield (pairs >> _PLACE_SHIFT & _PLACE).astype(np.int64)  # the second comes later: places are sorted too


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


def _best_offsets(offsets: Places) -> Places:
    """Return the offsets that most hits of two sounds speak for, (n, 3), of the offsets of all hits."""
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
    best: Pair | None = None
    for jitter in sorted(range(-_JITTER_FRAMES, _JITTER_FRAMES + 1), key=abs):
        pair = _pair_at(fingerprints, first, second, offset + jitter)
        if pair is None:
            continue
        if jitter == 0 and pair.errors > _MOST_ERRORS_NEARBY:
            return None
        is_long = pair.shared_s >= settings.shortest_s
        is_one_sound = is_long and pair.errors <= settings.most_errors and pair.evidence >= settings.least_evidence
        if is_one_sound and (best is None or pair.errors < best.errors):
            best = pair
    return best


def _pair_at(fingerprints: Sequence[Fingerprint], first: int, second: int, offset: int) -> Pair | None:
    """Return two sounds as a pair, one so many frames into the other; None where they are never heard together."""
    one, other = fingerprints[first], fingerprints[second]
    begin, end = max(0, offset), min(len(one.words), offset + len(other.words))
    if end <= begin:
        return None
    heard = one.heard[begin:end] & other.heard[begin - offset : end - offset]
    n_frames = int(np.count_nonzero(heard))
    if n_frames == 0:
        return None
    differing = differing_bits(one.words[begin:end], other.words[begin - offset : end - offset])[heard].sum()
    least_heard = min(np.count_nonzero(one.heard), np.count_nonzero(other.heard))
    return Pair(
        first=first,
        second=second,
        offset_s=offset / FRAME_RATE_HZ,
        shared_s=n_frames / FRAME_RATE_HZ,
        errors=float(differing) / (N_BITS * n_frames),
        share=n_frames / int(least_heard),
    )
