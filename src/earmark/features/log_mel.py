"""The log-mel front end: how strong each band of the mel scale is over time, in dB."""

from dataclasses import dataclass

from torch import Tensor, nn

from earmark.features.decibel import check_top_db, power_to_db
from earmark.features.mel_spectrogram import Mel, MelSettings


@dataclass(frozen=True, kw_only=True)
class LogMelSettings(MelSettings):
    """How a log-mel spectrogram is made: the settings of a mel spectrogram, with 64 bands by default, and a limit.

    Attributes:
        n_mels: Number of mel bands, at most n_fft // 2 + 1.
        top_db: Everything further below the loudest point of a segment is lifted to this distance, in dB; None to
            leave it.

    Raises:
        SettingError: The settings cannot be, or contradict each other.
    """

    n_mels: int = 64
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_top_db(self.top_db)


class LogMel(nn.Module):
    """Turns waveforms into log-mel spectrograms.

    Frames and edges are those of `PowerSpectrum`: centred, any length from one sample on gives
    ``1 + n_samples // hop_samples`` frames. `top_db` looks at each segment by itself: what else is in the batch
    changes nothing.

    Args:
        settings: How the spectrogram is made; the defaults if None.

    >>> import torch
    >>> LogMel()(torch.zeros(2, 22050)).shape
    torch.Size([2, 64, 44])

    Follows ``librosa.power_to_db(librosa.feature.melspectrogram(...), ref=1.0)`` of librosa 0.11, one segment a call:
    within 1e-5 dB in double precision; in single precision within 1e-3 dB for all that is at most 40 dB below the
    loudest.
    """

    def __init__(self, settings: LogMelSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or LogMelSettings()
        self.mel = Mel(settings)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spectrograms.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Power per mel band (batch, n_mels, n_frames) in dB, 0 dB being a power of one.
        """
        return power_to_db(self.mel(waveform), self.settings.top_db)
