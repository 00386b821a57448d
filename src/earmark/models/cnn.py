"""The convolutional network of three blocks."""

from dataclasses import dataclass

from torch import Tensor, nn

from earmark.models.checks import check_counts, check_dropout
from earmark.models.windows import Window, check_size, least_size, size_after, with_channels

_KERNELS = (3, 3, 2)  # of the three blocks


@dataclass(frozen=True, kw_only=True)
class CnnSettings:
    """Settings of the convolutional network.

    Attributes:
        n_channels: Channels of each of the three convolutions.
        n_hidden: Units of the dense layer before the classes.
        dropout: Share of the dense layer's units left out in a training step, 0 to below 1.

    Raises:
        SettingError: A setting cannot be.
    """

    n_channels: int = 32
    n_hidden: int = 64
    dropout: float = 0.3

    def __post_init__(self) -> None:
        check_counts(self, "n_channels", "n_hidden")
        check_dropout(self.dropout)


class Cnn(nn.Module):
    """Three blocks of convolution, pooling, ReLU and batch norm, then a dense layer, then the classes.

    Convolutions 3x3, 3x3, 2x2 without padding; pooling 3/2, 3/2, 2/2 that keeps the rest at the edge. Sized from the
    features that it meets.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `CnnSettings`.

    Raises:
        SettingError: The features are too small for three blocks.

    >>> import torch
    >>> Cnn(n_bins=13, n_frames=130, n_classes=10, settings=CnnSettings())(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: CnnSettings
    ) -> None:
        super().__init__()
        least = least_size(BLOCK_WINDOWS)
        check_size(
            "cnn",
            size=(n_bins, n_frames),
            least=(least, least),
            advice="take longer segments, a smaller hop_samples or more bins, or the network 'mlp'",
        )
        self.blocks = conv_blocks(n_channels, settings.n_channels)
        n_flat = settings.n_channels * size_after(n_bins, BLOCK_WINDOWS) * size_after(n_frames, BLOCK_WINDOWS)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_flat, settings.n_hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.n_hidden, n_classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        maps = self.blocks(with_channels(features))  # (batch, width, bins, frames)
        logits: Tensor = self.head(maps)  # (batch, n_classes)
        return logits


def conv_blocks(n_in: int, n_channels: int) -> nn.Sequential:
    """Return the three blocks: maps (batch, n_in, bins, frames) -> (batch, n_channels, fewer, fewer).

    Args:
        n_in: Channels that go in.
        n_channels: Channels of each of the three convolutions.
    """
    n_ins = (n_in, n_channels, n_channels)
    return nn.Sequential(*(_block(n, n_channels, kernel) for n, kernel in zip(n_ins, _KERNELS, strict=True)))


def _block(n_in: int, n_out: int, kernel: int) -> nn.Sequential:
    # Pooling stands before ReLU: the two commute, and ReLU then works on a quarter of the values.
    is_odd = kernel % 2 == 1
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel),
        nn.MaxPool2d(kernel, stride=2, padding=kernel // 2 if is_odd else 0, ceil_mode=not is_odd),
        nn.ReLU(),
        nn.BatchNorm2d(n_out),
    )


# Each pooling halves and rounds up, which is what a window of one with stride two does.
BLOCK_WINDOWS = tuple(window for kernel in _KERNELS for window in (Window(kernel), Window(1, stride=2)))
