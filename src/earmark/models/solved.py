"""What networks that are solved at once, and not trained in epochs, have in common."""

from torch import Tensor, nn

LEAST_PROBABILITY = 1e-7  # of a class that nothing speaks for: small enough to cost the others next to nothing


def log_probabilities(probabilities: Tensor) -> Tensor:
    """Return scores (batch, n_classes) whose softmax is these probabilities (batch, n_classes).

    A probability of zero is taken for 1e-7. Else its logarithm would be infinite, and no temperature could make up for
    a class that some clip of the validation part belongs to. So the softmax is off by at most 1e-7 for each class.

    >>> import torch
    >>> torch.softmax(log_probabilities(torch.tensor([[0.25, 0.75]])), dim=1)
    tensor([[0.2500, 0.7500]])
    """
    return probabilities.clamp_min(LEAST_PROBABILITY).log()


def take_shapes(module: nn.Module, state: dict[str, Tensor], prefix: str, names: tuple[str, ...]) -> None:
    """Give buffers the shapes and types that they have in a state which is about to be loaded.

    How many points or nodes there are is known only after fitting; torch loads nothing into a tensor of another shape.

    Args:
        module: What they are buffers of.
        state: What is about to be loaded.
        prefix: What stands before the names in it.
        names: The buffers; those that are not in the state are left alone, and torch names them as missing.
    """
    for name in names:
        if prefix + name in state:
            setattr(module, name, getattr(module, name).new_zeros(state[prefix + name].shape))
