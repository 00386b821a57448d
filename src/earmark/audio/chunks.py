"""Containers whose header says how many bytes of sound follow: WAV (RIFF, RF64), AIFF and AU.

libsndfile reads a truncated file of these as a shorter sound without a word, so the promise is held against the file
here. Programs that write into a pipe cannot know the size beforehand and leave a mark in its place; those files are
whole, and where libsndfile takes the mark literally, it is shown a header with the size filled in.
"""

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

from earmark.audio.stored import ByteView, StoredFile

# Marks of a size that was not known: 0xFFFFFFFF (ffmpeg), 0x7FFFF000 (sox, WAV), 0x7F000008 (sox, AIFF), 0x80000000
# (arecord). No sound below 2 GB reaches them, so a file that keeps such a promise is not mistaken for a stream.
_OPEN_ENDED = 0x7F000000
_UNKNOWN_32 = 0xFFFFFFFF
_MAX_CHUNKS = 1000  # a file of zeros would otherwise be walked in steps of eight bytes
_DS64 = struct.Struct("<QQQ")  # EBU Tech 3306: sizes of the file and of its data in bytes, number of samples

ByteOrder = Literal["<", ">"]


class _Chunk(NamedTuple):
    name: bytes
    n_bytes: int
    start: int  # of what it holds, behind name and size


def wav_view(file: StoredFile) -> ByteView:
    """Return the view of a WAV file (RIFF, RIFX, RF64) that libsndfile reads whole.

    A data chunk of size 0 runs to the end of the file where the file's own size was left open too.

    Raises:
        AudioError: The data chunk promises more bytes than the file holds.
    """
    form = file.read_at(0, 4)
    order: ByteOrder = ">" if form == b"RIFX" else "<"
    ds64 = data = None
    for chunk in _chunks(file, order):
        if chunk.name == b"data":
            data = chunk
            break
        if chunk.name == b"ds64" and form == b"RF64":
            ds64 = chunk
    if data is None:
        return ByteView(file)  # libsndfile says what is missing
    n_held = file.n_bytes - data.start
    if ds64 is not None and data.n_bytes == _UNKNOWN_32:
        return _rf64_view(file, ds64, data)
    if data.n_bytes == 0 and n_held > 0 and not _covers(file, order):
        size = struct.pack(f"{order}I", _UNKNOWN_32)
        return ByteView(file, head=file.read_at(0, data.start - 4) + size, start=data.start)
    _check_promise(file, "data chunk", data.n_bytes, n_held)
    return ByteView(file)


def aiff_view(file: StoredFile) -> ByteView:
    """Return the view of an AIFF or AIFF-C file.

    Raises:
        AudioError: The sound chunk promises more bytes than the file holds.
    """
    for chunk in _chunks(file, ">"):
        if chunk.name == b"SSND":
            _check_promise(file, "sound chunk", chunk.n_bytes, file.n_bytes - chunk.start)
            break
    return ByteView(file)


def au_view(file: StoredFile) -> ByteView:
    """Return the view of an AU file; a size of 0 is taken for one that was not known.

    Raises:
        AudioError: The header promises more bytes than the file holds.
    """
    header = file.read_at(0, 12)
    if len(header) < 12:  # noqa: PLR2004 - mark, start of the sound, its size: four bytes each
        return ByteView(file)
    order: ByteOrder = ">" if header.startswith(b".snd") else "<"
    start, n_promised = struct.unpack(f"{order}4xII", header)
    if n_promised == 0 and file.n_bytes > start:
        return ByteView(file, head=header[:8] + struct.pack(f"{order}I", _UNKNOWN_32), start=12)
    _check_promise(file, "header", n_promised, file.n_bytes - start)
    return ByteView(file)


def _chunks(file: StoredFile, order: ByteOrder) -> Iterator[_Chunk]:
    offset = 12  # behind the container's name, its size, and the name of the form
    for _ in range(_MAX_CHUNKS):
        head = file.read_at(offset, 8)
        if len(head) < 8:  # noqa: PLR2004 - name and size, four bytes each
            return
        name, n_bytes = struct.unpack(f"{order}4sI", head)
        yield _Chunk(name, n_bytes, offset + 8)
        offset += 8 + n_bytes + n_bytes % 2  # chunks begin at even places


def _covers(file: StoredFile, order: ByteOrder) -> bool:
    # Whether the outer size was filled in: then a data chunk of size 0 means it.
    n_bytes: int = struct.unpack(f"{order}I", file.read_at(4, 4))[0]
    return file.n_bytes <= n_bytes + 8 < _OPEN_ENDED


def _rf64_view(file: StoredFile, ds64: _Chunk, data: _Chunk) -> ByteView:
    sizes = file.read_at(ds64.start, _DS64.size)
    if len(sizes) < _DS64.size:
        return ByteView(file)
    _, n_promised, _ = _DS64.unpack(sizes)
    n_held = file.n_bytes - data.start
    if n_promised == 0 or n_promised >= 2**63 - 1 or n_promised == _UNKNOWN_32:
        filled = _DS64.pack(file.n_bytes - 8, n_held, 0)  # libsndfile counts the samples by itself
        head = file.read_at(0, ds64.start) + filled
        return ByteView(file, head=head, start=len(head))
    _check_promise(file, "data chunk", n_promised, n_held, open_ended=2**63 - 1)
    return ByteView(file)


def _check_promise(file: StoredFile, part: str, n_promised: int, n_held: int, *, open_ended: int = _OPEN_ENDED) -> None:
    if n_held < n_promised < open_ended:
        raise file.fault(
            f"the file is truncated: its {part} promises {n_promised} bytes of sound and only {max(0, n_held)} "
            "are there: copy or download it again"
        )
