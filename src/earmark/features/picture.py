"""The picture front end: drawn spectrograms and time signals, made small enough for a network."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from earmark.errors import SettingError

_N_COLOURS = 4  # red, green, blue, and how opaque
_FULL = 255.0


@dataclass(frozen=True, kw_only=True)
class PictureSettings:
    """Which pictures come in, and how they are made smaller.

    Attributes:
        n_rows: Height of the pictures, in pixels.
        n_columns: Width of the pictures, in pixels.
        reduce: Squares of so many pixels a side become one; 1 leaves the picture as it is.

    Raises:
        SettingError: A setting is below 1, or nothing of the picture would be left.
    """

    n_rows: int = 300
    n_columns: int = 600
    reduce: int = 4

    def __post_init__(self) -> None:
        for name in ("n_rows", "n_columns", "reduce"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} must be at least 1, not {getattr(self, name)}")
        least = min(self.n_rows, self.n_columns)
        if self.reduce > least:
            raise SettingError(
                f"reduce must be at most {least}, the shorter side of a picture of {self.n_columns} x {self.n_rows} "
                f"pixels, not {self.reduce}"
            )


class Picture(nn.Module):
    """Turns pictures into one plane a colour, of the mean over squares of pixels, from 0 to 1.

    Rows and columns at the lower and right edge that do not fill a square are dropped.

    Args:
        settings: Which pictures come in; the defaults if None.

    >>> Picture()(torch.full((2, 300, 600, 4), 255, dtype=torch.uint8)).shape
    torch.Size([2, 4, 75, 150])
    """

    def __init__(self, settings: PictureSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or PictureSettings()

    def forward(self, picture: Tensor) -> Tensor:
        """Make the pictures smaller.

        Args:
            picture: Pictures (batch, n_rows, n_columns, 4), red, green, blue and opacity, each from 0 to 255.

        Returns:
            Planes (batch, 4, n_rows // reduce, n_columns // reduce), float32 in [0, 1].

        Raises:
            SettingError: The pictures are of another size than the settings say.
        """
        settings, shape = self.settings, picture.shape
        wanted = (settings.n_rows, settings.n_columns, _N_COLOURS)
        if len(shape) != len(wanted) + 1 or tuple(shape[1:]) != wanted:
            raise SettingError(
                f"pictures must be of {wanted[0]} rows x {wanted[1]} columns x {wanted[2]} colours, not "
                f"{' x '.join(map(str, shape[1:]))}: draw them at this size, or set n_rows and n_columns to theirs"
            )
        planes = picture.permute(0, 3, 1, 2).to(torch.float32)  # (batch, 4, n_rows, n_columns)
        return nn.functional.avg_pool2d(planes, settings.reduce) / _FULL
