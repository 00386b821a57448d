"""Notes of pitched instruments: tables of one cycle each, read at the pitch of the note."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from earmark.audio import FloatArray
from earmark.data.genres.timbres import Timbre

SAMPLE_RATE = 22050

_TABLE_BITS = 11
_TABLE_SIZE = 1 << _TABLE_BITS
_VIBRATO_HZ = 5.5
_DARK_SLOPE_DB = -9.0  # what a plucked note loses with each octave once its attack is over


def play_chord(
    timbre: Timbre,
    pitches: tuple[int, ...],
    *,
    duration_s: float,
    brightness_db: float = 0.0,
    detune_cents: float = 0.0,
    generator: np.random.Generator,
) -> FloatArray:
    """Return the sound of notes that one instrument plays at once.

    An overdriven instrument distorts their sum, as an amplifier does, which makes power chords growl.

    Args:
        timbre: The instrument.
        pitches: The notes, as MIDI pitches.
        duration_s: How long the keys are held; the sound is longer by the release.
        brightness_db: Added to the harmonics with each octave: how this copy of the instrument differs from others.
        detune_cents: How far this copy is out of tune, and its players further apart.
        generator: Draws the phases and the noise.

    Returns:
        The sound, float32, shape (n_samples,), about 1 at its loudest.
    """
    n_samples = round((duration_s + timbre.release_s) * SAMPLE_RATE)
    total = np.zeros(n_samples, np.float32)
    for pitch in pitches:
        total += _play_note(timbre, pitch, n_samples, brightness_db, detune_cents, generator)
    total *= 1 / np.sqrt(len(pitches))
    if timbre.drive > 0:
        total = np.tanh((1 + timbre.drive) * total)
    total *= _envelope(timbre, n_samples) * 10 ** (timbre.gain_db / 20)
    return total


def _play_note(
    timbre: Timbre,
    pitch: int,
    n_samples: int,
    brightness_db: float,
    detune_cents: float,
    generator: np.random.Generator,
) -> FloatArray:
    frequency_hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    bright = _table(timbre, round(frequency_hz, 3), round(brightness_db, 2))
    note = _read(bright, timbre, frequency_hz, n_samples, detune_cents, generator)
    if timbre.darken_s > 0:
        dark = _table(timbre, round(frequency_hz, 3), round(brightness_db + _DARK_SLOPE_DB, 2))
        mellow = _read(dark, timbre, frequency_hz, n_samples, detune_cents, generator)
        note = mellow + (note - mellow) * _decay(n_samples, timbre.darken_s)
    if timbre.noise > 0:
        breath = np.full(n_samples, timbre.noise, np.float32)
        if timbre.decay_s > 0:  # a pick is heard only while it touches the string
            breath *= 6 * _decay(n_samples, 0.015)
        note += breath * generator.standard_normal(n_samples, dtype=np.float32)
    return note


def _read(
    table: FloatArray,
    timbre: Timbre,
    frequency_hz: float,
    n_samples: int,
    detune_cents: float,
    generator: np.random.Generator,
) -> FloatArray:
    """Read a table at a pitch, once for each player, with the phase as a 32-bit number that wraps by itself."""
    spread = timbre.detune_cents + (abs(detune_cents) if timbre.n_voices > 1 else 0.0)
    note = np.zeros(n_samples, np.float32)
    sample = np.arange(n_samples, dtype=np.uint32)
    for offset in np.linspace(-spread, spread, timbre.n_voices) if timbre.n_voices > 1 else (0.0,):
        played_hz = frequency_hz * 2.0 ** ((offset + detune_cents) / 1200)
        phase = sample * np.uint32(played_hz / SAMPLE_RATE * 2**32) + np.uint32(generator.integers(2**32))
        if timbre.vibrato_cents > 0:
            phase += _vibrato(played_hz, timbre.vibrato_cents, n_samples)
        note += table[phase >> (32 - _TABLE_BITS)]
    note *= 1 / np.sqrt(timbre.n_voices)
    return note


def _vibrato(frequency_hz: float, depth_cents: float, n_samples: int) -> NDArray[np.uint32]:
    deviation_hz = frequency_hz * (2.0 ** (depth_cents / 1200) - 1)
    cycles = deviation_hz / (2 * np.pi * _VIBRATO_HZ)  # the integral of the deviation, in cycles of the note
    return (np.float32(cycles * 2**32) * _vibrato_curve(n_samples)).astype(np.int64).astype(np.uint32)


@lru_cache(maxsize=256)
def _vibrato_curve(n_samples: int) -> FloatArray:
    angle = np.arange(n_samples, dtype=np.float32) * np.float32(2 * np.pi * _VIBRATO_HZ / SAMPLE_RATE)
    curve: FloatArray = np.sin(angle)
    return curve


@lru_cache(maxsize=1024)
def _table(timbre: Timbre, frequency_hz: float, brightness_db: float) -> FloatArray:
    """Return one cycle with the harmonics that fit below the highest frequency, with a mean power of a half."""
    n_harmonics = max(1, min(64, int(0.48 * SAMPLE_RATE / frequency_hz)))
    harmonic = np.arange(1, n_harmonics + 1)
    octave = np.log2(harmonic)
    if timbre.drawbars:
        strength = np.zeros(n_harmonics)
        n_drawn = min(n_harmonics, len(timbre.drawbars))
        strength[:n_drawn] = timbre.drawbars[:n_drawn]
        gain_db = brightness_db * octave
    else:
        strength = np.where(harmonic % 2 == 0, timbre.even_gain, 1.0)
        gain_db = (timbre.slope_db + brightness_db) * octave
    from_body = np.log2(harmonic * frequency_hz / timbre.body_hz)
    gain_db = gain_db + timbre.body_db * np.exp(-0.5 * (from_body / 0.7) ** 2)
    strength *= 10 ** (gain_db / 20)
    strength /= np.sqrt(np.sum(strength**2))
    spectrum = np.zeros(_TABLE_SIZE // 2 + 1, complex)
    spectrum[1 : n_harmonics + 1] = -0.5j * _TABLE_SIZE * strength
    return np.fft.irfft(spectrum, _TABLE_SIZE).astype(np.float32)


def _envelope(timbre: Timbre, n_samples: int) -> FloatArray:
    envelope = _decay(n_samples, timbre.decay_s) if timbre.decay_s > 0 else np.ones(n_samples, np.float32)
    n_attack = max(1, min(n_samples // 2, round(timbre.attack_s * SAMPLE_RATE)))
    n_release = max(1, min(n_samples // 2, round(timbre.release_s * SAMPLE_RATE)))
    envelope[:n_attack] *= np.linspace(0, 1, n_attack, dtype=np.float32)
    envelope[-n_release:] *= np.linspace(1, 0, n_release, dtype=np.float32)
    return envelope


def _decay(n_samples: int, time_s: float) -> FloatArray:
    decay: FloatArray = np.exp(np.arange(n_samples, dtype=np.float32) * np.float32(-1 / (time_s * SAMPLE_RATE)))
    return decay
