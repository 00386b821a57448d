"""Features kept on disk, so that a sound is decoded once and not at every run."""

import functools
import logging
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError, StorageError
from earmark.features.packing import header_of, pack, unpack, unpack_shape

if TYPE_CHECKING:
    from earmark.features.database import Database

Array = npt.NDArray[Any]
T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_NAME_BYTES = 16
# Shapes are kept a second time, beside the arrays' places: to see all of them, no array need be read from the disk.
_ARRAY, _SHAPE = b"", b"s"


def default_store_folder() -> Path:
    """Return where features are kept if nobody says otherwise.

    Returns:
        ``store`` below ``$EARMARK_CACHE``, else below ``$XDG_CACHE_HOME/earmark``, else ``~/.cache/earmark``.

    Raises:
        SettingError: Neither variable is set and there is no home folder.
    """
    own = os.environ.get("EARMARK_CACHE", "")
    if own:
        return Path(own).expanduser() / "store"
    shared = os.environ.get("XDG_CACHE_HOME", "")
    if Path(shared).is_absolute():  # the XDG base directory specification: a relative path is to be ignored
        return Path(shared) / "earmark" / "store"
    try:
        return Path.home() / ".cache" / "earmark" / "store"
    except RuntimeError as error:
        raise SettingError("there is no home folder to keep features in: set EARMARK_CACHE to a folder") from error


class FeatureStore:
    """Keeps arrays by key in one LMDB file, which opens at once whatever its size.

    An array is there whole or not at all, also when several threads and processes write at once or one is killed; a
    damaged one counts as absent. What is put is got at once by all stores of the folder in this process. It is on the
    disk, and seen by other processes, after `flush` or `close`, with the first put after some seconds or megabytes,
    and when the process ends by itself. (One that is killed, or that ends by ``os._exit`` as the forked ones of
    `multiprocessing` do, loses what it put last.)

    A folder that cannot be written, or a full disk, costs one warning and the time to compute again, never the run:
    what was put stays in memory. But a folder with something else in it is refused, and left as it is.

    Threads may share a store, and a forked process may go on using it. The folder must not be on a network drive:
    LMDB needs the locks and the maps of one machine.

    Args:
        folder: Where the file is; made when the first array is kept. None keeps nothing.
        read_only: Whether there must be a store, which is then not changed.

    Raises:
        StorageError: By the first method used: the folder holds something else, its data is damaged or of another
            version, or, with `read_only`, there is none or it cannot be read.

    >>> FeatureStore(None).get("0" * 32) is None
    True
    """

    def __init__(self, folder: Path | None, *, read_only: bool = False) -> None:
        self.folder = folder
        self._read_only = read_only
        self._database: Database | None = None
        self._finalizer: weakref.finalize[..., FeatureStore] | None = None
        self._unusable_for: set[str] = set()
        self._held: dict[bytes, dict[bytes, bytes]] = {}  # what was put where nothing can be written
        self._told: dict[str, object] = {}

    def __reduce__(self) -> tuple[Callable[[Path | None], "FeatureStore"], tuple[Path | None]]:
        """Return what makes a store of the same folder, also in another process."""
        return functools.partial(FeatureStore, read_only=self._read_only), (self.folder,)

    def get(self, key: str) -> Array | None:
        """Return the array kept under `key`, read-only and valid for ever; None if there is none or it is damaged.

        Args:
            key: 32 hexadecimal digits that name what the array was made from.
        """
        return self._get(key, _ARRAY, unpack)

    def get_shape(self, key: str) -> tuple[int, ...] | None:
        """Return the shape of the array kept under `key` without reading the array; None as with `get`.

        Args:
            key: 32 hexadecimal digits that name what the array was made from.
        """
        return self._get(key, _SHAPE, unpack_shape)

    def put(self, key: str, array: Array) -> None:
        """Keep an array under `key`, in place of one that is there.

        Args:
            key: 32 hexadecimal digits that name what the array was made from.
            array: Numbers, in any shape, order and byte order.

        Raises:
            StorageError: The store is for reading only.
        """
        name = _name_of(key)
        value = pack(name, np.asarray(array))
        parts = {_ARRAY: value, _SHAPE: header_of(name, value)}
        if self._read_only:
            raise StorageError(f"nothing can be put into the store {self.folder}: it was opened for reading only")
        if self.folder is None:
            return
        database = self._open("writing")
        if database is None:
            self._held[name] = parts
            return
        try:
            database.put(name, parts)
        except OSError as error:
            self._tell_not_kept(error)

    def flush(self) -> bool:
        """Write what was put to the disk.

        Returns:
            Whether all that was put is there now; where not, there was a warning.
        """
        database = self._database
        try:
            if database is not None and database.is_open:
                database.flush()
        except OSError as error:
            self._tell_not_kept(error)
            return False
        return not self._held

    def close(self) -> None:
        """Write what was put, and let go of the file; a store that is used again opens it again.

        No other thread must be using this store.
        """
        self.flush()
        database, self._database = self._database, None
        if database is not None and self._finalizer is not None and self._finalizer.detach():
            from earmark.features.open_databases import release  # noqa: PLC0415 - loads lmdb

            release(database)
        self._held.clear()
        self._unusable_for.clear()

    def _get(self, key: str, part: bytes, read: Callable[[bytes, bytes], T]) -> T | None:
        name = _name_of(key)
        try:
            value = None
            if name in self._held:
                value = self._held[name][part]
            elif database := self._open("reading"):
                value = database.get(name, part)
            return None if value is None else read(name, value)
        except (OSError, ValueError) as error:
            self._tell("damaged", "%s in %s cannot be read (%s): made anew", key, self.folder, error)
            return None

    def _open(self, purpose: str) -> "Database | None":
        """Return the database, opened if need be; None if there is none, or none that is usable for the purpose."""
        database = self._database
        if database is not None and database.is_open and (database.is_writable or purpose == "reading"):
            return database
        if self.folder is None or purpose in self._unusable_for:
            return None
        from earmark.features.open_databases import OPENING  # noqa: PLC0415 - loads lmdb

        try:
            with OPENING:
                return self._acquire(self.folder, writing=purpose == "writing")
        except OSError as error:
            if self._read_only:
                raise StorageError(f"the store {self.folder} cannot be read: {error}") from error
            self._unusable_for.add(purpose)
            self._tell_not_kept(error)
            return None

    def _acquire(self, folder: Path, *, writing: bool) -> "Database | None":
        from earmark.features.open_databases import abandon, acquire  # noqa: PLC0415 - loads lmdb

        if self._database is not None and self._database.is_open:  # another thread opened it meanwhile, or for reading
            if writing:
                self._database.make_writable()
            return self._database
        database = acquire(folder, writing=writing)
        if database is None:
            if self._read_only:
                raise StorageError(f"there is no feature store in {folder}")
            return None
        if self._finalizer is not None:
            self._finalizer.detach()  # of the parent's database, in a forked process
        self._database = database
        self._finalizer = weakref.finalize(self, abandon, database)
        self._finalizer.atexit = False
        return database

    def _tell_not_kept(self, error: OSError) -> None:
        self._tell("not kept", "features are not kept, so the next run computes them again: %s", error)

    def _tell(self, what: str, message: str, *arguments: object) -> None:
        """Warn once of each thing."""
        mine = object()
        if self._told.setdefault(what, mine) is mine:  # one step, where a lock could be held at a fork
            _LOG.warning(message, *arguments)


def _name_of(key: str) -> bytes:
    try:
        name = bytes.fromhex(key)
    except ValueError:
        name = b""
    if len(name) != _NAME_BYTES or len(key) != 2 * _NAME_BYTES:
        raise SettingError(f"a key has {2 * _NAME_BYTES} hexadecimal digits, and this is none: {key!r}")
    return name
