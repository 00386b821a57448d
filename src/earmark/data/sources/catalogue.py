"""The sources that ship, in the order in which they are asked."""

from pathlib import Path
from typing import Protocol

from earmark._util.catalogue import Catalogue
from earmark.data.dataset import Dataset
from earmark.data.sources import audiofolder, esc50, folder, table


class Source(Protocol):
    """What a module of this room offers."""

    @property
    def LAYOUT(self) -> str:  # noqa: N802 - a constant of the module
        """The layout on disk, as the message lists it that says what is recognised."""

    def recognises(self, path: Path) -> bool:
        """Return whether what lies at `path`, which exists, has this layout."""

    def load(self, path: Path) -> Dataset:
        """Return the data set that lies at `path`, with a sentence in its notes on all that was left out."""


# The more particular layout comes first: an ESC-50 checkout could pass for a folder of class folders, and so could the
# parts of a split; metadata.csv could pass for a table.
SOURCES: Catalogue[Source] = Catalogue(
    "data source", {"esc50": esc50, "audiofolder": audiofolder, "folder": folder, "table": table}
)
