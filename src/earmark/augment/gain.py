"""Louder or softer."""

from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.augment.chance import change_some, draw
from earmark.augment.checks import check_range, check_share
from earmark.augment.level import db_to_power

_MOST_DB = 120.0


@dataclass(frozen=True, kw_only=True)
class GainSettings:
    """How much louder or softer.

    Attributes:
        p: The chance that an item is changed.
        gain_db_low: The least gain, in dB, from -120; negative is softer.
        gain_db_high: The largest gain, in dB, up to 120.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    gain_db_low: float = -10.0
    gain_db_high: float = 10.0

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "gain_db", least=-_MOST_DB, most=_MOST_DB)


def change_gain(batch: FloatArray, generator: np.random.Generator, settings: GainSettings) -> FloatArray:
    """Make waveforms louder or softer. Nothing is clipped: samples may come to lie beyond [-1, 1].

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items and their gains.
        settings: How much.

    >>> louder = GainSettings(gain_db_low=20.0, gain_db_high=20.0)
    >>> change_gain(np.array([[0.5, -0.25]], np.float32), np.random.default_rng(0), louder)
    array([[ 5. , -2.5]], dtype=float32)
    """

    def change(items: FloatArray) -> FloatArray:
        gain_db = draw(generator, settings.gain_db_low, settings.gain_db_high, items)  # (batch, 1)
        return items * np.sqrt(db_to_power(gain_db)).astype(np.float32)

    return change_some(batch, generator, p=settings.p, takes="waveform", change=change)


def change_power_gain(batch: FloatArray, generator: np.random.Generator, settings: GainSettings) -> FloatArray:
    """Make power spectrograms louder or softer, as `change_gain` does the waveforms before them.

    Args:
        batch: Power (batch, n_bins, n_frames).
        generator: Chooses the items and their gains.
        settings: How much.

    >>> louder = GainSettings(gain_db_low=20.0, gain_db_high=20.0)
    >>> change_power_gain(np.ones((1, 1, 1), np.float32), np.random.default_rng(0), louder).item()
    100.0
    """

    def change(items: FloatArray) -> FloatArray:
        gain_db = draw(generator, settings.gain_db_low, settings.gain_db_high, items)  # (batch, 1, 1)
        return items * db_to_power(gain_db).astype(np.float32)

    return change_some(batch, generator, p=settings.p, takes="power", change=change)
