"""Earlier or later."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from earmark.audio import FloatArray
from earmark.augment.chance import change_each
from earmark.augment.checks import check_range, check_sample_rate, check_share
from earmark.errors import SettingError

Fill = Literal["circular", "silence"]

_MOST_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class TimeShiftSettings:
    """How far a sound is moved in time.

    Attributes:
        p: The chance that an item is changed.
        shift_s_low: The least shift, in seconds; negative is earlier.
        shift_s_high: The largest shift, in seconds; positive is later.
        fill: What comes in at the side that is left: "circular" for what left at the other, or "silence".
        sample_rate: Samples a second.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    shift_s_low: float = -0.5
    shift_s_high: float = 0.5
    fill: Fill = "circular"
    sample_rate: int = 22050

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "shift_s", least=-_MOST_S, most=_MOST_S)
        check_sample_rate(self.sample_rate)
        if self.fill not in get_args(Fill):
            raise SettingError(f"fill must be 'circular' or 'silence', not {self.fill!r}")


def shift_time(batch: FloatArray, generator: np.random.Generator, settings: TimeShiftSettings) -> FloatArray:
    """Move waveforms to earlier or later.

    A shift in silence by more than the length of a waveform leaves nothing of it.

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items and how far.
        settings: How far.

    >>> later = TimeShiftSettings(shift_s_low=1.0, shift_s_high=1.0, sample_rate=1)
    >>> shift_time(np.array([[1, 2, 3]], np.float32), np.random.default_rng(0), later)
    array([[3., 1., 2.]], dtype=float32)
    """

    def change(waveform: FloatArray) -> FloatArray:
        shift = round(generator.uniform(settings.shift_s_low, settings.shift_s_high) * settings.sample_rate)
        if settings.fill == "circular":
            return np.roll(waveform, shift)
        n_samples = len(waveform)
        shift = max(-n_samples, min(n_samples, shift))
        return np.pad(waveform, (max(0, shift), max(0, -shift)))[max(0, -shift) :][:n_samples]

    return change_each(batch, generator, p=settings.p, takes="waveform", change=change)


@dataclass(frozen=True, kw_only=True)
class PowerShiftSettings:
    """How far a spectrogram is moved in time.

    Attributes:
        p: The chance that an item is changed.
        share_low: The least shift to later, as a share of the length, from 0.
        share_high: The largest, up to 1, which is all around.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    share_low: float = 0.0
    share_high: float = 1.0

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "share", least=0.0, most=1.0)


def shift_power(batch: FloatArray, generator: np.random.Generator, settings: PowerShiftSettings) -> FloatArray:
    """Move power spectrograms to later by whole frames; what leaves at the end comes in at the beginning.

    Args:
        batch: Power (batch, n_bins, n_frames).
        generator: Chooses the items and how far.
        settings: How far.

    >>> half = PowerShiftSettings(share_low=0.5, share_high=0.5)
    >>> shift_power(np.array([[[1, 2, 3, 4]]], np.float32), np.random.default_rng(0), half)
    array([[[3., 4., 1., 2.]]], dtype=float32)
    """

    def change(item: FloatArray) -> FloatArray:
        share = generator.uniform(settings.share_low, settings.share_high)
        return np.roll(item, round(share * item.shape[-1]), axis=-1)

    return change_each(batch, generator, p=settings.p, takes="power", change=change)
