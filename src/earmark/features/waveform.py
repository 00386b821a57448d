"""The waveform front end: the samples themselves, fewer a second, for networks that listen to the raw sound."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.errors import SettingError

_PASSED = 0.9  # of half the new rate: up to there nothing is lost
_DAMPED_DB = 70.0  # from half the new rate on; 60 dB are promised


@dataclass(frozen=True, kw_only=True)
class WaveformSettings:
    """How a waveform is thinned out.

    Attributes:
        sample_rate: Samples a second; sounds of another rate are resampled to it.
        decimation: Of so many samples one is kept; 1 keeps them all.
        low_pass: Whether what lies above half the new rate is taken out first. Without it, it is folded down into
            what lies below; the plain ``waveform[::decimation]`` of many notebooks is this.
        n_samples: How many of the kept samples are used, from the first on; None for all.

    Raises:
        SettingError: A setting is below 1.
    """

    sample_rate: int = 22050
    decimation: int = 8
    low_pass: bool = True
    n_samples: int | None = 65536

    def __post_init__(self) -> None:
        for name, value in (("sample_rate", self.sample_rate), ("decimation", self.decimation)):
            if value < 1:
                raise SettingError(f"{name} must be at least 1, not {value}")
        if self.n_samples is not None and self.n_samples < 1:
            raise SettingError(f"n_samples must be at least 1, or None for all, not {self.n_samples}")


class Waveform(nn.Module):
    """Turns waveforms into one bin of fewer samples a second.

    Sample k of the output stands where sample ``k * decimation`` of the input stood, with the low-pass too: its delay
    is taken out. It passes everything up to 0.9 of half the new rate, damps everything from half the new rate on by
    60 dB at least, and takes the waveform as zero before its beginning and after its end. There are
    ``ceil(n_samples / decimation)`` samples, at most those that the settings allow: a short waveform is not padded.

    Args:
        settings: How the waveform is thinned out; the defaults if None.

    >>> Waveform()(torch.zeros(2, 661500)).shape
    torch.Size([2, 1, 65536])
    >>> Waveform(WaveformSettings(decimation=2, low_pass=False))(torch.arange(5.0).unsqueeze(0))
    tensor([[[0., 2., 4.]]])
    """

    low_pass: Tensor

    def __init__(self, settings: WaveformSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or WaveformSettings()
        self.filters = settings.low_pass and settings.decimation > 1
        taps = low_pass_taps(settings.decimation) if self.filters else torch.ones(1)
        self.register_buffer("low_pass", taps.float(), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Thin the waveforms out.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Samples (batch, 1, n_frames), of the same unit.
        """
        settings, margin = self.settings, self.low_pass.shape[0] // 2
        padded = functional.pad(waveform, (margin, margin))
        if settings.n_samples is not None:
            n_most = (settings.n_samples - 1) * settings.decimation + 1
            n_needed = torch.sym_min(waveform.shape[1], n_most)  # type: ignore[no-untyped-call]
            # A slice would do, but torch.export takes its end for a bound on every length.
            padded = padded.index_select(1, torch.arange(n_needed + 2 * margin, device=waveform.device))
        if not self.filters:
            return padded[:, :: settings.decimation].unsqueeze(1)  # (batch, 1, n_frames)
        taps = self.low_pass.reshape(1, 1, -1)
        return functional.conv1d(padded.unsqueeze(1), taps, stride=settings.decimation)  # (batch, 1, n_frames)


def low_pass_taps(decimation: int) -> Tensor:
    """Return the filter that makes room for one sample in `decimation`.

    Args:
        decimation: Of so many samples one will be kept; at least 2.

    Returns:
        Weights (n_taps,) in double precision: symmetric, an odd number, of sum one.

    >>> low_pass_taps(8).shape
    torch.Size([693])

    Source: Kaiser (1974), "Nonrecursive digital filter design using the I0-sinh window function", IEEE International
    Symposium on Circuits and Systems: the length and the shape of the window for a given damping.
    """
    new_half = 1.0 / decimation  # as all frequencies here: 1 is half the old rate
    transition = (1.0 - _PASSED) * new_half
    half_length = math.ceil((_DAMPED_DB - 7.95) / (2.285 * math.pi * transition) / 2)
    window = torch.kaiser_window(
        2 * half_length + 1, periodic=False, beta=0.1102 * (_DAMPED_DB - 8.7), dtype=torch.float64
    )
    cutoff = new_half - transition / 2
    offset = torch.arange(-half_length, half_length + 1, dtype=torch.float64)
    taps = torch.sinc(cutoff * offset) * window
    return taps / taps.sum()
