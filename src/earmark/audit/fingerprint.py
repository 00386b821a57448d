"""What a sound is known again by, whatever its container, loudness and beginning: bits, and keys to look them up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.audio import FloatArray
from earmark.audio.resample import resample
from earmark.errors import SettingError

FRAME_RATE_HZ = 62.5
"""Frames a second of a fingerprint."""

N_BITS = 32
"""Bits of a frame."""

_SAMPLE_RATE = 8000
_WINDOW_SAMPLES = 2048  # 0.256 s: 32 times the hop, so that half a hop of misalignment changes few bits
_HOP_SAMPLES = 128
_LAG_FRAMES = 16  # a window's length: the two spectra that are compared share no sample
_LOW_HZ, _HIGH_HZ = 150.0, 3800.0
_FLOOR = 1e-6  # 60 dB below the loudest frame: what lies lower is the codec's, not the sound's
_HEARD = 1e-5
_SILENCE = 1e-10  # mean square of a frame, -100 dB re full scale: the rounding of 16 bits
_SHORTEST_SAMPLES = _SAMPLE_RATE  # a shorter sound is looked at with silence around it
_TABLES = tuple(np.delete(np.arange(N_BITS), np.s_[8 * left_out : 8 * left_out + 8]) for left_out in range(4))
_KEY_BITS = 24
_REACH_FRAMES = 2  # a key is taken from the firmest frame among so many on either side
_MARGIN_DB = 1.0  # a band that moves by less than about this much may turn over in a codec

Words = NDArray[np.uint32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Fingerprint:
    """What a sound is known again by.

    Attributes:
        words: One bit a pair of neighbouring bands and frame, packed, (n_frames,).
        heard: Whether there is sound in a frame and not only silence, (n_frames,).
        keys: What to look a sound up by: the firmest frames, 24 of their bits and which 24 these are, (n_keys,).
        key_frames: The frame of each key, (n_keys,).
    """

    words: Words
    heard: NDArray[np.bool_]
    keys: Words
    key_frames: NDArray[np.int32]

    def to_array(self) -> Words:
        """Return it as one array of whole numbers, as a store keeps it."""
        sizes = np.array([len(self.words), len(self.keys)], np.uint32)
        return np.concatenate(
            [sizes, self.words, self.heard.astype(np.uint32), self.keys, self.key_frames.astype(np.uint32)]
        )

    @staticmethod
    def from_array(array: ArrayLike) -> "Fingerprint":
        """Return what `to_array` made an array of.

        Raises:
            SettingError: The array is none of those.
        """
        numbers = np.asarray(array, dtype=np.uint32)
        n_frames, n_keys = map(int, numbers[:2]) if numbers.ndim == 1 and len(numbers) > 1 else (0, -1)
        if n_keys < 0 or len(numbers) != 2 + 2 * n_frames + 2 * n_keys:
            raise SettingError(f"an array of shape {numbers.shape} is no fingerprint: take one that to_array made")
        words, heard, keys, key_frames = np.split(numbers[2:], np.cumsum([n_frames, n_frames, n_keys]))
        return Fingerprint(words=words, heard=heard.astype(bool), keys=keys, key_frames=key_frames.astype(np.int32))


def fingerprint(waveform: FloatArray, sample_rate: int) -> Fingerprint:
    """Return what a sound is known again by: gain does not change it, and a codec or another beginning but little.

    Below 3.8 kHz, each bit of a frame says whether the step between two neighbouring bands has grown in the last
    quarter of a second. Two encodings of one sound differ in a tenth of their bits, two sounds in half.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Its rate, in Hz.

    Raises:
        SettingError: The waveform is not of one axis or empty, or the rate is below 1 Hz.

    >>> noise = np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    >>> one, softer = fingerprint(noise, 16000), fingerprint(noise / 8, 16000)
    >>> len(one.words), bool((one.words == softer.words).all())
    (110, True)

    Source: the bits follow J. Haitsma and T. Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002,
    equation 1; differs in decibels in place of power, and a frame compared with the one a window before it. That bits
    with a small margin are the first to turn over is their section 4.3.
    """
    if waveform.ndim != 1 or len(waveform) == 0:
        raise SettingError(f"a fingerprint is taken of a waveform (n_samples,), not of one of shape {waveform.shape}")
    sound = resample(waveform, from_rate=sample_rate, to_rate=_SAMPLE_RATE)
    lacking = max(0, _SHORTEST_SAMPLES - len(sound))
    before = _WINDOW_SAMPLES + lacking // 2  # what begins at once is compared with silence
    power, heard = _band_power(np.pad(sound, (before, lacking - lacking // 2)))  # (n_frames + lag, n_bits + 1)
    steps_db = np.diff(10 * np.log10(power + (_FLOOR * power.max(initial=0) + np.finfo(np.float32).tiny)), axis=1)
    change_db = steps_db[_LAG_FRAMES:] - steps_db[:-_LAG_FRAMES]  # (n_frames, n_bits)
    heard = heard[_LAG_FRAMES:]
    keys, key_frames = _keys(change_db, heard)
    return Fingerprint(words=_packed(change_db > 0), heard=heard, keys=keys, key_frames=key_frames)


def differing_bits(one: Words, other: Words) -> NDArray[np.int64]:
    """Return in how many bits words differ from others, word by word.

    >>> differing_bits(np.array([0, 7], np.uint32), np.array([0, 8], np.uint32)).tolist()
    [0, 4]

    Source: H. S. Warren, "Hacker's Delight", section 5-1. NumPy has `bitwise_count` from 2.0 on only.
    """
    pairs = one ^ other
    pairs = pairs - ((pairs >> 1) & 0x55555555)
    fours = (pairs & 0x33333333) + ((pairs >> 2) & 0x33333333)
    bytewise = (fours + (fours >> 4)) & 0x0F0F0F0F
    return np.asarray((bytewise * np.uint32(0x01010101)) >> 24, dtype=np.int64)


def _band_power(sound: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the power in each band and frame, (n_frames, n_bands), and which frames are no silence, (n_frames,)."""
    from scipy.fft import rfft  # noqa: PLC0415 - imports are lazy; four times as quick as NumPy's

    window = np.hanning(_WINDOW_SAMPLES).astype(np.float32)
    edges = np.geomspace(_LOW_HZ, _HIGH_HZ, N_BITS + 2) * _WINDOW_SAMPLES / _SAMPLE_RATE
    first, *_, end = places = np.round(edges).astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW_SAMPLES)[::_HOP_SAMPLES]
    bands = []
    for start in range(0, len(frames), 1024):  # a long recording need not lie in memory as frames
        spectrum = rfft(frames[start : start + 1024] * window)[:, first:end]  # (n, n_bins)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        bands.append(np.add.reduceat(power, places[:-1] - first, axis=1))
    power = np.concatenate(bands)
    total = power.sum(axis=1)
    to_mean_square = 2 / (_WINDOW_SAMPLES * np.square(window).sum())  # Parseval
    return power, total > max(_HEARD * total.max(), _SILENCE / to_mean_square)


def _keys(change_db: FloatArray, heard: NDArray[np.bool_]) -> tuple[Words, NDArray[np.int32]]:
    """Return the keys and their frames: of each table, the frames whose bits are the firmest thereabouts."""
    doubt = 1 / (1 + np.square(change_db / _MARGIN_DB))  # (n_frames, n_bits)
    keys, frames = [], []
    for table, bits in enumerate(_TABLES):
        chosen = np.flatnonzero(_is_least(doubt[:, bits].sum(axis=1), heard))
        keys.append(_packed(change_db[chosen][:, bits] > 0) | np.uint32(table << _KEY_BITS))
        frames.append(chosen.astype(np.int32))
    return np.concatenate(keys), np.concatenate(frames)


def _is_least(doubt: FloatArray, heard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    masked = np.pad(np.where(heard, doubt, np.inf), _REACH_FRAMES, constant_values=np.inf)
    least = np.lib.stride_tricks.sliding_window_view(masked, 2 * _REACH_FRAMES + 1).min(axis=1)
    return np.asarray(heard & (doubt == least))


def _packed(bits: NDArray[np.bool_]) -> Words:
    """Return bits (n, at most 32) as whole numbers, (n,); the first is the lowest."""
    weights = np.uint32(1) << np.arange(bits.shape[1], dtype=np.uint32)
    return np.asarray((bits * weights).sum(axis=1, dtype=np.uint32))
