"""The spectrum front end: one Fourier transform of the whole waveform, and no time axis left."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from earmark._util.catalogue import nearest
from earmark.errors import SettingError

Quantity = Literal["magnitude", "power", "decibel"]

_LEAST_POWER = 1e-10  # librosa's amin: power below it counts as -100 dB


@dataclass(frozen=True, kw_only=True)
class SpectrumSettings:
    """How a spectrum is made.

    Attributes:
        sample_rate: Samples a second; sounds of another rate are resampled to it.
        quantity: What each bin holds: the "magnitude" of the transform, its square, the "power", or that in
            "decibel".

    Raises:
        SettingError: The sample rate is below 1, or the quantity is unknown.
    """

    sample_rate: int = 22050
    quantity: Quantity = "magnitude"

    def __post_init__(self) -> None:
        if self.sample_rate < 1:
            raise SettingError(f"sample_rate must be at least 1, not {self.sample_rate}")
        quantities = get_args(Quantity)
        if self.quantity not in quantities:
            raise SettingError(f"there is no quantity called {self.quantity!r}: {nearest(self.quantity, quantities)}")


class Spectrum(nn.Module):
    """Turns waveforms into their spectra.

    There is no window and no scaling: these are the numbers of `numpy.fft.rfft`, so they grow with the length of the
    waveform. Of the full transform only the half from 0 Hz up to half the sample rate is given; the other half mirrors
    it. Bin k stands at ``k * sample_rate / n_samples`` Hz: the number of bins follows from the length, and only
    waveforms of one length can go into one network.

    Args:
        settings: How the spectrum is made; the defaults if None.

    >>> Spectrum()(torch.ones(2, 1000)).shape
    torch.Size([2, 501, 1])
    >>> Spectrum()(torch.ones(1, 4)).flatten()
    tensor([4., 0., 0.])
    """

    def __init__(self, settings: SpectrumSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or SpectrumSettings()

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spectra.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Magnitude, power, or power in dB (batch, n_samples // 2 + 1, 1), 0 dB being a power of one.
        """
        spectrum: Tensor = torch.fft.rfft(waveform).unsqueeze(-1)  # (batch, n_samples // 2 + 1, 1)
        if self.settings.quantity == "magnitude":
            return spectrum.abs()
        power = spectrum.real.square() + spectrum.imag.square()
        if self.settings.quantity == "power":
            return power
        return 10.0 * torch.log10(torch.clamp(power, min=_LEAST_POWER))
