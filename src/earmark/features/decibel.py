"""Power in decibel, as librosa gives it."""

import math

import torch
from torch import Tensor

from earmark.errors import SettingError

_LEAST_POWER = 1e-10  # librosa's amin: power below it counts as -100 dB


def power_to_db(power: Tensor, top_db: float | None) -> Tensor:
    """Convert power to dB.

    `top_db` looks at each item of a batch by itself: what else is in the batch changes nothing.

    Args:
        power: Power (batch, n_bins, n_frames); below 1e-10 it counts as 1e-10.
        top_db: Everything further below the loudest point of an item is lifted to this distance, in dB; None to leave
            it.

    Returns:
        The same shape, in dB, 0 dB being a power of one.

    >>> power_to_db(torch.tensor([[[1.0, 0.01, 0.0]]]), 80.0)
    tensor([[[  0., -20., -80.]]])

    Follows ``librosa.power_to_db(power, ref=1.0)`` of librosa 0.11, one item a call.
    """
    decibel = 10.0 * torch.log10(torch.clamp(power, min=_LEAST_POWER))
    if top_db is None:
        return decibel
    loudest = decibel.amax(dim=(-2, -1), keepdim=True)  # (batch, 1, 1)
    return torch.maximum(decibel, loudest - top_db)


def check_top_db(top_db: float | None) -> None:
    """Refuse a limit that cannot be.

    Args:
        top_db: The limit of `power_to_db`.

    Raises:
        SettingError: It is negative, or no finite number.
    """
    if top_db is not None and not (top_db >= 0 and math.isfinite(top_db)):
        raise SettingError(f"top_db must be at least 0, or None for no limit, not {top_db:g}")
