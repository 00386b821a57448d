"""Decoding a sound file, or a stretch of it, a block at a time: hours of sound in the memory of some seconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from earmark.audio import FloatArray
from earmark.audio.read import (
    _UNKNOWN_LENGTH,
    _behind_the_end,
    _check_settings,
    _first_to_decode,
    _ForwardSound,
    _mix,
    _open_sound,
    _to_frame,
    _words,
)
from earmark.audio.stored import StoredFile
from earmark.errors import SettingError

BLOCK_SAMPLES = 1 << 17
"""Samples of all channels in a block: half a megabyte, which stays in the processor's cache."""


@dataclass(frozen=True, kw_only=True)
class SoundBlocks:
    """A sound that is decoded block by block, anew with every loop over it.

    Attributes:
        path: The file.
        sample_rate: In Hz.
        n_channels: Number of channels.
        start: The first sample of the stretch.
        n_samples: Number of samples in each channel of the stretch.
        container: The container, as libsndfile calls it, such as ``WAV``.
        subtype: How samples are written, such as ``PCM_16`` or ``VORBIS``.
        block_samples: How many samples of all channels a block holds; the last one may hold fewer.
    """

    path: Path
    sample_rate: int
    n_channels: int
    start: int
    n_samples: int
    container: str
    subtype: str
    block_samples: int

    def __iter__(self) -> Iterator[FloatArray]:
        """Yield blocks of all channels, (n_channels, n_samples), none of them empty.

        Raises:
            AudioError: As of `earmark.audio.read.read_sound`, when the place is reached that it is about.
        """
        with _open_sound(self.path) as (file, sound):
            n_before = self.start - _first_to_decode(sound, self.start)
            faults = _Faults(self)
            for block in _decoded(file, sound, self, n_before):
                if faults.has_none_in(block):
                    yield np.ascontiguousarray(block.T)  # (n_channels, n_samples)
            faults.raise_any(file)

    @property
    def block_frames(self) -> int:
        """Number of samples of each channel in a block."""
        return max(1, self.block_samples // self.n_channels)


class _Faults:
    """Counts the samples that are not finite, which are told of all at once."""

    def __init__(self, sound: SoundBlocks) -> None:
        self._sound = sound
        self._n_seen = self._n_faulty = self._first = 0

    def has_none_in(self, block: FloatArray) -> bool:
        is_faulty = ~np.isfinite(_mix(block))
        if is_faulty.any() and not self._n_faulty:
            self._first = self._n_seen + int(is_faulty.argmax())
        self._n_faulty += int(np.count_nonzero(is_faulty))
        self._n_seen += len(block)
        return not self._n_faulty

    def raise_any(self, file: StoredFile) -> None:
        if self._n_faulty:
            first_s = (self._sound.start + self._first) / self._sound.sample_rate
            raise file.fault(
                f"{self._n_faulty} of {self._n_seen} samples are not finite (NaN or infinite), the first at "
                f"{first_s:.3f} s: write the file anew with the program that made it"
            )


def sound_blocks(
    path: Path | str, *, start_s: float = 0.0, duration_s: float | None = None, block_samples: int = BLOCK_SAMPLES
) -> SoundBlocks:
    """Return a sound file, or a stretch of it, as blocks that hold every channel as it is stored.

    Put together and mixed, they are what `earmark.audio.read.read_sound` returns. No more than a block is in memory.
    Only a FLAC that does not say how long it is has to be decoded to know that, and is decoded once more for it.

    Args:
        path: The file.
        start_s: Where the stretch begins, in seconds.
        duration_s: How long it is, in seconds; None for "up to the end".
        block_samples: How many samples of all channels a block holds, at least 1.

    Raises:
        AudioError: The file is missing, not sound, truncated or empty; the stretch begins at or behind its end.
        SettingError: `start_s` is negative, or `duration_s` or `block_samples` is not positive.
    """
    _check_settings(None, start_s, duration_s)
    if block_samples < 1:
        raise SettingError(f"block_samples must be at least 1, not {block_samples}")
    with _open_sound(Path(path)) as (file, sound):
        rate, n_frames = sound.samplerate, sound.frames
        if n_frames >= _UNKNOWN_LENGTH:
            n_frames = sum(len(block) for block in _read_to_end(file, sound, block_samples))
        start = _to_frame(start_s, rate)
        stop = n_frames if duration_s is None else min(n_frames, _to_frame(start_s + duration_s, rate))
        if duration_s is not None and _to_frame(start_s + duration_s, rate) <= start:
            raise SettingError(f"duration_s is {duration_s:g}: that is less than a sample at {rate} Hz")
        if start >= n_frames:
            raise _behind_the_end(file, start, n_frames, rate)
        return SoundBlocks(
            path=Path(path),
            sample_rate=rate,
            n_channels=sound.channels,
            start=start,
            n_samples=stop - start,
            container=sound.format,
            subtype=sound.subtype,
            block_samples=block_samples,
        )


def _decoded(file: StoredFile, sound: _ForwardSound, wanted: SoundBlocks, n_before: int) -> Iterator[FloatArray]:
    """Yield the frames that are wanted, (n, n_channels), after so many that are decoded and thrown away."""
    sound.seek(wanted.start - n_before)
    n_left = n_before + wanted.n_samples
    while n_left:
        n_frames = min(n_before or n_left, wanted.block_frames)
        block = _read(file, sound, n_frames)
        if len(block) == 0:
            ends_s = (wanted.start + wanted.n_samples - n_left) / wanted.sample_rate
            raise file.fault(
                f"the file is truncated or damaged: its header promises {sound.frames / wanted.sample_rate:.3f} s and "
                f"the sound ends at {ends_s:.3f} s: copy or download it again"
            )
        n_left -= len(block)
        if n_before:
            n_before -= len(block)
        else:
            yield block


def _read_to_end(file: StoredFile, sound: _ForwardSound, block_samples: int) -> Iterator[FloatArray]:
    while len(block := _read(file, sound, max(1, block_samples // sound.channels))):
        yield block


def _read(file: StoredFile, sound: _ForwardSound, n_frames: int) -> FloatArray:
    try:
        block: FloatArray = sound.read(n_frames, dtype="float32", always_2d=True)  # (n_frames, n_channels)
    except soundfile.LibsndfileError as error:
        raise file.fault(
            f"the file is truncated or damaged: it cannot be decoded to its end ({_words(error)}): copy or download it "
            "again"
        ) from error
    return block
