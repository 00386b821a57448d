"""A phase vocoder with locked phases: another tempo at the same pitch."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray
from earmark.augment.level import mean_square

Spectra = npt.NDArray[np.complex64]

_N_FFT = 2048
_HOP = _N_FFT // 4
_BLOCK = 128  # frames that are transformed at once: bounds the memory
_REACH = 2  # bins to either side that a peak stands above
_WINDOW = np.hanning(_N_FFT + 1)[:-1].astype(np.float32)
_ONSET = 0.1  # where there was less than this share of a peak's magnitude before, a sound begins


def stretch(waveform: FloatArray, rate: float) -> FloatArray:
    """Return a waveform at another tempo and the same pitch.

    Frames are taken from the waveform at `rate` times the hop at which they are put together again. The phase of each
    peak of the spectrum goes on as it does over one hop in the waveform, and the bins around it keep their phases
    towards it. Where a sound begins, phases are its own. Clicks are smeared over a window of 2048 samples.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        rate: How many times faster, such as 0.5 for half the tempo; above 0.

    Returns:
        Sound of the same level (root mean square), shape (max(1, round(n_samples / rate)),).

    >>> stretch(np.zeros(1000, np.float32), 0.8).shape
    (1250,)

    Source: Laroche and Dolson (1999), "Improved phase vocoder time-scale modification of audio", IEEE Transactions on
    Speech and Audio Processing 7 (3), section III.C (identity phase locking); differs in measuring how a phase goes on
    over one hop of the output, as Puckette (1995), "Phase-locked vocoder", so that no phase is unwrapped. Takes
    about as long as `librosa.effects.time_stretch` of librosa 0.11; noise that comes and goes loses 0.5 to 2 dB before
    its level is restored, and 3 to 6 dB there.
    """
    n_samples = max(1, round(len(waveform) / rate))
    stretched = _put_together(_advance(_frames(waveform, rate, -(-n_samples // _HOP) + 1)), n_samples)
    return _at_level_of(waveform, stretched)


def _frames(waveform: FloatArray, rate: float, n_frames: int) -> Iterator[tuple[Spectra, Spectra]]:
    """Yield the spectra of blocks of frames, and those of one hop earlier, both (n_frames_of_block, n_bins)."""
    starts = np.round(np.arange(n_frames) * (_HOP * rate)).astype(np.int64)
    padded = np.zeros(int(starts[-1]) + _HOP + _N_FFT, np.float32)
    first = _HOP + _N_FFT // 2
    held = waveform[: len(padded) - first]
    padded[first : first + len(held)] = held
    windows = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)
    for block in np.split(starts, range(_BLOCK, n_frames, _BLOCK)):
        earlier, now = (np.fft.rfft(windows[block + shift] * _WINDOW).astype(np.complex64) for shift in (0, _HOP))
        yield now, earlier


def _advance(blocks: Iterator[tuple[Spectra, Spectra]]) -> Iterator[Spectra]:
    """Yield blocks of frames with the phases that they have at their new places."""
    last: Spectra | None = None
    for now, earlier in blocks:
        is_peak = _peaks(np.abs(now))
        for index in range(len(now)):
            if last is not None:
                now[index] *= _turn(now[index], earlier[index], last, np.flatnonzero(is_peak[index]))
            last = now[index]
        yield now


def _turn(now: Spectra, earlier: Spectra, last: Spectra, peaks: npt.NDArray[np.int64]) -> Spectra | complex:
    """Return what turns the phases of a frame to where they are due, (n_bins,): the same around each peak."""
    if not len(peaks):
        return 1.0
    turn: Spectra = last[peaks] * earlier[peaks].conj()
    size = np.abs(turn)
    begins = size <= _ONSET * np.abs(now[peaks]) ** 2
    turn[begins], size[begins] = 1.0, 1.0
    turn /= size
    borders = (peaks[1:] + peaks[:-1] + 1) // 2
    return np.repeat(turn, np.diff(borders, prepend=0, append=len(now)))


def _peaks(magnitude: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    is_peak = np.ones(magnitude.shape, bool)
    for step in range(1, _REACH + 1):
        is_peak[:, step:] &= magnitude[:, step:] >= magnitude[:, :-step]
        is_peak[:, :-step] &= magnitude[:, :-step] > magnitude[:, step:]
    return is_peak


def _put_together(blocks: Iterator[Spectra], n_samples: int) -> FloatArray:
    n_frames = -(-n_samples // _HOP) + 1
    total, weight = np.zeros((2, (n_frames - 1) * _HOP + _N_FFT), np.float32)
    start = 0
    for spectra in blocks:
        for frame in np.fft.irfft(spectra, _N_FFT):
            total[start : start + _N_FFT] += frame * _WINDOW
            weight[start : start + _N_FFT] += _WINDOW**2
            start += _HOP
    middle = slice(_N_FFT // 2, _N_FFT // 2 + n_samples)
    return total[middle] / weight[middle]


def _at_level_of(waveform: FloatArray, stretched: FloatArray) -> FloatArray:
    before, after = mean_square(waveform[None]).item(), mean_square(stretched[None]).item()
    return stretched * np.float32(np.sqrt(before / after)) if after > 0 else stretched
