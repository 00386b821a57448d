"""Figures as files."""

from pathlib import Path

from matplotlib.figure import Figure

from earmark._util.files import write_whole
from earmark.errors import SettingError, StorageError

DPI = 120
_LEAST_DPI, _MOST_DPI = 20, 600

# What a format says of itself. The time of making stays out: the same plot is the same file.
_FORMATS: dict[str, dict[str, None] | None] = {
    "png": None,
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "jpg": None,
    "jpeg": None,
}


def write_figure(figure: Figure, path: Path, *, dpi: int = DPI, overwrite: bool = False) -> None:
    """Write a figure to a file, whole or not at all, in the format that its name ends in.

    Args:
        figure: The figure.
        path: The file: PNG, SVG, PDF or JPEG. Its folder is made.
        dpi: Dots an inch, 20 to 600; also of the images in SVG and PDF.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        SettingError: The name ends in no format that is known, or the dots are too few or too many.
        StorageError: The file is there already, or cannot be written.
    """
    check_target(path, dpi=dpi, overwrite=overwrite)
    name = path.suffix.lower().removeprefix(".")
    with write_whole(path) as part:
        figure.savefig(part, format=name, dpi=dpi, metadata=_FORMATS[name])


def check_target(path: Path, *, dpi: int = DPI, overwrite: bool = False) -> None:
    """Refuse early, before anything is drawn, what `write_figure` would refuse.

    Args:
        path: The file.
        dpi: Dots an inch.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        SettingError: The name ends in no format that is known, or the dots are too few or too many.
        StorageError: The file is there already.
    """
    if path.suffix.lower().removeprefix(".") not in _FORMATS:
        known = ", ".join(f".{name}" for name in _FORMATS)
        ending = f"ends in {path.suffix}" if path.suffix else "has no ending that names a format"
        raise SettingError(f"{path} {ending}: a plot can be written as {known}")
    if not _LEAST_DPI <= dpi <= _MOST_DPI:
        raise SettingError(f"dpi must be from {_LEAST_DPI} to {_MOST_DPI}, not {dpi}")
    if path.is_dir():
        raise StorageError(f"{path} is a folder: name a file in it")
    if path.exists() and not overwrite:
        raise StorageError(f"{path} exists: name another file, or give --overwrite")
