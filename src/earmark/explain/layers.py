"""What the layers of a convolutional network are called, what their filters look like, and what they see."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from earmark._util.catalogue import nearest
from earmark.errors import SettingError
from earmark.explain import FloatArray
from earmark.models.graph import ClassifierGraph
from earmark.models.modulation import ModulationSpectrum

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
_N_AXES = 4  # (batch, n_channels, bins, frames)
_LEAST_SHARE = 5  # of bins and frames one in so many is left in a map that still says where


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer of a network that gives maps.

    Attributes:
        name: What it is called in the network, such as ``blocks.0``.
        kind: The name of its class.
        n_channels: How many maps it gives.
        n_rows: Their height.
        n_columns: Their width.
        has_time: Whether their columns still are times; those of a modulation spectrum are rates of change.
    """

    name: str
    kind: str
    n_channels: int
    n_rows: int
    n_columns: int
    has_time: bool


def is_convolutional(graph: ClassifierGraph) -> bool:
    """Return whether the network of a graph has convolutions."""
    return any(isinstance(module, _CONVOLUTIONS) for module in graph.network.modules())


def layers_of(graph: ClassifierGraph, features: Tensor) -> tuple[Layer, ...]:
    """Return the layers that give maps, in the order in which they are computed.

    Args:
        graph: A fitted graph.
        features: Features (batch, [n_channels,] n_bins, n_frames) to try it with; one segment will do.
    """
    with _outputs(graph) as outputs, torch.inference_mode():
        graph.logits(features[:1])
    modules = dict(graph.network.named_modules())
    return tuple(
        Layer(
            name=name,
            kind=type(modules[name]).__name__,
            n_channels=output.shape[1],
            n_rows=output.shape[2],
            n_columns=output.shape[3],
            has_time=not _is_after_time(graph.network, name),
        )
        for name, output in outputs.items()
    )


def find_layer(graph: ClassifierGraph, features: Tensor, name: str) -> Layer:
    """Return the layer of a name.

    Raises:
        SettingError: There is none; the message offers the nearest names.
    """
    known = {layer.name: layer for layer in layers_of(graph, features)}
    if name not in known:
        _refuse_none(graph)
        raise SettingError(f"the network has no layer called {name!r} that gives maps: {nearest(name, known)}")
    return known[name]


def locating_layer(graph: ClassifierGraph, features: Tensor) -> Layer:
    """Return the deepest layer whose maps still say where: of every five bins and frames one at least is left.

    Raises:
        SettingError: The network has no convolutions.
    """
    _refuse_none(graph)
    found = [layer for layer in layers_of(graph, features) if layer.has_time]
    n_bins, n_frames = features.shape[-2:]
    fine = [
        layer for layer in found if layer.n_rows * _LEAST_SHARE >= n_bins and layer.n_columns * _LEAST_SHARE >= n_frames
    ]
    if not found:
        raise SettingError("the network has no layer with maps over time: take the method integrated-gradients")
    return fine[-1] if fine else found[0]


def first_filters(graph: ClassifierGraph) -> tuple[str, FloatArray]:
    """Return the name and the learned filters (n_filters, n_channels, n_rows, n_columns) of the first convolution.

    Raises:
        SettingError: The network has no convolutions.
    """
    _refuse_none(graph)
    name, module = next(
        (name, module) for name, module in graph.network.named_modules() if isinstance(module, _CONVOLUTIONS)
    )
    weights = module.weight.detach().float().cpu()
    return name, (weights if weights.ndim == _N_AXES else weights.unsqueeze(2)).numpy()


def feature_maps(graph: ClassifierGraph, features: Tensor, name: str) -> FloatArray:
    """Return what a layer gives for features: maps (batch, n_channels, n_rows, n_columns).

    Args:
        graph: A fitted graph.
        features: Features (batch, [n_channels,] n_bins, n_frames).
        name: The name of the layer.

    Raises:
        SettingError: There is no such layer; the message offers the nearest names.
    """
    find_layer(graph, features, name)
    with _outputs(graph) as outputs, torch.inference_mode():
        graph.logits(features)
    return outputs[name].float().cpu().numpy()


def _refuse_none(graph: ClassifierGraph) -> None:
    if not is_convolutional(graph):
        raise SettingError(
            f"the network {type(graph.network).__name__} has no convolutions, and so neither maps nor filters"
        )


@contextmanager
def _outputs(graph: ClassifierGraph) -> Iterator[dict[str, Tensor]]:
    """Yield a table that fills with what each layer gives, in the order in which they are done."""
    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> Any:  # noqa: ANN401 - a hook
        def hook(_: nn.Module, __: object, output: object) -> None:
            if isinstance(output, Tensor) and output.ndim == _N_AXES:
                outputs[name] = output.detach()

        return hook

    hooks = [module.register_forward_hook(keep(name)) for name, module in graph.network.named_modules() if name]
    try:
        yield outputs
    finally:
        for each in hooks:
            each.remove()


def _is_after_time(network: nn.Module, name: str) -> bool:
    """Return whether a layer stands in a row with a modulation spectrum, whose columns are no times."""
    ends = [place.rpartition(".")[0] for place, module in network.named_modules() if _is_modulation(module)]
    return any(name == end or name.startswith(f"{end}.") for end in ends)


def _is_modulation(module: nn.Module) -> bool:
    return isinstance(module, ModulationSpectrum)


def stages_of(graph: ClassifierGraph, features: Tensor) -> tuple[Layer, ...]:
    """Return the layers after which a person would look: each block, or where there are none each activation.

    Args:
        graph: A fitted graph.
        features: Features (batch, [n_channels,] n_bins, n_frames) to try it with.
    """
    layers = layers_of(graph, features)
    modules = dict(graph.network.named_modules())
    shallow = [layer for layer in layers if layer.name.count(".") <= 1]
    stages = tuple(
        layer
        for layer in shallow
        if isinstance(modules[layer.name], nn.ReLU)
        or (any(modules[layer.name].children()) and not isinstance(modules[layer.name], nn.Sequential))
    )
    return stages or tuple(layer for layer in layers if isinstance(modules[layer.name], _CONVOLUTIONS))
