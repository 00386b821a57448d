"""The networks that ship, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from earmark._util.catalogue import Catalogue
from earmark.models.cnn import Cnn, CnnSettings
from earmark.models.mlp import Mlp, MlpSettings
from earmark.models.svm import Svm, SvmSettings


@dataclass(frozen=True, kw_only=True)
class NetworkKind:
    """What the house knows of a family of networks.

    Attributes:
        settings: The dataclass of its settings.
        build: Makes one, called with n_bins, n_frames, n_classes and settings.
        front_end: The front end that it takes where none is named.
        whole_clips: Whether it looks at a clip as one segment where no segments are asked for.
        summary: One line for help texts.
    """

    settings: type[Any]
    build: Callable[..., nn.Module]
    front_end: str = "log-mel"
    whole_clips: bool = False
    summary: str


NETWORKS: Catalogue[NetworkKind] = Catalogue(
    "network",
    {
        "cnn": NetworkKind(settings=CnnSettings, build=Cnn, summary="three blocks of convolution, then a dense layer"),
        "mlp": NetworkKind(settings=MlpSettings, build=Mlp, summary="multilayer perceptron 512-256-64"),
        "svm": NetworkKind(
            settings=SvmSettings,
            build=Svm,
            front_end="statistics",
            whole_clips=True,
            summary="support-vector machine on statistics of the clip",
        ),
    },
)
