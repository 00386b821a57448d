"""The network for pictures of sound: five convolutions of AlexNet's kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.models.checks import check_counts, check_dropout
from earmark.models.windows import Window, check_size, least_size, size_after, with_channels


@dataclass(frozen=True, kw_only=True)
class AlexNetSettings:
    """Settings of the network for pictures.

    Attributes:
        n_channels: Channels of the first convolution; the second has twice, the others four times as many.
        n_hidden: Units of each of the two dense layers before the classes.
        dropout: Share of the values before the dense layers left out in a training step, 0 to below 1.
        padded: Whether convolutions see zeros beyond the edge, so that pictures from 63 x 111 on are large enough;
            without, they must be at least 195 x 371.

    Raises:
        SettingError: A setting cannot be.
    """

    n_channels: int = 64
    n_hidden: int = 256
    dropout: float = 0.5
    padded: bool = False

    def __post_init__(self) -> None:
        check_counts(self, "n_channels", "n_hidden")
        check_dropout(self.dropout)


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """A convolution, and the strides over rows and columns of the pooling 3x3 after it, where there is one."""

    n_channels: int  # as a multiple of the first convolution's
    width: int
    stride: int = 1
    padding: int
    pool: tuple[int, int] | None = None


_LAYERS = (
    _Layer(n_channels=1, width=11, stride=4, padding=2, pool=(2, 4)),  # from here on, 300 x 600 is about a square
    _Layer(n_channels=2, width=5, padding=2, pool=(2, 2)),
    _Layer(n_channels=4, width=3, padding=1),
    _Layer(n_channels=4, width=3, padding=1),
    _Layer(n_channels=4, width=3, padding=1, pool=(2, 2)),
)
_POOL = 3
_SLOPE = 0.25  # of PReLU below zero, at first


class AlexNet(nn.Module):
    """Five convolutions with three poolings, then two dense layers, then the classes; PReLU after each of them.

    Made for pictures of 300 rows, 600 columns and four colours: convolution 64@11 of stride 4, pooling 3 of stride 2
    over rows and 4 over columns; convolution 128@5, pooling 3/2; convolutions 256@3 three times, pooling 3/2; dropout,
    dense 256 and 256. PReLU has a slope of its own for each channel; pooling stands before it, and as long as slopes
    are not negative the two commute.

    Args:
        n_bins: Rows of the pictures, or bins of other features.
        n_frames: Columns of the pictures, or frames of other features.
        n_channels: Colours of the pictures; 1 for features without.
        n_classes: Classes to tell apart.
        settings: See `AlexNetSettings`.

    Raises:
        SettingError: The pictures are too small for all convolutions and poolings.

    >>> settings = AlexNetSettings(padded=True)
    >>> network = AlexNet(n_bins=75, n_frames=150, n_channels=4, n_classes=10, settings=settings)
    >>> network(torch.zeros(2, 4, 75, 150)).shape
    torch.Size([2, 10])

    Source: Krizhevsky, Sutskever and Hinton (2012), "ImageNet classification with deep convolutional neural networks",
    NIPS 25, with fewer channels and units, and without its local normalisation. For PReLU and the weights at first He
    et al. (2015), "Delving deep into rectifiers", ICCV, equation 15.
    """

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: AlexNetSettings
    ) -> None:
        super().__init__()
        rows, columns = (_windows(axis, padded=settings.padded) for axis in (0, 1))
        padding = "" if settings.padded else ", or padded = true in the settings of the network"
        check_size(
            "alexnet",
            size=(n_bins, n_frames),
            least=(least_size(rows), least_size(columns)),
            advice=f"take larger pictures or a smaller reduce of the front end 'picture'{padding}",
        )
        width, n_hidden = settings.n_channels, settings.n_hidden
        layers: list[nn.Module] = []
        n_in = n_channels
        for layer in _LAYERS:
            n_out = layer.n_channels * width
            padding_here = layer.padding if settings.padded else 0
            layers.append(nn.Conv2d(n_in, n_out, layer.width, layer.stride, padding_here))
            if layer.pool:
                layers.append(nn.MaxPool2d(_POOL, layer.pool))
            layers.append(nn.PReLU(n_out, _SLOPE))
            n_in = n_out
        self.maps = nn.Sequential(*layers)
        n_flat = n_in * size_after(n_bins, rows) * size_after(n_frames, columns)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(settings.dropout),
            nn.Linear(n_flat, n_hidden),
            nn.PReLU(n_hidden, _SLOPE),
            nn.Linear(n_hidden, n_hidden),
            nn.PReLU(n_hidden, _SLOPE),
        )
        self.apply(_draw_weights)
        self.classes = nn.Linear(n_hidden, n_classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs miss it

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        maps = self.maps(with_channels(features))  # (batch, 4 * width, rows, columns)
        logits: Tensor = self.classes(self.head(maps))  # (batch, n_classes)
        return logits


def _windows(axis: int, *, padded: bool) -> Sequence[Window]:
    """Return what is moved over the rows (0) or the columns (1) of a picture, in order."""
    windows = []
    for layer in _LAYERS:
        windows.append(Window(layer.width, layer.stride, layer.padding if padded else 0))
        if layer.pool:
            windows.append(Window(_POOL, layer.pool[axis]))
    return windows


def _draw_weights(layer: nn.Module) -> None:
    """Draw weights that keep the size of what goes through: without, five layers and PReLU leave little of it."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
