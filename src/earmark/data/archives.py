"""Unpacking an archive that somebody else made: what leads out of the folder, links or swells is refused."""

import bz2
import errno
import gzip
import io
import lzma
import re
import secrets
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from earmark._util.progress import NoProgress, Progress
from earmark.errors import DataError

_BLOCK = 1 << 20
_MEGABYTE = 1_000_000
_MOST_MEMBERS = 1_000_000
_MOST_SWELLING = 30  # sound shrinks to a third at best, and lists of names to a tenth
_SMALL = 100 * _MEGABYTE  # up to here an archive may swell as it likes
_LONG_HEADER = 8192  # bytes: what tells of one file in a tar; its name has at most 4096
_MOST_HEADERS = 4 * _MEGABYTE  # of all that is beyond that
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, ValueError, OverflowError)
# Of a name that no folder here can hold, or that needs a folder where the archive has a file.
_BAD_NAME = frozenset(
    {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.ELOOP}
)
_COMPRESSED = (
    (rb"\x1f\x8b", gzip.open),
    (rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", bz2.open),
    (rb"\xfd7zXZ\0|]\0\0", lzma.open),
)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in an archive.

    Attributes:
        name: Its path as the archive writes it.
        n_bytes: How long it says it is.
        is_plain: Whether it is a file, and no link or device.
        open: Opens it for reading.
    """

    name: str
    n_bytes: int
    is_plain: bool
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, folder: Path, *, progress: Progress | None = None) -> int:
    """Unpack a tar or zip archive into a folder; where all lies in one folder, that one's contents.

    Files of Apple's Finder (``__MACOSX``, ``._x``, ``.DS_Store``) are passed over. Where an archive is refused, a part
    of it may lie in the folder: throw it away.

    Args:
        archive: The archive, in tar (bare, gzip, bzip2, xz) or zip.
        folder: Where to unpack to: an empty folder.
        progress: What is told of every megabyte that was read.

    Returns:
        How many files were unpacked.

    Raises:
        DataError: It is no such archive, is damaged, or is refused: a path leads out of the folder, a member is a
            link or a device, two names are in each other's way or one cannot be, or it is a bomb, swelling to more
            than thirty times its size, or with headers that are longer than any names.
    """
    n_bytes = archive.stat().st_size
    told = _Told(progress or NoProgress(), n_bytes)
    room = _Room(archive, max(_SMALL, _MOST_SWELLING * n_bytes))
    n_files = 0
    try:
        with archive.open("rb") as raw:
            for member in _members(archive, raw, room):
                room.refuse_bad(member)
                if _is_wanted(member.name):
                    _write(member, folder / member.name, room)
                    n_files += 1
                told.reached(raw.tell())
    except _DAMAGED as error:
        raise _damaged(archive, error) from error
    except RuntimeError as error:  # zipfile's for a member with a password, or packed in a way that it does not know
        raise DataError(f"{archive} cannot be unpacked: {error}") from error
    except OSError as error:
        if error.errno is not None:  # of the disk; those of bzip2 and gzip have no number
            raise
        raise _damaged(archive, error) from error
    if not n_files:
        raise DataError(f"{archive} holds no files")
    _lift_single_folder(folder)
    return n_files


class _Room:
    """What an archive may still write."""

    def __init__(self, archive: Path, n_bytes: int) -> None:
        self.archive = archive
        self._most = self._left = n_bytes
        self._n_members = 0

    def refuse_bad(self, member: Member) -> None:
        self._n_members += 1
        if self._n_members > _MOST_MEMBERS:
            raise self.refused(f"it holds more than {_MOST_MEMBERS} files")
        if not member.is_plain:
            raise self.refused(f"{member.name[:100]!r} is a link or a device")
        if _leads_out(member.name):
            raise self.refused(f"{member.name[:100]!r} leads out of the folder")
        self.take(member.n_bytes)

    def take(self, n_bytes: int) -> None:
        self._left -= n_bytes
        if self._left < 0:
            raise self.refused(f"it swells to more than {self._most // _MEGABYTE} MB, which no sounds do")

    def refused(self, why: str) -> DataError:
        return DataError(f"{self.archive} is refused: {why}")


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    has_drive = name[1:2] == ":"
    has_control = any(ord(letter) < ord(" ") for letter in name)
    return path.is_absolute() or ".." in path.parts or "\\" in name or has_drive or has_control or not path.parts


def _is_wanted(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" not in parts and not any(part == ".DS_Store" or part.startswith("._") for part in parts)


def _write(member: Member, target: Path, room: _Room) -> None:
    left = member.n_bytes  # a zip may say that a member is short and hold a long one
    with member.open() as stream, _created(member, target, room) as file:
        while block := stream.read(min(_BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise room.refused(f"{member.name[:100]!r} is longer than it says")
            file.write(block)
    if left:
        raise EOFError(f"{member.name!r} ends early")


def _created(member: Member, target: Path, room: _Room) -> IO[bytes]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise room.refused(f"it holds {member.name[:100]!r} twice")
        return target.open("xb")
    except OSError as error:
        if error.errno not in _BAD_NAME:
            raise
        raise room.refused(
            f"{member.name[:100]!r} cannot be a file here: {(error.strerror or str(error)).lower()}"
        ) from error


def _lift_single_folder(folder: Path) -> None:
    """Put the contents of the only folder in a folder in its place."""
    entries = list(folder.iterdir())
    if len(entries) == 1 and entries[0].is_dir():
        top = entries[0].rename(folder / f".{secrets.token_hex(8)}")  # its own name may be in it
        for entry in list(top.iterdir()):
            entry.rename(folder / entry.name)
        top.rmdir()


def _members(archive: Path, raw: IO[bytes], room: _Room) -> Iterator[Member]:
    """Yield the files of an archive; folders are left out unless their names are bad."""
    if zipfile.is_zipfile(raw):
        raw.seek(0)
        yield from _zip_members(raw)
        return
    raw.seek(0)
    headers = _Headers(_decompressed(raw), room)
    try:
        opened = tarfile.TarFile(fileobj=cast("IO[bytes]", headers))
    except tarfile.ReadError as error:
        said = f"{archive} is neither a tar nor a zip archive; the address may have answered with a page"
        raise DataError(said) from error
    with opened:
        yield from _tar_members(opened, headers)


def _zip_members(raw: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(raw) as opened:
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.is_dir() and kind in {0, stat.S_IFDIR} and not _leads_out(info.filename):
                continue
            is_plain = kind in {0, stat.S_IFREG}
            yield Member(name=info.filename, n_bytes=info.file_size, is_plain=is_plain, open=partial(opened.open, info))


def _tar_members(opened: tarfile.TarFile, headers: "_Headers") -> Iterator[Member]:
    while (info := opened.next()) is not None:
        cast("Any", opened).members.clear()  # it would keep all that it has read
        if not (info.isdir() and (not _leads_out(info.name) or info.name == ".")):
            headers.are_read = False
            yield Member(
                name=info.name, n_bytes=info.size, is_plain=info.isreg(), open=partial(_tar_stream, opened, info)
            )
        headers.begin()


class _Headers(io.BufferedIOBase):
    """A tar that is read, and refused where what tells of its files is no less than a bomb."""

    def __init__(self, stream: IO[bytes], room: _Room) -> None:
        self._stream = stream
        self._room = room
        self._spare = _MOST_HEADERS
        self.begin()

    def begin(self) -> None:
        """Take what is read from now on for the headers of the next file."""
        self.are_read = True
        self._left = _LONG_HEADER

    def read(self, size: int | None = -1, /) -> bytes:
        n_bytes = _BLOCK if size is None or size < 0 else size
        if self.are_read:
            self._room.take(n_bytes)
            self._left -= n_bytes
            if self._left < 0:
                self._spare += self._left
                self._left = 0
            if self._spare < 0:
                raise self._room.refused("it has headers that are longer than any names")
        return self._stream.read(n_bytes)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    start = raw.read(10)
    raw.seek(0)
    for mark, opener in _COMPRESSED:
        if re.match(mark, start, re.DOTALL):
            return cast("IO[bytes]", opener(raw, "rb"))
    return raw


def _tar_stream(opened: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = opened.extractfile(info)
    if stream is None:
        raise EOFError(f"{info.name!r} has no content")
    return stream


def _damaged(archive: Path, error: Exception) -> DataError:
    return DataError(f"{archive} is damaged: {str(error) or 'it ends early'}")


class _Told:
    """Tells of every megabyte of the archive that was read."""

    def __init__(self, progress: Progress, n_bytes: int) -> None:
        self._progress = progress
        self._n_told = 0
        progress.start("unpacking, MB", max(1, n_bytes // _MEGABYTE))

    def reached(self, n_bytes: int) -> None:
        while self._n_told < n_bytes // _MEGABYTE:
            self._n_told += 1
            self._progress.advance()
