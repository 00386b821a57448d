"""The colours of a picture: from quiet to loud, rising in lightness."""

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError

Levels = npt.NDArray[np.uint8]
Picture = npt.NDArray[np.uint8]

# From quiet to loud: night blue over teal to sand, in steps of lightness that the eye takes for equal, so that a
# picture reads in grey as well, and for those who see no red.
ANCHORS = ((16, 22, 34), (21, 60, 84), (20, 110, 118), (84, 164, 138), (190, 206, 146), (252, 244, 208))

N_COLOURS = 256
_OPAQUE = 255


def colour_table(n_colours: int = N_COLOURS) -> Picture:
    """Return the colours from quiet to loud, at equal steps between the anchors.

    Args:
        n_colours: How many, at least 2.

    Returns:
        Red, green, blue and opacity, shape (n_colours, 4), each from 0 to 255; every colour is opaque.

    Raises:
        SettingError: There are fewer than 2 colours.

    >>> colour_table(2)
    array([[ 16,  22,  34, 255],
           [252, 244, 208, 255]], dtype=uint8)
    """
    if n_colours < 2:  # noqa: PLR2004 - a quiet one and a loud one
        raise SettingError(f"n_colours must be at least 2, not {n_colours}")
    places = np.linspace(0, len(ANCHORS) - 1, n_colours)
    channels = [np.interp(places, range(len(ANCHORS)), channel) for channel in zip(*ANCHORS, strict=True)]
    opacity = np.full(n_colours, _OPAQUE)
    return np.round(np.stack([*channels, opacity], axis=1)).astype(np.uint8)


COLOURS = colour_table()
COLOURS.setflags(write=False)


def apply_colours(levels: Levels) -> Picture:
    """Return the colour of each level.

    Args:
        levels: From 0, quiet, to 255, loud; of any shape.

    Returns:
        Red, green, blue and opacity, shape (*levels.shape, 4).

    Raises:
        SettingError: The levels are not uint8.

    >>> apply_colours(np.array([0, 255], dtype=np.uint8)).tolist()
    [[16, 22, 34, 255], [252, 244, 208, 255]]
    """
    if levels.dtype != np.uint8:
        raise SettingError(f"levels are whole numbers from 0 to 255 of type uint8, not {levels.dtype}")
    whole = COLOURS.view(np.uint32)[:, 0]  # a colour as one number: a lookup of four bytes at once is quicker
    return whole[levels][..., np.newaxis].view(np.uint8)
