"""On what a run was made."""

import platform
import sys
from importlib import metadata
from typing import Any

import earmark

_LIBRARIES = ("numpy", "torch", "scikit-learn", "soundfile", "soxr", "safetensors")


def describe_environment(*, device: str) -> dict[str, Any]:
    """Return versions, machine and device as values that JSON knows; nothing that names a person or a place.

    Args:
        device: Where torch computes.
    """
    import torch  # noqa: PLC0415 - loaded by then; not at import

    return {
        "earmark": earmark.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "device": device,
        "n_threads": torch.get_num_threads(),
        "byte_order": sys.byteorder,
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
    }
