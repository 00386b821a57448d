"""Drums and cymbals: falling tones for skins, bands of noise for wires, clashing partials for metal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from earmark._util.catalogue import Catalogue
from earmark.audio import FloatArray
from earmark.data.genres.instruments import SAMPLE_RATE

_Samples: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Kit:
    """A set of drums.

    Attributes:
        kick_hz: Where the bass drum's falling tone ends.
        kick_s: Time in which the bass drum falls to 1/e.
        click: Strength of the beater's click.
        snare_hz: Tone of the snare drum.
        snare_s: Time in which the snare drum's wires fall to 1/e.
        wires: Strength of the wires against the tone, 0 to 1.
        hat_s: Time in which the closed hi-hat falls to 1/e.
        cymbal_s: Time in which ride and open hi-hat fall to 1/e.
        metal_hz: Lowest frequency of the cymbals.
    """

    kick_hz: float = 52.0
    kick_s: float = 0.12
    click: float = 0.2
    snare_hz: float = 190.0
    snare_s: float = 0.09
    wires: float = 0.7
    hat_s: float = 0.025
    cymbal_s: float = 0.22
    metal_hz: float = 4500.0

    def tuned(self, *, pitch: float, length: float) -> "Kit":
        """Return the same kit with its tones and its decays multiplied by `pitch` and `length`."""
        return Kit(
            kick_hz=self.kick_hz * pitch,
            kick_s=self.kick_s * length,
            click=self.click,
            snare_hz=self.snare_hz * pitch,
            snare_s=self.snare_s * length,
            wires=self.wires,
            hat_s=self.hat_s * length,
            cymbal_s=self.cymbal_s * length,
            metal_hz=self.metal_hz * pitch,
        )


def strike(voice: str, kit: Kit, generator: np.random.Generator) -> FloatArray:
    """Return the sound of one stroke.

    Args:
        voice: One of `VOICES`.
        kit: The drums.
        generator: Draws the noise.

    Returns:
        The stroke, float32, shape (n_samples,), 1 at its loudest.

    Raises:
        SettingError: No drum is called so.
    """
    sound = VOICES[voice](kit, generator).astype(np.float32)
    sound[-64:] *= np.linspace(1, 0, len(sound[-64:]), dtype=np.float32)
    loudest = np.abs(sound).max()
    struck: FloatArray = sound / loudest
    return struck


def _kick(kit: Kit, generator: np.random.Generator) -> _Samples:
    time_s = _time(5 * kit.kick_s)
    # The pitch falls from five times its end within some 30 ms: the phase is the integral of that.
    cycles = kit.kick_hz * (time_s + 4 * 0.025 * (1 - _fall(time_s, 0.025)))
    skin = _tone(cycles) * _fall(time_s, kit.kick_s)
    click = _noise(len(time_s), 1500, 6000, generator) * _fall(time_s, 0.006)
    return skin + kit.click * click


def _snare(kit: Kit, generator: np.random.Generator) -> _Samples:
    time_s = _time(5 * kit.snare_s)
    skin = _tone(kit.snare_hz * time_s) + 0.6 * _tone(1.59 * kit.snare_hz * time_s)
    wires = _noise(len(time_s), 900, 9000, generator)
    return (1 - kit.wires) * skin * _fall(time_s, 0.05) + kit.wires * wires * _fall(time_s, kit.snare_s)


def _clap(kit: Kit, generator: np.random.Generator) -> _Samples:
    time_s = _time(5 * kit.snare_s + 0.03)
    hands = sum(_fall(np.maximum(time_s - start_s, 0), 0.006) * (time_s >= start_s) for start_s in (0, 0.011, 0.022))
    tail = _fall(np.maximum(time_s - 0.03, 0), kit.snare_s) * (time_s >= 0.03)  # noqa: PLR2004 - after the hands
    return _noise(len(time_s), 800, 3500, generator) * (hands + 0.8 * tail)


def _rim(kit: Kit, generator: np.random.Generator) -> _Samples:
    time_s = _time(0.08)
    wood = _tone(4.4 * kit.snare_hz * time_s) + 0.7 * _tone(8.7 * kit.snare_hz * time_s)
    return (wood + 0.3 * _noise(len(time_s), 1000, 6000, generator)) * _fall(time_s, 0.014)


def _tom(kit: Kit, generator: np.random.Generator) -> _Samples:
    time_s = _time(0.5)
    cycles = 0.55 * kit.snare_hz * (time_s + 0.5 * 0.04 * (1 - _fall(time_s, 0.04)))
    stick = _noise(len(time_s), 1000, 5000, generator) * _fall(time_s, 0.01)
    return _tone(cycles) * _fall(time_s, 0.14) + 0.2 * stick


def _brush(kit: Kit, generator: np.random.Generator) -> _Samples:
    time_s = _time(0.15)
    stir = np.minimum(time_s / 0.012, 1) * _fall(time_s, (0.4 * kit.snare_s + 0.015))
    return _noise(len(time_s), 1800, 9000, generator) * stir


def _shaker(kit: Kit, generator: np.random.Generator) -> _Samples:
    time_s = _time(0.09)
    return _noise(len(time_s), kit.metal_hz, 10500, generator) * np.minimum(time_s / 0.02, 1) * _fall(time_s, 0.02)


def _metal(kit: Kit, decay_s: float, ring: float, generator: np.random.Generator) -> _Samples:
    time_s = _time(min(4.5 * decay_s, 1.5))
    partials = [_tone(kit.metal_hz * ratio * time_s) for ratio in (0.55, 0.81, 1.0, 1.37, 1.74)]
    hiss = _noise(len(time_s), kit.metal_hz, 10800, generator)
    return (ring * sum(partials) + (1 - ring) * 2 * hiss) * _fall(time_s, decay_s)


def _hat(kit: Kit, generator: np.random.Generator) -> _Samples:
    return _metal(kit, kit.hat_s, 0.15, generator)


def _pedal(kit: Kit, generator: np.random.Generator) -> _Samples:
    return _metal(kit, 0.6 * kit.hat_s, 0.05, generator)


def _open_hat(kit: Kit, generator: np.random.Generator) -> _Samples:
    return _metal(kit, 0.6 * kit.cymbal_s, 0.2, generator)


def _ride(kit: Kit, generator: np.random.Generator) -> _Samples:
    sound = _metal(kit, kit.cymbal_s, 0.45, generator)
    time_s = np.arange(len(sound)) / SAMPLE_RATE
    return sound * (0.4 + _fall(time_s, 0.02))


def _crash(kit: Kit, generator: np.random.Generator) -> _Samples:
    return _metal(kit, 2.0 * kit.cymbal_s, 0.1, generator)


VOICES: Catalogue[Callable[[Kit, np.random.Generator], _Samples]] = Catalogue(
    "drum",
    {
        "kick": _kick,
        "snare": _snare,
        "clap": _clap,
        "rim": _rim,
        "tom": _tom,
        "brush": _brush,
        "shaker": _shaker,
        "hat": _hat,
        "pedal": _pedal,
        "open hat": _open_hat,
        "ride": _ride,
        "crash": _crash,
    },
)


def _tone(cycles: _Samples) -> _Samples:
    tone: _Samples = np.sin(2 * np.pi * cycles)
    return tone


def _fall(time_s: _Samples, decay_s: float) -> _Samples:
    fall: _Samples = np.exp(-time_s / decay_s)
    return fall


def _time(duration_s: float) -> _Samples:
    return np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE


def _noise(n_samples: int, low_hz: float, high_hz: float, generator: np.random.Generator) -> _Samples:
    """Return noise between two frequencies with soft edges (an octave wide), about 1 at its loudest."""
    n_fft = 1 << (n_samples - 1).bit_length()  # a length that the transform likes
    frequency_hz = np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE)
    edges = np.clip(frequency_hz / low_hz, 0, 1) ** 3 / (1 + (frequency_hz / high_hz) ** 6)
    spectrum = np.fft.rfft(generator.standard_normal(n_fft)) * edges
    noise = np.fft.irfft(spectrum, n_fft)[:n_samples]
    return noise / float(np.abs(noise).max())
