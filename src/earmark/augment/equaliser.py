"""Another tone colour: a smooth curve over the bins of a power spectrogram, and a floor of noise below it."""

from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.augment.chance import change_some, draw
from earmark.augment.checks import check_range, check_share
from earmark.augment.level import db_to_power
from earmark.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class EqualiserSettings:
    """How strong and how wavy the curve is.

    Attributes:
        p: The chance that an item is changed.
        gain_db: How much it lifts or lowers at most, in dB, from 0 to 120.
        n_points: Where along the bins it is drawn anew, at least 2; it is smooth between.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    gain_db: float = 6.0
    n_points: int = 5

    def __post_init__(self) -> None:
        check_share(self, "p")
        if not 0 <= self.gain_db <= 120:  # noqa: PLR2004 - as the docstring says
            raise SettingError(f"gain_db must be from 0 to 120, not {self.gain_db:g}")
        if self.n_points < 2:  # noqa: PLR2004 - the two ends
            raise SettingError(f"n_points must be at least 2, not {self.n_points}")


def equalise(batch: FloatArray, generator: np.random.Generator, settings: EqualiserSettings) -> FloatArray:
    """Lift and lower the bins of power spectrograms along random smooth curves, the same in all frames.

    Args:
        batch: Power (batch, n_bins, n_frames).
        generator: Chooses the items, and draws their curves.
        settings: How strong and how wavy.

    >>> flat = EqualiserSettings(gain_db=0.0)
    >>> equalise(np.ones((1, 2, 1), np.float32), np.random.default_rng(0), flat)
    array([[[1.],
            [1.]]], dtype=float32)
    """

    def change(items: FloatArray) -> FloatArray:
        points_db = generator.uniform(-settings.gain_db, settings.gain_db, (len(items), settings.n_points))
        curves_db = points_db @ _weights(settings.n_points, items.shape[1])  # (batch, n_bins)
        return items * db_to_power(curves_db).astype(np.float32)[:, :, None]

    return change_some(batch, generator, p=settings.p, takes="power", change=change)


@dataclass(frozen=True, kw_only=True)
class NoiseFloorSettings:
    """How high the floor of noise is.

    Attributes:
        p: The chance that an item is changed.
        floor_db_low: The lowest floor, in dB against the mean power of the item, from -120.
        floor_db_high: The highest, up to 60.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    floor_db_low: float = -60.0
    floor_db_high: float = -20.0

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "floor_db", least=-120.0, most=60.0)


def raise_noise_floor(batch: FloatArray, generator: np.random.Generator, settings: NoiseFloorSettings) -> FloatArray:
    """Add to power spectrograms what noise of the same mean power in every bin would add.

    It varies from point to point as the power of Gaussian noise in one bin does: exponentially. Silence stays silent.

    Args:
        batch: Power (batch, n_bins, n_frames).
        generator: Chooses the items and how high their floors are, and draws the noise.
        settings: How high.

    >>> raise_noise_floor(np.zeros((2, 3, 4), np.float32), np.random.default_rng(0), NoiseFloorSettings()).max()
    np.float32(0.0)
    """

    def change(items: FloatArray) -> FloatArray:
        floor_db = draw(generator, settings.floor_db_low, settings.floor_db_high, items)
        floor = db_to_power(floor_db) * items.mean(axis=(1, 2), dtype=np.float64, keepdims=True)  # (batch, 1, 1)
        noise: FloatArray = floor.astype(np.float32) * generator.standard_exponential(items.shape, dtype=np.float32)
        return items + noise

    return change_some(batch, generator, p=settings.p, takes="power", change=change)


def _weights(n_points: int, n_bins: int) -> FloatArray:
    """Return how much each point counts in each bin, (n_points, n_bins): a half period of a cosine between two."""
    place = np.linspace(0.0, n_points - 1.0, n_bins)
    distance = np.minimum(1.0, np.abs(place - np.arange(n_points)[:, None]))
    return (0.5 + 0.5 * np.cos(np.pi * distance)).astype(np.float32)
