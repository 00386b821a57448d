"""The PCEN front end: mel bands that are measured against their own recent loudness, so that steady noise fades."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.errors import SettingError
from earmark.features.mel_spectrogram import Mel, MelSettings

_LEAST = 1e-20  # by less than that, nothing can be divided in single precision
_NO_MAGNITUDE = 1e-16  # what `Mel` gives in silence is below it
_MOST_DOUBLINGS = 31  # no sound has 2 ** 31 frames


@dataclass(frozen=True, kw_only=True)
class PcenSettings(MelSettings):
    """How mel bands are normalised: the settings of a mel spectrogram, and those of what follows.

    Attributes:
        gain: How much of the recent loudness is taken out, from 0 for nothing to 1 for all.
        bias: Added before the power is taken; 0, or at least 1e-20.
        power: How loud and soft are brought together, from 1 for not at all down to 0 for the logarithm.
        time_constant_s: How long a sound counts as recent, in seconds.
        eps: Loudness below it counts as silence; at least 1e-20.
        scale: What samples in [-1, 1] are multiplied with. The other defaults are meant for samples in
            [-2 ** 31, 2 ** 31], hence this one.

    Raises:
        SettingError: The settings cannot be, or contradict each other.
    """

    gain: float = 0.98
    bias: float = 2.0
    power: float = 0.5
    time_constant_s: float = 0.4
    eps: float = 1e-6
    scale: float = 2.0**31

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (("gain", self.gain), ("power", self.power)):
            if not 0 <= value <= 1:
                raise SettingError(f"{name} must be from 0 to 1, not {value:g}")
        for name, value in (("time_constant_s", self.time_constant_s), ("scale", self.scale)):
            if not 0 < value < math.inf:
                raise SettingError(f"{name} must be above 0, not {value:g}")
        if not _LEAST <= self.eps < math.inf:
            raise SettingError(f"eps must be at least {_LEAST:g}, not {self.eps:g}")
        if self.bias != 0 and not _LEAST <= self.bias < math.inf:
            raise SettingError(f"bias must be 0 or at least {_LEAST:g}, not {self.bias:g}")

    @property
    def share_of_new(self) -> float:
        """How much of the recent loudness is that of the newest frame, from 0 to 1."""
        n_frames = self.time_constant_s * self.sample_rate / self.hop_samples
        # librosa's (sqrt(1 + 4 T²) - 1) / (2 T²), written so that no digits cancel out.
        return 2.0 / (1.0 + math.hypot(1.0, 2.0 * n_frames))


class Pcen(nn.Module):
    """Turns waveforms into mel spectrograms with the energy of each channel (mel band) normalised.

    Frames and edges are those of `PowerSpectrum`. Each band is divided by its own smoothed past and then compressed:
    ``(S / (eps + M) ** gain + bias) ** power - bias ** power``, with the magnitude S and its smoothed past M.

    Args:
        settings: How the bands are made and normalised; the defaults if None.

    >>> Pcen()(torch.zeros(2, 22050)).shape
    torch.Size([2, 128, 44])

    Source: Wang, Getreuer, Hughes, Lyon and Saurous (2017), "Trainable frontend for robust and far-field keyword
    spotting", ICASSP, eq. 1 and 2. Follows ``librosa.pcen(scale * librosa.feature.melspectrogram(..., power=1))`` of
    librosa 0.11, one segment a call; within 1e-4 of the largest value in single precision.
    """

    def __init__(self, settings: PcenSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or PcenSettings()
        self.mel = Mel(settings, exponent=1.0)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the normalised bands.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Normalised magnitude per mel band (batch, n_mels, n_frames), at least 0, without a unit.
        """
        magnitude = self.mel(waveform)
        return normalise_bands(functional.threshold(magnitude, _NO_MAGNITUDE, 0.0) * self.settings.scale, self.settings)


def normalise_bands(magnitude: Tensor, settings: PcenSettings) -> Tensor:
    """Divide each band by its smoothed past, and compress it.

    Args:
        magnitude: Magnitude per band (batch, n_bins, n_frames), at least 0, scaled already.
        settings: How.

    Returns:
        The same shape, without a unit.

    >>> normalise_bands(torch.ones(1, 1, 3), PcenSettings(gain=1.0, bias=0.0, eps=1e-20))
    tensor([[[1., 1., 1.]]])

    Follows `librosa.pcen` of librosa 0.11.
    """
    past = smooth(magnitude, settings.share_of_new)
    level = magnitude * torch.exp(-settings.gain * torch.log(settings.eps + past))
    if settings.power == 0:
        return torch.log1p(level)
    if settings.bias == 0:
        # At zero, the gradient of a root is infinite, and the product with what comes before it no number.
        is_sound = level > 0
        return torch.where(is_sound, torch.where(is_sound, level, 1.0).pow(settings.power), 0.0)
    compressed = torch.expm1(settings.power * torch.log1p(level / settings.bias))
    return compressed * math.pow(settings.bias, settings.power)


def smooth(features: Tensor, share_of_new: float) -> Tensor:
    """Return the smoothed past of each bin: ``M[t] = (1 - share) * M[t - 1] + share * features[t]``, M[-1] being one.

    Args:
        features: Features (batch, n_bins, n_frames).
        share_of_new: The share, above 0 and at most 1.

    Returns:
        The same shape and unit.

    >>> smooth(torch.tensor([[[1.0, 0.0, 0.0]]]), 0.5)
    tensor([[[1.0000, 0.5000, 0.2500]]])

    Source: Hillis and Steele (1986), "Data parallel algorithms", Communications of the ACM 29: after k steps each frame
    holds the weighted sum of 2 ** k frames, so no loop over frames is needed. Follows `scipy.signal.lfilter` with the
    initial state that `librosa.pcen` takes.
    """
    keep = 1.0 - share_of_new
    frame = torch.arange(features.shape[-1], device=features.device)
    total = share_of_new * features + keep * (frame == 0).to(features.dtype)
    for doubling in range(_MOST_DOUBLINGS):
        shift = 2**doubling
        weight = keep**shift
        if weight < torch.finfo(features.dtype).tiny:
            break
        weights = weight * (frame >= shift).to(features.dtype)
        total = total + weights * total.index_select(-1, (frame - shift).clamp(min=0))
    return total
