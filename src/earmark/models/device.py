"""Where torch computes."""

import torch

from earmark._util.catalogue import nearest
from earmark.errors import SettingError

DEVICES = ("auto", "cpu", "cuda", "mps")


def resolve_device(name: str) -> torch.device:
    """Return the device called `name`; ``"auto"`` takes CUDA, then Apple's Metal, then the processor.

    Raises:
        SettingError: The name is unknown, or this machine has no such device.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if there[kind]))
    if name not in there:
        raise SettingError(f"there is no device called {name!r}: {nearest(name, DEVICES)}")
    if not there[name]:
        raise SettingError(f"the device {name!r} is not to be had on this machine: take 'cpu' or 'auto'")
    return torch.device(name)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies bfloat16 by itself, so that mixed precision is faster and not slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    # Asked by name: what a processor can do is told in other words by each version of torch (this is 2.13).
    can = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(can and can())
