"""What is settled before a cross-validation: its folds, the length of its segments, and a key of its data."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from earmark._util.files import content_key, text_key
from earmark._util.progress import Progress
from earmark.data.copies import copies_in
from earmark.data.dataset import Dataset, distinct_folds, listed
from earmark.data.folds import with_folds
from earmark.data.plan import apply_plan, open_planned
from earmark.data.splits import split_dataset
from earmark.errors import SettingError, SplitError
from earmark.experiment.changes import resolve_steps
from earmark.experiment.config import RunConfig, segments_of
from earmark.experiment.cutting import make_recipe
from earmark.experiment.keeping import blaming_repeats, keep_repeats, keeping_of
from earmark.experiment.prepare import resolved
from earmark.features.interchange.catalogue import holds_features, open_features
from earmark.features.store import FeatureStore
from earmark.models.device import resolve_device

_N_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The folds of a data set, each of which can be the test part.

    Attributes:
        folds: Their numbers, rising.
        dataset: All clips, each in its fold.
        config: The configuration that says where the folds come from.
    """

    folds: tuple[int, ...]
    dataset: Dataset
    config: RunConfig


def settle_folds(
    config: RunConfig,
    n_folds: int | None = None,
    *,
    store: FeatureStore | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Settled:
    """Find or compute the folds of a data set, and make sure that each of them can be the test part.

    Args:
        config: See `RunConfig`; its split may not name a test part.
        n_folds: How many folds to compute where the data set has none; five if None.
        store: Where what was measured is kept, when repeats are looked for (see `keep_repeats`); None for nowhere.
        strict: Whether repeats in two folds are refused, whatever the configuration says.
        progress: Is told how far the listening is.

    Returns:
        The folds, the clips in them, and the configuration that says where they come from; its test fold is the first,
        only to name one.

    Raises:
        SettingError: The configuration names a test part or a split in parts, there are folds already, or one only.
        DataError: The data set cannot be used.
        SplitError: The folds cannot be made, or one of them cannot be the test part: a group, or a sound that is
            not to be torn, lies in others too, or all clips of a class lie in it.
    """
    if config.split.test_fold is not None or config.split.test_fraction is not None:
        raise SettingError("a cross-validation tests on every fold: leave the test part out")
    config = resolved(config, device=resolve_device(config.device).type)
    dataset = _open(config)
    folds, split = distinct_folds(dataset), config.split
    if folds and n_folds is not None:
        raise SettingError(f"the data set has {len(folds)} folds of its own, which are kept: leave --folds out")
    if split.plan is not None and not folds:
        raise SettingError(
            f"the split {split.plan} has parts, and a cross-validation needs folds: train with it, or name each-group"
        )
    if len(folds) == 1:
        raise SettingError(f"all clips are in fold {folds[0]}: a cross-validation needs two folds at least")
    if not folds:
        n_folds = _N_FOLDS if n_folds is None else n_folds
        _refuse_too_many(dataset, n_folds)
    folded = _folded(dataset, n_folds, config)
    if not holds_features(config.data.path):
        keeping = keeping_of(dataset, config)
        kept = keep_repeats(
            dataset, config, store=store or FeatureStore(None), strict=strict, every_fold=True, progress=progress
        )
        with blaming_repeats(dataset, kept):
            folded = folded if kept is dataset else _folded(kept, n_folds, config)
        split = replace(split, repeats=keeping)
    split = replace(split, n_folds=split.n_folds if folds else n_folds, test_fold=distinct_folds(folded)[0])
    return Settled(folds=distinct_folds(folded), dataset=folded, config=replace(config, split=split))


def _folded(dataset: Dataset, n_folds: int | None, config: RunConfig) -> Dataset:
    """Return the clips in folds each of which can be tested: what the last cannot do is said now, not after hours."""
    if not distinct_folds(dataset):
        dataset = with_folds(dataset, n_folds or _N_FOLDS, seed=config.seed)
    _refuse_alone(dataset)
    fraction = config.split.validation_fraction
    for fold in distinct_folds(dataset):
        split_dataset(dataset, seed=config.seed, test_fold=fold, validation_fraction=fraction)
    return dataset


def settle_segments(config: RunConfig, dataset: Dataset) -> RunConfig:
    """Return the configuration with the segments in seconds, so that they are the same in every fold.

    They follow from the sounds themselves: augmented copies, of which each fold has others, have no say.

    Args:
        config: See `RunConfig`.
        dataset: All clips.

    Raises:
        SettingError: The segments cannot be, or the steps that change the training part.
        DataError: None of the sounds can be read.
    """
    if holds_features(config.data.path):
        return config
    copies = copies_in(dataset)
    sounds = [clip for index, clip in enumerate(dataset) if index not in copies]
    recipe = make_recipe(config, sounds or list(dataset))
    resolve_steps(config, front_end=recipe.front_end, hears_sound=True)
    return config if recipe.segments is None else replace(config, segments=segments_of(recipe))


def clips_key(dataset: Dataset) -> str:
    """Return what names the clips of a data set with their labels, groups and folds, and the content of their files.

    Args:
        dataset: All clips, each in its fold.
    """
    contents: dict[Path, str] = {}
    for clip in dataset:
        if clip.path not in contents:
            contents[clip.path] = ""
            with suppress(OSError):  # what cannot be read is named when the sounds are read
                contents[clip.path] = content_key(clip.path)
    clips = [
        (clip.name, clip.label, clip.group, clip.fold, clip.start_s, clip.end_s, contents[clip.path])
        for clip in dataset
    ]
    return text_key(repr((clips, sorted(copies_in(dataset)))))


def _open(config: RunConfig) -> Dataset:
    data = config.data
    table = open_features(data.path)
    if table is not None:
        dataset = table.dataset.regroup(column=data.group_column, pattern=data.group_pattern)
        return apply_plan(dataset, config.split.plan, whole=True)
    return open_planned(
        data.path,
        plan=config.split.plan,
        group_column=data.group_column,
        group_pattern=data.group_pattern,
        group_tag=data.group_tag,
    )


def _refuse_too_many(dataset: Dataset, n_folds: int) -> None:
    """Refuse more folds than any class has clips: no class could be in all of them."""
    n_most = int(np.bincount(dataset.y).max()) if dataset.n else 0
    if len(set(dataset.groups)) >= n_folds > n_most:
        raise SplitError(
            f"{n_folds} folds need a class with as many clips, and the largest has {n_most}: ask for fewer folds "
            "(--folds)"
        )


def _refuse_alone(dataset: Dataset) -> None:
    """Refuse classes whose clips are all in one fold: while that one tests, nothing is left to learn them from."""
    folds_of: dict[str, set[int | None]] = {}
    for clip in dataset:
        folds_of.setdefault(clip.label, set()).add(clip.fold)
    alone = {label: folds for label, folds in folds_of.items() if len(folds) == 1}
    if alone:
        told = listed(f"{label!r} (fold {folds.copy().pop()})" for label, folds in alone.items())
        raise SplitError(
            f"all clips of a class are in one fold, so that nothing is left to learn it from while that one is tested: "
            f"{told}; spread them over the folds, or leave the class out"
        )
