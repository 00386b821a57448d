"""Stripes of a spectrogram that are taken away: SpecAugment."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray
from earmark.augment.chance import change_some
from earmark.augment.checks import check_finite, check_share
from earmark.errors import SettingError

_ROUNDING = 1e-9  # 0.29 of 100 frames are 29, and not 28.999999999999996


@dataclass(frozen=True, kw_only=True)
class MaskSettings:
    """How many stripes, how wide, and what is put there.

    Attributes:
        p: The chance that an item is changed.
        n_masks: Stripes in each item, at least 0; they may overlap.
        max_share: The widest stripe, as a share of the length of the axis; each width from 0 to it is as likely.
        fill: The value that is put there; None for the mean of the item.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    n_masks: int = 2
    max_share: float = 0.1
    fill: float | None = None

    def __post_init__(self) -> None:
        check_share(self, "p", "max_share")
        check_finite(self, "fill")
        if self.n_masks < 0:
            raise SettingError(f"n_masks must be at least 0, not {self.n_masks}")


def mask_time(batch: FloatArray, generator: np.random.Generator, settings: MaskSettings) -> FloatArray:
    """Take away stretches of time, in all bins.

    Args:
        batch: Features (batch, n_bins, n_frames).
        generator: Chooses the items, and the stripes of each.
        settings: How many, how wide, and what is put there.

    >>> mask_time(np.ones((2, 3, 40), np.float32), np.random.default_rng(0), MaskSettings(fill=0.0)).shape
    (2, 3, 40)

    Source: Park et al. (2019), "SpecAugment", Interspeech, section 2; differs in the mean of the item where they put
    zero, which is the mean of their features.
    """
    return _mask(batch, generator, settings, axis=2)


def mask_frequency(batch: FloatArray, generator: np.random.Generator, settings: MaskSettings) -> FloatArray:
    """Take away ranges of bins, at all times.

    Args:
        batch: Features (batch, n_bins, n_frames).
        generator: Chooses the items, and the stripes of each.
        settings: How many, how wide, and what is put there.

    >>> mask_frequency(np.ones((2, 40, 3), np.float32), np.random.default_rng(0), MaskSettings(fill=0.0)).shape
    (2, 40, 3)

    Source: as `mask_time`.
    """
    return _mask(batch, generator, settings, axis=1)


def _mask(batch: FloatArray, generator: np.random.Generator, settings: MaskSettings, *, axis: int) -> FloatArray:
    def change(items: FloatArray) -> FloatArray:
        stripes = _stripes(len(items), items.shape[axis], generator, settings)  # (batch, length of the axis)
        stripes = np.expand_dims(stripes, 3 - axis)
        if settings.fill is not None:
            return np.where(stripes, np.float32(settings.fill), items)
        return np.where(stripes, items.mean(axis=(1, 2), dtype=np.float64, keepdims=True), items)

    return change_some(batch, generator, p=settings.p, takes="features", change=change)


def _stripes(
    n_items: int, length: int, generator: np.random.Generator, settings: MaskSettings
) -> npt.NDArray[np.bool_]:
    shape = (n_items, settings.n_masks, 1)
    widest = math.floor(settings.max_share * length + _ROUNDING)
    width = generator.integers(0, widest, shape, endpoint=True)
    start = generator.integers(0, length - width, endpoint=True)
    place = np.arange(length)
    return np.asarray(((place >= start) & (place < start + width)).any(axis=1))
