"""Pitch without tempo, and tempo without pitch."""

from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.audio.resample import resample
from earmark.augment.chance import change_each, draw_rate
from earmark.augment.checks import check_range, check_share
from earmark.augment.length import fit_length
from earmark.augment.vocoder import stretch

_STEPS = 10_000  # a ratio of pitches is rounded to so many parts of one: 0.001 of a semitone


@dataclass(frozen=True, kw_only=True)
class PitchShiftSettings:
    """How much higher or lower.

    Attributes:
        p: The chance that an item is changed.
        semitones_low: The least shift, in semitones, from -24; negative is lower.
        semitones_high: The largest shift, in semitones, up to 24.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    semitones_low: float = -2.0
    semitones_high: float = 2.0

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "semitones", least=-24.0, most=24.0)


@dataclass(frozen=True, kw_only=True)
class TimeStretchSettings:
    """How much faster or slower.

    Attributes:
        p: The chance that an item is changed.
        rate_low: The slowest, from 0.25.
        rate_high: The fastest, up to 4: a quarter of the time.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    rate_low: float = 0.8
    rate_high: float = 1.25

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "rate", least=0.25, most=4.0)


def shift_pitch(batch: FloatArray, generator: np.random.Generator, settings: PitchShiftSettings) -> FloatArray:
    """Make waveforms higher or lower at the same tempo; clicks and other sudden sounds are smeared.

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items and their shifts.
        settings: How much.

    >>> shift_pitch(np.zeros((2, 1000), np.float32), np.random.default_rng(0), PitchShiftSettings()).shape
    (2, 1000)

    Source: stretched by `earmark.augment.vocoder`, and then played at another speed.
    """

    def change(waveform: FloatArray) -> FloatArray:
        semitones = generator.uniform(settings.semitones_low, settings.semitones_high)
        steps = round(_STEPS * 2 ** (semitones / 12))
        if steps == _STEPS:
            return waveform
        played = resample(stretch(waveform, _STEPS / steps), from_rate=steps, to_rate=_STEPS)
        missing = max(0, len(waveform) - len(played))  # a sample at most, by rounding
        return np.pad(played[: len(waveform)], (0, missing))

    return change_each(batch, generator, p=settings.p, takes="waveform", change=change)


def stretch_time(batch: FloatArray, generator: np.random.Generator, settings: TimeStretchSettings) -> FloatArray:
    """Make waveforms faster or slower at the same pitch and at their length.

    Of what became longer a stretch is taken, from a place that chance chooses; what became shorter begins again.

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items, their rates, and the stretch.
        settings: How much.

    >>> stretch_time(np.zeros((2, 1000), np.float32), np.random.default_rng(0), TimeStretchSettings()).shape
    (2, 1000)

    Source: stretched by `earmark.augment.vocoder`.
    """

    def change(waveform: FloatArray) -> FloatArray:
        rate = draw_rate(generator, settings.rate_low, settings.rate_high)
        return waveform if rate == 1 else fit_length(stretch(waveform, rate), len(waveform), generator)

    return change_each(batch, generator, p=settings.p, takes="waveform", change=change)
