"""What a waveform's samples say of its level: how loud it is, where it is silent, channels without sound."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray

SILENCE = 10 ** (-70 / 20)
"""No sample of a silent stretch is larger: -70 dB re full scale, ten steps of 16 bit."""

FLOOR_DB = -200.0
"""The level that stands for no sound at all."""

_FRAME_S = 0.01


@dataclass(frozen=True)
class Silences:
    """Where a clip is silent.

    Attributes:
        stretches: Start and end in seconds of each silent stretch that is long enough.
        leading_s: How long it is silent before the first sound; the whole length where there is none.
    """

    stretches: tuple[tuple[float, float], ...]
    leading_s: float


class Level:
    """The mean and the level of a sound that comes in blocks.

    Source: T. Chan, G. Golub and R. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances", 1979, equation 2.1: no offset, however large, costs digits of the level.
    """

    def __init__(self) -> None:
        self._n = 0
        self._sum_of_squares = 0.0
        self.offset = 0.0

    def add(self, waveform: FloatArray) -> None:
        """Take the next block, (n_samples,), not empty."""
        n, mean = len(waveform), float(waveform.mean(dtype=np.float64))
        step = mean - self.offset
        self._sum_of_squares += float(np.var(waveform, dtype=np.float64)) * n + step**2 * self._n * n / (self._n + n)
        self._n += n
        self.offset += step * n / self._n

    @property
    def level_db(self) -> float:
        """The level about the mean in dB re full scale (a constant 1), not below `FLOOR_DB`."""
        power = self._sum_of_squares / max(1, self._n)
        return max(FLOOR_DB, 10 * float(np.log10(power))) if power > 0 else FLOOR_DB


def level_db(waveform: FloatArray) -> float:
    """Return the level of a waveform about its mean in dB re full scale (a constant 1), not below `FLOOR_DB`.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.

    >>> round(level_db(np.tile(np.float32([0.5, -0.5]), 100)), 2)
    -6.02
    """
    level = Level()
    level.add(waveform)
    return level.level_db


class SilenceSearch:
    """Looks for silence in a sound that comes in blocks.

    Args:
        sample_rate: Its rate in Hz.
        least_s: The shortest silent stretch that counts, in seconds.
    """

    def __init__(self, sample_rate: int, *, least_s: float = 1.0) -> None:
        self._sample_rate = sample_rate
        self._least_s = least_s
        self._frame_samples = max(1, round(_FRAME_S * sample_rate))
        self._rest = np.zeros(0, np.float32)
        self._n_samples = 0
        self._is_silent: list[npt.NDArray[np.bool_]] = []

    def add(self, waveform: FloatArray) -> None:
        """Take the next block, (n_samples,)."""
        self._n_samples += len(waveform)
        waveform = np.concatenate([self._rest, waveform]) if len(self._rest) else waveform
        n_whole = len(waveform) // self._frame_samples * self._frame_samples
        self._look_at(waveform[:n_whole])
        self._rest = waveform[n_whole:].copy()

    def _look_at(self, waveform: FloatArray) -> None:
        if len(waveform):
            starts = np.arange(0, len(waveform), self._frame_samples)
            loudest = np.maximum(np.maximum.reduceat(waveform, starts), -np.minimum.reduceat(waveform, starts))
            self._is_silent.append(loudest <= SILENCE)

    def finish(self) -> Silences:
        """Return where it is silent, at the end of a sound of one sample at least."""
        self._look_at(self._rest)
        is_silent = np.concatenate(self._is_silent)
        edges = np.arange(len(is_silent) + 1) * self._frame_samples
        edges_s = np.minimum(edges, self._n_samples) / self._sample_rate  # (n_frames + 1,)
        stretches = tuple(
            (round(float(edges_s[first]), 3), round(float(edges_s[stop]), 3))
            for first, stop in runs_of(is_silent)
            if edges_s[stop] - edges_s[first] >= self._least_s - 1e-9
        )
        n_leading = len(is_silent) if is_silent.all() else int(is_silent.argmin())
        return Silences(stretches, float(edges_s[n_leading]))


def find_silences(waveform: FloatArray, sample_rate: int, *, least_s: float = 1.0) -> Silences:
    """Return where no sample is above `SILENCE`, to a hundredth of a second.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Its rate in Hz.
        least_s: The shortest silent stretch that counts, in seconds.

    >>> find_silences(np.r_[np.zeros(200), np.ones(100)].astype(np.float32), 100)
    Silences(stretches=((0.0, 2.0),), leading_s=2.0)
    """
    search = SilenceSearch(sample_rate, least_s=least_s)
    search.add(waveform)
    return search.finish()


def dead_channels(peaks: npt.ArrayLike) -> tuple[int, ...]:
    """Return the channels, counted from 0, that are silent while another one is not.

    Args:
        peaks: The largest magnitude of each channel, shape (n_channels,).

    >>> dead_channels([0.5, 0.0])
    (1,)
    """
    loudest = np.asarray(peaks)
    if loudest.max() <= SILENCE:
        return ()
    return tuple(np.flatnonzero(loudest <= SILENCE).tolist())


def runs_of(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where a mask is true as stretches: the first place and the one behind the last.

    >>> runs_of(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    steps = np.diff(np.concatenate(([0], mask.view(np.int8), [0])))
    return list(zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True))
