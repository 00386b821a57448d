"""Noise over features, whatever their unit."""

from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.augment.chance import change_some, draw
from earmark.augment.checks import check_range, check_share


@dataclass(frozen=True, kw_only=True)
class FeatureNoiseSettings:
    """How strong the noise is.

    Attributes:
        p: The chance that an item is changed.
        share_low: The least standard deviation of the noise, as a share of that of the item, from 0.
        share_high: The largest, up to 10.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    share_low: float = 0.0
    share_high: float = 0.2

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "share", least=0.0, most=10.0)


def add_feature_noise(batch: FloatArray, generator: np.random.Generator, settings: FeatureNoiseSettings) -> FloatArray:
    """Add Gaussian noise to features, in proportion to how much they vary; those that do not vary stay.

    Args:
        batch: Features (batch, n_bins, n_frames).
        generator: Chooses the items and how strong, and draws the noise.
        settings: How strong.

    >>> add_feature_noise(np.ones((2, 3, 4), np.float32), np.random.default_rng(0), FeatureNoiseSettings()).max()
    np.float32(1.0)
    """

    def change(items: FloatArray) -> FloatArray:
        share = draw(generator, settings.share_low, settings.share_high, items)
        sd = share * np.std(items, axis=(1, 2), dtype=np.float64, keepdims=True)  # (batch, 1, 1)
        noise: FloatArray = sd.astype(np.float32) * generator.standard_normal(items.shape, dtype=np.float32)
        return items + noise

    return change_some(batch, generator, p=settings.p, takes="features", change=change)
