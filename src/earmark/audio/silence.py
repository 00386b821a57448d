"""Keeping a decoder's notes off the terminal."""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_c_stderr() -> Iterator[None]:
    """Send what C code prints to stderr nowhere, as long as the block lasts.

    The MP3 decoder in libsndfile 1.2 (mpg123) prints a line at many a seek in a sound file, and libsndfile offers no
    way to turn that off. Only C's own variable is exchanged, as glibc allows ("normal variables that you can set": its
    manual, section 12.2), so what Python writes to stderr meanwhile still arrives, from other threads too. Where the C
    library is not glibc, nothing is done and the lines stay.
    """
    _SILENCE.begin()
    try:
        yield
    finally:
        _SILENCE.end()


class _Silence:
    # One for the process, as C's stderr is: blocks in several threads share it, and the last one to end restores it.

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_blocks = 0
        self._stderr: ctypes.c_void_p | None = None
        self._nowhere: int | None = None
        self._usual: int | None = None

    def begin(self) -> None:
        with self._lock:
            if self._n_blocks == 0 and self._prepare() and self._stderr is not None:
                self._usual = self._stderr.value
                self._stderr.value = self._nowhere
            self._n_blocks += 1

    def end(self) -> None:
        with self._lock:
            self._n_blocks -= 1
            if self._n_blocks == 0 and self._stderr is not None:
                self._stderr.value = self._usual

    def _prepare(self) -> bool:
        if self._nowhere is None and _is_glibc():
            library = ctypes.CDLL(None)
            library.fopen.restype = ctypes.c_void_p
            self._nowhere = library.fopen(os.fsencode(os.devnull), b"w")  # kept open: a thread may be printing to it
            if self._nowhere is not None:
                self._stderr = ctypes.c_void_p.in_dll(library, "stderr")
        return self._nowhere is not None


def _is_glibc() -> bool:
    # musl keeps the variable in memory that must not be written, so the name of the library has to be certain.
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False


_SILENCE = _Silence()
