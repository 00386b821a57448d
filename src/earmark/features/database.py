"""One LMDB file, open in this process: what is put is got at once, and written with others in one transaction.

What LMDB promises (``lmdb.h``; H. Chu, "MDB: a memory-mapped database and backend for OpenLDAP", LDAPCon 2011): a
transaction is there whole or not at all, whatever is killed when, since pages in use are never written to, and one of
the two meta pages, in turn, says which pages are in use. Writers of all processes wait for one another, readers for
nobody. A writer that is killed holds no lock on Linux and Windows; on macOS the writers beside it wait until all have
ended. With ``metasync=False`` the pages of a transaction are on the disk before its meta page is written, and the
meta page is there with the next transaction or `Database.flush`: a power cut undoes the last transaction at most, and
damages nothing. (``sync=False`` could damage, and with ``writemap`` a stray pointer could.)
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import lmdb

from earmark.errors import StorageError
from earmark.features import database_file

T = TypeVar("T")
Entries: TypeAlias = "lmdb.Transaction[memoryview[int]]"

Parts = Mapping[bytes, bytes]  # what is kept under one name: the parts by their names, one of which may be empty

COMMIT_BYTES = 16 << 20  # what is put is written when it comes to this much,
COMMIT_S = 2.0  # or with the first put after this long
MAP_BYTES = 64 << 20  # of address space to begin with; doubled when it is full,
MAP_STEP_BYTES = 1 << 30  # but by no more than this at a time

_LOG = logging.getLogger(__name__)
_TRIES = 8  # another process may grow the file again while its size is being adopted


class Database:
    """An open file. Threads share it, and so do all feature stores of its folder.

    Args:
        path: The file; it is there.
        identity: What tells it from other files.
        writing: Whether to open it for writing.

    Attributes:
        identity: As received.
        is_writable: Whether it was opened for writing.
        n_users: How many feature stores use it.

    Raises:
        StorageError: It is no feature store, of another version, or damaged.
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path, identity: database_file.Identity, *, writing: bool) -> None:
        database_file.check(path)
        self.identity = identity
        self.is_writable = writing
        self.n_users = 0
        self.locks = (threading.Lock(), threading.Lock(), threading.Lock())  # taken in this order where several are
        self._write_lock, self._map_lock, self._pending_lock = self.locks
        self._path = path
        self._pending: dict[bytes, Parts] = {}  # put and not yet written
        self._writing: dict[bytes, Parts] = {}  # being written now
        self._n_pending_bytes = 0
        self._pending_since_s = 0.0
        self._has_failed = False
        self._environment: lmdb.Environment | None = self._open(writing=writing)
        self._check_format()

    @property
    def is_open(self) -> bool:
        """Whether it can be used: not after `close`, and not in a process forked from the one that opened it."""
        return self._environment is not None

    def get(self, name: bytes, part: bytes) -> bytes | None:
        """Return a part of what was put under `name`: by this process, or by another and written. None if nothing was.

        Raises:
            OSError: It cannot be read.
        """

        def look(entries: Entries) -> bytes | None:
            value = entries.get(name + part)
            return None if value is None else bytes(value)

        with self._pending_lock:
            parts = self._pending.get(name) or self._writing.get(name)
        if parts:
            return parts[part]
        try:
            return self._read(look)
        except lmdb.Error as error:
            raise self._failed(error) from error

    def put(self, name: bytes, parts: Parts) -> None:
        """Keep the parts of something under `name`: all of them are there, or none.

        Raises:
            OSError: It was time to write, and that failed. What was put stays in memory: it is got as before, and
                `flush` tries again.
        """
        now_s = time.monotonic()
        with self._pending_lock:
            if not self._pending:
                self._pending_since_s = now_s
            self._n_pending_bytes += _n_bytes(parts) - _n_bytes(self._pending.get(name, {}))
            self._pending[name] = parts
            is_due = self._n_pending_bytes >= COMMIT_BYTES or now_s - self._pending_since_s >= COMMIT_S
        if is_due and not self._has_failed:
            with self._write_lock:
                self._commit()

    def flush(self) -> None:
        """Write all that was put, to the disk.

        Raises:
            OSError: It cannot be written.
        """
        if not self.is_writable:
            return
        with self._write_lock:
            n_left = len(self._pending)  # others may go on putting
            while n_left > 0 and (n_done := self._commit()):
                n_left -= n_done
            self._attempt(lambda environment: environment.sync(True))

    def make_writable(self) -> None:
        """Open it for writing where it was opened for reading only.

        Raises:
            OSError: It cannot be written; it stays open for reading.
        """
        with self._write_lock, self._map_lock:
            environment, self._environment = self._environment, None
            if environment is None or self.is_writable:
                self._environment = environment
                return
            environment.close()
            try:
                self._environment = self._open(writing=True)
                self.is_writable = True
            except OSError:
                self._environment = self._open(writing=False)
                raise

    def close(self) -> None:
        """Write what was put, and close. What cannot be written is lost, with a warning if there was none before."""
        if not self.is_open:
            return
        is_told = self._has_failed
        try:
            self.flush()
        except OSError as error:
            if not is_told and self._path.exists():
                _LOG.warning("features are not kept, so the next run computes them again: %s", error)
        with self._write_lock, self._map_lock:
            self.drop()

    def drop(self) -> None:
        """Close without writing. Whoever calls it holds the locks."""
        environment, self._environment = self._environment, None
        if environment is not None:
            environment.close()
        self._pending, self._writing, self._n_pending_bytes = {}, {}, 0

    def _check_format(self) -> None:
        try:
            found = self._read(lambda entries: bytes(entries.get(database_file.FORMAT_KEY) or b""))
            database_file.check_format(self._path, found or b"")
        except lmdb.Error as error:
            self.drop()
            raise database_file.is_damaged(self._path, str(error)) from error
        except (StorageError, OSError):
            self.drop()
            raise

    def _open(self, *, writing: bool) -> lmdb.Environment:
        try:
            environment = self._open_locking(writing=writing, locking=True)
        except (lmdb.Error, OSError) as error:
            if writing:
                raise OSError(f"{self._path}: {error}") from error
            environment = self._open_unlocked()
        environment.reader_check()  # frees the places of readers that were killed
        return environment

    def _open_unlocked(self) -> lmdb.Environment:
        # Where no lock file can be made, nobody knows of this reader: what a writer elsewhere does to a page under
        # its eyes is caught by the checksums.
        try:
            return self._open_locking(writing=False, locking=False)
        except (lmdb.Error, OSError) as error:
            raise OSError(f"{self._path}: {error}") from error

    def _open_locking(self, *, writing: bool, locking: bool) -> lmdb.Environment:
        options: dict[str, Any] = {
            "map_size": MAP_BYTES,  # LMDB takes the size of the file where that is more
            "readonly": not writing,
            "create": False,
            "lock": locking,
            "metasync": False,
            "mode": database_file.MODE,
            "max_readers": database_file.MAX_READERS,
            "max_spare_txns": 0,
        }
        with database_file.opening_alone(self._path) if locking else nullcontext():
            if locking:
                database_file.make_lock_file(self._path)
            for _ in range(_TRIES):
                with suppress(lmdb.MapResizedError):  # the file grew between two looks at it
                    return lmdb.open(str(self._path.parent), **options)
            return lmdb.open(str(self._path.parent), **options)

    def _read(self, look: Callable[[Entries], T | None]) -> T | None:
        """Return what `look` finds.

        Raises:
            lmdb.Error: The file is damaged.
            OSError: It has grown beyond what can be mapped.
        """
        for _ in range(_TRIES):
            with self._map_lock:
                if self._environment is None:
                    return None
                try:
                    with self._environment.begin(buffers=True) as transaction:
                        return look(transaction)
                except lmdb.ReadersFullError:
                    self._environment.reader_check()
                    continue
                except lmdb.MapResizedError:
                    pass
            with self._write_lock:
                self._move_map(0)
        raise OSError(f"{self._path} could not be read in {_TRIES} tries")

    def _commit(self) -> int:
        """Write what is pending, some megabytes of it at most, and return how many entries that was.

        Raises:
            OSError: It cannot be written; it is pending again.
        """
        is_written = False
        try:
            with self._pending_lock:
                self._writing = self._take_pending()
            if database_file.identity_of(self._path) != self.identity:
                raise OSError(f"{self._path} was removed or replaced while it was in use")
            self._attempt(self._write)
            is_written = True
            return len(self._writing)
        finally:  # also with Ctrl-C
            with self._pending_lock:
                if not is_written:
                    self._pending = self._writing | self._pending
                    self._n_pending_bytes = sum(map(_n_bytes, self._pending.values()))
                self._writing = {}
            self._has_failed = not is_written

    def _take_pending(self) -> dict[bytes, Parts]:
        taken: dict[bytes, Parts] = {}
        n_bytes = 0
        for name, parts in self._pending.items():
            taken[name] = parts
            n_bytes += _n_bytes(parts)
            if n_bytes >= COMMIT_BYTES:
                break
        self._pending = {name: parts for name, parts in self._pending.items() if name not in taken}
        self._n_pending_bytes -= n_bytes
        return taken

    def _write(self, environment: lmdb.Environment) -> None:
        with environment.begin(write=True) as transaction:
            for name, parts in self._writing.items():
                for part, value in parts.items():
                    if transaction.get(name + part) != value:  # another process may have computed the same
                        transaction.put(name + part, value)

    def _attempt(self, write: Callable[[lmdb.Environment], None]) -> None:
        """Write, with a larger map where that is needed. Whoever calls it holds the lock for writing.

        Raises:
            OSError: It cannot be written.
        """
        while True:
            if self._environment is None:
                raise OSError(f"{self._path} is closed")
            try:
                return write(self._environment)
            except lmdb.MapFullError:
                n_bytes = int(self._environment.info()["map_size"])
                self._move_map(n_bytes + min(n_bytes, MAP_STEP_BYTES))
            except lmdb.MapResizedError:
                self._move_map(0)
            except lmdb.Error as error:
                raise self._failed(error) from error

    def _move_map(self, n_bytes: int) -> None:
        """Map so much of the file; where 0, as much as other processes do. Whoever calls it holds the lock for writing.

        Raises:
            OSError: There is not so much address space; the map is as small as it can be.
        """
        with self._map_lock:
            if self._environment is None:
                return
            try:
                self._environment.set_mapsize(n_bytes)
            except lmdb.Error as error:  # which leaves the environment unusable
                environment, self._environment = self._environment, None
                environment.close()
                self._environment = self._open(writing=self.is_writable)
                raise OSError(f"{self._path} cannot be mapped into memory: {error}") from error

    def _failed(self, error: lmdb.Error) -> OSError:
        is_damaged = isinstance(error, lmdb.CorruptedError | lmdb.PageNotFoundError)
        return OSError(f"{self._path} is damaged ({error}): delete it" if is_damaged else f"{self._path}: {error}")


def _n_bytes(parts: Parts) -> int:
    return sum(map(len, parts.values()))
