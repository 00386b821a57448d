"""How much each value of the features speaks for a class, by one of three methods of captum."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from earmark._util.catalogue import Catalogue
from earmark._util.optional import import_extra
from earmark.errors import SettingError
from earmark.explain.axes import FeatureAxes
from earmark.explain.cells import Cells
from earmark.explain.layers import find_layer, is_convolutional, locating_layer
from earmark.explain.replacements import default_replacement, replacement_for
from earmark.models.blueprint import Blueprint
from earmark.models.graph import ClassifierGraph
from earmark.models.windows import with_channels

_N_STEPS = 32  # of the path from the replacement to the features
_AT_ONCE = 32  # changed segments a pass
_WITH_CHANNELS = 4  # axes

EXTRA = "explain"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be explained.

    Attributes:
        graph: The fitted graph, in evaluation mode.
        features: Those of one segment, (1, [n_channels,] n_bins, n_frames).
        target: The number of the class.
        axes: What bins and frames stand for.
        layer: The name of a layer for Grad-CAM; None for the deepest that still says where.
    """

    graph: ClassifierGraph
    features: Tensor
    target: int
    axes: FeatureAxes
    layer: str | None = None


Attribute = Callable[[Asked], Tensor]


def grad_cam(asked: Asked) -> Tensor:
    """Return where the maps of a convolutional layer speak for a class, (n_bins, n_frames).

    At each place of the maps, every channel's activation is multiplied with the gradient of the class's score, and what
    is positive is summed over the channels; the map is drawn out to the size of the features. Only what goes through
    that layer is seen: of `resnet-mel`, whose second path over the modulation spectrum has no times, the convolutions
    over time alone.

    Raises:
        SettingError: The network has no convolutions, or no such layer, or one without a time axis.
        MissingExtraError: captum is not installed.

    Source: Jiang et al. (2021), "LayerCAM: exploring hierarchical class activation maps for localization", IEEE
    Transactions on Image Processing 30, equations 5 to 7, after Selvaraju et al. (2017), "Grad-CAM", ICCV, whose
    weights are the same at all places of a map; so coarse a layer as theirs was found less faithful here.
    """
    captum = import_extra("captum.attr", EXTRA)
    graph = asked.graph
    layer = layer_for(graph, asked.features, asked.layer)
    module = graph.network.get_submodule(layer)
    method = captum.LayerGradientXActivation(graph.logits, module)
    maps: Tensor = method.attribute(_watched(asked.features), target=asked.target)
    positive = maps.detach().clamp(min=0).sum(dim=1, keepdim=True)  # (1, 1, rows, columns)
    size = asked.features.shape[-2:]
    return functional.interpolate(positive, size, mode="bilinear", align_corners=False)[0, 0]


def integrated_gradients(asked: Asked) -> Tensor:
    """Return how much each value adds to the class's score on the way from something neutral, (n_bins, n_frames).

    The way begins at what `default_replacement` names. The values add up to the difference between the scores at its
    two ends, before the negative ones are dropped. From the blur of a spectrogram, and not the mean of the data, a clip
    that is softer or louder than most does not have all of its values explained by that.

    Raises:
        MissingExtraError: captum is not installed.

    Source: Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks", ICML, equation 3; for the blur
    Sturmfels, Lundberg and Lee (2020), "Visualizing the impact of feature attribution baselines", Distill.
    """
    captum = import_extra("captum.attr", EXTRA)
    method = captum.IntegratedGradients(asked.graph.logits)
    name = default_replacement(asked.axes, asked.features)
    with _differentiable_recurrence():
        found: Tensor = method.attribute(
            _watched(asked.features),
            baselines=replacement_for(asked.graph, asked.features, name),
            target=asked.target,
            n_steps=_N_STEPS,
            internal_batch_size=_AT_ONCE,
        )
    return _one_map(found.detach())


def occlusion(asked: Asked) -> Tensor:
    """Return how much of the logarithm of a class's odds is lost where a part is hidden, (n_bins, n_frames).

    It is hidden by what `default_replacement` names. Of features over time, a window of two by two cells moves by one
    cell (`Cells`). Of statistics, all of one thing, such as the mean and deviation of one coefficient, are replaced
    together. It asks for nothing but the probabilities, so it suits every network, and is the reference for the others;
    it is also the slowest.

    Raises:
        MissingExtraError: captum is not installed.

    Source: Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks", ECCV, section 4.2.
    """
    captum = import_extra("captum.attr", EXTRA)
    name = default_replacement(asked.axes, asked.features)
    replacement = replacement_for(asked.graph, asked.features, name)

    def odds(features: Tensor) -> Tensor:
        # Not the probability: of a class that is certain, it stays 1 when something is hidden.
        logits = asked.graph.logits(features)
        others = torch.arange(logits.shape[1], device=logits.device) != asked.target
        return logits[:, asked.target] - torch.logsumexp(logits[:, others], dim=1)  # (batch,)

    n_bins, n_frames = asked.features.shape[-2:]
    n_channels = asked.features.shape[1] if asked.features.ndim == _WITH_CHANNELS else None
    with torch.inference_mode():
        if n_frames == 1:
            found: Tensor = captum.FeatureAblation(odds).attribute(
                asked.features,
                baselines=replacement,
                feature_mask=_groups(asked.axes, asked.features),
                perturbations_per_eval=_AT_ONCE,
            )
        else:
            n_rows, n_columns = Cells(n_bins, n_frames).shape
            step = (max(1, n_bins // n_rows), max(1, n_frames // n_columns))
            window = (min(n_bins, 2 * step[0]), min(n_frames, 2 * step[1]))
            found = captum.Occlusion(odds).attribute(
                asked.features,
                sliding_window_shapes=window if n_channels is None else (n_channels, *window),
                strides=step if n_channels is None else (n_channels, *step),
                baselines=replacement,
                perturbations_per_eval=_AT_ONCE,
            )
    return _one_map(found)


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to find what speaks for a class.

    Attributes:
        attribute: Finds it for one segment.
        summary: One line for help texts.
    """

    attribute: Attribute
    summary: str


METHODS: Catalogue[Method] = Catalogue(
    "method",
    {
        "gradcam": Method(attribute=grad_cam, summary="where the maps of a convolutional layer speak for the class"),
        "integrated-gradients": Method(
            attribute=integrated_gradients, summary="what each value adds, for networks with a gradient"
        ),
        "occlusion": Method(attribute=occlusion, summary="what is lost where a part is hidden, for all"),
    },
)


def default_method(blueprint: Blueprint) -> str:
    """Return the method that suits a network: integrated gradients, or occlusion where there is no gradient."""
    return "integrated-gradients" if blueprint.kind.learns_in_batches else "occlusion"


def check_method(graph: ClassifierGraph, blueprint: Blueprint, method: str) -> None:
    """Refuse a method that a network cannot be explained by.

    Raises:
        SettingError: The method is unknown, or wants a gradient or convolutions that the network has not.
    """
    METHODS[method]
    if method == "occlusion":
        return
    if not blueprint.kind.learns_in_batches:
        raise SettingError(f"the network {blueprint.network!r} has no gradient for {method!r}: take occlusion")
    if method == "gradcam" and not is_convolutional(graph):
        raise SettingError(
            f"the network {blueprint.network!r} has no convolutions for 'gradcam': take integrated-gradients"
        )


def layer_for(graph: ClassifierGraph, features: Tensor, name: str | None) -> str:
    """Return the name of the layer that Grad-CAM looks at.

    Args:
        graph: A fitted graph.
        features: Features (batch, [n_channels,] n_bins, n_frames) to try it with.
        name: The name asked for; None for the deepest layer that still says where.

    Raises:
        SettingError: There is no such layer, or its columns are no times.
    """
    if name is None:
        return locating_layer(graph, features).name
    layer = find_layer(graph, features, name)
    if not layer.has_time:
        raise SettingError(
            f"the layer {name!r} comes after a modulation spectrum, and its columns are no times: take "
            f"{locating_layer(graph, features).name!r} or another"
        )
    return name


def _watched(features: Tensor) -> Tensor:
    # A copy: features that were computed in inference mode have no gradient.
    return features.clone().requires_grad_()


def _one_map(values: Tensor) -> Tensor:
    return with_channels(values).sum(dim=1)[0].clamp(min=0)  # (n_bins, n_frames)


def _groups(axes: FeatureAxes, features: Tensor) -> Tensor:
    """Return the number of each bin's group, in a shape that fits features of one frame."""
    number = {group: index for index, group in enumerate(dict.fromkeys(axes.groups))}
    groups = torch.tensor([number[group] for group in axes.groups], device=features.device)
    return groups.reshape(1, *[1] * (features.ndim - 3), -1, 1)


def _differentiable_recurrence() -> AbstractContextManager[None]:
    """Return a block in which LSTMs and GRUs have a gradient in evaluation mode: those of cuDNN have none."""
    return torch.backends.cudnn.flags(enabled=False)
