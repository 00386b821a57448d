"""Downloading one file over HTTP, from where an earlier try was cut off."""

import http.client
import re
import string
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlsplit

from earmark._util.progress import NoProgress, Progress
from earmark.errors import DataError, SettingError, StorageError

_BLOCK = 1 << 16
_MEGABYTE = 1_000_000
_N_TRIES = 4
_TIMEOUT_S = 30.0
_GONE_ON = 206
_NOTHING_MORE = 416
_PASSING = 500  # from here on it is the host's fault, and may pass


def is_address(text: str) -> bool:
    """Return whether a text is an address that `download` takes.

    >>> is_address("https://example.org/a.zip"), is_address("a.zip"), is_address("file:///a.zip")
    (True, False, False)
    """
    return text.lower().startswith(("http://", "https://"))


def download(
    address: str,
    part: Path,
    *,
    most_bytes: int,
    progress: Progress | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Download a file; what `part` holds already is its beginning, and is not asked for again.

    A connection that breaks is tried again, and given up after four tries in a row that brought nothing. `part` stays
    then, so that a later call goes on from there. Whether the host changed the file in between, only a checksum of the
    whole can tell. Where the host sends on to another address, that must be of HTTP too, and stay with ``https://``.

    Args:
        address: Where it is, with ``https://`` or ``http://``.
        part: Where to write to.
        most_bytes: How long it may be.
        progress: What is told of every megabyte.
        wait: Waits for some seconds between two tries.

    Raises:
        SettingError: It is no address of HTTP.
        DataError: There is nothing at the address, the host does not answer, or it sends too much.
        StorageError: The file cannot be written.
    """
    address = _spelt(address)
    told = _Told(progress or NoProgress())
    n_vain = 0
    while True:
        before = _size(part)
        try:
            if _go_on(address, part, most_bytes, told):
                return
            reason = "the connection ended early"
        except urllib.error.HTTPError as error:
            if error.code < _PASSING:
                raise DataError(f"{address} cannot be fetched: {error.code} {error.reason}") from error
            reason = f"{error.code} {error.reason}"
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        n_vain = n_vain + 1 if _size(part) <= before else 0
        if n_vain >= _N_TRIES:
            kept = f"{_size(part) // _MEGABYTE} MB are kept, and the same command goes on from there"
            raise DataError(f"{address} cannot be fetched: {reason}; {kept if _size(part) else 'try again later'}")
        wait(0.5 * 2**n_vain)


class _SentOn(urllib.request.HTTPRedirectHandler):
    """Goes where a host sends on to, unless that is less safe than what was asked for."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        followed = ("https://",) if req.type == "https" else ("https://", "http://")
        if not newurl.lower().startswith(followed):
            said = f"it sends on to {newurl}, and only {' or '.join(followed)} is followed from there"
            raise urllib.error.HTTPError(req.full_url, code, said, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _spelt(address: str) -> str:
    """Return an address as HTTP writes it: in ASCII, without spaces.

    Raises:
        SettingError: It is none.
    """
    wrong = SettingError(f"{address!r} is no address: give one with https:// or http://")
    try:
        parts = urlsplit(address)
        if not is_address(address) or not parts.hostname or parts.port == 0:
            raise wrong
        host = parts.netloc.encode("idna").decode("ascii")
        rest = [quote(part, safe=string.punctuation) for part in (parts.path, parts.query)]
    except ValueError as error:  # a bracket or a port that is none, a part of the host that is empty or too long
        raise wrong from error
    return parts._replace(netloc=host, path=rest[0], query=rest[1], fragment="").geturl()


def _go_on(address: str, part: Path, most_bytes: int, told: "_Told") -> bool:
    """Ask for what is missing and write it; return whether that is all."""
    begun = _size(part)
    request = urllib.request.Request(address, headers={"User-Agent": "earmark"})  # noqa: S310 - the caller looked
    if begun:
        request.add_header("Range", f"bytes={begun}-")
    try:
        answer = urllib.request.build_opener(_SentOn).open(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != _NOTHING_MORE or not begun:
            raise
        if _total(error.headers.get("Content-Range", "")) == begun:
            return True
        part.unlink()  # what lies there is longer than the file: of another one
        return False
    except (ValueError, http.client.InvalidURL) as error:  # the host sent on to what is no address
        raise DataError(f"{address} cannot be fetched: {error}") from error
    with answer:
        first = _first(answer.headers.get("Content-Range", "")) if answer.status == _GONE_ON else 0
        if first not in {0, begun}:
            raise DataError(f"{address} answers with another part than was asked for: fetch it by hand")
        length = answer.headers.get("Content-Length", "")
        whole = first + int(length) if length.isdigit() else None
        _refuse_long(address, whole or 0, most_bytes)
        told.begin(whole or most_bytes, first)
        _write(answer, part, first, lambda size: _refuse_long(address, size, most_bytes), told)
    return whole is None or _size(part) >= whole


def _write(
    answer: http.client.HTTPResponse, part: Path, first: int, check: Callable[[int], None], told: "_Told"
) -> None:
    size = first
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        file = part.open("ab" if first else "wb")
    except OSError as error:
        raise _cannot_write(part, error) from error
    with file:
        while block := answer.read(_BLOCK):  # breaks off without an error where less came than was promised
            size += len(block)
            check(size)
            try:
                file.write(block)
            except OSError as error:
                raise _cannot_write(part, error) from error
            told.reached(size)


def _cannot_write(part: Path, error: OSError) -> StorageError:
    return StorageError(f"cannot write {part}: {(error.strerror or str(error)).lower()}")


def _refuse_long(address: str, n_bytes: int, most_bytes: int) -> None:
    if n_bytes > most_bytes:
        raise DataError(f"{address} sends more than {most_bytes // _MEGABYTE} MB: that is something else")


def _first(content_range: str) -> int:
    match = re.match(r"bytes (\d+)-", content_range)
    return int(match[1]) if match else 0


def _total(content_range: str) -> int | None:
    match = re.search(r"/(\d+)$", content_range)
    return int(match[1]) if match else None


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


class _Told:
    """Tells of every megabyte that has come."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._n_told: int | None = None

    def begin(self, n_bytes: int, n_there: int) -> None:
        if self._n_told is None:
            self._progress.start("downloading, MB", max(1, n_bytes // _MEGABYTE))
            self._n_told = 0
            self.reached(n_there)

    def reached(self, n_bytes: int) -> None:
        while self._n_told is not None and self._n_told < n_bytes // _MEGABYTE:
            self._n_told += 1
            self._progress.advance()
