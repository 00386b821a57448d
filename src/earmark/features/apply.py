"""The features of one waveform, as training and prediction both compute them."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from earmark.audio.segments import Segments, cut_segments


def segment_features(
    waveform: npt.NDArray[np.float32], front_end: nn.Module, segments: Segments | None
) -> npt.NDArray[np.float32]:
    """Cut a waveform into segments and compute the features of each.

    Args:
        waveform: Samples (n_samples,) in [-1, 1], at the sample rate of the front end.
        front_end: Turns (batch, n_samples) into (batch, n_bins, n_frames); on the processor.
        segments: How the waveform is cut; None to take it whole, as one segment.

    Returns:
        Features (n_segments, n_bins, n_frames).
    """
    cut = waveform[np.newaxis] if segments is None else cut_segments(waveform, segments)  # (n_segments, n_samples)
    # One segment at a time: its frames stay in the cache, which is quicker than one large batch.
    with torch.inference_mode():
        features = [front_end(torch.tensor(segment).unsqueeze(0)) for segment in cut]
        return torch.cat(features).contiguous().numpy()
