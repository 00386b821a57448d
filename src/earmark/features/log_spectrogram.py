"""The log-spectrogram front end: how strong each frequency is over time, in dB."""

from dataclasses import dataclass

from torch import Tensor, nn

from earmark.features.decibel import check_top_db, power_to_db
from earmark.features.frames import PowerSpectrum, check_frame_settings


@dataclass(frozen=True, kw_only=True)
class LogSpectrogramSettings:
    """How a spectrogram in dB is made.

    Attributes:
        sample_rate: Samples a second; sounds of another rate are resampled to it.
        n_fft: Length of the Fourier transform and its window, in samples.
        hop_samples: From one frame to the next, in samples.
        centre: Whether the first frame has its middle at the first sample; else it begins there.
        top_db: Everything further below the loudest point of a segment is lifted to this distance, in dB; None to
            leave it.

    Raises:
        SettingError: The settings cannot be.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_samples: int = 512
    centre: bool = True
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        check_frame_settings(sample_rate=self.sample_rate, n_fft=self.n_fft, hop_samples=self.hop_samples)
        check_top_db(self.top_db)


class LogSpectrogram(nn.Module):
    """Turns waveforms into spectrograms in dB.

    Frames and edges are those of `PowerSpectrum`. `top_db` looks at each segment by itself.

    Args:
        settings: How the spectrogram is made; the defaults if None.

    >>> import torch
    >>> LogSpectrogram()(torch.zeros(2, 22050)).shape
    torch.Size([2, 1025, 44])

    Follows ``librosa.power_to_db(abs(librosa.stft(...)) ** 2, ref=1.0)`` of librosa 0.11, one segment a call:
    within 1e-5 dB in double precision; in single precision within 1e-3 dB for all that is at most 40 dB below the
    loudest.
    """

    def __init__(self, settings: LogSpectrogramSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or LogSpectrogramSettings()
        self.power = PowerSpectrum(n_fft=settings.n_fft, hop_samples=settings.hop_samples, centre=settings.centre)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spectrograms.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Power (batch, n_fft // 2 + 1, n_frames) in dB, 0 dB being a power of one.
        """
        power = self.power(waveform).transpose(-1, -2)  # (batch, n_fft // 2 + 1, n_frames)
        return power_to_db(power, self.settings.top_db)
