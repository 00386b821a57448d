"""Why a trained classifier decides as it does: sounds, data sets and features explained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from earmark._util.progress import NoProgress, Progress
from earmark._util.seeds import spawn_generator
from earmark.audio.read import read_sound
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import AudioError, DataError, SettingError
from earmark.experiment.evaluation import refuse_unknown_labels
from earmark.experiment.fold_predictors import FoldPredictors, untested_note
from earmark.experiment.tables import table_features
from earmark.explain import FloatArray
from earmark.explain.attribution import check_method, default_method
from earmark.explain.explanation import N_ORDERS, Explanation, explain_features, explain_waveform
from earmark.explain.permutation import Importances, permutation_importance
from earmark.explain.profile import Explained, Profiles, sum_up
from earmark.features.extract import extract_features
from earmark.features.interchange.png_file import read_picture
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Predictor, Sound

PERMUTATION = "permutation"
PER_CLASS = 10


def explain_sound(
    predictor: Predictor,
    sound: Sound,
    *,
    method: str | None = None,
    label: str | None = None,
    layer: str | None = None,
    n_orders: int = N_ORDERS,
    seed: int = 0,
) -> Explanation:
    """Explain what a classifier says of one sound, or of one picture where it learnt from such.

    Args:
        predictor: The classifier.
        sound: A path, or a clip: its stretch alone, where it is a part of a file.
        method: A name of `METHODS`; None for the one that suits the network.
        label: The class to explain; None for the one that the classifier decides for.
        layer: The layer that Grad-CAM looks at; None for the deepest that still says where.
        n_orders: Random orders of the faithfulness figure; 0 to leave it out, which is many times quicker.
        seed: The root seed of these orders.

    Raises:
        AudioError: The sound or picture cannot be used.
        SettingError: A name is unknown, the method does not suit the network, or the classifier was trained on features
            and takes no file.
        MissingExtraError: captum is not installed.
    """
    _refuse_permutation(method)
    if predictor.takes == "picture":
        features = _picture_features(predictor, _clip_of(sound).path)
        return explain_features(
            predictor.graph,
            predictor.blueprint,
            features,
            method=method,
            label=label,
            layer=layer,
            n_orders=n_orders,
            seed=seed,
        )
    clip = _clip_of(sound)
    waveform, _ = read_sound(
        clip.path, sample_rate=predictor.sample_rate, start_s=clip.start_s, duration_s=clip.duration_s
    )
    if not np.isfinite(predictor.segment_probabilities(waveform)).all():
        raise AudioError(clip.path, "its samples are too large for features: scale them to [-1, 1]")
    return explain_waveform(
        predictor.graph,
        predictor.blueprint,
        waveform,
        method=method,
        label=label,
        layer=layer,
        n_orders=n_orders,
        seed=seed,
    )


def explain_dataset(
    predictor: Predictor | FoldPredictors,
    data: Dataset | FeatureTable,
    *,
    method: str | None = None,
    label: str | None = None,
    per_class: int = PER_CLASS,
    n_orders: int = 0,
    seed: int = 0,
    strict: bool = False,
    progress: Progress | None = None,
) -> Profiles:
    """Explain some clips of each class, and sum up what the classifier listens to.

    Args:
        predictor: The classifier; or those of a cross-validation, each for the clips of the fold that it is tested on.
        data: Labelled clips, or features or pictures of such.
        method: A name of `METHODS`; None for the one that suits the network.
        label: The class to explain; None for the one that the classifier decides for, clip by clip.
        per_class: How many clips of each true class are explained at most, drawn with the seed.
        n_orders: Random orders of the faithfulness figure; 0 leaves it out.
        seed: The root seed.
        strict: Whether one clip that cannot be used stops everything.
        progress: Is told of each clip.

    Raises:
        DataError: A label is unknown to the classifier, no clip can be used, or no fold tests any.
        AudioError: `strict`, and a clip cannot be used.
        SettingError: As for `explain_sound`, or `per_class` is below 1.
        MissingExtraError: captum is not installed.
    """
    _refuse_permutation(method)
    one = predictor.first if isinstance(predictor, FoldPredictors) else predictor
    check_method(one.graph, one.blueprint, method or default_method(one.blueprint))
    dataset = data.dataset if isinstance(data, FeatureTable) else data
    refuse_unknown_labels(dataset, predictor.labels)
    predictors, untested = _tested(predictor, data)
    places = list(predictors)
    chosen = [places[index] for index in some_of_each(dataset.subset(places), per_class, seed)]
    progress = progress or NoProgress()
    progress.start("explaining", len(chosen))
    asked: dict[str, Any] = {"method": method, "label": label, "n_orders": n_orders, "seed": seed}
    explained, left_out = [], []
    features = _table_arrays(one, data, chosen, strict=strict) if isinstance(data, FeatureTable) else None
    for index in chosen:
        clip, own = dataset[index], predictors[index]
        try:
            if features is None:
                found = explain_sound(own, clip, **asked)
            else:
                found = explain_features(own.graph, own.blueprint, features[index], **asked)
        except AudioError as error:
            if strict:
                raise
            left_out.append((clip.address, error.reason))
        except KeyError:
            left_out.append((clip.address, "its features cannot be used"))
        else:
            explained.append(Explained(name=clip.address, label=clip.label, explanation=found))
        progress.advance()
    if not explained:
        raise DataError(
            f"none of {len(chosen)} clips could be used: {'; '.join(': '.join(one) for one in left_out[:5])}"
        )
    n_left = len(places) - len(chosen)
    drawn = (f"{len(chosen)} of {len(places)} clips were drawn, at most {per_class} a class",) if n_left else ()
    return sum_up(explained, left_out=left_out, notes=(*untested, *drawn))


def importance_of(
    predictor: Predictor,
    data: Dataset | FeatureTable,
    *,
    store: FeatureStore | None = None,
    n_repeats: int = 5,
    seed: int = 0,
    strict: bool = False,
    progress: Progress | None = None,
) -> Importances:
    """Return what a classifier loses when groups of its features are shuffled among the clips of a data set.

    Args:
        predictor: The classifier.
        data: Labelled clips, or features of such.
        store: Where features are kept; None keeps none.
        n_repeats: How many times each group is shuffled.
        seed: The root seed.
        strict: Whether one clip that cannot be used stops everything.
        progress: Is told of each clip.

    Raises:
        DataError: A label is unknown to the classifier, or there are fewer than two clips that can be used.
        SettingError: The classifier takes something else than the data set holds, or pictures.
    """
    dataset = data.dataset if isinstance(data, FeatureTable) else data
    refuse_unknown_labels(dataset, predictor.labels)
    recipe = predictor.blueprint.recipe
    if isinstance(data, FeatureTable):
        seen = table_features(data, recipe, strict=strict, progress=progress)
        arrays, kept = list(seen.arrays), seen.kept
    else:
        _ = predictor.sample_rate  # refuses what hears no sound
        (found,) = extract_features(
            dataset, [recipe], store=store or FeatureStore(None), strict=strict, progress=progress
        )
        arrays, kept = list(found.arrays), found.kept
    return permutation_importance(
        predictor.graph,
        predictor.blueprint,
        arrays,
        [dataset[index].label for index in kept],
        rng=spawn_generator(seed, "permutation"),
        n_repeats=n_repeats,
    )


def some_of_each(dataset: Dataset, per_class: int, seed: int) -> list[int]:
    """Return where some clips of each class are, ascending: all, or so many of each drawn with a seed.

    Raises:
        SettingError: `per_class` is below 1.
    """
    if per_class < 1:
        raise SettingError(f"at least 1 clip of each class is explained, not {per_class}")
    rng = spawn_generator(seed, "explain", "clips")
    chosen: list[int] = []
    for number in range(len(dataset.labels)):
        places = np.flatnonzero(dataset.y == number)
        chosen += rng.permutation(places)[:per_class].tolist()
    return sorted(chosen)


def _tested(
    predictor: Predictor | FoldPredictors, data: Dataset | FeatureTable
) -> tuple[dict[int, Predictor], tuple[str, ...]]:
    """Return the classifier of each clip that may be explained, by the clip's index, and a note on the others.

    Raises:
        DataError: No fold tests any.
    """
    dataset = data.dataset if isinstance(data, FeatureTable) else data
    if not isinstance(predictor, FoldPredictors):
        return dict.fromkeys(range(len(dataset)), predictor), ()
    by_name = isinstance(data, FeatureTable)
    folds = [predictor.fold_of(clip, by_name=by_name) for clip in dataset]
    found = {index: predictor.predictors[fold] for index, fold in enumerate(folds) if fold is not None}
    if not found:
        raise DataError(
            f"no fold of {predictor.folder} tests any of these {len(dataset)} clips: give the data of the "
            f"cross-validation, or name a fold, such as {predictor.folder / f'fold-{min(predictor.predictors)}'}"
        )
    return found, untested_note(clip.address for index, clip in enumerate(dataset) if index not in found)


def _refuse_permutation(method: str | None) -> None:
    if method == PERMUTATION:
        raise SettingError("permutation shuffles features among clips: give a data set, or take the method occlusion")


def _clip_of(sound: Sound) -> Clip:
    if isinstance(sound, Clip):
        return sound
    return Clip(name=str(sound), path=Path(sound), label="", group="")


def _picture_features(predictor: Predictor, path: Path) -> FloatArray:
    try:
        picture = read_picture(path)
        with torch.inference_mode():
            seen = predictor.graph.front_end(torch.tensor(picture)[None].to(predictor.graph.temperature.device))
    except (DataError, SettingError) as error:
        raise AudioError(path, str(error)) from error
    features: FloatArray = seen.cpu().numpy()  # (1, n_channels, n_bins, n_frames)
    return features


def _table_arrays(
    predictor: Predictor, table: FeatureTable, chosen: Sequence[int], *, strict: bool
) -> dict[int, FloatArray]:
    """Return the features of the chosen clips of a table by their index; those that cannot be used are not there."""
    seen = table_features(table, predictor.blueprint.recipe, strict=strict)
    return {index: array for index, array in zip(seen.kept, seen.arrays, strict=True) if index in set(chosen)}
