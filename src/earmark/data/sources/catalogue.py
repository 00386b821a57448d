"""The sources that ship, in the order in which they are asked, and the published data sets among them."""

from pathlib import Path
from typing import Protocol

from earmark._util.catalogue import Catalogue
from earmark.data.dataset import Dataset
from earmark.data.sources import (
    audiofolder,
    esc10,
    esc50,
    folder,
    fsdd,
    genres10,
    gtzan,
    speech_commands,
    table,
    urbansound8k,
)
from earmark.data.sources.about import About


class Source(Protocol):
    """What a module of this room offers."""

    @property
    def LAYOUT(self) -> str:  # noqa: N802 - a constant of the module
        """The layout on disk, as the message lists it that says what is recognised."""

    def recognises(self, path: Path) -> bool:
        """Return whether what lies at `path`, which exists, has this layout."""

    def load(self, path: Path) -> Dataset:
        """Return the data set that lies at `path`, with a sentence in its notes on all that was left out."""


class KnownSource(Source, Protocol):
    """A source of one published data set."""

    @property
    def ABOUT(self) -> About:  # noqa: N802 - a constant of the module
        """What is known of it."""


KNOWN: Catalogue[KnownSource] = Catalogue(
    "known data set",
    {
        "esc10": esc10,
        "esc50": esc50,
        "fsdd": fsdd,
        "genres10": genres10,
        "gtzan": gtzan,
        "speech_commands": speech_commands,
        "urbansound8k": urbansound8k,
    },
)

# The more particular layout comes first: an ESC-50 checkout could pass for a folder of class folders, and so could the
# parts of a split; metadata.csv could pass for a table; ESC-10 is an ESC-50 of ten classes.
SOURCES: Catalogue[Source] = Catalogue(
    "data source", {**KNOWN, "audiofolder": audiofolder, "folder": folder, "table": table}
)
