"""Fetching a published data set: download that goes on where it was cut off, checksum, safe unpacking."""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from earmark._util.files import write_folder_whole
from earmark._util.progress import Progress
from earmark.data.archives import unpack
from earmark.data.dataset import count
from earmark.data.download import download, is_address
from earmark.data.sources.about import MEGABYTE, Archive
from earmark.data.sources.catalogue import KNOWN, KnownSource
from earmark.errors import DataError, SettingError, StorageError

if sys.platform != "win32":
    import fcntl

_BLOCK = 1 << 20
_MOST_LONGER = 2  # times as long as is published: an address that sends more sends something else
_FREE_AFTER_DOWNLOAD = 2.0  # times the archive: what is unpacked lies beside it for a while


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What fetching a data set came to.

    Attributes:
        folder: Where it is.
        n_clips: Clips in it.
        was_there: Whether it was there already, and nothing was done.
        notes: Plain sentences on what a person should know.
    """

    folder: Path
    n_clips: int
    was_there: bool
    notes: tuple[str, ...] = ()


def fetch(
    name: str,
    folder: str | Path,
    *,
    origin: str | None = None,
    checked: bool = True,
    progress: Progress | None = None,
) -> Fetched:
    """Download a published data set, check it, and unpack it into a folder.

    What was downloaded before the network or a person cut it off lies beside the folder, and a later call goes on
    from there. The folder appears when it is whole.

    Args:
        name: One of `KNOWN`.
        folder: Where it is to be: new or empty, or holding it already.
        origin: Another address than the published one (a mirror), or an archive on this machine.
        checked: Whether the archive must have the published checksum.
        progress: What is told while it goes on.

    Raises:
        SettingError: There is no such data set, no public address of it, or the address is none.
        StorageError: The folder holds something else, there is no room, or another fetch of it is under way.
        DataError: It cannot be downloaded, has another checksum, is a bad archive, or holds something else.
    """
    source, folder = KNOWN[name], Path(folder).expanduser()
    if there := _there(source, folder):
        return there
    _refuse_taken(folder)
    published = source.ABOUT.archive
    if published is None and origin is None:
        raise SettingError(f"{name} has no public address: ask whoever has it, and name the archive (--from FILE)")
    address = origin or (published.address if published else "")
    if not is_address(address):
        return _unpack_checked(name, source, _local(address), folder, checked=checked, progress=progress)
    _refuse_full(folder, source.ABOUT.n_megabytes, _beside(folder, name, "download"))
    with _alone(folder, name):
        # What another one fetched while this one looked is there now.
        return _there(source, folder) or _download_checked(
            name, source, address, folder, checked=checked, progress=progress
        )


def _there(source: KnownSource, folder: Path) -> Fetched | None:
    if not (folder.is_dir() and source.recognises(folder)):
        return None
    found = source.load(folder)
    return Fetched(folder=folder, n_clips=found.n, was_there=True, notes=found.notes)


def _download_checked(
    name: str, source: KnownSource, address: str, folder: Path, *, checked: bool, progress: Progress | None
) -> Fetched:
    part = _beside(folder, name, "download")
    download(address, part, most_bytes=_MOST_LONGER * source.ABOUT.n_megabytes * MEGABYTE, progress=progress)
    try:
        fetched = _unpack_checked(name, source, part, folder, checked=checked, progress=progress)
    except DataError as error:
        kept = part.replace(_beside(folder, name, "refused"))  # as a beginning it would spoil the next download
        raise DataError(f"{error}; it is kept as {kept}") from error
    part.unlink()
    return fetched


def _unpack_checked(
    name: str, source: KnownSource, archive: Path, folder: Path, *, checked: bool, progress: Progress | None
) -> Fetched:
    about = source.ABOUT
    if checked and about.archive:
        _check(archive, about.archive)
    with write_folder_whole(folder) as part:
        unpack(archive, part, progress=progress)
        if about.arrange:
            about.arrange(part)
        if not source.recognises(part):
            raise DataError(f"{archive} holds something else than {name}: {source.LAYOUT} is not in it")
        _refuse_taken(folder)  # once more: what somebody put there meanwhile would be replaced
    found = source.load(folder)
    notes = [f"{about.n_clips} clips were published, and {found.n} are read"] if found.n != about.n_clips else []
    return Fetched(folder=folder, n_clips=found.n, was_there=False, notes=(*found.notes, *notes))


def _check(archive: Path, published: Archive) -> None:
    kind, _, wanted = published.checksum.partition(":")
    digest = hashlib.new(kind, usedforsecurity=False)
    with archive.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != wanted:
        raise DataError(
            f"the archive is not what was published: its {kind} is {digest.hexdigest()}, not {wanted} "
            f"({count(archive.stat().st_size, 'byte')}); it was damaged on the way, or its host made it anew: "
            "fetch it again, or take it all the same (--from FILE --no-checksum)"
        )


def _refuse_taken(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file: name a new folder")
    if folder.is_dir() and (names := sorted(entry.name for entry in folder.iterdir())):
        raise StorageError(f"{folder} holds something else, such as {names[0]!r}: name a new or an empty folder")


def _refuse_full(folder: Path, n_megabytes: int, part: Path) -> None:
    place = next(parent for parent in folder.absolute().parents if parent.is_dir())
    there = part.stat().st_size if part.is_file() else 0
    needed = (1 + _FREE_AFTER_DOWNLOAD) * n_megabytes * MEGABYTE - there
    free = shutil.disk_usage(place).free
    if free < needed:
        raise StorageError(
            f"{place} has {free // MEGABYTE} MB free, and about {round(needed / MEGABYTE)} MB are needed"
        )


def _local(origin: str) -> Path:
    archive = Path(origin).expanduser()
    if not archive.is_file():
        raise SettingError(f"there is no archive {archive}: give a file, or an address with https:// or http://")
    return archive


def _beside(folder: Path, name: str, what: str) -> Path:
    """Return where an archive lies until it is unpacked: always the same place, so that a download can go on."""
    return folder.absolute().with_name(f".{folder.name}.{name}.{what}")


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Let nobody else download the same to the same place while the block runs.

    Raises:
        StorageError: Somebody does, or nothing can be written there.
    """
    if sys.platform == "win32":
        yield
        return
    lock = _beside(folder, name, "lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        stream = lock.open("ab")
    except OSError as error:
        raise StorageError(f"cannot write {lock}: {(error.strerror or str(error)).lower()}") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who held it may have removed it in between; another would then lock a file of his own.
            is_ours = lock.exists() and os.path.samestat(os.fstat(stream.fileno()), lock.stat())
        except (BlockingIOError, FileNotFoundError):
            is_ours = False
        except OSError:  # not every file system can
            is_ours = True
        if not is_ours:
            raise StorageError(f"another fetch of {name} to {folder} is under way: let it end, then try again")
        try:
            yield
        finally:
            with suppress(OSError):
                lock.unlink()
