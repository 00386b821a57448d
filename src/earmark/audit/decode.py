"""Decoding a clip with all its channels, and what it is stored as."""

from dataclasses import dataclass

import numpy as np
import soundfile

from earmark.audio import FloatArray
from earmark.audio.containers import sound_view
from earmark.audio.read import SoundInfo, read_info, read_sound
from earmark.audio.silence import quiet_c_stderr
from earmark.audio.stored import open_stored
from earmark.data.clip import Clip

_MOST_FRAMES = 1 << 24  # a longer clip of several channels (6 min at 44.1 kHz) is looked at as its mix


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The sound of a clip.

    Attributes:
        info: What its file says of itself.
        mix: All channels' mean, shape (n_samples,).
        channels: Each channel, shape (n_channels, n_samples). The mix alone where the file has one channel, is longer
            than some minutes, or can only be mixed (a stretch, a stream of unknown length).
    """

    info: SoundInfo
    mix: FloatArray
    channels: FloatArray


def decode(clip: Clip) -> Decoded:
    """Decode a clip at the rate it is stored at.

    Args:
        clip: The clip.

    Raises:
        AudioError: It cannot be read; see `earmark.audio.read.read_sound`.
        SettingError: It is a stretch that cannot be.
    """
    info = read_info(clip.path)
    if info.n_channels > 1 and info.n_frames <= _MOST_FRAMES and not clip.start_s and clip.end_s is None:
        channels = _all_channels(clip, info)
        if channels is not None:
            return Decoded(info=info, mix=channels.mean(axis=0, dtype=np.float32), channels=channels)
    mix, _ = read_sound(clip.path, start_s=clip.start_s, duration_s=clip.duration_s)
    return Decoded(info=info, mix=mix, channels=mix[np.newaxis])


def _all_channels(clip: Clip, info: SoundInfo) -> FloatArray | None:
    """Return every channel; None where anything is odd, which `read_sound` then tells of in its own words."""
    with quiet_c_stderr(), open_stored(clip.path) as file:
        try:
            with soundfile.SoundFile(sound_view(file)) as sound:
                frames: FloatArray = sound.read(info.n_frames, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, TypeError):
            return None
    if len(frames) != info.n_frames or not np.isfinite(frames).all():
        return None
    return np.ascontiguousarray(frames.T)  # (n_channels, n_samples)
