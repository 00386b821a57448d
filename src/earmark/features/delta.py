"""How features change over time."""

import torch
from torch import Tensor
from torch.nn import functional

from earmark.errors import SettingError

_WIDTH = 9  # frames, as in librosa.feature.delta
_LEAST_WIDTH = 3


def delta(features: Tensor, order: int = 1) -> Tensor:
    """Return the slope of each bin over time, or its curvature: those of a curve fitted to nine frames around each.

    The first and last four frames take the value of the first and last nine. Fewer than nine frames are fitted over
    the largest odd number that fits; of fewer than three the change is zero.

    Args:
        features: Features (batch, n_bins, n_frames).
        order: 1 for the slope (of a line), 2 for the second derivative (of a parabola).

    Returns:
        The change (batch, n_bins, n_frames), in the unit of the features per frame, or per frame squared.

    Raises:
        SettingError: The order is neither 1 nor 2.

    >>> delta(2.0 * torch.arange(10.0).reshape(1, 1, 10))[0, 0, :3]
    tensor([2., 2., 2.])

    Source: Savitzky and Golay (1964), "Smoothing and differentiation of data by simplified least squares procedures",
    Analytical Chemistry 36. Follows `librosa.feature.delta` of librosa 0.11, which refuses fewer than nine frames;
    within 1e-10 of the largest feature in double precision.
    """
    if order not in (1, 2):
        raise SettingError(f"order must be 1 for the slope or 2 for the second derivative, not {order}")
    n_frames = features.shape[-1]
    width = min(_WIDTH, n_frames - (n_frames + 1) % 2)
    if width < _LEAST_WIDTH:
        return torch.zeros_like(features)
    half = width // 2
    offsets = torch.arange(-half, half + 1, dtype=features.dtype, device=features.device)
    # Least squares on a grid around zero: only the part of the power that lower powers do not explain counts.
    shape = offsets if order == 1 else offsets.square() - offsets.square().mean()
    weights = order * shape / shape.square().sum()
    change = torch.matmul(features.unfold(-1, width, 1), weights)  # (batch, n_bins, n_frames - 2 * half)
    return functional.pad(change, (half, half), mode="replicate")
