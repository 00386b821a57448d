"""The multilayer perceptron."""

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.models.checks import check_dropout


@dataclass(frozen=True, kw_only=True)
class MlpSettings:
    """Settings of the multilayer perceptron.

    Attributes:
        n_hidden: Units of each hidden layer, in order.
        dropout: Share of each hidden layer's units left out in a training step, 0 to below 1.

    Raises:
        SettingError: A setting cannot be.
    """

    n_hidden: tuple[int, ...] = (512, 256, 64)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not self.n_hidden or min(self.n_hidden) < 1:
            raise SettingError(f"n_hidden must hold at least one layer of at least 1 unit, not {self.n_hidden}")
        check_dropout(self.dropout)


@dataclass(frozen=True, kw_only=True)
class MlpRegularisedSettings(MlpSettings):
    """Settings of the perceptron that is kept from learning by heart: the same, with dropout.

    Its training adds the squares of the weights, times 0.001 (``train.l2``), to the loss: of the hidden layers and of
    the output layer too, since the penalty of any network here is on all weight matrices. The output layer is the
    smallest of the four, with as many weights as 64 times the classes.

    Attributes:
        dropout: Share of each hidden layer's units left out in a training step, 0 to below 1.
    """

    dropout: float = 0.3


class Mlp(nn.Module):
    """A perceptron on all values of the features at once: dense layers with ReLU, then the classes.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `MlpSettings`.

    >>> import torch
    >>> Mlp(n_bins=13, n_frames=130, n_classes=10, settings=MlpSettings())(torch.zeros(2, 13, 130)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: MlpSettings
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for n_in, n_out in pairwise((n_channels * n_bins * n_frames, *settings.n_hidden)):
            layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(settings.dropout)]
        layers.append(nn.Linear(settings.n_hidden[-1], n_classes))
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        logits: Tensor = self.layers(features)
        return logits
