"""A front end, a network and its calibration as one graph: raw sound in, probabilities out."""

import torch
from torch import Tensor, nn

from earmark.features.catalogue import FRONT_ENDS
from earmark.features.standardise import Standardiser
from earmark.models.blueprint import Blueprint


class ClassifierGraph(nn.Module):
    """Front end, standardisation, network and temperature in a row.

    Args:
        blueprint: What to build.

    Raises:
        SettingError: A name is unknown, or the features are too small for the network.
    """

    temperature: Tensor

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__()
        recipe = blueprint.recipe
        self.front_end = FRONT_ENDS[recipe.front_end].build(recipe.settings)
        self.standardiser = Standardiser(blueprint.n_bins, blueprint.n_channels)
        self.network = blueprint.kind.build(
            n_bins=blueprint.n_bins,
            n_frames=blueprint.n_frames,
            n_channels=blueprint.n_channels,
            n_classes=len(blueprint.labels),
            settings=blueprint.network_settings,
        )
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, waveform: Tensor) -> Tensor:
        """Return probabilities (batch, n_classes) for segments of sound (batch, n_samples) in [-1, 1]."""
        return self.probabilities(self.front_end(waveform))

    def probabilities(self, features: Tensor) -> Tensor:
        """Return probabilities (batch, n_classes) for features (batch, n_bins, n_frames)."""
        return torch.softmax(self.logits(features) / self.temperature, dim=1)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes), before the temperature, for features (batch, n_bins, n_frames)."""
        logits: Tensor = self.network(self.standardiser(features))
        return logits


@torch.inference_mode()
def predict_logits(graph: ClassifierGraph, features: Tensor, *, batch_size: int = 64) -> Tensor:
    """Return logits (n, n_classes) for features (n, n_bins, n_frames) on any device, in batches, on the processor.

    The graph is put into evaluation mode: dropout is off, and batch norm uses what it learnt.
    """
    graph.eval()
    device = graph.temperature.device
    return torch.cat([graph.logits(batch.to(device)).cpu() for batch in torch.split(features, batch_size)])
