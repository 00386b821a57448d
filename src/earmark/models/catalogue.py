"""The networks that ship, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from torch import nn

from earmark._util.catalogue import Catalogue
from earmark.models.alexnet import AlexNet, AlexNetSettings
from earmark.models.cnn import Cnn, CnnSettings
from earmark.models.cnn_small import CnnSmall, CnnSmallSettings
from earmark.models.forest import Forest, ForestSettings
from earmark.models.logistic import Logistic, LogisticSettings
from earmark.models.mlp import Mlp, MlpRegularisedSettings, MlpSettings
from earmark.models.multiscale import LstmMultiscale, LstmMultiscaleSettings
from earmark.models.nearest import Nearest, NearestSettings
from earmark.models.recurrent import Gru, GruSettings, Lstm, LstmSettings
from earmark.models.resnet_mel import ResnetMel, ResnetMelSettings
from earmark.models.svm import Svm, SvmSettings
from earmark.models.two_branch import TwoBranch, TwoBranchSettings
from earmark.models.wave_cnn import WaveCnn, WaveCnnSettings

Tables = Mapping[str, Mapping[str, Any]]  # of a configuration


def _tables(**tables: dict[str, Any]) -> Tables:
    """Return tables that nobody can change."""
    return MappingProxyType({name: MappingProxyType(table) for name, table in tables.items()})


@dataclass(frozen=True, kw_only=True)
class NetworkKind:
    """What the house knows of a family of networks.

    Attributes:
        settings: The dataclass of its settings.
        build: Makes one, called with n_bins, n_frames, n_channels, n_classes and settings.
        front_end: The front end that it takes where none is named.
        whole_clips: Whether it looks at a clip as one segment where no segments are asked for.
        defaults: What it likes where a configuration says nothing: tables of settings, such as those of ``front_end``
            (the one named above) and ``train``.
        segment_s: The length of its segments in seconds where a configuration says nothing, or of the clips if they are
            shorter; None for two seconds.
        learns_in_batches: Whether it is trained in epochs and batches, which can be changed anew each time.
        summary: One line for help texts.
    """

    settings: type[Any]
    build: Callable[..., nn.Module]
    front_end: str = "log-mel"
    whole_clips: bool = False
    defaults: Tables = field(default_factory=_tables)
    segment_s: float | None = None
    learns_in_batches: bool = True
    summary: str


DEFAULT_NETWORK = "resnet-mel"  # why: docs/decisions/0012-the-recipe-from-now-on.md

NETWORKS: Catalogue[NetworkKind] = Catalogue(
    "network",
    {
        "alexnet": NetworkKind(
            settings=AlexNetSettings,
            build=AlexNet,
            front_end="picture",
            defaults=_tables(front_end={"reduce": 1}, train={"optimiser": "adamax", "learning_rate": 5e-4}),
            summary="five convolutions of AlexNet's kind on pictures",
        ),
        "cnn": NetworkKind(settings=CnnSettings, build=Cnn, summary="three blocks of convolution, then a dense layer"),
        "cnn-small": NetworkKind(
            settings=CnnSmallSettings, build=CnnSmall, summary="two convolutions, then a dense layer"
        ),
        "gru": NetworkKind(settings=GruSettings, build=Gru, summary="two layers of GRU, then a dense layer"),
        "k-nearest": NetworkKind(
            settings=NearestSettings,
            build=Nearest,
            front_end="statistics",
            whole_clips=True,
            learns_in_batches=False,
            summary="a vote of the nearest training clips, by statistics of the clip",
        ),
        "logistic": NetworkKind(
            settings=LogisticSettings,
            build=Logistic,
            front_end="statistics",
            whole_clips=True,
            learns_in_batches=False,
            summary="logistic regression on statistics of the clip",
        ),
        "lstm": NetworkKind(settings=LstmSettings, build=Lstm, summary="two layers of LSTM, then a dense layer"),
        "lstm-multiscale": NetworkKind(
            settings=LstmMultiscaleSettings,
            build=LstmMultiscale,
            summary="four LSTMs side by side that forget on longer and longer time scales",
        ),
        "mlp": NetworkKind(settings=MlpSettings, build=Mlp, summary="multilayer perceptron 512-256-64"),
        "mlp-regularised": NetworkKind(
            settings=MlpRegularisedSettings,
            build=Mlp,
            defaults=_tables(train={"optimiser": "adam", "learning_rate": 1e-4, "l2": 1e-3}),
            summary="the same perceptron with dropout and small weights",
        ),
        "random-forest": NetworkKind(
            settings=ForestSettings,
            build=Forest,
            front_end="statistics",
            whole_clips=True,
            learns_in_batches=False,
            summary="random forest on statistics of the clip",
        ),
        "resnet-mel": NetworkKind(
            settings=ResnetMelSettings,
            build=ResnetMel,
            defaults=_tables(
                front_end={"sample_rate": 44100, "n_fft": 2048, "hop_samples": 882, "n_mels": 64},
                train={
                    "optimiser": "adamw",
                    "learning_rate": 2e-3,
                    "weight_decay": 0.05,
                    "schedule": "cosine",
                    "warmup_epochs": 3,
                    "label_smoothing": 0.1,
                    "batch_size": 32,
                    "max_epochs": 240,
                    "keep": "last",  # a cosine wants to run to its end
                    "segments_per_clip": 1,
                    "mixed_precision": "auto",
                },
                augment={
                    "steps": (
                        "speed",
                        "power-shift",
                        "power-gain",
                        "equaliser",
                        "mix-energies",
                        "noise-floor",
                        "frequency-mask:n_masks=1:max_share=0.125",
                        "time-mask:n_masks=1:max_share=0.125",
                    )
                },
                split={"validation_fraction": 0.1},
            ),
            segment_s=5.0,
            summary="four residual blocks that weigh their channels, for mel spectrograms",
        ),
        "svm": NetworkKind(
            settings=SvmSettings,
            build=Svm,
            front_end="statistics",
            whole_clips=True,
            learns_in_batches=False,
            summary="support-vector machine on statistics of the clip",
        ),
        "two-branch": NetworkKind(
            settings=TwoBranchSettings,
            build=TwoBranch,
            front_end="stack",
            summary="two kinds of features, such as MFCC and mel, each with convolutions of its own",
        ),
        "wave-cnn": NetworkKind(
            settings=WaveCnnSettings,
            build=WaveCnn,
            front_end="waveform",
            defaults=_tables(front_end={"decimation": 1}),  # four poolings by 16 want more than a second of samples
            summary="four convolutions over the raw waveform",
        ),
    },
)
