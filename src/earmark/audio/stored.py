"""A sound file as bytes: opened once, looked at by the checks, then handed to the decoder."""

import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from earmark.errors import AudioError


class StoredFile:
    """The bytes of a file on disk, open for reading.

    Attributes:
        path: Where the file is.
        n_bytes: How long it is.
    """

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.n_bytes = stream.seek(0, io.SEEK_END)
        self._stream = stream

    def read_at(self, offset: int, n_bytes: int) -> bytes:
        """Return up to `n_bytes` bytes from `offset` on; fewer where the file ends."""
        self._stream.seek(offset)
        return self._stream.read(n_bytes)

    def fault(self, reason: str) -> AudioError:
        """Return the error that says what is wrong with this file."""
        return AudioError(self.path, reason)


class ByteView(io.RawIOBase):
    """What the decoder sees of a file: some bytes written anew, then a stretch of the file as it is.

    A view mends what a decoder would misread (a header that a pipe left open, an MP3 that does not say how long it
    is) without a copy of the sound.
    """

    def __init__(self, file: StoredFile, *, head: bytes = b"", start: int = 0, stop: int | None = None) -> None:
        super().__init__()
        self._file = file
        self._head = head
        self._start = start
        self._n_bytes = len(head) + (file.n_bytes if stop is None else stop) - start
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position counted from the start, the present position or the end, and return it."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._n_bytes}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # cffi passes a buffer of its own kind
        """Fill `buffer` from the present position on, and return how many bytes it got: 0 at the end."""
        n_wanted = min(len(buffer), max(0, self._n_bytes - self._position))
        block = self._head[self._position : self._position + n_wanted]
        if len(block) < n_wanted:
            offset = self._position + len(block) - len(self._head) + self._start
            block += self._file.read_at(offset, n_wanted - len(block))
        buffer[: len(block)] = block
        self._position += len(block)
        return len(block)


@contextmanager
def open_stored(path: Path) -> Iterator[StoredFile]:
    """Open a file for as long as the block lasts.

    Args:
        path: The file.

    Raises:
        AudioError: It is missing, a folder, not a file, not to be read, or empty.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise AudioError(path, _not_a_file(mode))
        stream = path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise AudioError(path, _cannot_open(error)) from error
    with stream:
        file = StoredFile(path, stream)
        if file.n_bytes == 0:
            raise file.fault("the file is empty (0 bytes): copy or download it again")
        yield file


def _not_a_file(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "this is a folder, not a sound file: name the files in it"
    return "this is not a regular file but a pipe or device: write the sound to a file first"


def _cannot_open(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "permission to read it is denied"
    return f"the file cannot be opened ({(getattr(error, 'strerror', None) or str(error)).lower()})"
