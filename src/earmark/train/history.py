"""What happened in each epoch."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from earmark._util.files import write_text
from earmark.errors import StorageError


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the training part.

    Attributes:
        epoch: Its number, from 1.
        train_loss: Mean cross-entropy over the training segments, as they were met (dropout on).
        train_accuracy: Share of training segments that were right, as they were met.
        validation_loss: Mean log loss over the validation *clips* (mean of segment probabilities); None without any.
        validation_accuracy: Share of validation clips that are right; None without any.
        learning_rate: The step size.
        time_s: How long it took, validation included, in seconds.
        data_s: How much of it went into getting batches ready: reading, mixing, masking.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    time_s: float
    data_s: float = 0.0

    @property
    def waits_for_data(self) -> bool:
        """Whether more than half of the time went into getting batches ready, and not into learning from them."""
        return self.data_s > self.time_s / 2

    def sentence(self) -> str:
        """Return what a progress bar shows beside the epoch."""
        waits = " (waits for data)" if self.waits_for_data else ""
        if self.validation_loss is None or self.validation_accuracy is None:
            return f"loss {self.train_loss:.2f} accuracy {self.train_accuracy:.2f}{waits}"
        measured = f"validation {self.validation_loss:.2f} accuracy {self.validation_accuracy:.2f}"
        return f"loss {self.train_loss:.2f} {measured}{waits}"


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """Write one JSON object a line and epoch; one that waited for its data more than half of its time says so.

    Raises:
        StorageError: The file cannot be written.
    """
    write_text(path, "".join(json.dumps(_to_json(epoch)) + "\n" for epoch in history))


def read_history(path: Path) -> list[Epoch]:
    """Read what `write_history` wrote; a file that is not there is an empty history.

    Raises:
        StorageError: The file is damaged.
    """
    if not path.exists():
        return []
    try:
        return [_from_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, TypeError, ValueError) as error:
        raise StorageError(f"the history {path} cannot be read: {error}") from error


def _to_json(epoch: Epoch) -> dict[str, float | bool | None]:
    return asdict(epoch) | ({"waits_for_data": True} if epoch.waits_for_data else {})


def _from_json(values: dict[str, Any]) -> Epoch:
    values = dict(values)
    values.pop("waits_for_data", None)
    return Epoch(**values)
