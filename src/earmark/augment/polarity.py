"""Upside down, which no ear hears."""

from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.augment.chance import change_some
from earmark.augment.checks import check_share


@dataclass(frozen=True, kw_only=True)
class PolaritySettings:
    """How often the sign of a waveform is changed.

    Attributes:
        p: The chance that an item is changed.

    Raises:
        SettingError: The chance is out of its range.
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        check_share(self, "p")


def invert_polarity(batch: FloatArray, generator: np.random.Generator, settings: PolaritySettings) -> FloatArray:
    """Change the sign of waveforms.

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items.
        settings: How often.

    >>> invert_polarity(np.array([[0.5, -0.25]], np.float32), np.random.default_rng(0), PolaritySettings(p=1.0))
    array([[-0.5 ,  0.25]], dtype=float32)
    """
    return change_some(batch, generator, p=settings.p, takes="waveform", change=np.negative)
