"""The front ends that ship, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from earmark._util.catalogue import Catalogue
from earmark.features.log_mel import LogMel, LogMelSettings
from earmark.features.mfcc import Mfcc, MfccSettings
from earmark.features.statistics import Statistics, StatisticsSettings


@dataclass(frozen=True)
class FrontEndKind:
    """A kind of front end.

    Attributes:
        settings: The type of its settings: a frozen dataclass of numbers, whose defaults are good, with a
            `sample_rate`.
        build: Makes the module (batch, n_samples) -> (batch, n_bins, n_frames) from such settings.
        summary: What it is, in one line.
    """

    settings: type[Any]
    build: Callable[[Any], nn.Module]
    summary: str


FRONT_ENDS: Catalogue[FrontEndKind] = Catalogue(
    "front end",
    {
        "log-mel": FrontEndKind(LogMelSettings, LogMel, "power per mel band over time, in dB"),
        "mfcc": FrontEndKind(MfccSettings, Mfcc, "mel-frequency cepstral coefficients over time"),
        "statistics": FrontEndKind(
            StatisticsSettings, Statistics, "one vector: five statistics over time of each MFCC"
        ),
    },
)
