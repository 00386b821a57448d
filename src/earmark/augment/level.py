"""How strong an item of a batch is, and decibels."""

import math

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray


def mean_square(items: FloatArray) -> npt.NDArray[np.float64]:
    """Return the mean square of each item, in double precision: no float32 overflows it.

    Args:
        items: Shape (batch, ...).

    Returns:
        One number an item, shaped to be multiplied with the items: (batch, 1, ...).

    >>> mean_square(np.array([[1, 3], [0, 0]], np.float32))
    array([[5.],
           [0.]])
    """
    rows = items.reshape(len(items), math.prod(items.shape[1:]))
    # Not np.square in double precision: whole copies of long waveforms would be made.
    squares = np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / rows.shape[1]
    return np.asarray(squares, dtype=np.float64).reshape(-1, *[1] * (items.ndim - 1))


def db_to_power(value_db: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the ratio of powers that is so many dB.

    >>> db_to_power([0.0, 20.0])
    array([  1., 100.])
    """
    return np.asarray(10.0 ** (np.asarray(value_db, dtype=np.float64) / 10.0))
