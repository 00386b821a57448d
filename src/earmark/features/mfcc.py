"""The MFCC front end: the shape of the mel spectrum over time, in few numbers."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.features.log_mel import LogMel, LogMelSettings


@dataclass(frozen=True, kw_only=True)
class MfccSettings:
    """How mel-frequency cepstral coefficients are made.

    Attributes:
        sample_rate: Samples a second; sounds of another rate are resampled to it.
        n_fft: Length of the Fourier transform and its window, in samples.
        hop_samples: From one frame to the next, in samples.
        n_mels: Number of mel bands below the coefficients, at most n_fft // 2 + 1.
        n_mfcc: Number of coefficients, from the lowest on, at most n_mels.
        fmin_hz: Where the lowest band begins, in Hz.
        fmax_hz: Where the highest band ends, in Hz; None for half the sample rate.
        top_db: Bands further below the loudest point of a segment are lifted to this distance, in dB; None to leave
            them.

    Raises:
        SettingError: The settings cannot be, or contradict each other.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_samples: int = 512
    n_mels: int = 128
    n_mfcc: int = 13
    fmin_hz: float = 0.0
    fmax_hz: float | None = None
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        n_mels = self.log_mel.n_mels
        if not 1 <= self.n_mfcc <= n_mels:
            raise SettingError(f"n_mfcc must be from 1 to n_mels, which is {n_mels}, not {self.n_mfcc}")

    @property
    def log_mel(self) -> LogMelSettings:
        """The settings of the log-mel spectrogram below the coefficients."""
        return LogMelSettings(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_samples=self.hop_samples,
            n_mels=self.n_mels,
            fmin_hz=self.fmin_hz,
            fmax_hz=self.fmax_hz,
            top_db=self.top_db,
        )


class Mfcc(nn.Module):
    """Turns waveforms into mel-frequency cepstral coefficients.

    Frames and edges are those of `LogMel`. The first coefficient follows the loudness, the others the shape of the
    spectrum.

    Args:
        settings: How the coefficients are made; the defaults if None.

    >>> Mfcc()(torch.zeros(2, 66150)).shape
    torch.Size([2, 13, 130])

    Follows `librosa.feature.mfcc` of librosa 0.11, one segment a call.
    """

    cosines: Tensor

    def __init__(self, settings: MfccSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or MfccSettings()
        self.log_mel = LogMel(settings.log_mel)
        self.register_buffer("cosines", _dct_rows(settings.n_mfcc, settings.n_mels), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the coefficients.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Coefficients (batch, n_mfcc, n_frames), in dB (of a sum over bands, so hundreds are usual).
        """
        return torch.matmul(self.cosines, self.log_mel(waveform))


def _dct_rows(n_rows: int, n_columns: int) -> Tensor:
    """Return the first rows of the orthonormal cosine transform of type II.

    Source: Ahmed, Natarajan and Rao (1974), "Discrete cosine transform", IEEE Transactions on Computers C-23, eq. 1.
    """
    row = torch.arange(n_rows, dtype=torch.float64).unsqueeze(1)
    column = torch.arange(n_columns, dtype=torch.float64)
    cosines = torch.cos(math.pi / n_columns * (column + 0.5) * row) * math.sqrt(2.0 / n_columns)
    cosines[0] *= math.sqrt(0.5)
    return cosines.float()  # (n_rows, n_columns)
