"""How much is left of a map after windows have been moved over it, and how large it must be for that."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from earmark.errors import SettingError

_N_AXES = 4  # (batch, n_channels, n_bins, n_frames)


@dataclass(frozen=True)
class Window:
    """A convolution or a pooling along one axis. What does not fill the last window is dropped.

    Attributes:
        width: How many places it sees at once.
        stride: From one place to the next.
        padding: How many places are added at either end.
    """

    width: int
    stride: int = 1
    padding: int = 0


def size_after(size: int, windows: Sequence[Window]) -> int:
    """Return how many places are left of `size` after windows in a row; below 1 where it is too small.

    >>> size_after(13, [Window(3), Window(2, stride=2)])
    5
    """
    for window in windows:
        size = (size + 2 * window.padding - window.width) // window.stride + 1
        if size < 1:  # the next window's padding brings nothing back
            return size
    return size


def least_size(windows: Sequence[Window]) -> int:
    """Return the smallest size of which one place is left after windows in a row.

    >>> least_size([Window(3), Window(2, stride=2)])
    4
    """
    size = 1
    for window in reversed(windows):
        size = max(1, (size - 1) * window.stride + window.width - 2 * window.padding)
    return size


def check_size(network: str, *, size: tuple[int, int], least: tuple[int, int], advice: str) -> None:
    """Refuse features that are too small for a network.

    Args:
        network: Its name.
        size: Bins and frames of the features.
        least: Bins and frames that they must have at least.
        advice: What to do about it.

    Raises:
        SettingError: There are too few bins or frames.
    """
    if size[0] < least[0] or size[1] < least[1]:
        bins = f"{least[0]} bins and " if least[0] > 1 else ""
        raise SettingError(
            f"the network {network!r} needs features of at least {bins}{least[1]} frames, not "
            f"{f'{size[0]} x ' if bins else ''}{size[1]}: {advice}"
        )


def with_channels(features: Tensor) -> Tensor:
    """Return features as maps (batch, n_channels, n_bins, n_frames); those without channels get one.

    >>> import torch
    >>> with_channels(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 1, 13, 130])
    """
    return features if features.ndim == _N_AXES else features.unsqueeze(1)
