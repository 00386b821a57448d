"""A setting of glibc's allocator that makes training on a processor about twice as fast."""

import ctypes
import sys

_M_TRIM_THRESHOLD = -1  # malloc.h: parameters of mallopt
_M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory for the next allocation instead of handing it back to the kernel.

    The big buffers of a training step are otherwise mapped, faulted in page by page, and unmapped at every step. The
    setting holds for the whole process, so it belongs to where a program starts, never to the import of a library;
    call it before torch allocates.

    Returns:
        Whether the setting was taken: False where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # musl has no mallopt
        return False
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
