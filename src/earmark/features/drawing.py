"""Pictures of sounds: arrays drawn through a colour map, without a plotting library.

The whole of a picture is data: it has no axes, no margin and no words. Time goes to the right, pitch and amplitude go
up, and what is louder is lighter.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from earmark._util.catalogue import Catalogue
from earmark.errors import DataError, SettingError
from earmark.features.colour_map import Picture, apply_colours
from earmark.features.log_mel import LogMel, LogMelSettings
from earmark.features.log_spectrogram import LogSpectrogram, LogSpectrogramSettings

N_ROWS = 300
N_COLUMNS = 600

FloatArray = npt.NDArray[np.float32]

_LOUDEST = 255
_INK = 180  # of the colour map: light on dark, and no more glaring than a loud spectrogram
_WINDOW_S = 0.046
_LEAST_N_FFT = 256
_N_MELS = 128
_RANGE_DB = 80.0
# What is quieter than this everywhere is drawn dark: the rounding of a silent file is no sound worth all colours.
_LEAST_LOUDEST_DB = {"spectrogram": 0.0, "mel": -15.0}


class Draw(Protocol):
    """What draws a sound."""

    def __call__(
        self, waveform: FloatArray, sample_rate: int, *, n_rows: int = N_ROWS, n_columns: int = N_COLUMNS
    ) -> Picture:
        """Return the picture (n_rows, n_columns, 4) of a waveform (n_samples,)."""


@dataclass(frozen=True, kw_only=True)
class PictureKind:
    """A kind of picture that ships.

    Attributes:
        draw: Draws a sound.
        summary: What is seen, in a few words.
    """

    draw: Draw
    summary: str


def check_size(n_rows: int, n_columns: int) -> None:
    """Refuse a size that no picture has.

    Raises:
        SettingError: A side is below 1.
    """
    if n_rows < 1 or n_columns < 1:
        raise SettingError(f"a picture of {n_columns} x {n_rows} pixels cannot be: it has at least 1 x 1")


def draw_waveform(
    waveform: FloatArray, *, n_rows: int = N_ROWS, n_columns: int = N_COLUMNS, full_scale: float | None = 1.0
) -> Picture:
    """Draw the time signal: each column is filled from the least to the greatest value of its stretch.

    Neighbouring samples are joined, so the line has no gaps however few samples there are.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        n_rows: Height, in pixels.
        n_columns: Width, in pixels.
        full_scale: The amplitude at the upper and lower edge; what reaches beyond is cut off there. None to take the
            greatest of the waveform itself, which hides how loud it is.

    Returns:
        The picture, shape (n_rows, n_columns, 4), uint8.

    Raises:
        SettingError: The waveform has no samples or more than one axis; a size is below 1 or the scale not positive.
        DataError: It has samples that are not finite.

    >>> picture = draw_waveform(np.zeros(100, dtype=np.float32), n_rows=3, n_columns=5)
    >>> (picture == picture[0, 0]).all(axis=-1).astype(int)
    array([[1, 1, 1, 1, 1],
           [0, 0, 0, 0, 0],
           [1, 1, 1, 1, 1]])
    """
    check_size(n_rows, n_columns)
    _check_waveform(waveform)
    if full_scale is not None and not full_scale > 0:
        raise SettingError(f"full_scale must be above 0, or None for the waveform's own, not {full_scale:g}")
    if not np.isfinite(waveform).all():
        raise DataError("a waveform with samples that are not finite cannot be drawn")
    lowest, highest = _envelope(waveform, n_columns)
    reach = full_scale or float(max(-lowest.min(), highest.max())) or 1.0
    top, bottom = (_row_of(amplitude, reach, n_rows) for amplitude in (highest, lowest))  # (n_columns,)
    rows = np.arange(n_rows)[:, np.newaxis]
    is_inked = (rows >= top) & (rows <= bottom)  # (n_rows, n_columns)
    return apply_colours(np.where(is_inked, np.uint8(_INK), np.uint8(0)))


def draw_matrix(
    values: FloatArray, *, n_rows: int = N_ROWS, n_columns: int = N_COLUMNS, low: float, high: float
) -> Picture:
    """Draw a matrix through the colour map, its first bin at the bottom and its first frame at the left.

    An axis with more values than pixels is averaged, each pixel over the part that it covers; one with fewer is
    interpolated.

    Args:
        values: Shape (n_bins, n_frames), such as a spectrogram in dB, at least one value.
        n_rows: Height, in pixels.
        n_columns: Width, in pixels.
        low: What is drawn darkest; smaller values are drawn like it.
        high: What is drawn lightest; greater values are drawn like it.

    Returns:
        The picture, shape (n_rows, n_columns, 4), uint8.

    Raises:
        SettingError: The matrix is empty or has not two axes, a size is below 1, or `high` is not above `low`.
        DataError: It has values that are not finite.

    >>> draw_matrix(np.array([[0.0], [1.0]], dtype=np.float32), n_rows=2, n_columns=1, low=0, high=1)[:, 0].tolist()
    [[252, 244, 208, 255], [16, 22, 34, 255]]
    """
    check_size(n_rows, n_columns)
    if values.ndim != 2 or not values.size:  # noqa: PLR2004 - bins and frames
        raise SettingError(
            f"a matrix of shape (n_bins, n_frames) is drawn, with at least one value, not {values.shape}"
        )
    if not high > low:
        raise SettingError(f"high must be above low, and they are {high:g} and {low:g}")
    if not np.isfinite(values).all():
        raise DataError("a matrix with values that are not finite cannot be drawn")
    # Cut to the range before averaging: else the depth of a silence would swallow the click in the midst of it.
    resized = _resize(_resize(np.clip(values, low, high), n_columns, axis=1), n_rows, axis=0)
    share = np.clip((resized - low) / (high - low), 0, 1)  # a mean may be beyond by a rounding
    levels = np.round(share * _LOUDEST).astype(np.uint8)
    return apply_colours(levels[::-1])


def _time_signal(
    waveform: FloatArray, sample_rate: int, *, n_rows: int = N_ROWS, n_columns: int = N_COLUMNS
) -> Picture:
    del sample_rate  # all of the signal is drawn, however long it lasts
    return draw_waveform(waveform, n_rows=n_rows, n_columns=n_columns)


def _spectrogram(
    waveform: FloatArray, sample_rate: int, *, n_rows: int = N_ROWS, n_columns: int = N_COLUMNS
) -> Picture:
    cut = _frames_of(waveform, sample_rate, n_columns)
    front_end = LogSpectrogram(LogSpectrogramSettings(**cut, top_db=None))
    return _draw_decibel("spectrogram", waveform, front_end, n_rows, n_columns)


def _mel(waveform: FloatArray, sample_rate: int, *, n_rows: int = N_ROWS, n_columns: int = N_COLUMNS) -> Picture:
    cut = _frames_of(waveform, sample_rate, n_columns)
    front_end = LogMel(LogMelSettings(**cut, n_mels=_N_MELS, top_db=None))
    return _draw_decibel("mel", waveform, front_end, n_rows, n_columns)


PICTURES = Catalogue(
    "kind of picture",
    {
        "waveform": PictureKind(draw=_time_signal, summary="the time signal, from -1 to 1"),
        "spectrogram": PictureKind(draw=_spectrogram, summary="how strong each frequency is over time, in dB"),
        "mel": PictureKind(draw=_mel, summary="how strong each band of the mel scale is over time, in dB"),
    },
)


def _draw_decibel(kind: str, waveform: FloatArray, front_end: nn.Module, n_rows: int, n_columns: int) -> Picture:
    with torch.inference_mode():
        decibel = front_end(torch.tensor(waveform)[None])[0].numpy()  # (n_bins, n_frames)
    high = max(float(decibel.max()), _LEAST_LOUDEST_DB[kind])
    if not np.isfinite(high):
        raise DataError("its samples are too large to be drawn: scale them to [-1, 1]")
    return draw_matrix(decibel, n_rows=n_rows, n_columns=n_columns, low=high - _RANGE_DB, high=high)


def _frames_of(waveform: FloatArray, sample_rate: int, n_columns: int) -> dict[str, Any]:
    """Return settings that give about one frame a column, and leave no sound between two frames."""
    _check_waveform(waveform)
    n_fft = max(_LEAST_N_FFT, 1 << round(np.log2(max(1, _WINDOW_S * sample_rate))))
    hop_samples = -(-len(waveform) // max(1, n_columns))
    return {
        "sample_rate": sample_rate,
        "n_fft": n_fft,
        "hop_samples": min(max(hop_samples, n_fft // 16), n_fft // 2),
    }


def _envelope(waveform: FloatArray, n_columns: int) -> tuple[FloatArray, FloatArray]:
    """Return the least and the greatest value of each column of the line through the samples."""
    n_samples = len(waveform)
    edges = np.linspace(0, n_samples - 1, n_columns + 1)
    before = np.minimum(edges.astype(np.int64), n_samples - 1)
    after = np.minimum(before + 1, n_samples - 1)
    part = (edges - before).astype(np.float32)
    at_edges = waveform[before] * (1 - part) + waveform[after] * part  # where the line crosses from column to column
    lowest = np.minimum(at_edges[:-1], at_edges[1:])
    highest = np.maximum(at_edges[:-1], at_edges[1:])
    first, behind = np.ceil(edges[:-1]).astype(np.int64), np.floor(edges[1:]).astype(np.int64) + 1
    holds_samples = behind > first
    starts = first[holds_samples]  # every sample lies in a column, so reduceat's stretches end where the columns do
    if len(starts):
        lowest[holds_samples] = np.minimum(lowest[holds_samples], np.minimum.reduceat(waveform, starts))
        highest[holds_samples] = np.maximum(highest[holds_samples], np.maximum.reduceat(waveform, starts))
    return lowest, highest


def _row_of(amplitude: FloatArray, reach: float, n_rows: int) -> npt.NDArray[np.int64]:
    share = (1 - np.clip(amplitude, -reach, reach) / reach) / 2  # 0 at the upper edge
    return np.minimum((share * n_rows).astype(np.int64), n_rows - 1)


def _resize(values: FloatArray, n_new: int, *, axis: int) -> FloatArray:
    """Return a matrix with `n_new` places on one of its axes."""
    n_old = values.shape[axis]
    if n_old == n_new:
        return values
    resized = np.zeros((n_new, values.shape[1]) if axis == 0 else (values.shape[0], n_new), dtype=np.float32)
    for place, weight in zip(*_taps(n_old, n_new), strict=True):
        resized += np.take(values, place, axis=axis) * (weight[:, np.newaxis] if axis == 0 else weight)
    return resized


def _taps(n_old: int, n_new: int) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return which old values each new one is made of, and by what weights; both (n_taps, n_new)."""
    if n_new > n_old:  # linear between the centres of the old ones
        centres = np.clip((np.arange(n_new) + 0.5) * n_old / n_new - 0.5, 0, n_old - 1)
        first = np.minimum(centres.astype(np.int64), max(0, n_old - 2))
        part = centres - first
        return np.stack([first, np.minimum(first + 1, n_old - 1)]), np.stack([1 - part, part]).astype(np.float32)
    edges = np.arange(n_new + 1) * n_old / n_new
    first = np.floor(edges[:-1]).astype(np.int64)
    n_taps = int(np.max(np.ceil(edges[1:]) - first))
    places = first + np.arange(n_taps)[:, np.newaxis]
    covered = np.minimum(edges[1:], places + 1) - np.maximum(edges[:-1], places)
    weights = np.maximum(covered, 0) * (n_new / n_old)
    return np.minimum(places, n_old - 1), weights.astype(np.float32)


def _check_waveform(waveform: FloatArray) -> None:
    if waveform.ndim != 1 or not waveform.size:
        raise SettingError(f"a waveform of shape (n_samples,) is drawn, with at least one sample, not {waveform.shape}")
