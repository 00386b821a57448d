"""How a network is trained."""

import math
from dataclasses import dataclass
from typing import Literal

from earmark.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Settings of a training.

    Attributes:
        max_epochs: Epochs at most; early stopping usually ends sooner.
        patience: Epochs without a better validation score after which training stops.
        keep: Which epoch's weights are kept: the "best" on the validation part, or the "last", for a schedule that runs
            to its end; then nothing is stopped early.
        batch_size: Segments in a step.
        segments_per_clip: Segments of each clip that an epoch learns from, drawn anew each time; None for all of them.
            An epoch then costs as much for long clips as for short ones.
        optimiser: How the weights are stepped.
        learning_rate: The step size, at its highest.
        schedule: How the step size goes: the same throughout, or down to zero along half a cosine over `max_epochs`.
        warmup_epochs: Epochs in which the step size rises from zero first.
        weight_decay: How strongly weights are drawn towards zero apart from the loss (as in AdamW), 0 for not at all.
        l1: What the sum of all absolute weights adds to the loss, biases apart.
        l2: What the sum of all squared weights adds to the loss, biases apart.
        label_smoothing: Share of a target that is spread over all classes, 0 to below 1.
        class_weights: "balanced" lets a segment of a rare class count more: each class counts the same in all.
        clip_norm: The longest gradient that is stepped along; None for any.
        ema_decay: How much of an average of the weights stays at each step; it is what is validated and kept. None for
            the weights themselves.
        mixed_precision: Whether to compute in bfloat16 where that is safe: faster on graphics cards, and for large
            networks on processors that have it; "auto" does so where the device has it. On processors, features of
            fewer than 32 frames are computed in single precision all the same.
    """

    max_epochs: int = 100
    patience: int = 15
    keep: Literal["best", "last"] = "best"
    batch_size: int = 32
    segments_per_clip: int | None = None
    optimiser: Literal["adamw", "adam", "adamax", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_epochs: int = 0
    weight_decay: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    label_smoothing: float = 0.0
    class_weights: Literal["equal", "balanced"] = "equal"
    clip_norm: float | None = None
    ema_decay: float | None = None
    mixed_precision: bool | Literal["auto"] = False

    def __post_init__(self) -> None:
        for name in ("max_epochs", "patience", "batch_size"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.segments_per_clip is not None and self.segments_per_clip < 1:
            raise SettingError(f"segments_per_clip must be at least 1, or off, not {self.segments_per_clip}")
        if self.mixed_precision not in (True, False, "auto"):
            raise SettingError(f"mixed_precision must be true, false or auto, not {self.mixed_precision!r}")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise SettingError(f"{name} must be {' or '.join(known)}, not {getattr(self, name)!r}")
        if not 0 <= self.warmup_epochs <= self.max_epochs:
            raise SettingError(
                f"warmup_epochs must be from 0 to max_epochs, which is {self.max_epochs}, not {self.warmup_epochs}"
            )
        self._check_numbers()

    def _check_numbers(self) -> None:
        for name, least, above in _NUMBERS:
            value = getattr(self, name)
            if value is None or least < value < above or (value == least and name in _FROM_ZERO):
                continue
            low = "at least 0" if name in _FROM_ZERO else "above 0"
            high = "" if above == math.inf else f" and below {above:g}"
            off = ", or off" if name in _MAY_BE_OFF else ""
            raise SettingError(f"{name} must be a number {low}{high}{off}, not {value}")


_CHOICES = {
    "keep": ("best", "last"),
    "optimiser": ("adamw", "adam", "adamax", "sgd"),
    "schedule": ("constant", "cosine"),
    "class_weights": ("equal", "balanced"),
}
_NUMBERS = (
    ("learning_rate", 0.0, math.inf),
    ("weight_decay", 0.0, math.inf),
    ("l1", 0.0, math.inf),
    ("l2", 0.0, math.inf),
    ("label_smoothing", 0.0, 1.0),
    ("clip_norm", 0.0, math.inf),
    ("ema_decay", 0.0, 1.0),
)
_FROM_ZERO = ("weight_decay", "l1", "l2", "label_smoothing")
_MAY_BE_OFF = ("clip_norm", "ema_decay")
