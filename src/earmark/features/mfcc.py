"""The MFCC front end: the shape of the mel spectrum over time, in few numbers."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.features.decibel import check_top_db, power_to_db
from earmark.features.delta import delta
from earmark.features.mel_spectrogram import Mel, MelSettings

_MOST_DELTAS = 2


@dataclass(frozen=True, kw_only=True)
class MfccSettings(MelSettings):
    """How mel-frequency cepstral coefficients are made: the settings of a mel spectrogram, and those of what follows.

    Attributes:
        n_mfcc: Number of coefficients, from the lowest on, at most n_mels.
        top_db: Bands further below the loudest point of a segment are lifted to this distance, in dB; None to leave
            them.
        n_deltas: 1 to append the slope of each coefficient over time, 2 to append its second derivative too.
        lifter: Length of the sine that raises the middle coefficients; 0 to leave them. A length of 22 is usual for 13
            coefficients.

    Raises:
        SettingError: The settings cannot be, or contradict each other.
    """

    n_mfcc: int = 13
    top_db: float | None = 80.0
    n_deltas: int = 0
    lifter: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_top_db(self.top_db)
        check_n_mfcc(self.n_mfcc, self.n_mels)
        if self.n_deltas not in range(_MOST_DELTAS + 1):
            raise SettingError(f"n_deltas must be 0, 1 or 2, not {self.n_deltas}")
        if not (self.lifter >= 0 and math.isfinite(self.lifter)):
            raise SettingError(f"lifter must be at least 0, not {self.lifter:g}")


class Mfcc(nn.Module):
    """Turns waveforms into mel-frequency cepstral coefficients.

    Frames and edges are those of `PowerSpectrum`: centred, any length from one sample on gives
    ``1 + n_samples // hop_samples`` frames. The first coefficient follows the loudness, the others the shape of the
    spectrum. Deltas are those of `earmark.features.delta`.

    Args:
        settings: How the coefficients are made; the defaults if None.

    >>> Mfcc()(torch.zeros(2, 66150)).shape
    torch.Size([2, 13, 130])
    >>> Mfcc(MfccSettings(n_deltas=2))(torch.zeros(2, 66150)).shape
    torch.Size([2, 39, 130])

    Follows `librosa.feature.mfcc` of librosa 0.11, and `librosa.feature.delta`, one segment a call: within 1e-4 dB in
    double precision, within 5e-3 dB in single precision with the usual `top_db`, both times ``1 + lifter / 2``.
    """

    cosines: Tensor

    def __init__(self, settings: MfccSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or MfccSettings()
        self.mel = Mel(settings)
        weights = cosine_rows(settings.n_mfcc, settings.n_mels) * _lifter_weights(settings.n_mfcc, settings.lifter)
        self.register_buffer("cosines", weights.float(), persistent=False)  # (n_mfcc, n_mels)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the coefficients.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Coefficients (batch, n_mfcc * (1 + n_deltas), n_frames), first all coefficients, then all slopes, in dB (of
            a sum over bands, so hundreds are usual) and dB per frame.
        """
        decibel = power_to_db(self.mel(waveform), self.settings.top_db)  # (batch, n_mels, n_frames)
        mfcc = torch.matmul(self.cosines, decibel)  # (batch, n_mfcc, n_frames)
        if self.settings.n_deltas == 0:
            return mfcc
        changes = [delta(mfcc, order) for order in range(1, self.settings.n_deltas + 1)]
        return torch.cat([mfcc, *changes], dim=1)


def check_n_mfcc(n_mfcc: int, n_mels: int) -> None:
    """Refuse a number of coefficients that cannot be.

    Args:
        n_mfcc: Number of coefficients.
        n_mels: Number of mel bands below them.

    Raises:
        SettingError: There are none, or more than bands.
    """
    if not 1 <= n_mfcc <= n_mels:
        raise SettingError(f"n_mfcc must be from 1 to n_mels, which is {n_mels}, not {n_mfcc}")


def cosine_rows(n_rows: int, n_columns: int) -> Tensor:
    """Return the first rows of the orthonormal cosine transform of type II, in double precision.

    Args:
        n_rows: How many rows.
        n_columns: Length of what is transformed.

    Returns:
        The rows (n_rows, n_columns), float64.

    Source: Ahmed, Natarajan and Rao (1974), "Discrete cosine transform", IEEE Transactions on Computers C-23, eq. 1.
    """
    row = torch.arange(n_rows, dtype=torch.float64).unsqueeze(1)
    column = torch.arange(n_columns, dtype=torch.float64)
    cosines = torch.cos(math.pi / n_columns * (column + 0.5) * row) * math.sqrt(2.0 / n_columns)
    cosines[0] *= math.sqrt(0.5)
    return cosines  # (n_rows, n_columns)


def _lifter_weights(n_rows: int, lifter: float) -> Tensor:
    """Return what each coefficient is multiplied with, in double precision.

    Source: Juang, Rabiner and Wilpon (1987), "On the use of bandpass liftering in speech recognition", IEEE
    Transactions on Acoustics, Speech, and Signal Processing 35, eq. 8.
    """
    number = torch.arange(1, n_rows + 1, dtype=torch.float64).unsqueeze(1)
    if lifter == 0:
        return torch.ones_like(number)
    return 1.0 + lifter / 2.0 * torch.sin(math.pi * number / lifter)  # (n_rows, 1)
