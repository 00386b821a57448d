"""How a network is trained."""

import math
from dataclasses import dataclass

from earmark.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Settings of a training.

    Attributes:
        max_epochs: Epochs at most; early stopping usually ends sooner.
        patience: Epochs without a better validation score after which training stops.
        batch_size: Segments in a step.
        learning_rate: Adam's step size.
        weight_decay: How strongly weights are drawn towards zero (decoupled, as in AdamW), 0 for not at all.
    """

    max_epochs: int = 100
    patience: int = 15
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        for name in ("max_epochs", "patience", "batch_size"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 < self.learning_rate < math.inf:
            raise SettingError(f"learning_rate must be a number above 0, not {self.learning_rate}")
        if not 0 <= self.weight_decay < math.inf:
            raise SettingError(f"weight_decay must be a number from 0, not {self.weight_decay}")
