"""The mel front end: how strong each band of the mel scale is over time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.errors import SettingError
from earmark.features.frames import PowerSpectrum
from earmark.features.mel import MelNorm, MelScale, check_mel_settings, mel_filters
from earmark.features.spectrogram import power_to_magnitude

_POWER, _MAGNITUDE = 2.0, 1.0  # exponents
_N_AT_ONCE = 16  # bands a product: of 6 to 128 the quickest, with the default settings and others


@dataclass(frozen=True, kw_only=True)
class MelSettings:
    """How a mel spectrogram is made.

    Attributes:
        sample_rate: Samples a second; sounds of another rate are resampled to it.
        n_fft: Length of the Fourier transform and its window, in samples.
        hop_samples: From one frame to the next, in samples.
        centre: Whether the first frame has its middle at the first sample; else it begins there.
        n_mels: Number of mel bands, at most n_fft // 2 + 1.
        fmin_hz: Where the lowest band begins, in Hz.
        fmax_hz: Where the highest band ends, in Hz; None for half the sample rate.
        mel_scale: ``"slaney"`` (linear up to 1 kHz, as in librosa) or ``"htk"``.
        mel_norm: ``"slaney"`` for bands of equal area in Hz, None for bands of equal height.

    Raises:
        SettingError: The settings cannot be, or contradict each other.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_samples: int = 512
    centre: bool = True
    n_mels: int = 128
    fmin_hz: float = 0.0
    fmax_hz: float | None = None
    mel_scale: MelScale = "slaney"
    mel_norm: MelNorm | None = "slaney"

    def __post_init__(self) -> None:
        check_mel_settings(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_samples=self.hop_samples,
            n_mels=self.n_mels,
            fmin_hz=self.fmin_hz,
            fmax_hz=self.fmax_hz,
            mel_scale=self.mel_scale,
            mel_norm=self.mel_norm,
        )


class Mel(nn.Module):
    """Turns waveforms into mel spectrograms.

    Frames and edges are those of `PowerSpectrum`.

    Args:
        settings: How the spectrogram is made, of this type or one derived from it; the defaults if None.
        exponent: Of the magnitudes that the bands sum up: 2 for power, 1 for the magnitude itself.

    Raises:
        SettingError: The exponent is neither 1 nor 2.

    >>> Mel()(torch.zeros(2, 22050)).shape
    torch.Size([2, 128, 44])

    Follows ``librosa.feature.melspectrogram(..., power=exponent)`` of librosa 0.11: within 1e-6 of each band in
    double precision, within 5e-6 of the strongest band in single precision.
    """

    def __init__(self, settings: MelSettings | None = None, *, exponent: float = _POWER) -> None:
        super().__init__()
        if exponent not in (_POWER, _MAGNITUDE):
            raise SettingError(f"exponent must be 2 for power or 1 for magnitude, not {exponent:g}")
        self.settings = settings = settings or MelSettings()
        self.exponent = exponent
        self.power = PowerSpectrum(n_fft=settings.n_fft, hop_samples=settings.hop_samples, centre=settings.centre)
        filters = mel_filters(
            sample_rate=settings.sample_rate,
            n_fft=settings.n_fft,
            n_mels=settings.n_mels,
            fmin_hz=settings.fmin_hz,
            fmax_hz=settings.fmax_hz,
            mel_scale=settings.mel_scale,
            mel_norm=settings.mel_norm,
        )
        self.bands = _Bands(filters)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the spectrograms.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Power, or magnitude, per mel band (batch, n_mels, n_frames).
        """
        spectrum = self.power(waveform)  # (batch, n_frames, n_fft // 2 + 1)
        if self.exponent == _MAGNITUDE:
            spectrum = power_to_magnitude(spectrum)
        mel: Tensor = self.bands(spectrum)
        return mel


class _Bands(nn.Module):
    """Multiplies spectra (batch, n_frames, n_bins) with filters: some bands at a time, and only the bins they touch.

    Nearly all of a mel filter is zero, so one product with all filters would mostly add up zeros.
    """

    def __init__(self, filters: npt.NDArray[np.float32]) -> None:
        super().__init__()
        self.stretches: list[tuple[int, int]] = []  # of bins, one a product
        for number, first in enumerate(range(0, len(filters), _N_AT_ONCE)):
            some = filters[first : first + _N_AT_ONCE]
            touched = np.flatnonzero(some.any(axis=0))
            begin, end = (int(touched[0]), int(touched[-1]) + 1) if len(touched) else (0, 1)
            self.stretches.append((begin, end))
            weights = torch.from_numpy(some[:, begin:end].copy())  # (n_bands, n_bins)
            self.register_buffer(f"weights_{number}", weights, persistent=False)

    def forward(self, spectrum: Tensor) -> Tensor:
        batch, n_frames, _ = spectrum.shape
        # Without the batch: a product of more than two axes would tie an exported graph to batches of two and more.
        frames = spectrum.flatten(0, 1)  # (batch * n_frames, n_bins)
        products = [
            functional.linear(frames[:, begin:end], weights)
            for weights, (begin, end) in zip(self._buffers.values(), self.stretches, strict=True)
            if weights is not None
        ]
        bands = torch.cat(products, dim=1).view(batch, n_frames, -1)
        return bands.transpose(1, 2)  # (batch, n_bands, n_frames)
