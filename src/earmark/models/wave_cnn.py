"""The network on raw waveforms: convolutions over time alone."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.models.checks import check_counts
from earmark.models.windows import Window, check_size, least_size, size_after


@dataclass(frozen=True, kw_only=True)
class WaveCnnSettings:
    """Settings of the network on raw waveforms.

    Attributes:
        n_layers: How many times it convolves and pools.
        n_channels: Channels of each convolution.
        width: Samples that a convolution sees at once; odd.
        pool: Of so many samples the largest is kept; a quarter of it is added at either end.

    Raises:
        SettingError: A setting cannot be.
    """

    n_layers: int = 4
    n_channels: int = 10
    width: int = 9
    pool: int = 16

    def __post_init__(self) -> None:
        check_counts(self, "n_layers", "n_channels", "width", "pool")
        if self.width % 2 == 0:
            raise SettingError(f"width must be odd, so that a convolution has a middle, not {self.width}")


class WaveCnn(nn.Module):
    """Four convolutions over time, each with ReLU and a pooling that keeps one place in sixteen; then the classes.

    Bins, and channels where there are some, are what a convolution reads together; a waveform has one bin.

    Args:
        n_bins: Bins of the features: 1 for a waveform.
        n_frames: Frames of the features: samples of a waveform, at least 30584 with the default settings.
        n_channels: Channels of the features, where they have them: read together with the bins.
        n_classes: Classes to tell apart.
        settings: See `WaveCnnSettings`.

    Raises:
        SettingError: The waveform is too short for all poolings.

    >>> network = WaveCnn(n_bins=1, n_frames=65536, n_classes=10, settings=WaveCnnSettings())
    >>> network(torch.zeros(2, 1, 65536)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: WaveCnnSettings
    ) -> None:
        super().__init__()
        width, pool = settings.width, settings.pool
        windows = (Window(width, padding=width // 2), Window(pool, pool, padding=pool // 4)) * settings.n_layers
        check_size(
            "wave-cnn",
            size=(n_bins, n_frames),
            least=(1, least_size(windows)),
            advice="take longer segments, a smaller decimation of the front end 'waveform', or a smaller pool or "
            "n_layers of the network",
        )
        n_ins = (n_bins * n_channels, *[settings.n_channels] * (settings.n_layers - 1))
        layers = [layer for n_in in n_ins for layer in _layer(n_in, settings)]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.classes = nn.Linear(settings.n_channels * size_after(n_frames, windows), n_classes)
        # For torch, a convolution over time with its channels last is quick only as one over pictures of height 1.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs miss it

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        maps = features.flatten(1, -2).unsqueeze(2)  # (batch, n_channels * n_bins, 1, n_frames)
        logits: Tensor = self.classes(self.layers(maps))  # (batch, n_classes)
        return logits


def _layer(n_in: int, settings: WaveCnnSettings) -> tuple[nn.Module, ...]:
    width, pool = settings.width, settings.pool
    return (
        nn.Conv2d(n_in, settings.n_channels, (1, width), padding=(0, width // 2)),
        # Pooling stands before ReLU: the two commute, and ReLU then works on a sixteenth of the values.
        nn.MaxPool2d((1, pool), padding=(0, pool // 4)),
        nn.ReLU(),
    )
