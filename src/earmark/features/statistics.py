"""One vector for a whole clip: how its MFCC are spread over time."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.features.mfcc import Mfcc, MfccSettings

_DELTA_WIDTH = 9  # frames, as in librosa.feature.delta
_LEAST_WIDTH = 3


@dataclass(frozen=True, kw_only=True)
class StatisticsSettings(MfccSettings):
    """How the statistics of a clip are made: the settings of its MFCC, with 20 coefficients by default."""

    n_mfcc: int = 20


class Statistics(nn.Module):
    """Turns waveforms into one vector each: five statistics over time of every MFCC.

    In this order, each for all coefficients: mean, deviation, minimum, maximum, and the deviation of the delta (the
    slope over nine frames). Deviations are those of the population (divided by n). A sound of fewer than nine frames
    takes its slope over the largest odd number of frames that fits; with fewer than three frames, the slope is zero.

    Args:
        settings: How the MFCC are made; the defaults if None.

    >>> Statistics()(torch.zeros(2, 66150)).shape
    torch.Size([2, 100, 1])
    """

    def __init__(self, settings: StatisticsSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or StatisticsSettings()
        self.mfcc = Mfcc(self.settings)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the statistics.

        Args:
            waveform: Clips (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Statistics (batch, 5 * n_mfcc, 1), in dB.
        """
        mfcc = self.mfcc(waveform)  # (batch, n_mfcc, n_frames)
        statistics = [
            mfcc.mean(dim=-1),
            mfcc.std(dim=-1, correction=0),
            mfcc.amin(dim=-1),
            mfcc.amax(dim=-1),
            delta(mfcc).std(dim=-1, correction=0),
        ]
        return torch.cat(statistics, dim=-1).unsqueeze(-1)  # (batch, 5 * n_mfcc, 1)


def delta(features: Tensor) -> Tensor:
    """Return the slope of each bin over time: that of a line fitted to nine frames around each frame.

    The first and last four frames take the slope of the first and last nine. Fewer than nine frames are fitted over
    the largest odd number that fits; of fewer than three the slope is zero.

    Args:
        features: Features (batch, n_bins, n_frames).

    Returns:
        The slope (batch, n_bins, n_frames), in the unit of the features per frame.

    >>> delta(2.0 * torch.arange(10.0).reshape(1, 1, 10))[0, 0, :3]
    tensor([2., 2., 2.])

    Source: Savitzky and Golay (1964), "Smoothing and differentiation of data by simplified least squares procedures",
    Analytical Chemistry 36, first derivative of a line. Follows `librosa.feature.delta`, which refuses fewer than
    nine frames.
    """
    n_frames = features.shape[-1]
    width = min(_DELTA_WIDTH, n_frames - (n_frames + 1) % 2)
    if width < _LEAST_WIDTH:
        return torch.zeros_like(features)
    half = width // 2
    offsets = torch.arange(-half, half + 1, dtype=features.dtype, device=features.device)
    weights = offsets / offsets.square().sum()
    slope = torch.matmul(features.unfold(-1, width, 1), weights)  # (batch, n_bins, n_frames - 2 * half)
    return functional.pad(slope, (half, half), mode="replicate")
