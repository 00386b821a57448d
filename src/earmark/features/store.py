"""Features kept on disk, so that a sound is decoded once and not at every run."""

import logging
import math
import os
import threading
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import torch

from earmark._util.files import write_whole
from earmark.errors import SettingError, StorageError

Array = npt.NDArray[Any]

_LOG = logging.getLogger(__name__)
# NumPy parses a header with ast.literal_eval, and in CPython 3.11.7 two threads that parse at once can end in a
# SystemError ("AST constructor recursion depth mismatch").
_ONE_PARSER = threading.Lock()
_MAP_FROM_BYTES = 16384  # below it, a mapping costs more memory than it saves


def default_store_folder() -> Path:
    """Return where features are kept if nobody says otherwise.

    Returns:
        ``features`` below ``$EARMARK_CACHE``, else below ``$XDG_CACHE_HOME/earmark``, else ``~/.cache/earmark``.

    Raises:
        SettingError: Neither variable is set and there is no home folder.
    """
    own = os.environ.get("EARMARK_CACHE", "")
    if own:
        return Path(own).expanduser() / "features"
    shared = os.environ.get("XDG_CACHE_HOME", "")
    if Path(shared).is_absolute():  # the XDG base directory specification: a relative path is to be ignored
        return Path(shared) / "earmark" / "features"
    try:
        return Path.home() / ".cache" / "earmark" / "features"
    except RuntimeError as error:
        raise SettingError("there is no home folder to keep features in: set EARMARK_CACHE to a folder") from error


class FeatureStore:
    """Keeps arrays by key, one ``.npy`` file each, and gives them back mapped into memory.

    An array is there whole or not at all, also when several processes write it at once or one is killed. A damaged
    file counts as absent, and a folder that cannot be written costs a warning and the time to compute again, never
    the run. Threads may share a store.

    Args:
        folder: Where the files are; made when the first array is kept. None keeps nothing.

    >>> FeatureStore(None).get("0" * 32) is None
    True
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._has_warned = False

    def get(self, key: str) -> Array | None:
        """Return the array kept under `key`, read-only, or None if there is none or its file is damaged.

        Args:
            key: Hexadecimal digits that name what the array was made from.
        """
        if self.folder is None:
            return None
        path = self._path(self.folder, key)
        try:
            return _read(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _LOG.warning("%s cannot be read (%s): made anew", path, error)
            return None

    def put(self, key: str, array: Array) -> Array:
        """Keep an array under `key`, in place of one that is there.

        Args:
            key: Hexadecimal digits that name what the array was made from.
            array: The array; not of Python objects.

        Returns:
            The array as read back, read-only; where it could not be kept, the one received.
        """
        if self.folder is None:
            return array
        path = self._path(self.folder, key)
        try:
            with write_whole(path) as part, part.open("wb") as stream:
                np.save(stream, np.asarray(array, order="C"), allow_pickle=False)
        except StorageError as error:
            self._warn_once(error)
            return array
        kept = self.get(key)
        return array if kept is None else kept

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / key[:2] / f"{key}.npy"

    def _warn_once(self, error: StorageError) -> None:
        with self._lock:
            is_first, self._has_warned = not self._has_warned, True
        if is_first:
            _LOG.warning("features are not kept, so the next run computes them again: %s", error)


def _read(path: Path) -> Array:
    """Read a file written by `FeatureStore.put`, mapped where it is large.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: It cannot be read.
        ValueError: It is damaged, or no such file at all.
    """
    with path.open("rb") as stream:
        shape, dtype = _read_header(stream)
        begin, n_bytes = stream.tell(), math.prod(shape) * dtype.itemsize
        total = os.fstat(stream.fileno()).st_size
        if total != begin + n_bytes:
            raise ValueError(f"{total} bytes in place of {begin + n_bytes}")
        is_small = n_bytes < _MAP_FROM_BYTES
        raw = np.frombuffer(stream.read(), dtype=np.uint8) if is_small else _map(path, total)[begin:]
    array = raw.view(dtype).reshape(shape)
    array.flags.writeable = False
    return array


def _read_header(stream: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"npy version {version} in place of (1, 0)")
    with _ONE_PARSER:
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if is_fortran or dtype.hasobject:
        raise ValueError("not an array that was kept here")
    return shape, dtype


def _map(path: Path, n_bytes: int) -> npt.NDArray[np.uint8]:
    # Not np.memmap: Python's mmap holds a file descriptor until 3.13, and a thousand clips are the usual limit.
    try:
        return torch.from_file(str(path), shared=False, size=n_bytes, dtype=torch.uint8).numpy()
    except RuntimeError:  # the kernel's limit on mappings (65,530 on Linux) is reached
        return np.fromfile(path, dtype=np.uint8)
