"""The small convolutional network: two convolutions, two poolings, a dense layer."""

from dataclasses import dataclass

from torch import Tensor, nn

from earmark.models.checks import check_counts, check_dropout
from earmark.models.windows import Window, check_size, least_size, size_after, with_channels

_WINDOWS = (Window(3), Window(2, stride=2)) * 2


@dataclass(frozen=True, kw_only=True)
class CnnSmallSettings:
    """Settings of the small convolutional network.

    Attributes:
        n_channels: Channels of the first convolution; the second has twice as many.
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


class CnnSmall(nn.Module):
    """Two convolutions 3x3 without padding, each with ReLU and pooling 2x2, then a dense layer, then the classes.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `CnnSmallSettings`.

    Raises:
        SettingError: The features are too small for two convolutions and poolings.

    >>> import torch
    >>> CnnSmall(n_bins=13, n_frames=130, n_classes=10, settings=CnnSmallSettings())(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: CnnSmallSettings
    ) -> None:
        super().__init__()
        least = least_size(_WINDOWS)
        check_size(
            "cnn-small",
            size=(n_bins, n_frames),
            least=(least, least),
            advice="take longer segments, a smaller hop_samples or more bins, or the network 'mlp'",
        )
        width = settings.n_channels
        self.maps = nn.Sequential(*_layer(n_channels, width), *_layer(width, 2 * width))
        n_flat = 2 * width * size_after(n_bins, _WINDOWS) * size_after(n_frames, _WINDOWS)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_flat, settings.n_hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.n_hidden, n_classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        maps = self.maps(with_channels(features))  # (batch, 2 * width, bins, frames)
        logits: Tensor = self.head(maps)  # (batch, n_classes)
        return logits


def _layer(n_in: int, n_out: int) -> tuple[nn.Module, ...]:
    # Pooling stands before ReLU: the two commute, and ReLU then works on a quarter of the values.
    return nn.Conv2d(n_in, n_out, 3), nn.MaxPool2d(2), nn.ReLU()
