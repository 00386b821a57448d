"""The spectrogram front end: how strong each frequency is over time."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.features.frames import PowerSpectrum, check_frame_settings

Quantity = Literal["magnitude", "power"]


@dataclass(frozen=True, kw_only=True)
class SpectrogramSettings:
    """How a spectrogram is made.

    Attributes:
        sample_rate: Samples a second; sounds of another rate are resampled to it.
        n_fft: Length of the Fourier transform and its window, in samples.
        hop_samples: From one frame to the next, in samples.
        centre: Whether the first frame has its middle at the first sample; else it begins there.
        quantity: ``"magnitude"``, or its square, ``"power"``.

    Raises:
        SettingError: The settings cannot be.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_samples: int = 512
    centre: bool = True
    quantity: Quantity = "magnitude"

    def __post_init__(self) -> None:
        check_frame_settings(sample_rate=self.sample_rate, n_fft=self.n_fft, hop_samples=self.hop_samples)
        if self.quantity not in get_args(Quantity):
            raise SettingError(f"quantity must be 'magnitude' or 'power', not {self.quantity!r}")


class Spectrogram(nn.Module):
    """Turns waveforms into spectrograms, of magnitude or of power.

    Frames and edges are those of `PowerSpectrum`.

    Args:
        settings: How the spectrogram is made; the defaults if None.

    >>> Spectrogram()(torch.zeros(2, 66150)).shape
    torch.Size([2, 1025, 130])

    Follows ``abs(librosa.stft(...))`` of librosa 0.11, or its square: within 1e-9 of the strongest frequency in double
    precision, within 5e-6 of it in single precision.
    """

    def __init__(self, settings: SpectrogramSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or SpectrogramSettings()
        self.power = PowerSpectrum(n_fft=settings.n_fft, hop_samples=settings.hop_samples, centre=settings.centre)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spectrograms.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Magnitude or power (batch, n_fft // 2 + 1, n_frames): a sine of amplitude one has a magnitude of
            n_fft / 4.
        """
        power: Tensor = self.power(waveform).transpose(-1, -2)  # (batch, n_fft // 2 + 1, n_frames)
        return power if self.settings.quantity == "power" else power_to_magnitude(power)


def power_to_magnitude(power: Tensor) -> Tensor:
    """Return the root of power, with a gradient that is finite in silence too.

    Args:
        power: Power, of any shape.

    Returns:
        The same shape; of no power, about 1e-19 in single precision.

    >>> power_to_magnitude(torch.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
    return torch.clamp(power, min=torch.finfo(power.dtype).tiny).sqrt()
