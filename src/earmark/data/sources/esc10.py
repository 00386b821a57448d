"""ESC-10, the part of ESC-50 with ten classes under a licence that allows commerce.

Source: K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from earmark._util.files import write_text
from earmark.data.dataset import Dataset, count
from earmark.data.sources import esc50
from earmark.data.sources.table import read_rows, read_text
from earmark.errors import DataError

LAYOUT = "ESC-10 (an ESC-50 checkout with the sounds of ten classes)"

_TARGETS = ("0", "1", "10", "11", "12", "20", "21", "38", "40", "41")  # as the fourth part of a file's name has them
_NAME = re.compile(r"\d-\d+-[A-Z]-(\d+)")


def keep_ten_classes(folder: Path) -> None:
    """Remove what is not of ESC-10 from a checkout of ESC-50 that was unpacked just now.

    Args:
        folder: The checkout.

    Raises:
        DataError: It holds no table of ESC-50.
    """
    table = folder / "meta" / "esc50.csv"
    header, *lines = read_text(table).splitlines() or [""]
    if "esc10" not in header.split(","):
        raise DataError(f"{table} has no column 'esc10': this is no ESC-50")
    place = header.split(",").index("esc10")
    kept = [line for line in lines if line.split(",")[place : place + 1] == ["True"]]
    write_text(table, "\n".join([header, *kept]) + "\n")
    names = {line.partition(",")[0] for line in kept}
    for file in sorted((folder / "audio").iterdir()):
        if file.name not in names:
            file.unlink()


ABOUT = replace(
    esc50.ABOUT,
    title="ESC-10",
    summary="the ten classes of ESC-50 that are told apart most easily",
    n_clips=400,
    n_classes=10,
    licence="CC BY 3.0; the recordings' authors are in LICENSE",
    arrange=keep_ten_classes,
)


def recognises(path: Path) -> bool:
    """Return whether `path` is a checkout of ESC-50 whose sounds are all of ESC-10."""
    if not esc50.recognises(path):
        return False
    root = esc50.root_of(path)
    matches = [_NAME.fullmatch(file.stem) for file in (root / "audio").iterdir() if file.name[0] != "."]
    return bool(matches) and all(match and match[1] in _TARGETS for match in matches)


def load(path: Path) -> Dataset:
    """Return the clips of ESC-10 with the five folds of ESC-50; the group is the recording that a clip was cut from.

    Raises:
        DataError: The table cannot be used; the message says why.
    """
    root = esc50.root_of(path)
    table = root / "meta" / "esc50.csv"
    header, rows = read_rows(table)
    if "esc10" not in header:
        return esc50.load(path)
    wanted = [(number, cells) for number, cells in rows if cells.get("esc10", "").strip() == "True"]
    found = esc50.load_rows(root, header, wanted)
    more = _said(len(rows) - len(wanted))
    return replace(found, notes=(*found.notes, *more))


def _said(n_others: int) -> Iterable[str]:
    return [f"{count(n_others, 'row')} of esc50.csv outside ESC-10 left out"] if n_others else []
