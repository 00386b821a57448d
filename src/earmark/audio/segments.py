"""Cutting a clip into segments of equal length: by count or by length, never losing a short clip."""

import math
from dataclasses import dataclass

import numpy as np

from earmark.audio import FloatArray
from earmark.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class Segments:
    """How a clip is cut into segments.

    Attributes:
        length_samples: Length of a segment, at least 1.
        hop_samples: From the start of one segment to the next: at least 1, and at most the length, since a longer
            hop would pass over sound that no segment sees.

    Raises:
        SettingError: A number is out of its range.
    """

    length_samples: int
    hop_samples: int

    def __post_init__(self) -> None:
        if self.length_samples < 1:
            raise SettingError(f"a segment of {self.length_samples} samples cannot be: its length must be at least 1")
        if self.hop_samples < 1:
            raise SettingError(f"a hop of {self.hop_samples} samples cannot be: it must be at least 1")
        if self.hop_samples > self.length_samples:
            raise SettingError(
                f"the hop ({self.hop_samples} samples) is longer than the segment ({self.length_samples}): the sound "
                "between segments would be passed over; make the hop at most as long as the segment"
            )


def segments_by_count(n_segments: int, *, clip_samples: int) -> Segments:
    """Return the segments that cut a clip of a given length into equal parts, side by side.

    Clips of another length are cut into segments of the same length, so they give more or fewer.

    Args:
        n_segments: The number of parts, at least 1.
        clip_samples: Length of the clip, in samples.

    Returns:
        Segments of `clip_samples // n_segments` samples; the remainder, fewer than `n_segments` samples, is left out.

    Raises:
        SettingError: `n_segments` is below 1, or so many that the clip does not cut into just that number.

    >>> segments_by_count(10, clip_samples=661_500)
    Segments(length_samples=66150, hop_samples=66150)
    """
    if n_segments < 1:
        raise SettingError(f"n_segments is {n_segments}: a clip is cut into at least 1 segment")
    length_samples = max(1, clip_samples // n_segments)
    segments = Segments(length_samples=length_samples, hop_samples=length_samples)
    if clip_samples < 1 or len(segment_starts(clip_samples, segments)) != n_segments:
        raise SettingError(
            f"a clip of {clip_samples} samples cannot be cut into {n_segments} equal segments: ask for fewer"
        )
    return segments


def segments_by_length(segment_s: float, *, hop_s: float | None = None, sample_rate: int) -> Segments:
    """Return the segments of a given length and hop, rounded to whole samples.

    Args:
        segment_s: Length of a segment, in seconds.
        hop_s: From the start of one segment to the next, in seconds, at most `segment_s`; None for side by side.
        sample_rate: Rate of the waveforms that will be cut, in Hz.

    Raises:
        SettingError: A length is not positive or shorter than a sample, or the hop is longer than the segment.

    >>> segments_by_length(3, hop_s=1.5, sample_rate=22050)
    Segments(length_samples=66150, hop_samples=33075)
    """
    hop_s = segment_s if hop_s is None else hop_s
    for name, value_s in (("segment_s", segment_s), ("hop_s", hop_s)):
        if not (math.isfinite(value_s) and round(value_s * sample_rate) >= 1):
            raise SettingError(
                f"{name} is {value_s:g}: give a length in seconds of at least one sample at {sample_rate} Hz, such as 3"
            )
    if hop_s > segment_s:
        raise SettingError(
            f"hop_s is {hop_s:g} and segment_s is {segment_s:g}: the {hop_s - segment_s:g} s between segments would be "
            "passed over; make hop_s at most segment_s"
        )
    return Segments(length_samples=round(segment_s * sample_rate), hop_samples=round(hop_s * sample_rate))


def segment_starts(n_samples: int, segments: Segments) -> list[int]:
    """Return where the segments of a clip begin.

    Whole segments follow one another at the hop. A rest behind the last one that is at least half a segment long gives
    one segment more, moved back so that it ends with the clip: it overlaps the one before it, and nothing is padded. A
    shorter rest is left out. A clip no longer than one segment gives exactly one, which `cut_segments` pads.

    Args:
        n_samples: Length of the clip, in samples, at least 1.
        segments: How it is cut.

    Returns:
        The first sample of each segment, ascending; at least one.

    Raises:
        SettingError: The clip has no samples.

    >>> segment_starts(25, Segments(length_samples=10, hop_samples=10))
    [0, 10, 15]
    >>> segment_starts(24, Segments(length_samples=10, hop_samples=10))
    [0, 10]
    """
    if n_samples < 1:
        raise SettingError(f"a clip of {n_samples} samples cannot be cut into segments: it needs at least one")
    last = max(0, n_samples - segments.length_samples)
    starts = list(range(0, last + 1, segments.hop_samples))
    if 2 * (last - starts[-1]) >= segments.length_samples:
        starts.append(last)
    return starts


def cut_segments(waveform: FloatArray, segments: Segments) -> FloatArray:
    """Cut a clip into segments that start where `segment_starts` says.

    A clip shorter than one segment is never lost: it gives one, with zeros behind its end. All other segments hold
    sound of the clip only.

    Args:
        waveform: Sound, shape (n_samples,), at least one sample.
        segments: How it is cut.

    Returns:
        The segments, shape (n_segments, length_samples); a copy.

    Raises:
        SettingError: The waveform has no samples, or more than one axis.

    >>> cut_segments(np.arange(1, 6, dtype=np.float32), Segments(length_samples=2, hop_samples=2))
    array([[1., 2.],
           [3., 4.],
           [4., 5.]], dtype=float32)
    """
    if waveform.ndim != 1:
        raise SettingError(f"segments are cut from a waveform of shape (n_samples,), not {waveform.shape}")
    starts = segment_starts(len(waveform), segments)
    padded = np.pad(waveform, (0, max(0, segments.length_samples - len(waveform))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, segments.length_samples)
    return np.ascontiguousarray(windows[starts], dtype=np.float32)  # (n_segments, length_samples)
