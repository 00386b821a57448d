"""A clip as a browser plays it: decoded here, so that the formats which a browser knows do not matter."""

import base64
from collections.abc import Callable
from typing import Any

from earmark.audio import FloatArray
from earmark.audio.read import SoundInfo, read_info, read_sound
from earmark.audio.write import encode_sound
from earmark.data.clip import Clip
from earmark.errors import AudioError, EarmarkError

LONGEST_S = 60.0
_RATES = (8000, 48000)  # what every browser plays; beyond them it is resampled

Draw = Callable[[FloatArray, int], bytes]


def excerpt(clip: Clip) -> dict[str, Any]:
    """Return a clip, or the first minute of it, for a page.

    It is mono and of 16 bits without loss, so that clipping and what is missing above stay to be heard.

    Args:
        clip: The clip.

    Returns:
        ``sound``, a data address, and ``caption``, how much of the clip it is; or the ``reason`` why there is nothing
        to play.
    """
    try:
        info = read_info(clip.path)
        waveform, sample_rate = _waveform(clip, info)
        sound = base64.b64encode(encode_sound(waveform, sample_rate)).decode("ascii")
    except AudioError as error:
        return {"reason": f"It cannot be played: {error.reason}."}
    except EarmarkError as error:
        return {"reason": f"It cannot be played: {error}."}
    clip_s = _length_s(clip, info)
    length = f"{clip_s:.1f} s" if clip_s <= LONGEST_S else f"the first {LONGEST_S:.0f} s of {clip_s:.0f} s"
    channels = "1 channel" if info.n_channels == 1 else f"{info.n_channels} channels"
    file = f"{info.container} ({info.subtype.lower().replace('_', ' ')}), {info.sample_rate} Hz, {channels}"
    return {"sound": f"data:audio/wav;base64,{sound}", "caption": f"{length}, {file}"}


def draw_excerpt(clip: Clip, draw: Draw) -> bytes:
    """Return a picture of what `excerpt` plays, as the bytes of a PNG.

    Args:
        clip: The clip.
        draw: Draws a waveform (n_samples,) of some rate.

    Raises:
        AudioError: The clip cannot be read.
    """
    return draw(*_waveform(clip, read_info(clip.path)))


def _length_s(clip: Clip, info: SoundInfo) -> float:
    end_s = info.duration_s if clip.end_s is None else min(clip.end_s, info.duration_s)
    return end_s - clip.start_s


def _waveform(clip: Clip, info: SoundInfo) -> tuple[FloatArray, int]:
    return read_sound(
        clip.path,
        sample_rate=min(max(info.sample_rate, _RATES[0]), _RATES[1]),
        start_s=clip.start_s,
        duration_s=clip.duration_s if _length_s(clip, info) <= LONGEST_S else LONGEST_S,
    )
