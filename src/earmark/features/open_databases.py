"""The databases that this process has open, each shared by all feature stores of its folder.

LMDB forbids to open one file twice in a process, and to use it after a fork (``lmdb.h``, "Restrictions/caveats").
The process is what it counts by, so they are listed here for the whole process: state of a module, which this house
has nowhere else.
"""

import atexit
import os
import threading
from collections import deque
from pathlib import Path

from earmark.features import database_file
from earmark.features.database import Database

# Held while a database is opened, closed, or given to another store.
OPENING = threading.RLock()

_OPEN: dict[database_file.Identity, Database] = {}
_ABANDONED: deque[Database] = deque()


def acquire(folder: Path, *, writing: bool) -> Database | None:
    """Return the database of a folder, opened or shared; None if there is none and it is not to be written.

    Args:
        folder: The folder; made where it is to be written.
        writing: Whether it is to be written.

    Raises:
        StorageError: The folder holds something else, or its data is damaged or of another version.
        OSError: The folder or its data cannot be read, or not be written where that is asked for.
    """
    path = folder.absolute() / database_file.DATA
    with OPENING:
        while _ABANDONED:
            release(_ABANDONED.popleft())
        identity = database_file.identity_of(path)
        if identity is None:
            if not writing:
                database_file.refuse_other_files(path.parent)
                return None
            identity = database_file.create(path)
        database = _OPEN.get(identity)
        if database is None:
            database = _OPEN[identity] = Database(path, identity, writing=writing)
        elif writing:
            database.make_writable()
        database.n_users += 1
        return database


def release(database: Database) -> None:
    """Give back a database that was acquired; the last store to do so writes what was put, and closes it."""
    with OPENING:
        database.n_users -= 1
        if not database.n_users:
            if _OPEN.get(database.identity) is database:  # in a forked process it may be another
                del _OPEN[database.identity]
            database.close()


def abandon(database: Database) -> None:
    """Give back the database of a store that was garbage-collected.

    That may be at any time, also while a lock is held that closing needs: so it is closed when the next database is
    acquired, or at exit.
    """
    _ABANDONED.append(database)


@atexit.register
def _close_all() -> None:
    with OPENING:
        for database in _OPEN.values():
            database.close()
        _OPEN.clear()


def _before_fork() -> None:
    # So that no other thread is inside LMDB, or holds a lock: in the child it would hold it for ever.
    OPENING.acquire()
    for database in _OPEN.values():
        for lock in database.locks:
            lock.acquire()


def _after_fork() -> None:
    for database in _OPEN.values():
        for lock in database.locks:
            lock.release()
    OPENING.release()


def _after_fork_in_child() -> None:
    # Closed, for LMDB would refuse to open the file anew. What is pending is the parent's to write.
    for database in _OPEN.values():
        database.drop()
    _after_fork()
    _OPEN.clear()
    _ABANDONED.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
