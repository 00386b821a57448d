"""What a sound is known again by, whatever its container, loudness and beginning: bits, and keys to look them up."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.audio import FloatArray
from earmark.errors import SettingError

FRAME_RATE_HZ = 62.5
"""Frames a second of a fingerprint."""

N_BITS = 32
"""Bits of a frame."""

N_TABLES = 4
"""Ways to make a key of a frame: each leaves out another eight of its bits."""

KEY_BITS = N_BITS - 8
"""Bits of a frame in a key; the number of its table stands above them."""

_SAMPLE_RATE = 8000
_WINDOW_SAMPLES = 2048  # 0.256 s: 32 times the hop, so that half a hop of misalignment changes few bits
_HOP_SAMPLES = 128
_LAG_FRAMES = 16  # a window's length: the two spectra that are compared share no sample
_LOW_HZ, _HIGH_HZ = 150.0, 3800.0
_FLOOR = 1e-6  # 60 dB below the loudest frame: what lies lower is the codec's, not the sound's
_HEARD = 1e-5
_SILENCE = 1e-10  # mean square of a frame, -100 dB re full scale: the rounding of 16 bits
_BLOCK_FRAMES = 256  # are transformed at once
_PART_FRAMES = 37_500  # ten minutes
_SHORTEST_SAMPLES = _SAMPLE_RATE  # a shorter sound is looked at with silence around it
_TABLES = tuple(np.delete(np.arange(N_BITS), np.s_[8 * left_out : 8 * left_out + 8]) for left_out in range(N_TABLES))
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
    maker = FingerprintMaker(sample_rate)
    maker.add(waveform)
    return maker.finish()


class FingerprintMaker:
    """Makes the fingerprint of a sound that comes in blocks, whatever their length.

    What lies 60 dB below the loudest is of no account: of a long sound, below the loudest of its ten minutes.

    Args:
        sample_rate: Its rate, in Hz.

    Raises:
        SettingError: The rate is below 1 Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._resampler = _Resampler(sample_rate)
        self._beginning = np.zeros(0, np.float32)  # of a sound that may turn out to be a short one
        self._rest: FloatArray | None = None  # what the next frames begin with
        self._power: list[FloatArray] = []  # of a part, and of a window's length before it
        self._n_power = 0
        self._parts: list[Fingerprint] = []

    def add(self, waveform: FloatArray) -> None:
        """Take the next block, (n_samples,)."""
        self._listen(self._resampler.add(waveform))

    def finish(self) -> Fingerprint:
        """Return the fingerprint, at the end of a sound of one sample at least."""
        self._listen(self._resampler.finish())
        if self._rest is None:
            lacking = _SHORTEST_SAMPLES - len(self._beginning)
            self._rest = np.zeros(_WINDOW_SAMPLES + lacking // 2, np.float32)
            self._take(np.pad(self._beginning, (0, lacking - lacking // 2)))
        self._end_part()
        starts = np.cumsum([0, *(len(part.words) for part in self._parts[:-1])], dtype=np.int32)
        return Fingerprint(
            words=np.concatenate([part.words for part in self._parts]),
            heard=np.concatenate([part.heard for part in self._parts]),
            keys=np.concatenate([part.keys for part in self._parts]),
            key_frames=np.concatenate(
                [part.key_frames + start for part, start in zip(self._parts, starts, strict=True)]
            ),
        )

    def _listen(self, sound: FloatArray) -> None:
        if self._rest is not None:
            self._take(sound)
            return
        self._beginning = np.concatenate([self._beginning, sound])
        if len(self._beginning) >= _SHORTEST_SAMPLES:
            self._rest = np.zeros(_WINDOW_SAMPLES, np.float32)  # what begins at once is compared with silence
            self._take(self._beginning)

    def _take(self, sound: FloatArray) -> None:
        sound = sound if self._rest is None else np.concatenate([self._rest, sound])
        n_frames = max(0, (len(sound) - _WINDOW_SAMPLES) // _HOP_SAMPLES + 1)
        done = 0
        while done < n_frames:
            if self._n_power == _PART_FRAMES + _LAG_FRAMES:
                self._end_part()
            n_new = min(n_frames - done, _BLOCK_FRAMES, _PART_FRAMES + _LAG_FRAMES - self._n_power)
            self._power.append(_band_power(sound[done * _HOP_SAMPLES :], n_new))
            self._n_power += n_new
            done += n_new
        self._rest = sound[n_frames * _HOP_SAMPLES :].copy()

    def _end_part(self) -> None:
        power = np.concatenate(self._power)  # (n_frames + lag, n_bits + 1)
        self._power, self._n_power = [power[-_LAG_FRAMES:].copy()], _LAG_FRAMES
        steps_db = np.diff(10 * np.log10(power + (_FLOOR * power.max(initial=0) + np.finfo(np.float32).tiny)), axis=1)
        change_db = steps_db[_LAG_FRAMES:] - steps_db[:-_LAG_FRAMES]  # (n_frames, n_bits)
        heard = _is_heard(power)[_LAG_FRAMES:]
        keys, key_frames = _keys(change_db, heard)
        self._parts.append(Fingerprint(words=_packed(change_db > 0), heard=heard, keys=keys, key_frames=key_frames))


class _Resampler:
    """Brings a sound that comes in blocks to the rate of fingerprints, as `earmark.audio.resample` does a whole one."""

    def __init__(self, sample_rate: int) -> None:
        import soxr  # noqa: PLC0415 - imports are lazy

        if sample_rate < 1:
            raise SettingError(f"from_rate is {sample_rate}: a sample rate is a whole number of Hz, such as 22050")
        self._rate = sample_rate
        self._stream = soxr.ResampleStream(sample_rate, _SAMPLE_RATE, 1, dtype="float32", quality="HQ")
        self._n_in = self._n_out = 0

    def add(self, waveform: FloatArray) -> FloatArray:
        """Return what has become of the sound by now, (n_samples,): later than it was given."""
        self._n_in += len(waveform)
        return self._counted(waveform, last=False)

    def finish(self) -> FloatArray:
        """Return the rest: ceil(n_samples * 8000 / rate) in all."""
        n_left = -(-self._n_in * _SAMPLE_RATE // self._rate) - self._n_out
        rest = self._counted(np.zeros(0, np.float32), last=True)[: max(0, n_left)]
        return np.pad(rest, (0, max(0, n_left - len(rest))))

    def _counted(self, waveform: FloatArray, *, last: bool) -> FloatArray:
        if self._rate == _SAMPLE_RATE:
            resampled = waveform
        else:
            resampled = np.asarray(self._stream.resample_chunk(np.ascontiguousarray(waveform), last=last))
        self._n_out += len(resampled)
        return resampled


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


def _band_power(sound: FloatArray, n_frames: int) -> FloatArray:
    """Return the power in each band of so many frames, (n_frames, n_bands)."""
    from scipy.fft import rfft  # noqa: PLC0415 - imports are lazy; four times as quick as NumPy's

    first, *_, end = places = _edges()
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW_SAMPLES)[::_HOP_SAMPLES][:n_frames]
    spectrum = rfft(frames * _window())[:, first:end]  # (n_frames, n_bins)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(np.add.reduceat(power, places[:-1] - first, axis=1))


def _is_heard(power: FloatArray) -> NDArray[np.bool_]:
    """Return which frames are no silence, (n_frames,)."""
    total = power.sum(axis=1)
    to_mean_square = 2 / (_WINDOW_SAMPLES * np.square(_window()).sum())  # Parseval
    return np.asarray(total > max(_HEARD * total.max(), _SILENCE / to_mean_square))


@functools.cache
def _edges() -> NDArray[np.int64]:
    """Return where the bands of a spectrum begin, and where the last one ends, (n_bands + 1,)."""
    edges = np.geomspace(_LOW_HZ, _HIGH_HZ, N_BITS + 2) * _WINDOW_SAMPLES / _SAMPLE_RATE
    return np.round(edges).astype(np.int64)


@functools.cache
def _window() -> FloatArray:
    return np.hanning(_WINDOW_SAMPLES).astype(np.float32)


def _keys(change_db: FloatArray, heard: NDArray[np.bool_]) -> tuple[Words, NDArray[np.int32]]:
    """Return the keys and their frames: of each table, the frames whose bits are the firmest thereabouts."""
    doubt = 1 / (1 + np.square(change_db / _MARGIN_DB))  # (n_frames, n_bits)
    keys, frames = [], []
    for table, bits in enumerate(_TABLES):
        chosen = np.flatnonzero(_is_least(doubt[:, bits].sum(axis=1), heard))
        keys.append(_packed(change_db[chosen][:, bits] > 0) | np.uint32(table << KEY_BITS))
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
