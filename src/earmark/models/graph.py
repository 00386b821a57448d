"""A front end, a network and its calibration as one graph: raw sound in, probabilities out."""

import torch
from torch import Tensor, nn

from earmark.features.catalogue import FRONT_ENDS
from earmark.features.standardise import Standardiser
from earmark.models.blueprint import Blueprint
from earmark.models.doubt import Doubt, Views, last_linear_input


class ClassifierGraph(nn.Module):
    """Front end, standardisation, network and calibration in a row.

    Args:
        blueprint: What to build.

    Attributes:
        temperature: What logits are divided by; 1 before calibration.
        biases: What is added to each class's then (n_classes,); 0 unless the calibration is one a class.
        doubt: What it keeps so that it knows when not to answer.

    Raises:
        SettingError: A name is unknown, or the features are too small for the network.
    """

    temperature: Tensor
    biases: Tensor

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
        self.register_buffer("biases", torch.zeros(len(blueprint.labels)))
        self.doubt = Doubt()

    def forward(self, waveform: Tensor) -> Tensor:
        """Return probabilities (batch, n_classes) for segments of sound (batch, n_samples) in [-1, 1]."""
        return self.probabilities(self.front_end(waveform))

    def probabilities(self, features: Tensor) -> Tensor:
        """Return probabilities (batch, n_classes) for features (batch, n_bins, n_frames)."""
        return torch.softmax(self.calibrated(self.logits(features)), dim=1)

    def calibrated(self, logits: Tensor) -> Tensor:
        """Return the scores (batch, n_classes) whose softmax are the probabilities, for what `logits` gives."""
        return logits / self.temperature.to(logits.device) + self.biases.to(logits.device)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (batch, n_classes), before calibration, for features (batch, n_bins, n_frames)."""
        logits: Tensor = self.network(self.standardiser(features))
        return logits

    def embed(self, features: Tensor) -> tuple[Tensor, Views]:
        """Return logits, and where each of some features lies among others.

        Args:
            features: Features (batch, n_bins, n_frames).

        Returns:
            What `logits` gives, and views of each, (batch, n_values): the sound itself, as mean and deviation over time
            of each bin of the standardised features; and the direction of what the last linear layer of the network was
            given, if it has one.
        """
        standardised = self.standardiser(features)
        with last_linear_input(self.network) as seen:
            logits = self.network(standardised)
        over_time = (standardised.mean(dim=-1), standardised.std(dim=-1, correction=0))
        sound = torch.cat(over_time, dim=-1).flatten(1).float()
        if not seen or len(seen[0]) != len(features):
            return logits, (sound,)
        given = seen[0].float()
        given = given if given.ndim == 2 else given.flatten(1, -2).mean(dim=1)  # noqa: PLR2004 - else over time
        return logits, (sound, nn.functional.normalize(given, dim=1))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: object) -> None:
        state_dict.setdefault(prefix + "biases", self.biases)  # a bundle of an older version has none
        super()._load_from_state_dict(state_dict, prefix, *rest)


@torch.inference_mode()
def predict_logits(graph: ClassifierGraph, features: Tensor, *, batch_size: int = 64) -> Tensor:
    """Return logits (n, n_classes) for features (n, n_bins, n_frames) on any device, in batches, on the processor.

    The graph is put into evaluation mode: dropout is off, and batch norm uses what it learnt.
    """
    graph.eval()
    device = graph.temperature.device
    return torch.cat([graph.logits(batch.to(device)).cpu() for batch in torch.split(features, batch_size)])


@torch.inference_mode()
def predict_views(graph: ClassifierGraph, features: Tensor, *, batch_size: int = 64) -> tuple[Tensor, Views]:
    """Return what `ClassifierGraph.embed` gives for features (n, n_bins, n_frames), in batches, on the processor.

    The graph is put into evaluation mode, as `predict_logits` does.
    """
    graph.eval()
    device = graph.temperature.device
    parts = [graph.embed(batch.to(device)) for batch in torch.split(features, batch_size)]
    views = zip(*(views for _, views in parts), strict=True)
    return torch.cat([logits.cpu() for logits, _ in parts]), tuple(torch.cat(view).cpu() for view in views)
