"""From the sum of the instruments to the finished mix: amplifier, equaliser, room, noise, level."""

import numpy as np
from numpy.typing import NDArray

from earmark.audio import FloatArray
from earmark.data.genres.artists import N_BANDS, Artist
from earmark.data.genres.instruments import SAMPLE_RATE

_BLOCK = 1 << 17
_EQUALISER_TAPS = 1024
_PEAK = 0.98


def master(dry: FloatArray, artist: Artist, *, room: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return the finished mix.

    Args:
        dry: The sum of the instruments, shape (n_samples,).
        artist: Whose mix it is.
        room: The answer of the artist's equaliser and room to a click, from `room_response`.
        generator: Draws the hiss.

    Returns:
        The mix, float32, shape (n_samples,), within (-1, 1).
    """
    mix = dry * np.float32(0.2 / _level(dry))
    if artist.drive > 0:
        mix = np.tanh(np.float32(1 + artist.drive) * mix)
    mix = convolve(mix, room)
    mix *= np.float32(1 / _level(mix))
    mix += _hiss(len(mix), artist, room, generator)
    mix *= np.float32(10 ** (artist.level_db / 20))
    return mix * np.float32(min(1.0, _PEAK / float(np.abs(mix).max())))


def room_response(artist: Artist, generator: np.random.Generator) -> FloatArray:
    """Return what the artist's equaliser and room make of a click.

    Args:
        artist: Whose room it is.
        generator: Draws the echoes; the same for all tracks of the artist.

    Returns:
        The response, float32, shape (n_taps,).
    """
    time_s = np.arange(round(5 * artist.room_s * SAMPLE_RATE)) / SAMPLE_RATE
    echo = generator.standard_normal(len(time_s)) * np.exp(-time_s / artist.room_s)
    n_fft = 1 << (len(echo) + _EQUALISER_TAPS).bit_length()
    frequency_hz = np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE)
    spectrum = np.fft.rfft(echo, n_fft)
    spectrum /= np.sqrt(1 + (frequency_hz / artist.room_high_hz) ** 4)
    spectrum *= artist.room_gain / np.sqrt(np.mean(np.abs(spectrum) ** 2))
    equaliser = np.fft.rfft(_equaliser(artist), n_fft)
    response = np.fft.irfft((1 + spectrum) * equaliser, n_fft)
    return response[: len(echo) + _EQUALISER_TAPS].astype(np.float32)


def convolve(waveform: FloatArray, response: FloatArray) -> FloatArray:
    """Return the waveform as the response answers it, cut to its own length, by transforms of overlapping blocks.

    Args:
        waveform: Shape (n_samples,).
        response: Shape (n_taps,), shorter than a block of 131,072.

    Returns:
        Float32, shape (n_samples,).
    """
    block = min(_BLOCK, 1 << (len(waveform) + len(response)).bit_length())
    step = block - len(response) + 1
    n_blocks = -(-len(waveform) // step)
    padded = np.zeros(n_blocks * step, np.float32)
    padded[: len(waveform)] = waveform
    spectra = np.fft.rfft(padded.reshape(n_blocks, step), block) * np.fft.rfft(response, block)
    answers = np.fft.irfft(spectra, block)  # (n_blocks, block)
    out = np.zeros(n_blocks * step + len(response) - 1, np.float32)
    for index, answer in enumerate(answers):
        out[index * step : index * step + block] += answer
    return out[: len(waveform)]


def _equaliser(artist: Artist) -> NDArray[np.floating]:
    """Return the taps of the equaliser, in the middle of which its click stands."""
    frequency_hz = np.maximum(np.fft.rfftfreq(_EQUALISER_TAPS, 1 / SAMPLE_RATE), 1.0)
    octave = np.log2(frequency_hz / 43.0)
    gain_db = artist.tilt_db * (octave - 0.5 * N_BANDS) + np.interp(octave, np.arange(N_BANDS), artist.bands_db)
    cut = 1 / np.sqrt((1 + (artist.low_cut_hz / frequency_hz) ** 4) * (1 + (frequency_hz / artist.high_cut_hz) ** 10))
    taps = np.fft.irfft(cut * 10 ** (gain_db / 20), _EQUALISER_TAPS)
    return np.roll(taps, _EQUALISER_TAPS // 2) * np.hanning(_EQUALISER_TAPS)


def _hiss(n_samples: int, artist: Artist, room: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return the noise of the recording, white before the equaliser; it comes round every six seconds."""
    noise = generator.standard_normal(min(n_samples, _BLOCK), dtype=np.float32)
    coloured = convolve(noise, room)
    coloured *= np.float32(10 ** ((artist.hiss_db - artist.level_db) / 20) / _level(coloured))
    return np.resize(coloured, n_samples)


def _level(waveform: FloatArray) -> float:
    """Return the root mean square, or 1 for silence, so that one can divide by it."""
    return float(np.sqrt(np.mean(np.square(waveform)))) or 1.0
