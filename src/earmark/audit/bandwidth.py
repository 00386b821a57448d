"""Up to which frequency a sound holds anything: less than its rate promises where it was upsampled or coded."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from earmark.audio import FloatArray

_N_FFT = 2048
_MOST_FRAMES = 400  # spread over the clip: enough for a mean, and quick on a long one
_NOTHING_DB = -122.0  # a bin, re full scale: 9 dB above the rounding noise of 16 bit
_LEAST_DROP_DB = 20.0
_MOST_ABOVE_DB = -100.0
_N_BELOW = 64  # bins that are to hold sound below a cut: more than the skirts of one tone
_LOWEST = 16  # of them may hold less
_N_EDGE = 6


def find_bandwidth(waveform: FloatArray, sample_rate: int) -> tuple[float, bool]:
    """Return above which frequency a sound holds nothing, and whether it breaks off there.

    The mean power spectrum is looked at. A sound that grows weaker with frequency until it is lost in the rounding
    noise has its end there; one that breaks off, by 20 dB within some 100 Hz with nothing behind, was cut: by the
    low-pass filter of a resampler or of a lossy coder.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Its rate in Hz.

    Returns:
        The frequency in Hz, at most half the sample rate, 0 for silence; and whether it is a cut.

    >>> noise = np.random.default_rng(0).standard_normal(50_000).astype(np.float32) / 10
    >>> find_bandwidth(noise, 44100)
    (22050.0, False)
    """
    spectrum_db = _mean_spectrum_db(waveform)  # (n_bins,)
    n_bins = len(spectrum_db)
    hz_per_bin = sample_rate / 2 / (n_bins - 1)
    loudest_above = np.maximum.accumulate(spectrum_db[::-1])[::-1]
    below = np.partition(sliding_window_view(spectrum_db, _N_BELOW), _LOWEST, axis=1)[:, _LOWEST]
    ends = np.arange(_N_BELOW, n_bins - _N_EDGE)  # the bin behind each stretch that has an edge and something above
    above = loudest_above[ends + _N_EDGE]
    drops = np.where(above < _MOST_ABOVE_DB, below[ends - _N_BELOW] - above, 0.0)
    if drops.max() >= _LEAST_DROP_DB:
        return float(ends[drops.argmax()] * hz_per_bin), True
    held = np.flatnonzero(spectrum_db > _NOTHING_DB)
    return (float(held[-1] * hz_per_bin), False) if len(held) else (0.0, False)


def _mean_spectrum_db(waveform: FloatArray) -> FloatArray:
    """Return the power in each bin in dB re full scale: a bin of white noise of power 1 has 1 / n_bins."""
    padded = np.pad(waveform, (0, max(0, _N_FFT - len(waveform))))
    n_frames = len(padded) // _N_FFT
    frames = padded[: n_frames * _N_FFT].reshape(n_frames, _N_FFT)[:: -(-n_frames // _MOST_FRAMES)]
    window = np.hanning(_N_FFT).astype(np.float32)
    power = np.zeros(_N_FFT // 2 + 1)
    for block in np.array_split(frames, -(-len(frames) // 64)):  # in blocks: they stay in the processor's cache
        power += (np.abs(np.fft.rfft(block * window)) ** 2).sum(axis=0)
    power /= len(frames) * float((window**2).sum()) * (_N_FFT / 2)
    decibel: FloatArray = 10 * np.log10(power + 1e-20).astype(np.float32)
    return decibel
