"""The front ends that ship, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import nn

from earmark._util.catalogue import Catalogue
from earmark.features.clip_statistics import ClipStatistics, ClipStatisticsSettings
from earmark.features.given import Given, GivenSettings
from earmark.features.log_mel import LogMel, LogMelSettings
from earmark.features.log_spectrogram import LogSpectrogram, LogSpectrogramSettings
from earmark.features.mel_spectrogram import Mel, MelSettings
from earmark.features.mfcc import Mfcc, MfccSettings
from earmark.features.pcen import Pcen, PcenSettings
from earmark.features.picture import Picture, PictureSettings
from earmark.features.spectrogram import Spectrogram, SpectrogramSettings
from earmark.features.spectrum import Spectrum, SpectrumSettings
from earmark.features.stack import Stack, StackSettings
from earmark.features.statistics import Statistics, StatisticsSettings
from earmark.features.waveform import Waveform, WaveformSettings


@dataclass(frozen=True)
class FrontEndKind:
    """A kind of front end.

    Attributes:
        settings: The type of its settings: a frozen dataclass of numbers and words, whose defaults are good; with a
            `sample_rate`, if it takes waveforms.
        build: Makes the module from such settings: what it takes -> (batch, n_bins, n_frames), or, of pictures,
            (batch, 4, n_rows, n_columns).
        summary: What it is, in one line.
        takes: What goes in: "waveform" (batch, n_samples), "features" (batch, n_bins, n_frames) that are there
            already, or "picture" (batch, n_rows, n_columns, 4).
        exportable: Whether it is one graph of torch, to be exported and with a gradient; one that asks another library
            is not.
        bins_follow_length: Whether the number of bins, and not of frames, follows from the length of the waveform.
        whole_clips: Whether clips of any length give features of one size, so that a clip need not be cut.
        is_power_db: Whether features are power in dB, whose settings have a `top_db` as in `power_to_db`.
    """

    settings: type[Any]
    build: Callable[[Any], nn.Module]
    summary: str
    takes: Literal["waveform", "features", "picture"] = "waveform"
    exportable: bool = True
    bins_follow_length: bool = False
    whole_clips: bool = False
    is_power_db: bool = False


FRONT_ENDS: Catalogue[FrontEndKind] = Catalogue(
    "front end",
    {
        "waveform": FrontEndKind(WaveformSettings, Waveform, "the samples themselves, every eighth or so"),
        "spectrum": FrontEndKind(
            SpectrumSettings, Spectrum, "one Fourier transform of the whole waveform", bins_follow_length=True
        ),
        "spectrogram": FrontEndKind(SpectrogramSettings, Spectrogram, "magnitude or power per frequency over time"),
        "log-spectrogram": FrontEndKind(
            LogSpectrogramSettings, LogSpectrogram, "power per frequency over time, in dB", is_power_db=True
        ),
        "mel": FrontEndKind(MelSettings, Mel, "power per mel band over time"),
        "log-mel": FrontEndKind(LogMelSettings, LogMel, "power per mel band over time, in dB", is_power_db=True),
        "mfcc": FrontEndKind(MfccSettings, Mfcc, "mel-frequency cepstral coefficients over time"),
        "pcen": FrontEndKind(PcenSettings, Pcen, "mel bands over time, each measured against its own recent loudness"),
        "stack": FrontEndKind(StackSettings, Stack, "two of these on one time axis, such as mfcc and log-mel"),
        "statistics": FrontEndKind(
            StatisticsSettings, Statistics, "one vector: five statistics over time of each MFCC", whole_clips=True
        ),
        "clip-statistics": FrontEndKind(
            ClipStatisticsSettings,
            ClipStatistics,
            "one vector: timbre, loudness, pitch and tempo of a clip, by librosa",
            exportable=False,
            whole_clips=True,
        ),
        "given": FrontEndKind(GivenSettings, Given, "features that are there already, as they are", takes="features"),
        "picture": FrontEndKind(
            PictureSettings, Picture, "pictures of a sound, made small, one plane a colour", takes="picture"
        ),
    },
)
