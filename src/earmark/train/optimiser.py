"""How weights are stepped: the optimiser, and its step size over time."""

import math

import torch
from torch import nn

from earmark.train.settings import TrainSettings

_MOMENTUM = 0.9  # of plain gradient descent; Adam and its kin have their own


def make_optimiser(network: nn.Module, settings: TrainSettings, device: torch.device) -> torch.optim.Optimizer:
    """Return a fresh optimiser of all weights of a network.

    Args:
        network: What is trained.
        settings: See `TrainSettings`.
        device: Where the weights are.
    """
    weights, rate = network.parameters(), settings.learning_rate
    fused = device.type in {"cpu", "cuda"}  # one pass over the weights in place of a dozen
    match settings.optimiser:
        case "adamax":
            return torch.optim.Adamax(weights, lr=rate, weight_decay=settings.weight_decay)
        case "sgd":
            return torch.optim.SGD(
                weights, lr=rate, momentum=_MOMENTUM, nesterov=True, weight_decay=settings.weight_decay, fused=fused
            )
        case "adam":
            return torch.optim.Adam(weights, lr=rate, weight_decay=settings.weight_decay, fused=fused)
        case _:
            return torch.optim.AdamW(weights, lr=rate, weight_decay=settings.weight_decay, fused=fused)


def learning_rate_at(step: int, n_steps_an_epoch: int, settings: TrainSettings) -> float:
    """Return the step size of one step. It follows from the step's number alone, so a resumed training has the same.

    Args:
        step: The number of the step since the beginning, from 0.
        n_steps_an_epoch: Steps in each epoch.
        settings: See `TrainSettings`.

    >>> [learning_rate_at(step, 1, TrainSettings(schedule="cosine", max_epochs=4)) for step in (0, 2, 4)]
    [0.001, 0.0005, 0.0]

    Source: Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", eq. 5, one period.
    """
    warmup = settings.warmup_epochs * n_steps_an_epoch
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    if settings.schedule == "constant":
        return settings.learning_rate
    share = (step - warmup) / max(1, settings.max_epochs * n_steps_an_epoch - warmup)
    return settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))
