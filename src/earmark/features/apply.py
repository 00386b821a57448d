"""The features of one waveform, as training and prediction both compute them."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.audio.segments import Segments, segment_starts

_N_AT_ONCE = 2  # of 3 s each: with more, frames and spectra leave the cache; with one, each call costs as much again


def segment_features(
    waveform: npt.NDArray[np.float32], front_end: nn.Module, segments: Segments | None
) -> npt.NDArray[np.float32]:
    """Cut a waveform into segments and compute the features of each.

    Args:
        waveform: Samples (n_samples,) in [-1, 1], at the sample rate of the front end.
        front_end: Turns (batch, n_samples) into (batch, n_bins, n_frames); on the processor.
        segments: How the waveform is cut; None to take it whole, as one segment.

    Returns:
        Features (n_segments, n_bins, n_frames), in memory of their own.
    """
    # torch warns of memory that it must not write to.
    samples = torch.from_numpy(waveform if waveform.flags.writeable else waveform.copy())
    with torch.inference_mode():
        features = [front_end(some) for some in _cut(samples, segments)]
        return torch.cat(features).contiguous().numpy()


def _cut(samples: Tensor, segments: Segments | None) -> list[Tensor]:
    """Return the segments that `cut_segments` gives, a few at a time (n_segments, length_samples), as views."""
    if segments is None:
        return [samples.unsqueeze(0)]
    length, starts = segments.length_samples, segment_starts(len(samples), segments)
    if len(samples) < length:
        return [functional.pad(samples, (0, length - len(samples))).unsqueeze(0)]
    n_regular = next((n for n, start in enumerate(starts) if start != n * segments.hop_samples), len(starts))
    regular = samples.unfold(0, length, segments.hop_samples)[:n_regular]  # (n_regular, length_samples)
    last = [samples[start : start + length].unsqueeze(0) for start in starts[n_regular:]]
    return [*torch.split(regular, _N_AT_ONCE), *last]
