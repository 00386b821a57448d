"""One vector for a whole clip: how its MFCC are spread over time."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.features.decibel import check_top_db
from earmark.features.delta import delta
from earmark.features.mel_spectrogram import MelSettings
from earmark.features.mfcc import Mfcc, MfccSettings, check_n_mfcc


@dataclass(frozen=True, kw_only=True)
class StatisticsSettings(MelSettings):
    """How the statistics of a clip are made: the settings of its mel spectrogram, and those of its MFCC.

    Attributes:
        n_mfcc: Number of coefficients, from the lowest on, at most n_mels.
        top_db: Bands further below the loudest point of a clip are lifted to this distance, in dB; None to leave them.

    Raises:
        SettingError: The settings cannot be, or contradict each other.
    """

    n_mfcc: int = 20
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_top_db(self.top_db)
        check_n_mfcc(self.n_mfcc, self.n_mels)


class Statistics(nn.Module):
    """Turns waveforms into one vector each: the five statistics of `summarise` of every MFCC.

    Args:
        settings: How the MFCC are made; the defaults if None.

    >>> Statistics()(torch.zeros(2, 66150)).shape
    torch.Size([2, 100, 1])
    """

    def __init__(self, settings: StatisticsSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or StatisticsSettings()
        self.mfcc = Mfcc(MfccSettings(**vars(settings)))

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the statistics.

        Args:
            waveform: Clips (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Statistics (batch, 5 * n_mfcc, 1), in dB.
        """
        return summarise(self.mfcc(waveform))


def summarise(features: Tensor) -> Tensor:
    """Return five statistics over time of every bin.

    In this order, each for all bins: mean, deviation, minimum, maximum, and the deviation of the delta (the slope over
    nine frames). Deviations are those of the population (divided by n). Fewer than nine frames take their slope over
    the largest odd number of frames that fits; with fewer than three frames, the slope is zero.

    Args:
        features: Features (batch, n_bins, n_frames), of at least one frame.

    Returns:
        Statistics (batch, 5 * n_bins, 1), in the unit of the features.

    >>> summarise(torch.tensor([[[1.0, 3.0]]])).flatten()
    tensor([2., 1., 1., 3., 0.])
    """
    statistics = [
        features.mean(dim=-1),
        features.std(dim=-1, correction=0),
        features.amin(dim=-1),
        features.amax(dim=-1),
        delta(features).std(dim=-1, correction=0),
    ]
    return torch.cat(statistics, dim=-1).unsqueeze(-1)  # (batch, 5 * n_bins, 1)
