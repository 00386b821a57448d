"""What is refused: settings that cannot be, and batches of another shape."""

import math
from typing import Any, Literal

import numpy as np

from earmark.audio import FloatArray
from earmark.errors import SettingError

Takes = Literal["waveform", "power", "features", "picture"]

_SHAPES: dict[Takes, tuple[str, ...]] = {
    "waveform": ("batch", "n_samples"),
    "power": ("batch", "n_bins", "n_frames"),
    "features": ("batch", "n_bins", "n_frames"),
    "picture": ("batch", "n_channels", "n_rows", "n_columns"),
}


def check_batch(batch: FloatArray, takes: Takes) -> None:
    """Refuse a batch of another shape or type.

    Args:
        batch: What is to be changed.
        takes: What it is meant to be.

    Raises:
        SettingError: It has other axes, an empty one behind the first, or is not float32.
    """
    shape = _SHAPES[takes]
    if batch.ndim != len(shape) or 0 in batch.shape[1:]:
        raise SettingError(f"a batch of {takes} has the shape ({', '.join(shape)}), not {batch.shape}")
    if batch.dtype != np.float32:
        raise SettingError(f"a batch of {takes} is float32, not {batch.dtype}: convert it with .astype('float32')")


def check_share(settings: Any, *names: str) -> None:  # noqa: ANN401 - one of many dataclasses
    """Refuse settings whose `names`, chances or shares, are not from 0 to 1.

    Raises:
        SettingError: One is not.
    """
    for name in names:
        value = getattr(settings, name)
        if not 0 <= value <= 1:
            raise SettingError(f"{name} must be from 0 to 1, not {value:g}")


def check_range(settings: Any, name: str, *, least: float, most: float) -> None:  # noqa: ANN401 - as above
    """Refuse settings whose ``{name}_low`` and ``{name}_high`` are out of their limits, or in the wrong order.

    Raises:
        SettingError: They are.
    """
    low, high = getattr(settings, f"{name}_low"), getattr(settings, f"{name}_high")
    for end, value in (("low", low), ("high", high)):
        if not least <= value <= most:
            raise SettingError(f"{name}_{end} must be from {least:g} to {most:g}, not {value:g}")
    if low > high:
        raise SettingError(f"{name}_low must be at most {name}_high, which is {high:g}, not {low:g}")


def check_sample_rate(sample_rate: int) -> None:
    """Refuse a sample rate below 1.

    Raises:
        SettingError: It is.
    """
    if sample_rate < 1:
        raise SettingError(f"sample_rate must be at least 1, not {sample_rate}")


def check_finite(settings: Any, name: str) -> None:  # noqa: ANN401 - as above
    """Refuse settings whose `name` is a number that is not finite.

    Raises:
        SettingError: It is.
    """
    value = getattr(settings, name)
    if value is not None and not math.isfinite(value):
        raise SettingError(f"{name} must be a finite number, not {value:g}")
