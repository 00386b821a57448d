"""The stack front end: two front ends on one time axis, for networks of two branches or to see whether both help."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from earmark._util.catalogue import Catalogue
from earmark.errors import SettingError
from earmark.features.log_mel import LogMel, LogMelSettings
from earmark.features.log_spectrogram import LogSpectrogram, LogSpectrogramSettings
from earmark.features.mel_spectrogram import Mel, MelSettings
from earmark.features.mfcc import Mfcc, MfccSettings
from earmark.features.pcen import Pcen, PcenSettings
from earmark.features.spectrogram import Quantity, Spectrogram, SpectrogramSettings

_PARTS: Catalogue[tuple[type[Any], type[nn.Module]]] = Catalogue(
    "front end to stack",
    {
        "spectrogram": (SpectrogramSettings, Spectrogram),
        "log-spectrogram": (LogSpectrogramSettings, LogSpectrogram),
        "mel": (MelSettings, Mel),
        "log-mel": (LogMelSettings, LogMel),
        "mfcc": (MfccSettings, Mfcc),
        "pcen": (PcenSettings, Pcen),
    },
)


@dataclass(frozen=True, kw_only=True)
class StackSettings(MelSettings):
    """Which two front ends are stacked, and how both are made.

    Each takes those settings that are its own, so what both have is the same for both; what neither has does nothing.

    Attributes:
        first: The name of the front end whose bins come first.
        second: The name of the one whose bins follow.
        n_mfcc: As in `MfccSettings`.
        n_deltas: As in `MfccSettings`.
        lifter: As in `MfccSettings`.
        top_db: As in `LogMelSettings`.
        quantity: As in `SpectrogramSettings`.
        gain: As in `PcenSettings`, and so are those below.
        bias: Added before the power is taken.
        power: How loud and soft are brought together.
        time_constant_s: How long a sound counts as recent, in seconds.
        eps: Loudness below it counts as silence.
        scale: What samples in [-1, 1] are multiplied with.

    Raises:
        SettingError: A front end is unknown or named twice, or settings of one of them cannot be.
    """

    first: str = "mfcc"
    second: str = "log-mel"
    n_mfcc: int = MfccSettings.n_mfcc
    n_deltas: int = MfccSettings.n_deltas
    lifter: float = MfccSettings.lifter
    top_db: float | None = LogMelSettings.top_db
    quantity: Quantity = SpectrogramSettings.quantity
    gain: float = PcenSettings.gain
    bias: float = PcenSettings.bias
    power: float = PcenSettings.power
    time_constant_s: float = PcenSettings.time_constant_s
    eps: float = PcenSettings.eps
    scale: float = PcenSettings.scale

    def __post_init__(self) -> None:
        if self.first == self.second:
            raise SettingError(f"first and second must be two front ends, not both {self.first!r}")
        for name in (self.first, self.second):
            self.settings_of(name)

    def settings_of(self, name: str) -> Any:  # noqa: ANN401 - each front end has settings of its own type
        """Return the settings of one of the front ends.

        Args:
            name: Its name.

        Raises:
            SettingError: It is unknown or cannot be stacked; the message offers the nearest names.
        """
        kind, _ = _PARTS[name]
        return kind(**{field.name: getattr(self, field.name) for field in dataclasses.fields(kind)})


class Stack(nn.Module):
    """Turns waveforms into the features of two front ends, one above the other.

    Args:
        settings: Which two, and how they are made; the defaults if None.

    >>> stack = Stack(StackSettings(n_mels=64))
    >>> stack(torch.zeros(2, 66150)).shape, stack.n_first
    (torch.Size([2, 77, 130]), 13)
    """

    def __init__(self, settings: StackSettings | None = None) -> None:
        super().__init__()
        self.settings = settings = settings or StackSettings()
        self.first, self.second = (_build(settings, name) for name in (settings.first, settings.second))
        with torch.no_grad():
            self._n_first = int(self.first(torch.zeros(1, 1)).shape[1])

    @property
    def n_first(self) -> int:
        """How many bins, from the first on, are those of the first front end."""
        return self._n_first

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the features of both.

        Args:
            waveform: Segments (batch, n_samples) in [-1, 1], of at least one sample.

        Returns:
            Features (batch, n_bins, n_frames): the bins of the first, then those of the second, each in its own unit.
        """
        return torch.cat([self.first(waveform), self.second(waveform)], dim=1)


def _build(settings: StackSettings, name: str) -> nn.Module:
    _, front_end = _PARTS[name]
    return front_end(settings.settings_of(name))
