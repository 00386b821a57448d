"""Features and pictures that are there already, in place of sounds: what a training or a score takes from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from earmark._util.progress import NoProgress, Progress
from earmark.errors import DataError, SettingError
from earmark.experiment.config import RunConfig, SegmentConfig, own_front_end, segments_of
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import BadFile, Recipe, describe_bad_files
from earmark.features.given import GivenSettings
from earmark.features.interchange.catalogue import open_features
from earmark.features.interchange.table import FeatureTable, array_key
from earmark.features.picture import PictureSettings
from earmark.models.catalogue import NETWORKS

FloatArray = npt.NDArray[np.float32]

GIVEN = Recipe(front_end="given", settings=GivenSettings())
SUMMARY = Recipe(front_end="given", settings=GivenSettings(summary=True))

_ROWS_KEPT = 64  # a picture is made smaller by a whole number as long as so many rows are left
_MOST_REDUCED = 4


@dataclass(frozen=True, kw_only=True)
class TableFeatures:
    """What a network sees of a table.

    Attributes:
        arrays: For each clip that was kept, its features (n_segments, [n_channels,] n_bins, n_frames).
        kept: For each of them, the index of the clip in the table.
        contents: For each of them, what names the content of its features or its picture.
        bad: The clips that were left out.
    """

    arrays: tuple[FloatArray, ...]
    kept: tuple[int, ...]
    contents: tuple[str, ...]
    bad: tuple[BadFile, ...]


def table_recipe(table: FeatureTable, config: RunConfig) -> Recipe:
    """Return the recipe that a classifier trained on a table gets.

    Args:
        table: Features or pictures.
        config: What was asked for; where it asks for nothing in particular, the table decides.

    Raises:
        SettingError: The configuration asks for segments or a front end that the table cannot give.
    """
    own = _own_recipe(table, config)
    if config.segments not in {SegmentConfig(), segments_of(own)}:
        raise SettingError(f"{config.data.path} holds features, which are cut already: leave the segments out")
    said = config.front_end
    is_default = said == own_front_end(config.network.name)
    # Of a picture's settings, its size is the table's to say.
    is_own = said.name == own.front_end and (table.is_pictures or said.settings == own.settings)
    if not (is_default or is_own):
        raise _no_sound(table, config)
    return own


def refuse_front_end(table: FeatureTable, config: RunConfig) -> None:
    """Refuse a front end that was named where the table has features of another.

    For a name that was typed only: `table_recipe` cannot tell it from what the network gets where nothing is said.

    Args:
        table: Features or pictures.
        config: What was asked for.

    Raises:
        SettingError: The front end is not the table's own.
    """
    if config.front_end.name != _own_recipe(table, config).front_end:
        raise _no_sound(table, config)


def refuse_typed_front_end(config: RunConfig) -> None:
    """Refuse a front end that was typed, where the data are features or pictures of another; sounds take any.

    Raises:
        SettingError: The front end is not the table's own.
    """
    table = open_features(config.data.path)
    if table is not None:
        refuse_front_end(table, config)


def refuse_searched(keys: Iterable[str], config: RunConfig) -> None:
    """Refuse to search by what features that are there already have settled.

    Args:
        keys: What is searched, such as ``train.learning_rate``.
        config: What is searched around; its data are features or pictures.

    Raises:
        SettingError: A key is of the front end or of the segments. How far pictures are made smaller may be searched.
    """
    for key in keys:
        is_size = config.front_end.name == "picture" and key == "front_end.reduce"
        if key.startswith(("front_end.", "segments.")) and not is_size:
            raise SettingError(
                f"{key}: cannot be searched: {config.data.path} holds features already, and no sound to make others "
                "from; start from the sounds"
            )


def _no_sound(table: FeatureTable, config: RunConfig) -> SettingError:
    return SettingError(
        f"{config.data.path} holds {'pictures' if table.is_pictures else 'features'} already, and no sound to make "
        f"{config.front_end.name!r} from: leave the front end out"
    )


def _own_recipe(table: FeatureTable, config: RunConfig) -> Recipe:
    if table.is_pictures:
        return Recipe(front_end="picture", settings=_picture_settings(table, config))
    recipe = table.recipe or GIVEN
    # A vector for each clip is what such a network wants; of anything else it gets statistics.
    is_vector = FRONT_ENDS[recipe.front_end].whole_clips
    return SUMMARY if NETWORKS[config.network.name].whole_clips and not is_vector else recipe


def _picture_settings(table: FeatureTable, config: RunConfig) -> PictureSettings:
    n_rows, n_columns = table.arrays[0].shape[:2]
    said = config.front_end.settings
    if isinstance(said, PictureSettings):
        return replace(said, n_rows=n_rows, n_columns=n_columns)
    reduce = min(_MOST_REDUCED, max(1, n_rows // _ROWS_KEPT))
    return PictureSettings(n_rows=n_rows, n_columns=n_columns, reduce=reduce)


def table_features(
    table: FeatureTable, recipe: Recipe, *, strict: bool = False, progress: Progress | None = None
) -> TableFeatures:
    """Return what a network with this recipe sees of a table; clips that cannot be used are left out and named.

    Args:
        table: Features or pictures.
        recipe: That of the classifier.
        strict: Whether one bad clip stops everything.
        progress: Is told of each clip.

    Raises:
        SettingError: The recipe wants something else than the table holds.
        DataError: No clip can be used, or `strict` is set and some cannot; the message names them.
    """
    _refuse_others(table, recipe)
    progress = progress or NoProgress()
    progress.start("features", len(table.dataset))
    arrays, kept, contents, bad = [], [], [], []
    for index, clip in enumerate(table.dataset):
        try:
            raw = table.arrays[index]
            arrays.append(_finite(_seen(raw, recipe)))
        except (DataError, SettingError) as error:
            bad.append(BadFile(clip.name, str(error)))
        else:
            kept.append(index)
            contents.append(table.contents[index] if table.contents else array_key(raw))
        progress.advance()
    if bad and (strict or not kept):
        raise DataError(describe_bad_files(bad, len(table.dataset)))
    return TableFeatures(arrays=tuple(arrays), kept=tuple(kept), contents=tuple(contents), bad=tuple(bad))


def summaries(arrays: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
    """Return for each clip one vector: five statistics over all frames of all its segments, of each bin.

    Args:
        arrays: Features (n_segments, [n_channels,] n_bins, n_frames) of each clip.

    Returns:
        Statistics (1, 5 * n_channels * n_bins, 1) of each clip.
    """
    return tuple(_summary(array) for array in arrays)


def _summary(array: FloatArray) -> FloatArray:
    frames = np.moveaxis(array, 0, -2)  # ([n_channels,] n_bins, n_segments, n_frames)
    bins = frames.reshape(-1, array.shape[0] * array.shape[-1])  # (n_channels * n_bins, n_segments * n_frames)
    front_end = FRONT_ENDS[SUMMARY.front_end].build(SUMMARY.settings)
    with torch.inference_mode():
        statistics: FloatArray = front_end(torch.tensor(bins)[None]).numpy()  # a copy: what a store gives is read-only
    return statistics


def _finite(features: FloatArray) -> FloatArray:
    if not len(features):
        raise DataError("it has no segments")
    if not np.isfinite(features).all():
        raise DataError("its features are not finite (NaN or infinite)")
    return features


def _seen(raw: npt.NDArray[np.float32] | npt.NDArray[np.uint8], recipe: Recipe) -> FloatArray:
    if recipe == SUMMARY:
        return _summary(np.asarray(raw, dtype=np.float32))
    if recipe.front_end != "picture":
        return np.asarray(raw, dtype=np.float32)
    front_end = FRONT_ENDS["picture"].build(recipe.settings)
    with torch.inference_mode():
        features: FloatArray = front_end(torch.tensor(raw)[None]).numpy()  # (1, n_channels, n_bins, n_frames)
    return features


def _refuse_others(table: FeatureTable, recipe: Recipe) -> None:
    takes = FRONT_ENDS[recipe.front_end].takes
    fits = {
        "picture": table.is_pictures,
        "features": not table.is_pictures,
        "waveform": not table.is_pictures and table.recipe == recipe,
    }
    if not fits[takes]:
        held = "pictures" if table.is_pictures else "features made in another way, or in one that is not known"
        wanted = {"picture": "pictures", "features": "features"}.get(takes, f"{recipe.front_end!r} made from sound")
        raise SettingError(f"the classifier takes {wanted}, and {table.dataset.root} holds {held}")
