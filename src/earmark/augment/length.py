"""Bringing a sound that became longer or shorter back to its length."""

import numpy as np

from earmark.audio import FloatArray


def fit_length(waveform: FloatArray, n_samples: int, generator: np.random.Generator) -> FloatArray:
    """Return a waveform of so many samples.

    Of a longer one, a stretch is cut from a place that chance chooses, so that its end is heard as often as its
    beginning. A shorter one begins again.

    Args:
        waveform: Shape (n_samples_now,), at least one sample.
        n_samples: The length wanted.
        generator: Chooses the place.

    >>> fit_length(np.array([1, 2, 3], np.float32), 5, np.random.default_rng(0))
    array([1., 2., 3., 1., 2.], dtype=float32)
    """
    start = int(generator.integers(max(0, len(waveform) - n_samples) + 1))
    return np.resize(waveform[start : start + n_samples], n_samples)
