"""The formats that features are written in, and which of them are read back."""

from pathlib import Path
from typing import Protocol

from earmark._util.catalogue import Catalogue
from earmark._util.progress import Progress
from earmark.errors import SettingError
from earmark.features.interchange import huggingface, json_file, numpy_file, parquet, pictures, stored, tfrecord
from earmark.features.interchange.table import FeatureTable


class Format(Protocol):
    """What a module of this room offers."""

    @property
    def SUMMARY(self) -> str:  # noqa: N802 - a constant of the module
        """What it is, in a few words."""

    def write(
        self, path: Path, table: FeatureTable, *, progress: Progress | None = None, overwrite: bool = False
    ) -> None:
        """Write a table to `path`, whole or not at all, one array at a time."""


class ReadableFormat(Format, Protocol):
    """What a module offers whose files are read back."""

    def recognises(self, path: Path) -> bool:
        """Return whether what lies at `path`, which exists, is of this format."""

    def read(self, path: Path) -> FeatureTable:
        """Return the table that lies at `path`."""


FORMATS: Catalogue[Format] = Catalogue(
    "format",
    {
        "store": stored,
        "json": json_file,
        "tfrecord": tfrecord,
        "pictures": pictures,
        "numpy": numpy_file,
        "parquet": parquet,
        "huggingface": huggingface,
    },
)
_READABLE: tuple[ReadableFormat, ...] = (stored, json_file, tfrecord, pictures)
_BY_SUFFIX = {".json": "json", ".npz": "numpy", ".parquet": "parquet", ".tfrecord": "tfrecord", "": "store"}


def open_features(path: str | Path) -> FeatureTable | None:
    """Return the features or pictures that lie at `path`; None where it holds neither, such as a folder of sounds.

    Args:
        path: A store, a JSON file, a folder of TFRecord files or one of them, or a folder of pictures.

    Raises:
        DataError: They cannot be used; the message says why.
        StorageError: A store is damaged or of another version.
    """
    place = Path(path).expanduser()
    source = _source_of(place)
    return source.read(place) if source else None


def holds_features(path: str | Path) -> bool:
    """Return whether features or pictures lie at `path`, without reading them."""
    return _source_of(Path(path).expanduser()) is not None


def format_of(path: Path) -> str:
    """Return the format that the suffix of a file asks for; a name without one asks for a store.

    Raises:
        SettingError: No format has this suffix.

    >>> format_of(Path("data.json"))
    'json'
    """
    suffix = path.suffix.lower()
    if suffix not in _BY_SUFFIX:
        known = ", ".join(sorted(filter(None, _BY_SUFFIX)))
        raise SettingError(
            f"{path.name}: nothing is written with the suffix {suffix!r} (known: {known}): give --format"
        )
    return _BY_SUFFIX[suffix]


def _source_of(place: Path) -> ReadableFormat | None:
    return next((source for source in _READABLE if place.exists() and source.recognises(place)), None)
