"""Files that are there whole or not at all: written beside their place, then renamed."""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import xxhash

from earmark.errors import StorageError

_BLOCK = 1 << 20


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Yield a path to write to, and rename it to `path` when the block ends without an error.

    A reader sees the old file or the new one, never a part; where the block fails, nothing is left behind.

    Args:
        path: Where the file is to be. Its folder is made.

    Raises:
        StorageError: The file cannot be written: the disk is full, or the folder is read-only.
    """
    part = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch(exist_ok=False)
        yield part
        part.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with suppress(OSError):  # the error that brought us here says more than that nothing is there to remove
            part.unlink(missing_ok=True)


@contextmanager
def write_folder_whole(folder: Path) -> Iterator[Path]:
    """Yield a folder to fill, and rename it to `folder` when the block ends without an error.

    A folder that is already there is replaced.

    Args:
        folder: Where the folder is to be.

    Raises:
        StorageError: The folder cannot be written.
    """
    folder = folder.resolve() if folder.is_symlink() else folder  # a link stays, and what it leads to is replaced
    part, old = _beside(folder), _beside(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir()
        yield part
        if folder.is_dir():
            folder.replace(old)
        part.replace(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        if old.exists() and not folder.exists():
            old.replace(folder)
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all.

    Raises:
        StorageError: The file cannot be written.
    """
    with write_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON to `path`, whole or not at all.

    Raises:
        StorageError: The file cannot be written.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def content_key(path: Path) -> str:
    """Return 32 hexadecimal digits that name the bytes of a file: two files share them only if they are equal.

    They tell apart what chance makes (XXH3 with 128 bits), not what somebody forges.
    """
    digest = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def bytes_key(content: bytes) -> str:
    """Return the `content_key` of a file that holds these bytes."""
    return xxhash.xxh3_128_hexdigest(content)


def text_key(text: str) -> str:
    """Return 32 hexadecimal digits that name a text, such as settings written as JSON."""
    return bytes_key(text.encode())


def _cannot_write(path: Path, error: OSError) -> StorageError:
    return StorageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}")


def _beside(path: Path) -> Path:
    """Return a hidden name beside `path` that nobody else takes."""
    # Not tempfile's: its files can be read by their owner only.
    return path.with_name(f".{path.name[:80]}.{secrets.token_hex(8)}.part")
