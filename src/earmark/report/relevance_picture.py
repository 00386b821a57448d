"""A small picture of what a decision was made from: the features in grey, and over them in colour what mattered."""

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray
from earmark.report.pictures import palette_png

MOST_COLUMNS = 200
_N_GREYS, _N_HEATS = 24, 10
_LOUD, _QUIET = 0.95, 0.12  # of white
_HEAT = (255, 122, 26)
_BRIGHTEST = 99.5  # percentile of the relevance that has the full colour


def relevance_png(features: FloatArray, relevance: FloatArray) -> bytes:
    """Return a picture with time to the right and the first bin at the bottom.

    Args:
        features: What the network took, shape (n_bins, n_columns), finite.
        relevance: How much each value mattered, the same shape, at least 0.
    """
    seen, mattered = _fewer_columns(features), _fewer_columns(relevance)
    low, high = np.percentile(seen, (2, 99.8))
    grey = np.clip((seen - low) / max(high - low, 1e-9), 0, 1)
    brightest = float(np.percentile(mattered, _BRIGHTEST)) or float(mattered.max()) or 1.0
    heat = np.clip(mattered / brightest, 0, 1)
    levels = np.round(grey * (_N_GREYS - 1)) + _N_GREYS * np.round(heat * (_N_HEATS - 1))
    return palette_png(levels.astype(np.uint8)[::-1], _palette())


def _fewer_columns(values: FloatArray) -> FloatArray:
    """Return at most so many columns, each the mean of its neighbours: wider pictures are no clearer."""
    n_columns = values.shape[1]
    if n_columns <= MOST_COLUMNS:
        return values
    starts = np.arange(MOST_COLUMNS) * n_columns // MOST_COLUMNS
    sums = np.add.reduceat(values, starts, axis=1)
    means: FloatArray = (sums / np.diff(np.append(starts, n_columns))).astype(np.float32)
    return means


def _palette() -> npt.NDArray[np.uint8]:
    """Return (n_heats * n_greys, 3): greys, and the same ever more in the colour of heat."""
    greys = np.linspace(255 * _QUIET, 255 * _LOUD, _N_GREYS)[None, :, None]
    heats = np.linspace(0, 0.85, _N_HEATS)[:, None, None]
    mixed = (1 - heats) * greys + heats * np.array(_HEAT)
    palette: npt.NDArray[np.uint8] = np.round(mixed).astype(np.uint8).reshape(-1, 3)
    return palette
