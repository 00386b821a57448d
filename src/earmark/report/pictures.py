"""A small picture of a sound, as a PNG file in memory."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

from earmark.audio import FloatArray
from earmark.features.colour_map import colour_table

_N_BANDS = 64
_N_FRAMES = 200  # at most: wider pictures are no clearer at the size they are shown at
_RANGE_DB = 70.0
_N_COLOURS = 64
_INDEXED = 3  # the colour type of a PNG whose pixels are places in a palette


def spectrogram_png(waveform: FloatArray, sample_rate: int) -> bytes:
    """Return a log-mel spectrogram: time to the right, pitch upwards, lighter where it is louder.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        sample_rate: Its rate, in Hz.
    """
    import torch  # noqa: PLC0415 - only who draws needs it

    from earmark.features.log_mel import LogMel, LogMelSettings  # noqa: PLC0415 - it brings torch

    hop_samples = max(128, -(-len(waveform) // _N_FRAMES))
    settings = LogMelSettings(
        sample_rate=sample_rate, n_fft=1024, hop_samples=hop_samples, n_mels=_N_BANDS, top_db=_RANGE_DB
    )
    with torch.inference_mode():
        decibel = LogMel(settings)(torch.from_numpy(np.ascontiguousarray(waveform))[None])[0].numpy()
    return indexed_png(_to_levels(decibel)[::-1])  # the lowest band belongs to the bottom


def indexed_png(levels: npt.NDArray[np.uint8]) -> bytes:
    """Return a picture with one byte a pixel: a quarter of what full colour takes.

    Args:
        levels: Shape (n_rows, n_columns), in 0..63, from quiet to loud.
    """
    return palette_png(levels, colour_table(_N_COLOURS)[:, :3])


def palette_png(levels: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """Return a picture whose pixels are places in a palette.

    Args:
        levels: Shape (n_rows, n_columns), below the number of colours.
        palette: Red, green and blue of each colour, shape (n_colours, 3), at most 256 of them.

    Source: PNG (third edition), W3C 2025, sections 5 and 11.
    """
    n_rows, n_columns = levels.shape
    header = struct.pack(">IIBBBBB", n_columns, n_rows, 8, _INDEXED, 0, 0, 0)
    lines = np.pad(levels, ((0, 0), (1, 0)))  # each line begins with its filter, 0 for none
    parts = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _to_levels(decibel: FloatArray) -> npt.NDArray[np.uint8]:
    loudest = float(decibel.max())
    share: FloatArray = np.clip(1 + (decibel - loudest) / _RANGE_DB, 0, 1)
    if decibel.min() == loudest:  # nothing but one level: silence, and not the loudest sound there is
        share = np.zeros_like(decibel)
    return np.round(share * (_N_COLOURS - 1)).astype(np.uint8)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
