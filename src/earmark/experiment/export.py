"""The features of a data set, computed once and written for whatever tool a person uses."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark._util.progress import Progress
from earmark.data.copies import without_copies
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import SettingError, StorageError
from earmark.experiment.config import RunConfig, SegmentConfig, make_config, own_front_end
from earmark.experiment.cutting import make_recipe
from earmark.experiment.tables import table_recipe
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.drawing import PICTURES
from earmark.features.extract import BadFile, Recipe, extract_features
from earmark.features.interchange import stored
from earmark.features.interchange.catalogue import FORMATS, format_of, holds_features, open_features
from earmark.features.interchange.pictures import draw_dataset
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore

_PICTURE = "mel"
_OF_TRAINING = ("network", "train", "split", "seed", "device")  # of a run's configuration, and not of features
_FOR_PICTURES = ("pictures", "tfrecord", "numpy", "parquet", "huggingface")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written.

    Attributes:
        path: Where it is.
        format: The name of its format.
        n_clips: How many clips are in it.
        labels: Their classes.
        bad: The files that could not be used, and were left out.
        notes: What a person should know of the data.
    """

    path: Path
    format: str
    n_clips: int
    labels: tuple[str, ...]
    bad: tuple[BadFile, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "path": str(self.path),
            "format": self.format,
            "clips": self.n_clips,
            "labels": list(self.labels),
            "left_out": [{"path": file.name, "reason": file.reason} for file in self.bad],
            "notes": list(self.notes),
        }


def make_export_config(tables: dict[str, Any], out: Path, *, format_name: str | None = None) -> RunConfig:
    """Return the configuration of an export: the front end is the format's own where none is named.

    Args:
        tables: As for `make_config`.
        out: Where will be written.
        format_name: A name of `FORMATS`; None for what the suffix of `out` asks for.

    Raises:
        SettingError: A key is unknown, or a value cannot be.
    """
    tables = {key: value for key, value in tables.items() if key not in _OF_TRAINING}
    front_end = dict(tables.get("front_end", {}))
    is_there = holds_features(str(dict(tables.get("data", {})).get("path", "")))
    if "name" not in front_end and not is_there and (format_name or format_of(out)) == "json":
        front_end["name"] = "mfcc"
    # Clips of any length give statistics of one size, so a clip is not cut for them: as their network has it.
    kind = FRONT_ENDS[front_end["name"]] if "name" in front_end else None
    network = {"network": {"name": "svm"}} if kind and kind.whole_clips else {}
    return make_config(tables | {"front_end": front_end} | network)


def export_features(
    config: RunConfig,
    out: Path,
    *,
    store: FeatureStore,
    format_name: str | None = None,
    picture: str | None = None,
    per_class: int | None = None,
    n_workers: int | None = None,
    overwrite: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write the features, or pictures, of a data set in a format.

    What the store holds already is not computed again; a run that is cut off goes on where it was.

    Args:
        config: Which sounds (or features, or pictures), how they are cut, and the front end.
        out: Where to write.
        store: Where features are kept meanwhile; a store that is written is used in its place.
        format_name: A name of `FORMATS`; None for what the suffix of `out` asks for.
        picture: A name of `PICTURES`: draw the sounds in place of computing features. None draws where the format
            wants pictures, and then the mel spectrogram.
        per_class: How many clips of each class to take, from the first on; None for all.
        n_workers: Files in work at once; None for as many as there are processors.
        overwrite: Whether what lies at `out` is replaced.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        SettingError: The format, the picture or the recipe does not fit.
        DataError: The data set cannot be used, or `strict` and a file is bad.
        StorageError: There is something at `out` already, or it cannot be written.
    """
    name = format_name or format_of(out)
    _refuse(config, out, name, picture, n_workers=n_workers, overwrite=overwrite)
    table = open_features(config.data.path)
    bad: tuple[BadFile, ...] = ()
    if table is not None:
        table = _as_it_is(table, config, name, picture=picture, per_class=per_class)
    else:
        dataset = _open(config, per_class)
        if picture is not None or name == "pictures":
            table, bad = draw_dataset(
                dataset, picture or _PICTURE, n_workers=n_workers or 2, strict=strict, progress=progress
            )
        else:
            recipe = make_recipe(config, dataset)
            if name == "store":
                stored.claim(out, recipe, dataset, overwrite=overwrite)
                store = FeatureStore(stored.arrays_folder(out))
            table, bad = _compute(dataset, recipe, store=store, n_workers=n_workers, strict=strict, progress=progress)
    FORMATS[name].write(out, table, progress=progress, overwrite=overwrite)
    used = table.dataset
    notes = [*used.notes]
    if name == "json" and table.groups_known:
        notes.append("the JSON file cannot say which segments are of one recording: groups and folds are not in it")
    return Exported(path=out, format=name, n_clips=len(used), labels=used.labels, bad=bad, notes=tuple(notes))


def _refuse(
    config: RunConfig, out: Path, name: str, picture: str | None, *, n_workers: int | None, overwrite: bool
) -> None:
    """Refuse what cannot be before any work is done for it."""
    FORMATS[name], PICTURES[picture or _PICTURE]  # an unknown name is answered with the nearest
    if picture is not None and name not in _FOR_PICTURES:
        raise SettingError(f"pictures are written as {' or '.join(_FOR_PICTURES)}, not as {name}: give --format")
    if n_workers is not None and n_workers < 1:
        raise SettingError(f"n_workers must be at least 1, not {n_workers}")
    if name == "json" and config.front_end.name != "mfcc" and not holds_features(config.data.path):
        raise SettingError(f"the JSON file holds MFCC, not {config.front_end.name!r}: leave the front end out")
    draws = picture is not None or name == "pictures"
    if draws and (config.segments != SegmentConfig() or config.front_end != own_front_end(config.network.name)):
        raise SettingError("pictures are of whole clips, drawn in one way: leave segments and front end out")
    is_taken = out.exists() and not (out.is_dir() and not any(out.iterdir()))
    if name != "store" and is_taken and not overwrite:
        raise StorageError(f"{out} exists: name another place, or give --overwrite")


def _open(config: RunConfig, per_class: int | None) -> Dataset:
    data = config.data
    dataset = without_copies(open_dataset(data.path, group_column=data.group_column, group_pattern=data.group_pattern))
    return dataset if per_class is None else dataset.first_per_class(per_class)


def _as_it_is(
    table: FeatureTable, config: RunConfig, name: str, *, picture: str | None, per_class: int | None
) -> FeatureTable:
    if picture is not None:
        raise SettingError(f"{config.data.path} holds no sound to draw: leave the picture out")
    recipe = table_recipe(table, config)  # refuses what the table cannot give
    if name == "json" and recipe.front_end not in {"mfcc", "given"}:
        raise SettingError(f"the JSON file holds MFCC, and {config.data.path} holds {recipe.front_end!r}")
    table = table.regroup(column=config.data.group_column, pattern=config.data.group_pattern)
    return table if per_class is None else table.first_per_class(per_class)


def _compute(
    dataset: Dataset,
    recipe: Recipe,
    *,
    store: FeatureStore,
    n_workers: int | None,
    strict: bool,
    progress: Progress | None,
) -> tuple[FeatureTable, tuple[BadFile, ...]]:
    (features,) = extract_features(
        dataset, [recipe], store=store, n_workers=n_workers, strict=strict, progress=progress
    )
    kept = dataset.subset(features.kept)
    table = FeatureTable(dataset=kept, arrays=features.arrays, recipe=recipe, contents=features.contents)
    return table, features.bad
