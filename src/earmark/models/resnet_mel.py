"""The residual network for mel spectrograms: the strong default."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from earmark.errors import SettingError
from earmark.models.checks import check_counts, check_dropout
from earmark.models.modulation import ModulationSpectrum
from earmark.models.opinion import SecondOpinion
from earmark.models.windows import with_channels

_SQUEEZE = 8  # channels a unit of the bottleneck that weighs them
_SWINGS = (32, 64, 128)  # channels of the convolutions over the modulation spectrum
_LEAST_STRETCH = 4  # frames


@dataclass(frozen=True, kw_only=True)
class ResnetMelSettings:
    """Settings of the residual network.

    Attributes:
        n_blocks: Residual blocks.
        n_channels: Channels of the first block; each of the others has twice as many as the one before.
        stem_frames: Width of the first convolution in frames, odd: how long a pattern it sees before pooling.
        modulation_frames: Frames of the stretches of the modulation spectrum; None to do without it.
        opinion_share: The share of the bins, from the lowest on, that the second opinion hears, above 0 to 1; None to
            do without it. Of 64 mel bands up to 22 kHz, 0.85 are those below 11 kHz.
        opinion_weight: What the second opinion counts for, above 0 and below 1; the rest is the network's own.
        dropout: Share of the values before the classes left out in a training step, 0 to below 1.

    Raises:
        SettingError: A setting cannot be.
    """

    n_blocks: int = 4
    n_channels: int = 32
    stem_frames: int = 11
    modulation_frames: int | None = 64
    opinion_share: float | None = 0.85
    opinion_weight: float = 0.3
    dropout: float = 0.3

    def __post_init__(self) -> None:
        check_counts(self, "n_blocks", "n_channels", "stem_frames")
        check_dropout(self.dropout)
        if self.stem_frames % 2 == 0:
            raise SettingError(f"stem_frames must be odd, not {self.stem_frames}")
        if self.modulation_frames is not None and self.modulation_frames < _LEAST_STRETCH:
            raise SettingError(
                f"modulation_frames must be at least {_LEAST_STRETCH}, or off, not {self.modulation_frames}"
            )
        if self.opinion_share is not None and not 0 < self.opinion_share <= 1:
            raise SettingError(f"opinion_share must be above 0 and at most 1, or off, not {self.opinion_share}")
        if not 0 < self.opinion_weight < 1:
            raise SettingError(f"opinion_weight must be above 0 and below 1, not {self.opinion_weight}")


class ResnetMel(nn.Module):
    """A stem, four residual blocks that weigh their channels, means and maxima of what is left, then the classes.

    A plane that says which band a place belongs to goes in beside the features: convolutions do not know it, and for
    a sound it matters. The stem (stride 2, pooling 3/2) leaves a quarter of bands and frames, each block but the first
    half of that. At the end comes the mean over frequency, and of that both mean and maximum over time: a dog barks
    once, rain goes on. Pooling loses what goes up and down several times a second, such as the blades of a helicopter:
    three convolutions look at the modulation spectrum (`ModulationSpectrum`) as well, and what they find stands beside
    the rest before the classes. With 32 to 256 channels it has 1.4 million weights.

    When it is trained, a support-vector machine on statistics of the same features gives a second opinion, and the
    logits are those of both together (`SecondOpinion`); while it is trained, and before, they are its own.

    Any number of bins and frames from one on will do.

    Args:
        n_bins: Bins of the features.
        n_frames: Frames of the features; any number will do.
        n_channels: Channels of the features, where they have them: those of pictures.
        n_classes: Classes to tell apart.
        settings: See `ResnetMelSettings`.

    >>> network = ResnetMel(n_bins=64, n_frames=251, n_classes=10, settings=ResnetMelSettings())
    >>> network(torch.zeros(2, 64, 251)).shape
    torch.Size([2, 10])

    Source: He et al. (2016), "Deep residual learning for image recognition", CVPR; Hu, Shen and Sun (2018),
    "Squeeze-and-excitation networks", CVPR; for the plane of bands Liu et al. (2018), "An intriguing failing of
    convolutional neural networks and the CoordConv solution", NeurIPS, and Koutini, Eghbal-zadeh and Widmer (2019),
    "Receptive-field-regularized CNN variants for acoustic scene classification", DCASE.
    """

    bands: Tensor

    def __init__(
        self,
        *,
        n_bins: int,
        n_frames: int,  # noqa: ARG002 - every network is told
        n_channels: int = 1,
        n_classes: int,
        settings: ResnetMelSettings,
    ) -> None:
        super().__init__()
        width = settings.n_channels
        # Deviation one, as the standardised features beside it have.
        self.register_buffer("bands", torch.linspace(-(3**0.5), 3**0.5, n_bins).reshape(1, 1, -1, 1), persistent=False)
        # Pooling stands before batch norm and ReLU, which then work on a quarter of the values.
        self.stem = nn.Sequential(
            nn.Conv2d(
                n_channels + 1,
                width,
                (5, settings.stem_frames),
                stride=2,
                padding=(2, settings.stem_frames // 2),
                bias=False,
            ),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        widths = [width * 2**number for number in range(settings.n_blocks)]
        blocks = [_Block(width, width, stride=1)]
        blocks += [_Block(n_out // 2, n_out, stride=2) for n_out in widths[1:]]
        self.blocks = nn.Sequential(*blocks)
        n_summary = 2 * widths[-1]
        self.swings = None
        if settings.modulation_frames is not None:
            self.swings = _swings(n_channels, settings.modulation_frames)
            n_summary += 2 * _SWINGS[-1]
        self.head = nn.Sequential(nn.Dropout(settings.dropout), nn.Linear(n_summary, n_classes))
        share = settings.opinion_share
        self.opinion = (
            None
            if share is None
            else SecondOpinion(
                n_bins=n_bins,
                n_channels=n_channels,
                n_classes=n_classes,
                share=share,
                weight=settings.opinion_weight,
                modulation_frames=settings.modulation_frames,
            )
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs miss it

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes) for features (batch, [n_channels,] n_bins, n_frames)."""
        logits = self.logits(features)
        if self.training or self.opinion is None or not self.opinion.is_solved:
            return logits
        together: Tensor = self.opinion(features, logits)
        return together

    def logits(self, features: Tensor) -> Tensor:
        """Return what the network says without its second opinion: logits (batch, n_classes)."""
        planes = with_channels(features)  # (batch, n_channels, n_bins, n_frames)
        bands = self.bands.expand(planes.shape[0], 1, -1, planes.shape[3])
        maps = self.blocks(self.stem(torch.cat([planes, bands], dim=1)))  # (batch, width, bins, frames)
        over_time = maps.mean(dim=2)  # (batch, width, frames)
        summary = [over_time.mean(dim=2), over_time.amax(dim=2)]
        if self.swings is not None:
            found = self.swings(planes)  # (batch, channels, bins, rates)
            summary += [found.mean(dim=(2, 3)), found.amax(dim=(2, 3))]
        logits: Tensor = self.head(torch.cat(summary, dim=1))  # (batch, n_classes)
        return logits

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: Any) -> None:  # noqa: ANN401
        if f"{prefix}opinion.temperature" not in state_dict:  # of a version that had none
            self.opinion = None
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _swings(n_channels: int, n_frames: int) -> nn.Sequential:
    """Return the modulation spectrum with convolutions over bins and rates."""
    layers: list[nn.Module] = [ModulationSpectrum(n_frames), nn.BatchNorm2d(n_channels)]
    for n_in, n_out, width in zip((n_channels, *_SWINGS), _SWINGS, (5, 3, 3), strict=False):
        layers += [
            nn.Conv2d(n_in, n_out, width, stride=2, padding=width // 2, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


class _Block(nn.Module):
    """Two convolutions 3x3, whose channels are weighed by what all of the map says, added to what went in."""

    def __init__(self, n_in: int, n_out: int, *, stride: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        n_squeezed = max(1, n_out // _SQUEEZE)
        self.weigh = nn.Sequential(nn.Linear(n_out, n_squeezed), nn.ReLU(), nn.Linear(n_squeezed, n_out), nn.Sigmoid())
        is_same = stride == 1 and n_in == n_out
        self.shortcut = (
            nn.Identity()
            if is_same
            else nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm2d(n_out))
        )

    def forward(self, maps: Tensor) -> Tensor:
        found = self.convolutions(maps)  # (batch, n_out, bins, frames)
        weights = self.weigh(found.mean(dim=(2, 3))).unsqueeze(2).unsqueeze(3)  # (batch, n_out, 1, 1)
        return torch.relu(found * weights + self.shortcut(maps))
