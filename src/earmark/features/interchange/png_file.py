"""One picture in a PNG file: looked at, read and written."""

import os
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from earmark.errors import DataError, SettingError
from earmark.features.colour_map import Picture

_N_CHANNELS = 4  # red, green, blue, opacity
_MOST_COLOURS = 256  # of a palette
# Of zlib. More makes drawn spectrograms no smaller, and those of all channels by a tenth in five times the time.
_COMPRESS_LEVEL = 1
_MOST_PIXELS = 1 << 24  # 64 MiB: a header alone cannot claim more memory

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">8sI4sII")  # the signature; length and name of the first chunk; width and height
_FIRST_CHUNK = (13, b"IHDR")
_END = b"\0\0\0\0IEND\xaeB`\x82"
_OTHERS = {b"\xff\xd8\xff": "a JPEG", b"GIF8": "a GIF", b"BM": "a BMP", b"RIFF": "a WebP", b"II*\0": "a TIFF"}

# What Pillow 13 raises of a damaged PNG.
_DAMAGED = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def picture_size(path: Path) -> tuple[int, int]:
    """Return the height and width of a PNG file, in pixels, from its first bytes.

    A file that does not end as a PNG does is read whole, so that one that was cut off is found here.

    Args:
        path: The file.

    Raises:
        DataError: It is missing, no PNG, cut off or too large; the message gives the reason without the path.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD.size)
            stream.seek(-min(len(_END), os.fstat(stream.fileno()).st_size), os.SEEK_END)
            end = stream.read()
    except OSError as error:
        raise _cannot_read(error) from error
    size = _size_of(head)
    if end != _END:
        _decode(path)
    return size


def read_picture(path: Path) -> Picture:
    """Return the picture of a PNG file, as RGBA whatever the file holds.

    Of 16 bits a channel the upper 8 are kept; colour profiles are passed over, and of an animation the still picture
    is taken.

    Args:
        path: The file.

    Returns:
        Red, green, blue and opacity, shape (n_rows, n_columns, 4), uint8.

    Raises:
        DataError: It is missing, no PNG, damaged or too large; the message gives the reason without the path.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD.size)
    except OSError as error:
        raise _cannot_read(error) from error
    _size_of(head)
    return _decode(path)


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture as a PNG file: with a palette if it has at most 256 colours, else with all four channels.

    Either way the pixels come back as they are. With the palette, which all drawn pictures can have, the file is half
    as large and read four times as fast; its colours are ordered from dark to light.

    Args:
        path: The file. It is written in place.
        picture: Shape (n_rows, n_columns, 4), uint8.

    Raises:
        SettingError: It is no such picture.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != _N_CHANNELS or not picture.size:  # noqa: PLR2004 - rows, columns, channels
        raise SettingError(f"a picture is (n_rows, n_columns, 4) uint8, not {picture.shape} {picture.dtype}")
    _to_image(np.ascontiguousarray(picture)).save(path, "PNG", compress_level=_COMPRESS_LEVEL)


def _size_of(head: bytes) -> tuple[int, int]:
    if not head:
        raise DataError("the file is empty")
    if not head.startswith(_SIGNATURE):
        kind = next((kind for magic, kind in _OTHERS.items() if head.startswith(magic)), None)
        raise DataError(f"it is {kind} and no PNG: convert it" if kind else "it is no PNG picture")
    if len(head) < _HEAD.size:
        raise DataError("it is cut off: copy or draw it again")
    _, *first_chunk, n_columns, n_rows = _HEAD.unpack(head)
    if tuple(first_chunk) != _FIRST_CHUNK or not n_rows or not n_columns:
        raise DataError("its header is damaged: copy or draw it again")
    if n_rows * n_columns > _MOST_PIXELS:
        raise DataError(f"it claims to have {n_columns} x {n_rows} pixels, and {_MOST_PIXELS} are the most: shrink it")
    return n_rows, n_columns


def _decode(path: Path) -> Picture:
    try:
        with Image.open(path, formats=("PNG",)) as image:
            if image.mode.startswith("I"):  # 16 bits of grey; Pillow's own conversion cuts off what is above 255
                grey = np.asarray(image) >> 8
                return np.array(Image.fromarray(grey.astype(np.uint8)).convert("RGBA"))
            return np.array(image.convert("RGBA"))
    except _DAMAGED as error:
        raise DataError("it is cut off or damaged: copy or draw it again") from error


def _to_image(picture: Picture) -> Image.Image:
    image = Image.fromarray(picture)
    counted = image.getcolors(_MOST_COLOURS)
    if counted is None:
        return image
    colours = np.array([colour for _, colour in counted], dtype=np.uint8)  # (n_colours, 4)
    colours = colours[np.argsort(colours[:, :3].sum(axis=1, dtype=np.int64), kind="stable")]
    as_numbers = colours.view(np.uint32)[:, 0]  # a colour as one number
    order = np.argsort(as_numbers)
    places = order[np.searchsorted(as_numbers[order], picture.view(np.uint32)[..., 0])]
    indexed = Image.fromarray(places.astype(np.uint8))
    indexed.putpalette(colours.tobytes(), "RGBA")
    return indexed


def _cannot_read(error: OSError) -> DataError:
    return DataError(f"it cannot be read: {(error.strerror or str(error)).lower()}")
