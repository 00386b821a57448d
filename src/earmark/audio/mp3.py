"""MP3: a row of frames, each with its own small header, walked before libsndfile decodes them.

libsndfile 1.2 (mpg123) takes the length from the Xing header, and guesses it from the first frames where there is none:
two thirds of an MP3 with a variable bit rate can be lost so. It also writes notes to stderr about bytes that are no
frames. Walking the frames gives the true length, finds what is cut off or damaged, and lets libsndfile see the frames
only. Frame layout: ISO/IEC 11172-3, section 2.4.1; the length headers: the Xing and VBRI formats as written by LAME and
Fraunhofer encoders.
"""

import struct
from dataclasses import dataclass

from earmark.audio.stored import ByteView, StoredFile

_KBITS = {  # of layer III by bit rate index; 0 is "free" and 15 is not allowed
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = (44100, 48000, 32000)
_N_SEARCHED = 1 << 16  # bytes in which the first frame is looked for
_N_CHAIN = 3  # frames in a row that are no coincidence
_LONGEST_INDEX = 14  # the bit rate index whose frame has room for a length header


@dataclass(frozen=True)
class _Walk:
    n_frames: int
    end: int
    is_cut: bool  # the file ends inside a frame


def mp3_view(file: StoredFile) -> ByteView | None:
    """Return the view of an MP3 file: its frames only, with a length header that tells the truth.

    An MP3 without a length header promises nothing, and is taken as long as it is, without a last frame that is cut.

    Returns:
        None where no frames of layer III are found.

    Raises:
        AudioError: Frames are missing at the end or in the middle.
    """
    data = file.read_at(0, file.n_bytes)
    start = _first_frame(data)
    if start is None:
        return None
    sizes = _frame_sizes(data[start : start + 3])
    walk = _walk(data, start, sizes)
    _check_middle(file, data, walk, sizes)
    first = data[start : start + sizes[data[start : start + 3]]]
    n_promised, is_xing = _promised_frames(first)
    if n_promised is None:
        head = _length_header(first, walk.n_frames)
        return ByteView(file, head=head, start=start, stop=walk.end)
    n_frames = walk.n_frames - 1  # the length header itself is a frame without sound
    # Some writers count the length header too.
    if n_frames < n_promised - (0 if walk.is_cut else 1):
        raise file.fault(
            f"the file is truncated: its header promises {n_promised} MP3 frames and only {n_frames} are "
            "there: copy or download it again"
        )
    if is_xing and n_frames == n_promised:
        return ByteView(file, start=start, stop=walk.end)
    head = _length_header(first, n_frames)
    return ByteView(file, head=head, start=start + len(first), stop=walk.end)


def tag_length(data: bytes, offset: int = 0) -> int:
    """Return how many bytes an ID3v2 tag takes at `offset`; 0 where there is none."""
    head = data[offset : offset + 10]
    if len(head) < 10 or not head.startswith(b"ID3"):  # noqa: PLR2004 - mark, version, flags, size
        return 0
    footer = 10 if head[5] & 0x10 else 0
    return 10 + footer + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))


def _first_frame(data: bytes) -> int | None:
    offset = 0
    while length := tag_length(data, offset):
        offset += length
    return _find_frame(data, offset, _N_SEARCHED)


def _find_frame(data: bytes, offset: int, n_bytes: int) -> int | None:
    # The first place with some frames in a row, with frames up to the end of a short file, or with a length header.
    stop = offset + n_bytes
    while (offset := data.find(b"\xff", offset, stop)) >= 0:
        sizes = _frame_sizes(data[offset : offset + 3])
        if sizes and (_is_row(data, offset, sizes) or _promised_frames(data[offset : offset + 200])[0]):
            return offset
        offset += 1
    return None


def _is_row(data: bytes, offset: int, sizes: dict[bytes, int]) -> bool:
    place = offset
    for _ in range(_N_CHAIN):
        place += sizes.get(data[place : place + 3], 0)
    return data[place : place + 3] in sizes or (place == len(data) and place > offset)


def _frame_sizes(header: bytes) -> dict[bytes, int]:
    # Every first three bytes that a frame of the same version, layer and rate may have, with its length in bytes.
    if len(header) < 3 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - sync word, layer III
        return {}
    version, rate_index = header[1] >> 3 & 3, header[2] >> 2 & 3
    if version == 1 or rate_index == 3 or header[2] >> 4 in {0, 15}:  # noqa: PLR2004 - reserved; a free bit rate
        return {}
    rate_hz = _RATES_HZ[rate_index] >> {3: 0, 2: 1, 0: 2}[version]  # MPEG-1, MPEG-2, MPEG-2.5
    samples_per_bit = 144 if version == 3 else 72  # noqa: PLR2004 - MPEG-1 has 1152 samples in a frame, else 576
    kbits = _KBITS[1 if version == 3 else 2]  # noqa: PLR2004 - MPEG-1
    return {
        bytes((0xFF, header[1] & 0xFE | unprotected, index << 4 | rate_index << 2 | padding << 1 | private)): (
            samples_per_bit * 1000 * kbits[index - 1] // rate_hz + padding
        )
        for index in range(1, 15)
        for padding in (0, 1)
        for private in (0, 1)
        for unprotected in (0, 1)
    }


def _walk(data: bytes, start: int, sizes: dict[bytes, int]) -> _Walk:
    n_frames, offset = 0, start
    while True:
        while size := sizes.get(data[offset : offset + 3]):
            if offset + size > len(data):
                return _Walk(n_frames, offset, is_cut=True)
            offset += size
            n_frames += 1
        length = tag_length(data, offset)  # files put one behind the other keep their tags
        if not length or data[offset + length : offset + length + 3] not in sizes:
            return _Walk(n_frames, offset, is_cut=False)
        offset += length


def _check_middle(file: StoredFile, data: bytes, walk: _Walk, sizes: dict[bytes, int]) -> None:
    # What follows the last frame is a tag, zeros or rubbish, unless frames of the same kind come after it.
    following = -1 if walk.is_cut else walk.end
    while following >= 0:
        following = data.find(b"\xff", following + 1)
        if data[following : following + 3] in sizes and _is_row(data, following, sizes):
            raise file.fault(
                f"the file is damaged: the {following - walk.end} bytes from byte {walk.end} on are no MP3 frames: "
                "copy or download it again"
            )


def _promised_frames(frame: bytes) -> tuple[int | None, bool]:
    # The number of frames in a length header, and whether it is one that libsndfile reads too.
    if len(frame) < 4:  # noqa: PLR2004 - the frame's own header
        return None, False
    xing = 4 + _n_side_information(frame)
    if frame[xing : xing + 4] in {b"Xing", b"Info"} and len(frame) >= xing + 12:
        flags, n_frames = struct.unpack_from(">II", frame, xing + 4)
        return (n_frames if flags & 1 else None), True
    if frame[36:40] == b"VBRI" and len(frame) >= 54:  # noqa: PLR2004 - the number of frames ends there
        return struct.unpack_from(">I", frame, 50)[0], False
    return None, False


def _n_side_information(frame: bytes) -> int:
    is_mono = frame[3] >> 6 == 3  # noqa: PLR2004 - the channel mode "single channel"
    is_mpeg_1 = frame[1] >> 3 & 3 == 3  # noqa: PLR2004
    return (17 if is_mono else 32) if is_mpeg_1 else (9 if is_mono else 17)


def _length_header(frame: bytes, n_frames: int) -> bytes:
    # A frame without sound that says how many follow, of the same kind as `frame`.
    start = bytes((0xFF, frame[1] | 1, _LONGEST_INDEX << 4 | frame[2] & 0x0C, frame[3]))
    header = start + bytes(_n_side_information(frame)) + b"Info" + struct.pack(">II", 1, n_frames)
    return header.ljust(_frame_sizes(start)[start[:3]], b"\0")
