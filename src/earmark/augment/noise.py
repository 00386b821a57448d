"""Noise over a sound: white, pink, or of recordings that are given."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from earmark.audio import FloatArray
from earmark.audio.find import find_sounds
from earmark.audio.read import read_info, read_sound
from earmark.augment.chance import change_each
from earmark.augment.checks import check_range, check_sample_rate, check_share
from earmark.augment.level import db_to_power, mean_square
from earmark.errors import SettingError

Colour = Literal["white", "pink"]

_LONGEST = 1 << 20  # samples of pink noise that are made; it comes round without a seam, after 24 s at 44.1 kHz


@dataclass(frozen=True, kw_only=True)
class NoiseSettings:
    """How much noise, and of which colour.

    Attributes:
        p: The chance that an item is changed.
        snr_db_low: The least signal-to-noise ratio, in dB: the most noise.
        snr_db_high: The largest, in dB.
        colour: "white" for the same power in every Hz, "pink" for the same power in every octave.

    Raises:
        SettingError: A setting is out of its range.
    """

    p: float = 1.0
    snr_db_low: float = 10.0
    snr_db_high: float = 30.0
    colour: Colour = "white"

    def __post_init__(self) -> None:
        check_share(self, "p")
        check_range(self, "snr_db", least=-120.0, most=120.0)
        if self.colour not in get_args(Colour):
            raise SettingError(f"colour must be 'white' or 'pink', not {self.colour!r}")


@dataclass(frozen=True, kw_only=True)
class BackgroundSettings:
    """Which recordings are put behind a sound, and how loud.

    Attributes:
        path: A sound file, or a folder of them, such as recordings of a street.
        p: The chance that an item is changed.
        snr_db_low: The least signal-to-noise ratio, in dB: the loudest background.
        snr_db_high: The largest, in dB.
        sample_rate: Samples a second of the waveforms; the recordings may have any.

    Raises:
        SettingError: A setting is out of its range.
    """

    path: str
    p: float = 1.0
    snr_db_low: float = 5.0
    snr_db_high: float = 20.0
    sample_rate: int = 22050

    def __post_init__(self) -> None:
        if not self.path:
            raise SettingError("path is empty: name a sound file or a folder of them")
        check_share(self, "p")
        check_range(self, "snr_db", least=-120.0, most=120.0)
        check_sample_rate(self.sample_rate)

    @cached_property
    def sounds(self) -> tuple[Path, ...]:
        """The recordings, in an order that does not change."""
        return tuple(find_sounds([Path(self.path).expanduser()]))


def add_noise(batch: FloatArray, generator: np.random.Generator, settings: NoiseSettings) -> FloatArray:
    """Add noise at a signal-to-noise ratio, which is exact for the whole of each waveform; silence stays silent.

    Nothing is clipped: samples may come to lie beyond [-1, 1].

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items and the ratios, and makes the noise.
        settings: How much, and of which colour.

    >>> add_noise(np.ones((1, 4), np.float32), np.random.default_rng(0), NoiseSettings(snr_db_low=0, snr_db_high=0))
    array([[...]], dtype=float32)
    """
    make = _pink if settings.colour == "pink" else _white

    def change(waveform: FloatArray) -> FloatArray:
        snr_db = generator.uniform(settings.snr_db_low, settings.snr_db_high)
        return mix_at_snr(waveform, make(len(waveform), generator), snr_db)

    return change_each(batch, generator, p=settings.p, takes="waveform", change=change)


def add_background(batch: FloatArray, generator: np.random.Generator, settings: BackgroundSettings) -> FloatArray:
    """Put a stretch of a recording behind each waveform, at a signal-to-noise ratio.

    Recording and stretch are chosen anew for each waveform, and only the stretch is read. A recording that is too short
    begins again. Silence on either side leaves the waveform as it is. The same files must be there for the same result.

    Args:
        batch: Waveforms (batch, n_samples).
        generator: Chooses the items, the stretches and the ratios.
        settings: Which recordings, and how loud.

    An `AudioError` passes through where a recording cannot be read, or there is none.
    """

    def change(waveform: FloatArray) -> FloatArray:
        snr_db = generator.uniform(settings.snr_db_low, settings.snr_db_high)
        sound = settings.sounds[int(generator.integers(len(settings.sounds)))]
        return mix_at_snr(waveform, _stretch(sound, len(waveform), settings.sample_rate, generator), snr_db)

    return change_each(batch, generator, p=settings.p, takes="waveform", change=change)


def mix_at_snr(waveform: FloatArray, noise: FloatArray, snr_db: float) -> FloatArray:
    """Return the sum of a waveform and a noise that is scaled to be `snr_db` below it.

    Args:
        waveform: The sound, shape (n_samples,).
        noise: As long.
        snr_db: Ratio of their mean powers, in dB.

    Returns:
        The sum, shape (n_samples,); the waveform as it is where it or the noise is silent.

    >>> mix_at_snr(np.ones(2, np.float32), np.array([0.5, -0.5], np.float32), 20.0)
    array([1.1, 0.9], dtype=float32)
    """
    power, noise_power = mean_square(waveform[None]).item(), mean_square(noise[None]).item()
    if power == 0 or noise_power == 0:
        return waveform
    scale = np.sqrt(power / noise_power / db_to_power(snr_db))
    return waveform + noise * np.float32(scale)


def _white(n_samples: int, generator: np.random.Generator) -> FloatArray:
    return generator.standard_normal(n_samples, dtype=np.float32)


def _pink(n_samples: int, generator: np.random.Generator) -> FloatArray:
    n_made = min(_LONGEST, 1 << (n_samples - 1).bit_length())
    spectrum = np.fft.rfft(_white(n_made, generator))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.resize(np.fft.irfft(spectrum, n_made).astype(np.float32), n_samples)


def _stretch(sound: Path, n_samples: int, sample_rate: int, generator: np.random.Generator) -> FloatArray:
    """Return so many samples of a recording from a place that chance chooses."""
    needed_s, held_s = n_samples / sample_rate, read_info(sound).duration_s
    start_s = generator.uniform(0.0, max(0.0, held_s - needed_s))
    if held_s <= needed_s:
        whole, _ = read_sound(sound, sample_rate=sample_rate)
        return np.resize(np.roll(whole, int(generator.integers(len(whole)))), n_samples)
    # A tenth of a second more: resampled by itself, a stretch may come out a sample short.
    read, _ = read_sound(sound, sample_rate=sample_rate, start_s=start_s, duration_s=needed_s + 0.1)
    return np.resize(read[:n_samples], n_samples)
