"""Features over time in no more columns than a screen has, with nothing of a long sound left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earmark.audio import FloatArray
from earmark.errors import SettingError

if TYPE_CHECKING:  # who draws a waveform need not wait for torch
    from torch import Tensor

MAX_COLUMNS = 1000  # as many as pixels: with more, what fills one column would fade
_BLOCK_FRAMES = 512  # at once: bounds the memory that a long sound takes
_LEAST_EXPONENT = 8  # frames of 256 samples: fewer have no room for 128 mel bands
_FEW_COLUMNS = 800  # of a short sound


@dataclass(frozen=True, kw_only=True)
class Framing:
    """How a waveform is cut into frames, and how many columns they may fill.

    Attributes:
        sample_rate: Samples a second.
        n_fft: Length of a frame, in samples.
        hop_samples: From one frame to the next, in samples.
        n_columns: How many columns there may be.
    """

    sample_rate: int
    n_fft: int
    hop_samples: int
    n_columns: int = MAX_COLUMNS

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a front end makes of so many samples."""
        return 1 + (n_samples + 2 * (self.n_fft // 2) - self.n_fft) // self.hop_samples

    def n_shared(self, n_samples: int) -> int:
        """Return how many frames share a column."""
        return -(-self.n_frames(n_samples) // self.n_columns)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Features, one column beside the other.

    Attributes:
        values: Shape (n_bins, n_columns).
        left_s: Where the first column begins, in seconds from the beginning of the sound: its frame is in its middle.
        right_s: Where the last one ends; it may lie behind the end of the sound, not before it.
    """

    values: FloatArray
    left_s: float
    right_s: float


def choose_framing(
    n_samples: int,
    sample_rate: int,
    *,
    n_fft: int | None = None,
    hop_samples: int | None = None,
    n_columns: int = MAX_COLUMNS,
) -> Framing:
    """Return settings that suit a sound, but for those that are given.

    Frames are of the power of two that is nearest to 93 ms: 2,048 samples at 22,050 Hz. The hop is a quarter of that;
    less for short sounds, which would be a few wide bars; up to a half for long ones.

    Args:
        n_samples: How long the sound is.
        sample_rate: Samples a second.
        n_fft: Length of a frame, in samples.
        hop_samples: From one frame to the next, in samples.
        n_columns: How many columns there may be.

    >>> choose_framing(20 * 22050, 22050)
    Framing(sample_rate=22050, n_fft=2048, hop_samples=512, n_columns=1000)
    """
    if n_fft is None:
        n_fft = 1 << max(_LEAST_EXPONENT, round(np.log2(sample_rate * 2048 / 22050)))
    if hop_samples is None:
        fine = min(n_fft // 4, n_samples // _FEW_COLUMNS)
        n_shared = (n_samples // (n_fft // 2)) // n_columns + 1  # with the longest hop; a shorter one fills the columns
        coarse = min(n_fft // 2, n_samples // (n_shared * n_columns) + 1)
        hop_samples = max(1, fine, coarse)
    return Framing(sample_rate=sample_rate, n_fft=n_fft, hop_samples=hop_samples, n_columns=n_columns)


def feature_columns(
    waveform: FloatArray, front_end: "Callable[[Tensor], Tensor]", framing: Framing, *, loudest: bool = True
) -> Columns:
    """Compute features block by block, and put neighbouring frames into one column where there are too many.

    The frames are those of the front end over the whole waveform.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        front_end: Turns (batch, n_samples) into (batch, n_bins, n_frames) in centred frames. Where frames share a
            column, a frame must not depend on others far away, as `top_db` makes it.
        framing: The front end's.
        loudest: Whether a column shows the greatest value of its frames, so that a short sound is not lost in a long
            one; else their mean.

    Raises:
        SettingError: The features are not finite: the samples are too large.
    """
    import torch  # noqa: PLC0415 - who draws a waveform need not wait for it

    n_frames, shared = framing.n_frames(len(waveform)), framing.n_shared(len(waveform))
    step = n_frames if shared == 1 else shared * max(1, _BLOCK_FRAMES // shared)
    blocks = []
    with torch.inference_mode():
        for first in range(0, n_frames, step):
            behind = min(first + step, n_frames)
            n_lead, block = _block(waveform, first, behind, framing)
            frames = front_end(torch.tensor(block).unsqueeze(0))[0].numpy()[:, n_lead : n_lead + behind - first]
            blocks.append(_share(frames, shared, loudest=loudest))
    values = np.concatenate(blocks, axis=1)
    if not np.isfinite(values).all():
        raise SettingError("the samples are too large to be drawn: scale them to [-1, 1]")
    return _place(values, len(waveform), framing)


def _block(waveform: FloatArray, first: int, behind: int, framing: Framing) -> tuple[int, FloatArray]:
    """Return the samples of the frames from `first` up to `behind`, and how many frames to drop before them."""
    # A block begins some frames earlier: so the zeros before it reach none of the frames that are kept.
    hop_samples, n_fft = framing.hop_samples, framing.n_fft
    n_lead = min(first, -(-(n_fft // 2) // hop_samples))
    return n_lead, waveform[(first - n_lead) * hop_samples : (behind - 1) * hop_samples + -(-n_fft // 2)]


def _share(frames: FloatArray, shared: int, *, loudest: bool) -> FloatArray:
    if shared == 1:
        return frames
    starts = np.arange(0, frames.shape[1], shared)
    if loudest:
        return np.maximum.reduceat(frames, starts, axis=1)
    total: FloatArray = np.add.reduceat(frames, starts, axis=1)
    total /= np.diff([*starts, frames.shape[1]])
    return total


def _place(values: FloatArray, n_samples: int, framing: Framing) -> Columns:
    hop_s = framing.hop_samples / framing.sample_rate
    width_s = framing.n_shared(n_samples) * hop_s
    left_s = -hop_s / 2
    missing_s = n_samples / framing.sample_rate - (left_s + width_s * values.shape[1])
    if missing_s > 0:  # up to the end of the sound the last frame is the nearest one
        values = np.pad(values, ((0, 0), (0, int(np.ceil(missing_s / width_s)))), mode="edge")
    return Columns(values=values, left_s=left_s, right_s=left_s + width_s * values.shape[1])
