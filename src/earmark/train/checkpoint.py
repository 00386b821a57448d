"""The state of a training on disk, so that one that was cut off goes on where it was."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from earmark._util.files import write_whole
from earmark.errors import TrainingError
from earmark.train.history import Epoch

_PARTS = ("weights", "best", "optimiser", "average")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Everything that a training carries from one epoch to the next. Random numbers follow from seed and epoch.

    Attributes:
        key: Names the settings and data; a checkpoint of another key is refused.
        history: The epochs so far.
        best_epoch: The epoch of the best weights.
        weights: The network's state as it is.
        best: The network's state at its best.
        optimiser: The optimiser's tensors, named ``"<parameter>.<name>"``.
        average: The state of the weights' average; empty where none is kept.
    """

    key: str
    history: Sequence[Epoch]
    best_epoch: int
    weights: dict[str, Tensor]
    best: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    average: dict[str, Tensor] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint as one safetensors file, whole or not at all.

    Raises:
        StorageError: The file cannot be written.
    """
    tensors = {}
    for part in _PARTS:
        for name, tensor in getattr(checkpoint, part).items():
            # Copies: safetensors refuses tensors that share memory, as the best weights do when they are the last.
            tensors[f"{part}/{name}"] = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
    state = {
        "key": checkpoint.key,
        "best_epoch": checkpoint.best_epoch,
        "history": [asdict(epoch) for epoch in checkpoint.history],
    }
    # As bytes: safetensors' own writing makes of a full disk an error that is no OSError.
    content = save(tensors, metadata={"state": json.dumps(state)})
    with write_whole(path) as part_path:
        part_path.write_bytes(content)


def load_checkpoint(path: Path, *, key: str) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: The file.
        key: What `Checkpoint.key` must be.

    Raises:
        TrainingError: The file is damaged, or belongs to other settings or other data.
    """
    parts: dict[str, dict[str, Tensor]] = {part: {} for part in _PARTS}
    try:
        with safe_open(path, framework="pt") as stored:
            state = json.loads(stored.metadata()["state"])
            for name in stored.keys():  # noqa: SIM118 - safe_open is no mapping
                part, _, rest = name.partition("/")
                parts[part][rest] = stored.get_tensor(name)
        stored_key, best_epoch = state["key"], int(state["best_epoch"])
        history = [Epoch(**epoch) for epoch in state["history"]]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"the checkpoint {path} cannot be read ({error}): start again without --resume") from error
    if stored_key != key:
        raise TrainingError(
            f"the checkpoint {path} was made with other settings or other sounds: start again without --resume, or "
            "give the settings that it was started with"
        )
    return Checkpoint(key=key, history=history, best_epoch=best_epoch, **parts)


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the state of an optimiser as named tensors."""
    state = optimiser.state_dict()["state"]
    return {f"{index}.{name}": value for index, values in state.items() for name, value in values.items()}


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put the state that `optimiser_tensors` returned into a fresh optimiser of the same parameters."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition(".")
        # Fused Adam walks weights and moments through memory side by side: they must lie in the same order, and a
        # file knows no channels_last. Seen with torch 2.13: otherwise moments meet the wrong weights, silently.
        like = parameters[int(index)]
        fits = tensor.shape == like.shape and tensor.ndim > 0
        state.setdefault(int(index), {})[name] = torch.empty_like(like).copy_(tensor) if fits else tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def copy_state(network: nn.Module) -> dict[str, Tensor]:
    """Return a copy of a network's state that later steps do not change."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
