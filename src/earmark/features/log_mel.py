"""The log-mel front end: how strong each band of the mel scale is over time, in dB."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.errors import SettingError
from earmark.features.mel import check_mel_settings, mel_filters

_LEAST_POWER = 1e-10  # librosa's amin: power below it counts as -100 dB


@dataclass(frozen=True, kw_only=True)
class LogMelSettings:
    """How a log-mel spectrogram is made.

    Attributes:
        sample_rate: Samples a second; sounds of another rate are resampled to it.
        n_fft: Length of the Fourier transform and its window, in samples.
        hop_samples: From one frame to the next, in samples.
        n_mels: Number of mel bands, at most n_fft // 2 + 1.
        fmin_hz: Where the lowest band begins, in Hz.
        fmax_hz: Where the highest band ends, in Hz; None for half the sample rate.
        top_db: Everything further below the loudest point of a segment is lifted to this distance, in dB; None to
            leave it.

    Raises:
        SettingError: The settings cannot be, or contradict each other.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_samples: int = 512
    n_mels: int = 64
    fmin_hz: float = 0.0
    fmax_hz: float | None = None
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        check_mel_settings(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_samples=self.hop_samples,
            n_mels=self.n_mels,
            fmin_hz=self.fmin_hz,
            fmax_hz=self.fmax_hz,
        )
        if self.top_db is not None and not self.top_db >= 0:
            raise SettingError(f"top_db must be at least 0, or None for no limit, not {self.top_db:g}")


class LogMel(nn.Module):
    """Turns waveforms into log-mel spectrograms.

    Frames are centred: the waveform is taken as zero before its beginning and after its end, so any length from one
    sample on gives ``1 + n_samples // hop_samples`` frames (for an odd `n_fft`, one less at multiples of the hop).
    `top_db` looks at each segment by itself: what else is in the batch changes nothing.

    Args:
        settings: How the spectrogram is made; the defaults if None.

    >>> LogMel()(torch.zeros(2, 22050)).shape
    torch.Size([2, 64, 44])

    Follows ``librosa.power_to_db(librosa.feature.melspectrogram(...), ref=1.0)`` of librosa 0.11, one segment a call.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, settings: LogMelSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or LogMelSettings()
        window = torch.hann_window(settings.n_fft, periodic=True, dtype=torch.float64).float()
        weights = mel_filters(  # (n_mels, n_fft // 2 + 1)
            sample_rate=settings.sample_rate,
            n_fft=settings.n_fft,
            n_mels=settings.n_mels,
            fmin_hz=settings.fmin_hz,
            fmax_hz=settings.fmax_hz,
        )
        # Made from the settings, so a bundle need not hold them.
        self.register_buffer("window", window, persistent=False)
        self.register_buffer(
            "filters", torch.from_numpy(weights.T.copy()), persistent=False
        )  # (n_fft // 2 + 1, n_mels)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spectrograms.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Power per mel band (batch, n_mels, n_frames) in dB, 0 dB being a power of one.
        """
        settings = self.settings
        margin = settings.n_fft // 2
        padded = functional.pad(waveform, (margin, margin))
        frames = padded.unfold(-1, settings.n_fft, settings.hop_samples) * self.window  # (batch, n_frames, n_fft)
        spectrum = torch.fft.rfft(frames)  # (batch, n_frames, n_fft // 2 + 1)
        # Not abs().square(): the root that it takes and undoes is half of the time.
        power = spectrum.real.square() + spectrum.imag.square()
        mel_power = torch.matmul(power, self.filters).transpose(-1, -2)  # (batch, n_mels, n_frames)
        decibel = 10.0 * torch.log10(torch.clamp(mel_power, min=_LEAST_POWER))
        if settings.top_db is None:
            return decibel
        loudest = decibel.amax(dim=(-2, -1), keepdim=True)  # (batch, 1, 1)
        return torch.maximum(decibel, loudest - settings.top_db)
