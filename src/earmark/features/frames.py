"""Waveforms cut into frames, and the power of each frequency in each: what every spectral front end begins with."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from earmark.errors import SettingError

_MOST_SAMPLES = 1 << 20  # half a minute: beyond it a slip of the hand would ask for all memory


def check_frame_settings(*, sample_rate: int, n_fft: int, hop_samples: int) -> None:
    """Refuse settings of frames that cannot be.

    Args:
        sample_rate: Samples a second, at least 1.
        n_fft: Length of the Fourier transform and its window, in samples, at least 2.
        hop_samples: From one frame to the next, in samples, at least 1.

    Raises:
        SettingError: The first setting that cannot be, what it is, and what it may be.
    """
    for name, value, least in (("sample_rate", sample_rate, 1), ("n_fft", n_fft, 2), ("hop_samples", hop_samples, 1)):
        if value < least:
            raise SettingError(f"{name} must be at least {least}, not {value}")
    if n_fft > _MOST_SAMPLES:
        raise SettingError(f"n_fft must be at most {_MOST_SAMPLES}, not {n_fft}: no frame is so long")


class PowerSpectrum(nn.Module):
    """Turns waveforms into the power of each frequency in each frame, under a Hann window.

    Centred frames take the waveform as zero before its beginning and after its end, so any length from one sample on
    gives ``1 + n_samples // hop_samples`` frames (for an odd `n_fft`, one less at multiples of the hop). Frames that
    are not centred begin with the first sample, and the last one ends within the waveform: they are
    ``1 + (n_samples - n_fft) // hop_samples``; a waveform shorter than `n_fft` is filled up with zeros to one frame.

    Args:
        n_fft: Length of the Fourier transform and its window, in samples.
        hop_samples: From one frame to the next, in samples.
        centre: Whether the first frame has its middle at the first sample; else it begins there.

    >>> PowerSpectrum(n_fft=2048, hop_samples=512)(torch.zeros(2, 66150)).shape
    torch.Size([2, 130, 1025])

    Follows ``abs(librosa.stft(...)) ** 2`` of librosa 0.11, with the last two axes exchanged; librosa refuses frames
    that are not centred of fewer samples than `n_fft`. Within 1e-9 of the strongest frequency in double precision
    (with the window in double precision too), within 5e-6 of it in single precision.
    """

    window: Tensor

    def __init__(self, *, n_fft: int, hop_samples: int, centre: bool = True) -> None:
        super().__init__()
        self.n_fft, self.hop_samples, self.centre = n_fft, hop_samples, centre
        window = torch.hann_window(n_fft, periodic=True, dtype=torch.float64).float()
        # Made from the settings, so a bundle need not hold it.
        self.register_buffer("window", window, persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the power.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Power (batch, n_frames, n_fft // 2 + 1). Frequency is the last axis, not time: so the transform leaves it
            in memory.
        """
        frames = self._pad(waveform).unfold(-1, self.n_fft, self.hop_samples)  # (batch, n_frames, n_fft)
        spectrum = torch.fft.rfft(frames * self.window)  # (batch, n_frames, n_fft // 2 + 1)
        # Not abs().square(): the root that it takes and undoes is half of the time. Squared before the parts are taken
        # apart, since neighbours are squared faster than every second number; in place, since nobody else has them.
        squares = torch.view_as_real(spectrum).square_()
        return squares[..., 0] + squares[..., 1]

    def _pad(self, waveform: Tensor) -> Tensor:
        if self.centre:
            margin = self.n_fft // 2
            return functional.pad(waveform, (margin, margin))
        n_missing = self.n_fft - waveform.shape[-1]
        return functional.pad(waveform, (0, n_missing)) if n_missing > 0 else waveform
