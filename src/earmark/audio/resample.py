"""Changing the sample rate of a waveform."""

import numpy as np
import soxr

from earmark.audio import FloatArray
from earmark.errors import SettingError


def resample(waveform: FloatArray, *, from_rate: int, to_rate: int) -> FloatArray:
    """Change the sample rate of a waveform, with a linear-phase filter that keeps it in place in time.

    Frequencies above half of the lower rate are filtered out. Near full scale the result may reach a little beyond
    [-1, 1], as the sound between the old samples does.

    Args:
        waveform: Sound, shape (n_samples,).
        from_rate: Its sample rate in Hz, at least 1.
        to_rate: The rate wanted, in Hz, at least 1.

    Returns:
        Sound at the new rate, shape (ceil(n_samples * to_rate / from_rate),): librosa's convention. The array itself
        where the rates are equal.

    Raises:
        SettingError: A rate is below 1 Hz.

    >>> resample(np.zeros(22051, np.float32), from_rate=44100, to_rate=22050).shape
    (11026,)

    Source: soxr at its setting "HQ".
    """
    for name, rate in (("from_rate", from_rate), ("to_rate", to_rate)):
        if rate < 1:
            raise SettingError(f"{name} is {rate}: a sample rate is a whole number of Hz, such as 22050")
    if from_rate == to_rate:
        return waveform
    n_samples = -(-len(waveform) * to_rate // from_rate)
    resampled = np.asarray(soxr.resample(waveform, from_rate, to_rate, quality="HQ"), dtype=np.float32)
    # soxr rounds the length its own way: one sample more or less.
    return np.pad(resampled[:n_samples], (0, max(0, n_samples - len(resampled))))
