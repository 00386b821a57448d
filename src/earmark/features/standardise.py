"""Features brought to mean zero and deviation one, with the statistics of the training part."""

from typing import Self

import torch
from torch import Tensor, nn

from earmark.errors import DataError

_N_AT_ONCE = 256  # segments in double precision at a time, so that memory stays flat


class Standardiser(nn.Module):
    """Subtracts a mean from each bin and divides by a deviation; at first zero and one, so that nothing changes.

    Both are buffers, so they are saved with a network and travel with it into a bundle.

    Args:
        n_bins: Number of bins of the features.
        n_channels: Number of channels, where features have them: those of pictures.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, n_bins: int, n_channels: int = 1) -> None:
        super().__init__()
        shape = (n_bins, 1) if n_channels == 1 else (n_channels, n_bins, 1)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("deviation", torch.ones(shape))

    def forward(self, features: Tensor) -> Tensor:
        """Standardise features.

        Args:
            features: Features (batch, n_bins, n_frames), or with channels (batch, n_channels, n_bins, n_frames).

        Returns:
            The same shape, without a unit.
        """
        standardised: Tensor = (features - self.mean) / self.deviation
        return standardised

    @classmethod
    def fit(cls, features: Tensor) -> Self:
        """Return the standardiser of some features: mean and population deviation of each bin over batch and time.

        A bin that never changes gets the deviation one: it is only shifted to zero.

        Args:
            features: Features (n, n_bins, n_frames), or with channels (n, n_channels, n_bins, n_frames); those of the
                training part and no others.

        Raises:
            DataError: There are no features, or some are not finite.

        >>> Standardiser.fit(torch.tensor([[[1.0, 3.0]]])).mean
        tensor([[2.]])
        """
        n, *channels, n_bins, n_frames = features.shape
        if n * n_frames == 0:
            raise DataError(f"there are no features to standardise by: their shape is {tuple(features.shape)}")
        parts = torch.split(features, _N_AT_ONCE)
        zero = torch.zeros(*channels, n_bins, 1).double()
        mean = sum((_sum(part.double()) for part in parts), zero) / (n * n_frames)
        squares = sum((_sum((part.double() - mean).square()) for part in parts), zero)
        deviation = (squares / (n * n_frames)).sqrt()
        if not bool(torch.isfinite(deviation).all()):
            raise DataError("some features to standardise by are not finite: look for samples that are not numbers")
        # Below the resolution of float32, a spread is rounding: dividing by it would blow noise up.
        is_constant = deviation <= torch.finfo(torch.float32).eps * mean.abs()
        standardiser = cls(n_bins, *channels)
        standardiser.mean.copy_(mean)
        standardiser.deviation.copy_(deviation.masked_fill(is_constant, 1.0))
        return standardiser


def _sum(part: Tensor) -> Tensor:
    return part.sum(dim=(0, -1)).unsqueeze(-1)  # (n_bins, 1), or (n_channels, n_bins, 1)
