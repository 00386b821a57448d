"""Decoding a clip with all its channels, a block at a time."""

import numpy as np

from earmark.audio import FloatArray
from earmark.audio.blocks import SoundBlocks, sound_blocks
from earmark.data.clip import Clip


def clip_blocks(clip: Clip) -> SoundBlocks:
    """Return the sound of a clip, in blocks, at the rate it is stored at.

    Args:
        clip: The clip.

    Raises:
        AudioError: It cannot be read; see `earmark.audio.blocks.sound_blocks`.
        SettingError: It is a stretch that cannot be.
    """
    return sound_blocks(clip.path, start_s=clip.start_s, duration_s=clip.duration_s)


def mix_of(channels: FloatArray) -> FloatArray:
    """Return the mean of all channels, (n_samples,), as a training hears it.

    Args:
        channels: Shape (n_channels, n_samples).

    >>> mix_of(np.float32([[0.5, 1.0], [0.0, -1.0]])).tolist()
    [0.25, 0.0]
    """
    mix: FloatArray = channels[0] if len(channels) == 1 else channels.mean(axis=0, dtype=np.float32)
    return mix
