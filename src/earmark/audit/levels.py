"""What a waveform's samples say of its level: silence, clipping, channels without sound."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray

SILENCE = 10 ** (-70 / 20)
"""No sample of a silent stretch is larger: -70 dB re full scale, ten steps of 16 bit."""

FLOOR_DB = -200.0
"""The level that stands for no sound at all."""

_FRAME_S = 0.01
_STEP = 2.0**-15  # of 16 bit
_LEAST_CEILING = 0.05  # below it a few steps of 16 bit look like a ceiling
_LEAST_RUN = 3
_ABRUPT = 8  # times the tolerance: how far below the ceiling the sound is just beside a run


@dataclass(frozen=True)
class Silences:
    """Where a clip is silent.

    Attributes:
        stretches: Start and end in seconds of each silent stretch that is long enough.
        leading_s: How long it is silent before the first sound; the whole length where there is none.
    """

    stretches: tuple[tuple[float, float], ...]
    leading_s: float


def level_db(waveform: FloatArray) -> float:
    """Return the level of a waveform about its mean in dB re full scale (a constant 1), not below `FLOOR_DB`.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.

    >>> round(level_db(np.tile(np.float32([0.5, -0.5]), 100)), 2)
    -6.02
    """
    power = float(np.var(waveform, dtype=np.float64))
    return max(FLOOR_DB, 10 * float(np.log10(power))) if power > 0 else FLOOR_DB


def find_silences(waveform: FloatArray, sample_rate: int, *, least_s: float = 1.0) -> Silences:
    """Return where no sample is above `SILENCE`, to a hundredth of a second.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Its rate in Hz.
        least_s: The shortest silent stretch that counts, in seconds.

    >>> find_silences(np.r_[np.zeros(200), np.ones(100)].astype(np.float32), 100)
    Silences(stretches=((0.0, 2.0),), leading_s=2.0)
    """
    frame_samples = max(1, round(_FRAME_S * sample_rate))
    starts = np.arange(0, len(waveform), frame_samples)
    loudest = np.maximum(np.maximum.reduceat(waveform, starts), -np.minimum.reduceat(waveform, starts))
    edges = np.append(starts, len(waveform)) / sample_rate  # (n_frames + 1,)
    is_silent = loudest <= SILENCE
    stretches = tuple(
        (round(float(edges[first]), 3), round(float(edges[stop]), 3))
        for first, stop in runs_of(is_silent)
        if edges[stop] - edges[first] >= least_s - 1e-9
    )
    n_leading = len(is_silent) if is_silent.all() else int(is_silent.argmin())
    return Silences(stretches, float(edges[n_leading]))


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
        ceiling = min(1.0, float(signed.max()))  # a lossy decoder's tops lie above full scale where it was clipped
        if ceiling < _LEAST_CEILING:
            continue
        tolerance = max(1.1 * _STEP, 2e-4 * ceiling)
        for first, stop in runs_of(signed >= ceiling - tolerance):
            beside = signed[max(0, first - 1) : stop + 1 : stop - first + 1]
            if stop - first >= _LEAST_RUN and (beside < ceiling - _ABRUPT * tolerance).any():
                n_runs += 1
                n_samples += stop - first
    return n_runs, n_samples


def dead_channels(channels: FloatArray) -> tuple[int, ...]:
    """Return the channels, counted from 0, that are silent while another one is not.

    Args:
        channels: Shape (n_channels, n_samples).

    >>> dead_channels(np.float32([[0.5, -0.5], [0.0, 0.0]]))
    (1,)
    """
    loudest = np.abs(channels).max(axis=1)
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
