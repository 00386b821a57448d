"""The file of a feature store: made whole, and looked at before LMDB maps it into memory.

LMDB trusts the file it is given: it follows page numbers without asking whether the file is long enough, and reading
a map beyond the end of its file ends the process with SIGBUS. So the two meta pages at its beginning are read here
first; they say how many pages there must be.

The layout is that of LMDB 0.9 on machines of 64 bit (``mdb.c``: ``MDB_page``, ``MDB_meta``, ``MDB_db``).
"""

import errno
import os
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import lmdb

if sys.platform != "win32":
    import fcntl

from earmark.errors import StorageError

DATA = "data.mdb"  # as LMDB names it in a folder of its own, and the next
LOCK = "lock.mdb"
FORMAT_KEY = b"earmark.features"  # never the name of an array: those have 16 bytes
FORMAT = b"1"

MAX_READERS = 2048  # over all processes
MODE = 0o777  # the umask takes away what is not wanted, as with other files; LMDB drops the right to execute
_LOCK_BYTES = 192 + 64 * MAX_READERS  # at least what LMDB wants; the page with its mutexes is what counts
_IS_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_META = struct.Struct("=8x2xH4x II8x8x I92x QQ")  # of a page: flags; magic, version; page size; last page, transaction
_IS_META = 0x08
_MAGIC = 0xBEEFC0DE
_DATA_VERSION = 1
_PAGE_BYTES = tuple(1 << power for power in range(8, 16))
_TRIES = 5  # a meta page that another process is writing may be seen half old and half new
_PAUSE_S = 0.02
_N_NAMED = 3


Identity = tuple[int, int] | tuple[str]


class _Meta(NamedTuple):
    flags: int
    magic: int
    version: int
    page_bytes: int
    last_page: int
    transaction: int


def identity_of(path: Path) -> Identity | None:
    """Return what tells a file from all others, whatever its name; None if there is none at `path`.

    LMDB must not have one file open twice in a process, under two names neither.

    Raises:
        OSError: The folder cannot be looked into.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else (str(path.resolve()),)


def refuse_other_files(folder: Path) -> None:
    """Make sure that a folder without a store is empty, or not there; hidden files do not count.

    Raises:
        StorageError: It holds other files.
        OSError: It cannot be looked into.
    """
    try:
        with os.scandir(folder) as entries:
            found = sorted(entry.name for entry in entries if not _is_ours(entry) and entry.name[0] != ".")
    except FileNotFoundError:
        return
    if found:
        named = ", ".join(found[:_N_NAMED]) + (" and more" if len(found) > _N_NAMED else "")
        raise StorageError(f"{folder} is no feature store, it holds {named}: name another folder, or empty it")


def create(path: Path) -> Identity:
    """Make the file of a new store, whole or not at all, and return its identity.

    Where another process is the first to make it, that one stays.

    Raises:
        StorageError: The folder holds other files.
        OSError: The folder cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_other_files(path.parent)
    part = _part_of(path)
    try:
        # Engine 0: of the two that the library brings, the one whose files are described above.
        with (
            lmdb.open(str(part), subdir=False, lock=False, mode=MODE, lib_version=0) as environment,
            environment.begin(write=True) as transaction,
        ):
            transaction.put(FORMAT_KEY, FORMAT)
        _place(part, path)
    except lmdb.Error as error:
        raise OSError(f"{path}: {error}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    if not (identity := identity_of(path)):
        raise OSError(f"{path} was removed again")
    return identity


def make_lock_file(path: Path) -> None:
    """Make the lock file beside the file of a store, if there is none and one can be made.

    LMDB would make it, but with no room on the disk: it writes to it through a map, and writing to a map of a file
    that finds no room on a full disk ends the process with SIGBUS.

    Raises:
        OSError: The disk is full.
    """
    lock, part = path.with_name(LOCK), _part_of(path)
    if lock.exists():
        return
    try:
        part.write_bytes(bytes(_LOCK_BYTES))
        os.link(part, lock)
    except OSError as error:
        if error.errno in _IS_FULL:
            raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def opening_alone(path: Path) -> Iterator[None]:
    """Let no other process open the file of a store while the block runs.

    Where the one that sets up LMDB's lock file is killed before it is done, one that waits for it would go on with a
    lock file that knows of no transaction yet, and undo the last one (seen with LMDB 0.9.36). It is to wait here.
    """
    if sys.platform == "win32":
        yield
        return
    with path.open("rb") as stream:
        with suppress(OSError):  # not every file system can
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def check(path: Path) -> None:
    """Make sure that LMDB can map a file without harm.

    Raises:
        StorageError: It is no file of a feature store, or damaged.
        OSError: It cannot be read.
    """
    for _ in range(_TRIES):
        fault = _fault(path)
        if not fault:
            return
        time.sleep(_PAUSE_S)
    if not _is_whole_though_short(path):
        raise StorageError(f"{path} {fault}: name another folder, or delete this one")


def check_format(path: Path, found: bytes) -> None:
    """Make sure that an LMDB file is a feature store that this version reads.

    Args:
        path: The file.
        found: What it holds under `FORMAT_KEY`, empty if nothing.

    Raises:
        StorageError: It is none, or of another version.
    """
    if not found:
        raise StorageError(f"{path} holds something else than features: name another folder")
    if found != FORMAT:
        there, wanted = found[:20].decode("ascii", "replace"), FORMAT.decode("ascii")
        raise StorageError(
            f"{path} has format {there!r}, and this version of earmark reads {wanted!r}: name another folder, or "
            "delete this one"
        )


def is_damaged(path: Path, reason: str) -> StorageError:
    """Return the error that says so."""
    return StorageError(f"{path} is damaged ({reason}): name another folder, or delete this one")


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(8).hex()}.part")


def _is_ours(entry: "os.DirEntry[str]") -> bool:
    # The data may have been put there by another process just now.
    return entry.name in {DATA, LOCK} and entry.is_file()


def _place(part: Path, path: Path) -> None:
    """Give a file that is complete its name, unless another has it."""
    with suppress(FileExistsError):
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            with path.open("xb") as stream:
                stream.write(part.read_bytes())
                stream.flush()
                os.fsync(stream.fileno())
    if hasattr(os, "O_DIRECTORY"):  # the name too is to outlive a power cut; Windows cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with suppress(OSError):  # not every file system can
                os.fsync(folder)
        finally:
            os.close(folder)


def _fault(path: Path) -> str:
    """Return what is wrong with a file; nothing if LMDB can map it."""
    with path.open("rb") as stream:
        first = _read_meta(stream.read(_META.size))
        if first is None:
            return "is no feature store, or damaged"
        stream.seek(first.page_bytes)
        second = _read_meta(stream.read(_META.size))
        if second is None or second.page_bytes != first.page_bytes:
            return "is damaged (its second page is)"
        n_bytes = os.fstat(stream.fileno()).st_size  # after the pages: it only grows
    newest = max(first, second, key=lambda meta: meta.transaction)
    n_bytes_needed = (newest.last_page + 1) * newest.page_bytes
    return "" if n_bytes >= n_bytes_needed else f"is cut off: {n_bytes} bytes in place of {n_bytes_needed}"


def _read_meta(page: bytes) -> _Meta | None:
    if len(page) < _META.size:
        return None
    meta = _Meta(*_META.unpack(page))
    is_sound = meta.flags & _IS_META and (meta.magic, meta.version) == (_MAGIC, _DATA_VERSION)
    return meta if is_sound and meta.page_bytes in _PAGE_BYTES else None


def _is_whole_though_short(path: Path) -> bool:
    """Return whether all pages in use are in a file: the last ones may have been given up before they were written.

    Reads the tree of a store, and so takes long for a large one.
    """
    from lmdb import verify  # noqa: PLC0415 - hardly ever needed

    try:
        return not verify.verify(str(path), subdir=False)  # type: ignore[no-untyped-call]
    except verify.VerifyError:
        return False
