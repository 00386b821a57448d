"""The network of two branches: two kinds of features of the same frames, each looked at by itself."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.models.checks import check_counts, check_dropout
from earmark.models.cnn import BLOCK_WINDOWS, conv_blocks
from earmark.models.recurrent import dense_head
from earmark.models.windows import check_size, least_size, size_after, with_channels


@dataclass(frozen=True, kw_only=True)
class TwoBranchSettings:
    """Settings of the network of two branches.

    Attributes:
        n_first: Bins of the first kind of features, from the first on; the rest are of the second. The front end
            'stack' puts 13 MFCC first.
        n_channels: Channels of each of the three convolutions of a branch.
        n_hidden: Units of the dense layer before the classes.
        dropout: Share of the dense layer's units left out in a training step, 0 to below 1.

    Raises:
        SettingError: A setting cannot be.
    """

    n_first: int = 13
    n_channels: int = 32
    n_hidden: int = 64
    dropout: float = 0.3

    def __post_init__(self) -> None:
        check_counts(self, "n_first", "n_channels", "n_hidden")
        check_dropout(self.dropout)


class TwoBranch(nn.Module):
    """Two branches, each the three blocks of `cnn`; what both found goes into one dense layer, then the classes.

    Bins of two kinds, such as MFCC and mel bands, are no neighbours: a convolution that runs over the seam between
    them would mix what does not belong together, so each kind has its own.

    Args:
        n_bins: Bins of the features, both kinds together.
        n_frames: Frames of the features.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `TwoBranchSettings`.

    Raises:
        SettingError: No bins are left for the second branch, or one kind is too small for three blocks.

    >>> network = TwoBranch(n_bins=77, n_frames=130, n_classes=10, settings=TwoBranchSettings())
    >>> network(torch.zeros(2, 77, 130)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: TwoBranchSettings
    ) -> None:
        super().__init__()
        self.n_first = settings.n_first
        least = least_size(BLOCK_WINDOWS)
        if self.n_first < least:
            raise SettingError(f"n_first must be at least {least}, which three blocks need, not {self.n_first}")
        check_size(
            "two-branch",
            size=(n_bins, n_frames),
            least=(self.n_first + least, least),
            advice=f"take the front end 'stack', of which the first {self.n_first} bins (n_first) are one kind and the "
            "rest the other, or longer segments",
        )
        width = settings.n_channels
        self.first = conv_blocks(n_channels, width)
        self.second = conv_blocks(n_channels, width)
        n_both = size_after(self.n_first, BLOCK_WINDOWS) + size_after(n_bins - self.n_first, BLOCK_WINDOWS)
        n_flat = width * n_both * size_after(n_frames, BLOCK_WINDOWS)
        self.head = dense_head(n_flat, settings.n_hidden, n_classes, settings.dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        maps = with_channels(features)
        first = self.first(maps[:, :, : self.n_first])  # (batch, width, bins, frames)
        second = self.second(maps[:, :, self.n_first :])  # (batch, width, bins, frames)
        both = torch.cat([first.flatten(1), second.flatten(1)], dim=1)
        logits: Tensor = self.head(both)  # (batch, n_classes)
        return logits
