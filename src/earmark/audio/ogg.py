"""Ogg (Vorbis, Opus, FLAC): a stream of pages, the last of which says that it is the last.

libsndfile reads a file that was cut off as a shorter sound, so its last page is looked at here.
Page layout: RFC 3533, section 6.
"""

import struct
import zlib

from earmark.audio.stored import ByteView, StoredFile

_MARK = b"OggS"
_N_HEADER = 27  # bytes before the table of segment lengths, whose length is the last of them
_MAX_PAGE = _N_HEADER + 255 + 255 * 255
_END_OF_STREAM = 0x04
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def ogg_view(file: StoredFile) -> ByteView:
    """Return the view of an Ogg file, whose last page has been checked. Bytes behind the last page are left alone.

    Raises:
        AudioError: The file ends inside a page, or its last page is damaged or not marked as the end of the stream.
    """
    # Twice the longest page: the end of the file is then seen from a page that is found for certain.
    tail = file.read_at(max(0, file.n_bytes - 2 * _MAX_PAGE), 2 * _MAX_PAGE)
    page = _last_page(tail)
    if page is None:
        raise file.fault("the file is damaged: it ends in bytes that are no Ogg pages: copy or download it again")
    end = _page_end(tail, page)
    if end is None or end > len(tail):
        raise file.fault("the file is truncated: it ends inside an Ogg page: copy or download it again")
    if not tail[page + 5] & _END_OF_STREAM:
        raise file.fault(
            "the file is truncated: its last Ogg page is not marked as the end of the stream: copy or download it "
            "again, or, if a recording was broken off, write it anew with the program that plays it"
        )
    if not _is_intact(tail[page:end]):
        raise file.fault("the file is damaged: the checksum of its last Ogg page is wrong: copy or download it again")
    return ByteView(file)


def _last_page(tail: bytes) -> int | None:
    # From page end to page end, since the mark may also occur within the sound of a page.
    page = tail.find(_MARK)
    while page >= 0:
        end = _page_end(tail, page)
        if end is None or end >= len(tail):
            return page
        following = end if tail.startswith(_MARK, end) else tail.find(_MARK, page + 1)
        if following < 0:
            return page
        page = following
    return None


def _page_end(tail: bytes, page: int) -> int | None:
    # None where the file ends inside the page's header.
    header_end = page + _N_HEADER
    if header_end > len(tail):
        return None
    lengths_end = header_end + tail[header_end - 1]
    return lengths_end + sum(tail[header_end:lengths_end]) if lengths_end <= len(tail) else None


def _is_intact(page: bytes) -> bool:
    # Ogg's checksum takes the highest bit of a byte first and starts from zero, zlib's the lowest and from ones.
    content = page[:22] + bytes(4) + page[26:]
    reversed_checksum = zlib.crc32(content.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    checksum = int(f"{reversed_checksum:032b}"[::-1], 2)
    return bool(checksum == struct.unpack_from("<I", page, 22)[0])
