"""What a classifier keeps of its training and validation clips, so that it knows when not to answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

import torch
from torch import Tensor, nn

from earmark.models.solved import take_shapes

Views = tuple[Tensor, ...]

_MOST_NUMBERS = 500_000  # of points: 2 MB of a bundle
_N_NEIGHBOURS = 5  # the fifth, so that one odd training segment makes nothing familiar
_N_AT_ONCE = 256
_KEPT = ("points", "shift", "factor", "novelties", "scores", "weights", "thresholds")


class Doubt(nn.Module):
    """Training segments to be near to, and what validation clips came to; nothing of either before it is filled.

    All of it lies in buffers, so it travels in a bundle with the network and to a device; the way from sound to
    probabilities uses none of it.

    Attributes:
        points: Where training segments lie (n_points, n_values).
        shift: What is taken from views of a segment before they are compared (n_values,).
        factor: What they are multiplied by then (n_values,).
        novelties: How far each validation clip is from the points (n_clips,).
        scores: How unlikely the truth of each validation clip was found (n_clips,): see `conformity_scores`.
        weights: The weight of each validation clip (n_clips,): see `group_weights`.
        thresholds: From which probability on each class is called (n_classes,): see `choose_thresholds`.
    """

    points: Tensor
    shift: Tensor
    factor: Tensor
    novelties: Tensor
    scores: Tensor
    weights: Tensor
    thresholds: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("points", torch.zeros(0, 0))
        for name in _KEPT[1:]:
            self.register_buffer(name, torch.zeros(0))

    @property
    def knows_novelty(self) -> bool:
        """Whether there is something to be near to, and validation clips to compare with."""
        return bool(len(self.points) and len(self.novelties))

    def fill(self, **kept: Tensor) -> None:
        """Keep tensors under their names; float32, as files hold them."""
        for name, tensor in kept.items():
            setattr(self, name, tensor.detach().to(device=self.points.device, dtype=torch.float32))

    def learn(self, views: Views) -> None:
        """Keep where training segments lie.

        Each view counts as much as another, however many values it has: it is scaled to have a variance of one over
        all of them together.

        Args:
            views: Of each segment, as `ClassifierGraph.embed` gives them, each (n, n_values).
        """
        self.fill(
            shift=torch.cat([view.double().mean(dim=0) for view in views]),
            factor=torch.cat([_factor(view.double()) for view in views]),
        )
        self.fill(points=spread(self.positions(views)))

    def positions(self, views: Views) -> Tensor:
        """Return where segments lie (batch, n_values) by their views, each (batch, n_values)."""
        return (torch.cat(views, dim=1).to(self.shift) - self.shift) * self.factor

    def distances(self, views: Views) -> Tensor:
        """Return how far segments are from the fifth nearest training segment (batch,).

        Source: Y. Sun, Y. Ming, X. Zhu and Y. Li, "Out-of-distribution detection with deep nearest neighbors",
        ICML 2022. Differs in that the sound itself counts beside what the network makes of it.
        """
        n_nearest = min(_N_NEIGHBOURS, len(self.points))
        found = []
        for part in torch.split(self.positions(views), _N_AT_ONCE):
            apart = torch.cdist(part, self.points, compute_mode="donot_use_mm_for_euclid_dist")  # (n, n_points)
            found.append(apart.topk(n_nearest, dim=1, largest=False).values[:, -1])
        return torch.cat(found)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: object) -> None:
        for name in _KEPT:  # a bundle of an older version has none of them
            state_dict.setdefault(prefix + name, getattr(self, name))
        take_shapes(self, state_dict, prefix, _KEPT)
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _factor(view: Tensor) -> Tensor:
    """Return what brings the variance of a view (n, n_values) to one over all its values; 0 for what never changes."""
    variances = view.var(dim=0, correction=0)
    changes = variances > 1e-12 * view.square().mean(dim=0)  # the rest is rounding
    total = variances[changes].sum().clamp_min(1e-30)
    return torch.where(changes, total.rsqrt(), 0.0)


@contextmanager
def last_linear_input(network: nn.Module) -> Iterator[list[Tensor]]:
    """Yield a list that holds, after a pass through a network, what its last linear layer was given (batch, n_values).

    It stays empty where the network has none. Passes of other threads do not count.

    Args:
        network: The network.
    """
    seen: list[Tensor] = []
    thread = get_ident()

    def look(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        if get_ident() == thread and given and given[0].ndim > 1:
            seen[:] = [given[0].detach()]

    hooks = [layer.register_forward_pre_hook(look) for layer in network.modules() if isinstance(layer, nn.Linear)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def spread(points: Tensor, most: int | None = None) -> Tensor:
    """Return at most so many of some points (n, n_values), evenly from first to last.

    Args:
        points: The points.
        most: How many; None for as many as take 2 MB.

    >>> spread(torch.arange(10.0)[:, None], 3)[:, 0]
    tensor([0., 4., 9.])
    """
    most = _MOST_NUMBERS // max(points.shape[1], 1) if most is None else most
    if len(points) <= most:
        return points
    return points[torch.linspace(0, len(points) - 1, most).long()]
