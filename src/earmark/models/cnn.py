"""The convolutional network of three blocks."""

from dataclasses import dataclass

from torch import Tensor, nn

from earmark.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class CnnSettings:
    """Settings of the convolutional network.

    Attributes:
        n_channels: Channels of each of the three convolutions.
        n_hidden: Units of the dense layer before the classes.
        dropout: Share of the dense layer's units left out in a training step, 0 to below 1.
    """

    n_channels: int = 32
    n_hidden: int = 64
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.n_channels < 1 or self.n_hidden < 1:
            raise SettingError(f"n_channels and n_hidden must be at least 1, not {self.n_channels} and {self.n_hidden}")
        if not 0 <= self.dropout < 1:
            raise SettingError(f"dropout must be at least 0 and below 1, not {self.dropout}")


class Cnn(nn.Module):
    """Three blocks of convolution, pooling, ReLU and batch norm, then a dense layer, then the classes.

    Convolutions 3x3, 3x3, 2x2 without padding; pooling 3/2, 3/2, 2/2 that keeps the rest at the edge. Sized from the
    features that it meets.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features.
        n_classes: Classes to tell apart.
        settings: See `CnnSettings`.

    Raises:
        SettingError: The features are too small for three blocks.

    >>> import torch
    >>> Cnn(n_bins=13, n_frames=130, n_classes=10, settings=CnnSettings())(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 10])
    """

    def __init__(self, *, n_bins: int, n_frames: int, n_classes: int, settings: CnnSettings) -> None:
        super().__init__()
        smallest = _smallest_size()
        if min(n_bins, n_frames) < smallest:
            raise SettingError(
                f"the network 'cnn' needs features of at least {smallest} bins and {smallest} frames, not {n_bins} x "
                f"{n_frames}: take longer segments, a smaller hop_samples or more bins, or the network 'mlp'"
            )
        n_channels = settings.n_channels
        self.blocks = nn.Sequential(
            _block(1, n_channels, kernel=3, pool=3),
            _block(n_channels, n_channels, kernel=3, pool=3),
            _block(n_channels, n_channels, kernel=2, pool=2),
        )
        n_flat = n_channels * _size_after(n_bins) * _size_after(n_frames)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_flat, settings.n_hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.n_hidden, n_classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, n_bins, n_frames)."""
        maps = self.blocks(features.unsqueeze(1))  # (batch, n_channels, bins, frames)
        logits: Tensor = self.head(maps)  # (batch, n_classes)
        return logits


def _block(n_in: int, n_out: int, *, kernel: int, pool: int) -> nn.Sequential:
    # Pooling stands before ReLU: the two commute, and ReLU then works on a quarter of the values.
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel),
        nn.MaxPool2d(pool, stride=2, padding=pool // 2 if pool % 2 else 0, ceil_mode=pool % 2 == 0),
        nn.ReLU(),
        nn.BatchNorm2d(n_out),
    )


def _size_after(size: int) -> int:
    """Return the bins (or frames) that are left of `size` after the three blocks; below 1 where it is too small."""
    for kernel in (3, 3, 2):
        size = (size - kernel + 1 + 1) // 2  # each pooling halves, rounding up
    return size


def _smallest_size() -> int:
    return next(size for size in range(1, 100) if _size_after(size) >= 1)
