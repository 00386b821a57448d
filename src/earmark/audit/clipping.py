"""Flat tops: runs of samples at a waveform's own ceiling."""

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray
from earmark.audit.levels import runs_of

_STEP = 2.0**-15  # of 16 bit
_LEAST_CEILING = 0.05  # below it a few steps of 16 bit look like a ceiling
_LEAST_RUN = 3
_ABRUPT = 8  # times the tolerance: how far below the ceiling the sound is just beside a run
_MOST_HELD = 1 << 18  # samples near a ceiling that may still rise


def find_clipping(waveform: FloatArray) -> tuple[int, int]:
    """Return how many runs of samples lie at the waveform's own ceiling, and how many samples they are.

    A run has three samples at least, within a step of 16 bit or so of the largest (or the smallest) sample, and the
    sound beside it is clearly lower: the round top of a low tone is none. So a sound that was clipped and then made
    quieter is seen too. Lossy coding makes flat tops uneven: then only those above full scale are seen.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.

    Returns:
        Number of runs and number of samples in them.

    >>> wave = np.sin(np.arange(1000) / 5).astype(np.float32)
    >>> find_clipping(wave), find_clipping(np.clip(2 * wave, -1, 1))[0]
    ((0, 0), 64)
    """
    n_runs = n_samples = 0
    for signed in (waveform, -waveform):
        tops = FlatTops(float(signed.max()))
        tops.add(signed)
        n_runs, n_samples = n_runs + tops.n_runs, n_samples + tops.n_samples
    return n_runs, n_samples


class FlatTops:
    """Counts the flat tops of a sound that comes in blocks, where its largest sample is known.

    Args:
        peak: The largest sample.

    Attributes:
        n_runs: How many there are.
        n_samples: How many samples are in them.
    """

    def __init__(self, peak: float) -> None:
        self._least, self._beside = _levels(peak)
        self._is_low = peak < _LEAST_CEILING
        self._open = 0  # samples of a run that the last block ended in
        self._is_abrupt = False  # before that run
        self._last = np.inf  # nothing lies before the first sample
        self._closed_runs = self._closed_samples = 0

    def add(self, signed: FloatArray) -> None:
        """Take the next block, (n_samples,)."""
        if self._is_low or len(signed) == 0:
            return
        runs = np.array(runs_of(signed >= self._least), dtype=np.int64).reshape(-1, 2)
        lengths = runs[:, 1] - runs[:, 0]
        before = np.where(runs[:, 0] > 0, signed[runs[:, 0] - 1], self._last) < self._beside
        after = np.where(runs[:, 1] < len(signed), signed[runs[:, 1] % len(signed)], np.inf) < self._beside
        if self._open:
            if len(runs) and runs[0, 0] == 0:
                lengths[0] += self._open
                before[0] = self._is_abrupt
            else:
                self._count(np.array([self._open]), np.array([self._is_abrupt or signed[0] < self._beside]))
        self._open = 0
        if len(runs) and runs[-1, 1] == len(signed):
            self._open, self._is_abrupt = int(lengths[-1]), bool(before[-1])
            lengths, before, after = lengths[:-1], before[:-1], after[:-1]
        self._count(lengths, before | after)
        self._last = float(signed[-1])

    def _count(self, lengths: npt.NDArray[np.int64], is_abrupt: npt.NDArray[np.bool_]) -> None:
        flat = lengths[(lengths >= _LEAST_RUN) & is_abrupt]
        self._closed_runs += len(flat)
        self._closed_samples += int(flat.sum())

    @property
    def _ends_flat(self) -> bool:
        return self._open >= _LEAST_RUN and self._is_abrupt

    @property
    def n_runs(self) -> int:
        """Number of runs so far."""
        return self._closed_runs + self._ends_flat

    @property
    def n_samples(self) -> int:
        """Number of samples in them."""
        return self._closed_samples + self._ends_flat * self._open


class TopsBelow:
    """Counts the flat tops of a sound that comes in blocks, while nobody knows how high its largest sample is.

    What lies near the ceiling so far is held; a higher one makes most of it void. Where too much would be held (an
    hour that was clipped and made softer later), nothing is, and the sound has to be gone through again.

    Attributes:
        peak: The largest sample so far.
        is_open: Whether too much lay near the ceiling: to be counted again with `FlatTops(peak)`.
    """

    def __init__(self) -> None:
        self.peak = -np.inf
        self.is_open = False
        self._held: list[tuple[npt.NDArray[np.int64], FloatArray]] = []
        self._n_held = self._n_seen = 0
        self._last = np.zeros(0, np.float32)
        self._settled: FlatTops | None = None

    def add(self, signed: FloatArray) -> None:
        """Take the next block, (n_samples,), not empty."""
        highest = float(signed.max())
        self.peak = max(self.peak, highest)
        if self._settled is not None:
            self._settled.add(signed)
        elif not self.is_open:
            self._hold(signed, highest)

    def _hold(self, signed: FloatArray, highest: float) -> None:
        least, _ = _levels(self.peak)
        n_last = len(self._last)
        if highest >= least or (n_last and self._last[0] >= least):
            signed_after = np.concatenate([self._last, signed])
            near = np.flatnonzero(signed_after >= least)
            places = np.unique(np.clip(np.concatenate([near - 1, near, near + 1]), 0, len(signed_after) - 1))
            self._held.append((places + (self._n_seen - n_last), signed_after[places]))
            self._n_held += len(places)
        self._n_seen += len(signed)
        self._last = signed[-1:].copy()
        if self._n_held > _MOST_HELD:
            self._make_room()

    def _make_room(self) -> None:
        least, _ = _levels(self.peak)
        places, values = self._all_held()
        near = places[values >= least]
        is_kept = np.isin(places, near) | np.isin(places, near - 1) | np.isin(places, near + 1)
        self._held, self._n_held = [(places[is_kept], values[is_kept])], int(is_kept.sum())
        if self._n_held > _MOST_HELD // 2:
            if self.peak >= 1:  # no ceiling lies higher
                self._settled = self._counted()
                if self._held[0][0][-1] < self._n_seen - 1:
                    self._settled.add(self._last)
            else:
                self.is_open = True
            self._held = []

    def _all_held(self) -> tuple[npt.NDArray[np.int64], FloatArray]:
        places = np.concatenate([np.zeros(0, np.int64), *(places for places, _ in self._held)])
        values = np.concatenate([np.zeros(0, np.float32), *(values for _, values in self._held)])
        places, first = np.unique(places, return_index=True)
        return places, values[first]

    def _counted(self) -> FlatTops:
        """Return the count of what is held, with a gap between samples that are apart."""
        places, values = self._all_held()
        tops = FlatTops(self.peak)
        tops.add(np.insert(values, np.flatnonzero(np.diff(places) > 1) + 1, np.float32(-np.inf)))
        return tops

    def finish(self) -> FlatTops:
        """Return the count at the end of a sound that is not `is_open`."""
        return self._settled or self._counted()


def _levels(peak: float) -> tuple[float, float]:
    """Return from where on a sample is at the ceiling, and below what it is clearly lower."""
    ceiling = max(_LEAST_CEILING, min(1.0, peak))  # a lossy decoder's tops lie above full scale where it was clipped
    tolerance = max(1.1 * _STEP, 2e-4 * ceiling)
    return ceiling - tolerance, ceiling - _ABRUPT * tolerance
