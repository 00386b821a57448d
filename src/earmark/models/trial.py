"""Whether a network takes the features and gives one score a class: found out before the first step of a training."""

import torch
from torch import Tensor, nn

from earmark.errors import SettingError

_N_TRIED = 2  # segments: one alone would not show a batch that is mixed up with the other axes
_WITH_CHANNELS = 3
_FAULTS = (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)  # what strangers raise


@torch.no_grad()  # not inference mode: the weights that a lazy module makes here are to be learnt
def try_network(network: nn.Module, *, name: str, shape: tuple[int, ...], n_classes: int) -> None:
    """Let silence through a network, and refuse one that does not fit; lazy modules get their sizes by it.

    Args:
        network: What is to be trained, on the processor; it is left in evaluation mode.
        name: What the messages call it.
        shape: Of one segment's features ([n_channels,] n_bins, n_frames).
        n_classes: Classes to tell apart.

    Raises:
        SettingError: It cannot take features of this shape, does not give one score a class, or has nothing to learn.
    """
    batch = torch.zeros(_N_TRIED, *shape)
    taken = _spelled(tuple(batch.shape))
    axes = "batch, channels, bins, frames" if len(shape) == _WITH_CHANNELS else "batch, bins, frames"
    try:
        scores = network.eval()(batch)
    except _FAULTS as error:
        reason = " ".join(str(error).split())
        raise SettingError(
            f"the network {name!r} does not fit the features, of shape {taken} ({axes}): "
            f"{reason or type(error).__name__}; longer segments, another front end or another network may do"
        ) from error
    if not isinstance(scores, Tensor) or tuple(scores.shape) != (_N_TRIED, n_classes):
        given = _spelled(tuple(scores.shape)) if isinstance(scores, Tensor) else f"a {type(scores).__name__}"
        raise SettingError(
            f"the network {name!r} gives {given} for features of shape {taken}: one score a class is wanted, "
            f"{_spelled((_N_TRIED, n_classes))} for {_N_TRIED} segments of {n_classes} classes"
        )
    if not any(weight.requires_grad for weight in network.parameters()):
        raise SettingError(f"the network {name!r} has nothing to learn: none of its weights wants a gradient")


def _spelled(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)
