"""Reading a sound file, whole or a stretch of it, as a mono waveform."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from earmark.audio import FloatArray
from earmark.audio.containers import sound_view
from earmark.audio.resample import resample
from earmark.audio.silence import quiet_c_stderr
from earmark.audio.stored import StoredFile, open_stored
from earmark.errors import AudioError, SettingError

AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".au", ".snd"})
"""The suffixes, in lower case, by which sounds are found in a folder. Reading itself goes by the content."""

_BLOCK_SAMPLES = 1 << 22  # of all channels: bounds the memory that a header with a made-up length can claim
# libsndfile 1.2 decodes wrongly after some seeks; sound is then decoded from a little earlier on and thrown away.
_MP3_RUN_UP = 16 * 1152  # a frame takes bits from up to nine (at low rates more) frames before it
_VORBIS_LAST_PAGE = 255 * 1024  # within the last Ogg page, a seek lands at the wrong sample; a page has 255 packets
_UNKNOWN_LENGTH = 1 << 62  # libsndfile gives 2**63 - 1 for a FLAC that came through a pipe


@dataclass(frozen=True, kw_only=True)
class SoundInfo:
    """What a sound file says of itself.

    Attributes:
        sample_rate: In Hz.
        n_channels: Number of channels.
        n_frames: Number of samples in each channel.
        container: The container, as libsndfile calls it, such as ``WAV``.
        subtype: How samples are written, such as ``PCM_16`` or ``VORBIS``.
    """

    sample_rate: int
    n_channels: int
    n_frames: int
    container: str
    subtype: str

    @property
    def duration_s(self) -> float:
        """The length, in seconds."""
        return self.n_frames / self.sample_rate


class _ForwardSound(soundfile.SoundFile):  # type: ignore[misc]  # soundfile publishes no types
    """A sound that is read from some place on to its end.

    soundfile 0.14 seeks after each read of a file that can seek, which fails at the end of a FLAC of unknown length.
    """

    def seekable(self) -> bool:
        """Return False."""
        return False


def read_info(path: Path | str) -> SoundInfo:
    """Return what a sound file says of itself, without decoding it.

    A file whose header promises more than it holds is refused as in `read_sound`; damage that only decoding shows
    is not seen. Only a FLAC that does not say how long it is has to be decoded.

    Args:
        path: The file.

    Raises:
        AudioError: The file is missing, not sound, truncated or empty.
    """
    with _open_sound(Path(path)) as (file, sound):
        n_frames = sound.frames
        if n_frames >= _UNKNOWN_LENGTH:
            n_frames = len(_decode(file, sound, 0, None))
        return SoundInfo(
            sample_rate=sound.samplerate,
            n_channels=sound.channels,
            n_frames=n_frames,
            container=sound.format,
            subtype=sound.subtype,
        )


def read_sound(
    path: Path | str, *, sample_rate: int | None = None, start_s: float = 0.0, duration_s: float | None = None
) -> tuple[FloatArray, int]:
    """Read a sound file, or a stretch of it, as one channel.

    WAV, FLAC, Ogg (Vorbis, Opus), MP3, AIFF and AU are read, told by their content. Channels are averaged. The rest of
    the file is not decoded when a stretch is asked for. Stretches that meet share no sample and leave none out. A
    stretch that reaches beyond the end is cut there. It is resampled by itself, so that within some milliseconds of
    its ends it differs slightly from the same stretch of the whole, resampled sound.

    Args:
        path: The file.
        sample_rate: The rate wanted, in Hz; None for the file's own.
        start_s: Where the stretch begins, in seconds.
        duration_s: How long it is, in seconds; None for "up to the end".

    Returns:
        The waveform, shape (n_samples,), at least one sample, nominally in [-1, 1], and its sample rate in Hz.
        Lossy formats and float files may reach beyond [-1, 1]; they are not clipped.

    Raises:
        AudioError: The file is missing, not sound, truncated, damaged or empty; it has samples that are not finite; the
            stretch begins at or behind its end.
        SettingError: `start_s` is negative, or `duration_s` or `sample_rate` is not positive.
    """
    _check_settings(sample_rate, start_s, duration_s)
    with _open_sound(Path(path)) as (file, sound):
        own_rate = sound.samplerate
        start = _to_frame(start_s, own_rate)
        stop = None if duration_s is None else _to_frame(start_s + duration_s, own_rate)
        if stop is not None and stop <= start:
            raise SettingError(f"duration_s is {duration_s:g}: that is less than a sample at {own_rate} Hz")
        waveform = _decode(file, sound, start, stop)
        _check_finite(file, waveform, start, own_rate)
    if sample_rate is None:
        return waveform, own_rate
    return resample(waveform, from_rate=own_rate, to_rate=sample_rate), sample_rate


@contextmanager
def _open_sound(path: Path) -> Iterator[tuple[StoredFile, _ForwardSound]]:
    with quiet_c_stderr(), open_stored(path) as file:
        view = sound_view(file)
        try:
            sound = _ForwardSound(io.BufferedReader(view, 1 << 16))
        except soundfile.LibsndfileError as error:
            raise file.fault(
                f"its header cannot be read ({_words(error)}): copy or download it again, or convert it "
                "(ffmpeg -i IN OUT.wav)"
            ) from error
        with sound:
            if sound.frames == 0:
                raise file.fault("the file holds no samples, only a header")
            yield file, sound


def _decode(file: StoredFile, sound: _ForwardSound, start: int, stop: int | None) -> FloatArray:
    is_unknown = sound.frames >= _UNKNOWN_LENGTH
    if not is_unknown and start >= sound.frames:
        raise _behind_the_end(file, start, sound.frames, sound.samplerate)
    first = _first_to_decode(sound, start)
    n_wanted = min(sound.frames, sound.frames if stop is None else stop) - first
    try:
        waveform = _read_blocks(sound, first, n_wanted)
    except soundfile.LibsndfileError as error:
        raise file.fault(
            f"the file is truncated or damaged: it cannot be decoded to its end ({_words(error)}): copy or download it "
            "again"
        ) from error
    n_read = len(waveform)
    if n_read < n_wanted and not is_unknown:
        raise file.fault(
            f"the file is truncated or damaged: its header promises {sound.frames / sound.samplerate:.3f} s and the "
            f"sound ends at {(first + n_read) / sound.samplerate:.3f} s: copy or download it again"
        )
    if is_unknown and start >= n_read:
        raise _behind_the_end(file, start, n_read, sound.samplerate)
    return waveform[start - first :]


def _first_to_decode(sound: _ForwardSound, start: int) -> int:
    n_frames: int = sound.frames
    if n_frames >= _UNKNOWN_LENGTH:
        return 0  # such a FLAC can only be read from its beginning
    if sound.format == "MP3":
        return max(0, start - _MP3_RUN_UP)
    if sound.format == "OGG":
        return max(0, min(start, n_frames - _VORBIS_LAST_PAGE))
    return start


def _read_blocks(sound: _ForwardSound, first: int, n_wanted: int) -> FloatArray:
    sound.seek(first)
    blocks = []
    n_read = 0
    while n_read < n_wanted:
        n_frames = min(_BLOCK_SAMPLES // sound.channels, n_wanted - n_read)
        block = sound.read(n_frames, dtype="float32", always_2d=True)  # (n_frames, n_channels)
        if len(block) == 0:
            break
        blocks.append(_mix(block))
        n_read += len(block)
    return blocks[0] if len(blocks) == 1 else np.concatenate([np.zeros(0, np.float32), *blocks])


def _mix(channels: FloatArray) -> FloatArray:
    # Column by column: numpy's mean over a short last axis is 30 times slower.
    if channels.shape[1] == 1:
        return channels[:, 0]
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused afterwards, by name
        total = channels[:, 0].copy()
        for index in range(1, channels.shape[1]):
            total += channels[:, index]
        total /= channels.shape[1]
    return total


def _check_settings(sample_rate: int | None, start_s: float, duration_s: float | None) -> None:
    if sample_rate is not None and sample_rate < 1:
        raise SettingError(f"sample_rate is {sample_rate}: a sample rate is a whole number of Hz, such as 22050")
    if not (math.isfinite(start_s) and start_s >= 0):
        raise SettingError(f"start_s is {start_s:g}: a stretch begins at 0 seconds or later")
    if duration_s is not None and not (math.isfinite(duration_s) and duration_s > 0):
        raise SettingError(f"duration_s is {duration_s:g}: give a positive length in seconds, or None for the rest")


def _check_finite(file: StoredFile, waveform: FloatArray, start: int, sample_rate: int) -> None:
    is_finite = np.isfinite(waveform)
    if not is_finite.all():
        first_s = (start + int(is_finite.argmin())) / sample_rate
        raise file.fault(
            f"{np.count_nonzero(~is_finite)} of {len(waveform)} samples are not finite (NaN or infinite), the first at "
            f"{first_s:.3f} s: write the file anew with the program that made it"
        )


def _to_frame(time_s: float, sample_rate: int) -> int:
    return math.floor(time_s * sample_rate + 0.5)


def _behind_the_end(file: StoredFile, start: int, n_frames: int, sample_rate: int) -> AudioError:
    return file.fault(
        f"the stretch begins at {start / sample_rate:.3f} s, and the sound ends at {n_frames / sample_rate:.3f} s"
    )


def _words(error: soundfile.LibsndfileError) -> str:
    return f"libsndfile: {error.error_string.rstrip('.')}"
