"""Up to which frequency a sound holds anything: less than its rate promises where it was upsampled or coded."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from earmark.audio import FloatArray

_N_FFT = 2048
_MOST_FRAMES = 400  # spread over the clip: enough for a mean, and quick on a long one
_TOGETHER = 64  # of them are transformed at once: they stay in the processor's cache
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
    spectrum = MeanSpectrum(len(waveform))
    spectrum.add(waveform)
    return spectrum.bandwidth(sample_rate)


def _bandwidth(spectrum_db: FloatArray, sample_rate: int) -> tuple[float, bool]:
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


class MeanSpectrum:
    """The mean power spectrum of a sound that comes in blocks, of frames that are spread over it.

    Args:
        n_samples: How many samples will come, at least one.
    """

    def __init__(self, n_samples: int) -> None:
        self._n_whole = max(1, n_samples // _N_FFT)  # frames
        self._stride = -(-self._n_whole // _MOST_FRAMES)
        self._n_seen = 0
        self._frame = np.zeros(_N_FFT, np.float32)  # that a block broke off in
        self._waiting: list[FloatArray] = []
        self._n_frames = 0
        self._power = np.zeros(_N_FFT // 2 + 1)

    def add(self, waveform: FloatArray) -> None:
        """Take the next block, (n_samples,)."""
        step = self._stride * _N_FFT
        first = self._n_seen // step * step
        for start in range(first, min(self._n_seen + len(waveform), self._n_whole * _N_FFT), step):
            begin, end = max(start, self._n_seen), min(start + _N_FFT, self._n_seen + len(waveform))
            if begin < end:
                self._frame[begin - start : end - start] = waveform[begin - self._n_seen : end - self._n_seen]
            if begin < end == start + _N_FFT:
                self._take_frame()
        self._n_seen += len(waveform)

    def _take_frame(self) -> None:
        self._waiting.append(self._frame)
        self._frame = np.zeros(_N_FFT, np.float32)
        if len(self._waiting) == _TOGETHER:
            self._transform()

    def _transform(self) -> None:
        from scipy.fft import rfft  # noqa: PLC0415 - imports are lazy; four times as quick as NumPy's

        spectrum = rfft(np.stack(self._waiting) * np.hanning(_N_FFT).astype(np.float32))
        self._power += (np.square(spectrum.real) + np.square(spectrum.imag)).sum(axis=0)
        self._n_frames += len(self._waiting)
        self._waiting = []

    def bandwidth(self, sample_rate: int) -> tuple[float, bool]:
        """Return what `find_bandwidth` tells, at the end of the sound.

        Args:
            sample_rate: Its rate in Hz.
        """
        if 0 < self._n_seen < _N_FFT:
            self._take_frame()
        if self._waiting:
            self._transform()
        return _bandwidth(self._spectrum_db(), sample_rate)

    def _spectrum_db(self) -> FloatArray:
        """Return the power in each bin in dB re full scale: a bin of white noise of power 1 has 1 / n_bins."""
        square = float((np.hanning(_N_FFT).astype(np.float32) ** 2).sum())
        power = self._power / (self._n_frames * square * (_N_FFT / 2))
        decibel: FloatArray = 10 * np.log10(power + 1e-20).astype(np.float32)
        return decibel
