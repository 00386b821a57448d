"""How features go up and down in time: the spectrum of their modulation."""

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEAST_POWER = 1e-2  # of features of deviation one: what is steadier counts as steady


class ModulationSpectrum(nn.Module):
    """Turns features into the strength of their ups and downs, by how fast these are.

    Of stretches of `n_frames` frames, half overlapping, each bin's mean is taken away, and the power spectrum over time
    is taken with a Hann window; its mean over the stretches goes through a logarithm. It says whether a sound beats
    twelve times a second, and nothing of when it begins. Frames at the end that fill no stretch are left out; fewer
    than one stretch are filled up with their mean.

    Args:
        n_frames: Frames of a stretch, at least 4: they say how finely rates of change are told apart.

    >>> ModulationSpectrum(64)(torch.zeros(2, 13, 251)).shape
    torch.Size([2, 13, 32])

    Source: McDermott and Simoncelli (2011), "Sound texture perception via statistics of the auditory periphery",
    Neuron 71, on what tells textures such as rain, fire and helicopters apart; differs in a Fourier transform where
    they have a bank of filters.
    """

    window: Tensor

    def __init__(self, n_frames: int) -> None:
        super().__init__()
        self.n_frames = n_frames
        self.register_buffer("window", torch.hann_window(n_frames, periodic=False), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return the spectra (..., n_bins, n_frames // 2) of features (..., n_bins, any number of frames)."""
        features = features.float()  # not half: differences of a thousandth count
        mean = features.mean(dim=-1, keepdim=True)
        n_short = torch.sym_max(0, self.n_frames - features.shape[-1])  # type: ignore[no-untyped-call]  # torch's stubs
        filled = functional.pad(features - mean, (0, n_short))
        stretches = filled.unfold(-1, self.n_frames, self.n_frames // 2)  # (..., n_bins, n_stretches, n_frames)
        swings = (stretches - stretches.mean(dim=-1, keepdim=True)) * self.window
        spectrum = torch.fft.rfft(swings)[..., 1:]
        power = (spectrum.real.square() + spectrum.imag.square()).mean(dim=-2)  # (..., n_bins, n_frames // 2)
        return torch.log(power + _LEAST_POWER)
