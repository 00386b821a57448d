"""Whether a network takes the features and gives one score a class: found out before the first step of a training."""

import torch
from torch import Tensor, nn

from earmark.errors import SettingError

_N_TRIED = (2, 1)  # segments: one alone would not show a batch that is mixed up with the other axes, two not one lost
_WITH_CHANNELS = 3
FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What networks of strangers raise; torch's own attention asserts that its sizes fit."""


def try_network(network: nn.Module, *, name: str, shape: tuple[int, ...], n_classes: int) -> None:
    """Let silence through a network, and refuse one that does not fit; lazy modules get their sizes by it.

    Args:
        network: What is to be trained, on the processor; it is left in evaluation mode.
        name: What the messages call it.
        shape: Of one segment's features ([n_channels,] n_bins, n_frames).
        n_classes: Classes to tell apart.

    Raises:
        SettingError: It cannot take features of this shape, does not give one score a class for several segments and
            for one, or has nothing to learn.
    """
    network.eval()
    # Not in inference mode, nor without gradients: what a lazy module makes here is to be learnt.
    scores = [_tried(network, n_segments, name, shape, n_classes) for n_segments in _N_TRIED]
    if not any(weight.requires_grad for weight in network.parameters()):
        raise SettingError(f"the network {name!r} has nothing to learn: none of its weights wants a gradient")
    if not scores[0].requires_grad:
        raise SettingError(
            f"the network {name!r} cannot learn: its scores do not go back to its weights; leave out torch.no_grad(), "
            "detach() and the like"
        )


def _tried(network: nn.Module, n_segments: int, name: str, shape: tuple[int, ...], n_classes: int) -> Tensor:
    batch = torch.zeros(n_segments, *shape)
    taken = _spelled(tuple(batch.shape))
    axes = "batch, channels, bins, frames" if len(shape) == _WITH_CHANNELS else "batch, bins, frames"
    try:
        scores = network(batch)
    except FAULTS as error:
        reason = " ".join(str(error).split())
        raise SettingError(
            f"the network {name!r} does not fit the features, of shape {taken} ({axes}): "
            f"{reason or type(error).__name__}; longer segments, another front end or another network may do"
        ) from error
    if not isinstance(scores, Tensor) or tuple(scores.shape) != (n_segments, n_classes):
        given = _spelled(tuple(scores.shape)) if isinstance(scores, Tensor) else f"a {type(scores).__name__}"
        segments = "1 segment" if n_segments == 1 else f"{n_segments} segments"
        raise SettingError(
            f"the network {name!r} gives {given} for features of shape {taken}: one score a class is wanted, "
            f"{_spelled((n_segments, n_classes))} for {segments} of {n_classes} classes"
        )
    return scores


def _spelled(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)
