"""Small classifiers whose reasons are known, because they were put there."""

import numpy as np
import pytest
import torch

from earmark.audio.segments import Segments
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.models.blueprint import Blueprint
from earmark.models.catalogue import NETWORKS
from earmark.models.graph import ClassifierGraph
from earmark.train.svm import fit_svm

LABELS = ("dog", "rain", "sea")
SAMPLE_RATE = 8000


def make_graph(network="cnn-small", front_end="log-mel", *, n_bins=16, n_frames=32, segments=None, **settings):
    """Build a classifier of three classes with drawn weights; an SVM is fitted to noise."""
    kind = FRONT_ENDS[front_end]
    if kind.takes == "waveform":
        settings = {"sample_rate": SAMPLE_RATE, **settings}
        if front_end not in ("waveform", "spectrum"):
            settings = {"n_fft": 512, "hop_samples": 128, **settings}
        if front_end in ("log-mel", "mel", "pcen"):
            settings = {"n_mels": n_bins, **settings}
    blueprint = Blueprint(
        labels=LABELS,
        recipe=Recipe(front_end=front_end, settings=kind.settings(**settings), segments=segments),
        network=network,
        network_settings=NETWORKS[network].settings(),
        n_bins=n_bins,
        n_frames=n_frames,
        n_channels=4 if front_end == "picture" else 1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        graph = ClassifierGraph(blueprint).eval()
        if network == "svm":
            fit_svm(graph.network, torch.randn(30, n_bins, n_frames), torch.arange(30).numpy() % 3)
    return graph, blueprint


@pytest.fixture
def make():
    """Build a classifier with drawn weights."""
    return make_graph


@pytest.fixture
def features():
    """Two segments of noise that fit the classifiers of `make`."""
    return np.random.default_rng(0).standard_normal((2, 16, 32)).astype(np.float32)


@pytest.fixture
def segments():
    """Segments of half a second, side by side."""
    return Segments(length_samples=4000, hop_samples=4000)


class Listener(torch.nn.Module):
    """A network that adds up some values of its features for class 0, and knows nothing else."""

    def __init__(self, weights):
        super().__init__()
        self.register_buffer("weights", torch.as_tensor(weights, dtype=torch.float32))

    def forward(self, features):
        """Return logits (batch, 3)."""
        score = (features * self.weights).sum(dim=(1, 2))
        return torch.stack([score, torch.zeros_like(score), torch.zeros_like(score)], dim=1)


@pytest.fixture
def listener(make):
    """Build a classifier that listens to the values that have a weight, and to no others."""

    def build(weights, **changed):
        graph, blueprint = make(**changed)
        graph.network = Listener(weights)
        return graph, blueprint

    return build
