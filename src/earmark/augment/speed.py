"""Faster or slower, as a record is played: pitch and tempo together."""

from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.audio.resample import resample
from earmark.augment.chance import change_each, draw_rate
from earmark.augment.checks import check_range, check_share
from earmark.augment.length import fit_length

_STEPS = 10_000  # a speed is rounded to so many parts of one: 0.001 of a semitone


@dataclass(frozen=True, kw_only=True)
class SpeedSettings:
    """How much faster or slower.

    Attributes:
        p: The chance that an item is changed.
        speed_low: The slowest, from 0.25: two octaves lower and four times as long.
        speed_high: The fastest, up to 4.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    speed_low: float = 0.8
    speed_high: float = 1.25

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "speed", least=0.25, most=4.0)


def change_speed(batch: FloatArray, generator: np.random.Generator, settings: SpeedSettings) -> FloatArray:
    """Play waveforms faster (and higher) or slower (and lower), at their length.

    Of what became longer a stretch is taken, from a place that chance chooses; what became shorter begins again.

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items, their speeds, and the stretch.
        settings: How much.

    >>> change_speed(np.zeros((2, 1000), np.float32), np.random.default_rng(0), SpeedSettings()).shape
    (2, 1000)

    Source: soxr, by `earmark.audio.resample`.
    """

    def change(waveform: FloatArray) -> FloatArray:
        speed = draw_rate(generator, settings.speed_low, settings.speed_high)
        played = resample(waveform, from_rate=round(speed * _STEPS), to_rate=_STEPS)
        return fit_length(played, len(waveform), generator)

    return change_each(batch, generator, p=settings.p, takes="waveform", change=change)
