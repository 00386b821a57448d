"""From a configuration to features with a split: all that a training needs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

import earmark
from earmark._util.files import text_key
from earmark._util.progress import Progress
from earmark.augment.chain import Step
from earmark.data.copies import tested_copies, without_tested_copies
from earmark.data.dataset import Dataset, distinct_folds
from earmark.data.folds import with_folds
from earmark.data.parts import split_of_parts
from earmark.data.plan import apply_plan, is_table, open_planned
from earmark.data.splits import Split, split_dataset
from earmark.errors import DataError, SettingError
from earmark.experiment.changes import make_versions, resolve_steps, settle_steps
from earmark.experiment.choosing import only_clips
from earmark.experiment.config import Named, RunConfig, segments_of
from earmark.experiment.cutting import make_recipe
from earmark.experiment.keeping import blaming_repeats, keep_repeats, keeping_of
from earmark.experiment.tables import SUMMARY, summaries, table_features, table_recipe
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import FEATURES_VERSION, BadFile, FeatureSet, Recipe, describe_bad_files, extract_features
from earmark.features.interchange.catalogue import holds_features, open_features
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore
from earmark.models.device import has_fast_bfloat16

_TEST_FRACTION = 0.2


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a training works on.

    Attributes:
        dataset: The clips that could be read.
        split: Which of them train, validate and test.
        recipe: How their features were made.
        features: The network's features, one entry a clip.
        baseline_recipe: How the baseline's features were made.
        baseline: The baseline's features, one entry a clip.
        contents: What names the content of each clip's file: two clips share it only if their files are equal.
        bad: The files that could not be used.
        silent: The names of clips without any sound; they are used.
        steps: How the training part is changed.
        versions: The network's features of changed versions of the training part: a version's, one entry a clip of
            ``split.train``.
    """

    dataset: Dataset
    split: Split
    recipe: Recipe
    features: Sequence[npt.NDArray[np.float32]]
    baseline_recipe: Recipe
    baseline: Sequence[npt.NDArray[np.float32]]
    contents: tuple[str, ...]
    bad: tuple[BadFile, ...]
    silent: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    versions: tuple[Sequence[npt.NDArray[np.float32]], ...] = ()


def baseline_recipe() -> Recipe:
    """Return how the features of the baseline are made: statistics of the whole clip."""
    return Recipe(front_end="statistics", settings=FRONT_ENDS["statistics"].settings(), segments=None)


def prepare(
    config: RunConfig, *, store: FeatureStore, strict: bool = False, progress: Progress | None = None
) -> Prepared:
    """Open the data set that a configuration names, split it, and compute its features or take those it holds.

    Clips that are one sound are kept on one side of a split that is still to be made: see `keep_repeats`.

    Args:
        config: See `RunConfig`.
        store: Where features are kept.
        strict: Whether one bad file stops everything, or one sound that is on two sides of the split.
        progress: What is told while files are read.

    Raises:
        DataError: The data set cannot be used, or `strict` and a file is bad.
        SplitError: The split cannot be made, or the one that is given tears what `keep_repeats` keeps.
    """

    def split(clips: Dataset) -> Split:
        return split_by_config(clips, config)

    table = open_features(config.data.path)
    if table is not None:
        return prepare_table(table, config, split=split, strict=strict, progress=progress)
    data = config.data
    dataset = open_planned(
        data.path,
        plan=config.split.plan,
        group_column=data.group_column,
        group_pattern=data.group_pattern,
        group_tag=data.group_tag,
    )
    if keeping_of(dataset, config, strict=strict) != "tell":  # it listens: what cannot be is said before
        _refuse_one_class(dataset)
        split(dataset)
        resolve_steps(config, front_end=make_recipe(config, dataset).front_end, hears_sound=True)
    kept = keep_repeats(dataset, config, store=store, strict=strict, progress=progress)
    with blaming_repeats(dataset, kept):
        return prepare_dataset(kept, config, split=split, store=store, strict=strict, progress=progress)


def prepare_dataset(
    dataset: Dataset,
    config: RunConfig,
    *,
    split: Callable[[Dataset], Split],
    store: FeatureStore,
    strict: bool = False,
    progress: Progress | None = None,
) -> Prepared:
    """Split a data set and compute its features, each file decoded at most once.

    Args:
        dataset: Labelled clips.
        config: See `RunConfig`.
        split: Makes the split; called anew without the bad files, where there are some.
        store: Where features are kept.
        strict: Whether one bad file stops everything.
        progress: What is told while files are read.

    Raises:
        DataError: The data set cannot be used, or `strict` and a file is bad.
        SplitError: The split cannot be made.
    """
    _refuse_one_class(dataset)
    # Before the sounds are read: a wrong fold is said at once.
    first = split(dataset)
    dataset, parts = without_tested_copies(dataset, first)
    recipe = make_recipe(config, dataset)
    steps = resolve_steps(config, front_end=recipe.front_end, hears_sound=True)
    features, baseline = extract_features(
        dataset, [recipe, baseline_recipe()], store=store, strict=strict, progress=progress
    )
    if features.bad:
        dataset = _without_bad(dataset, features.kept, features.bad)
        of_copies = parts.notes[len(first.notes) :]
        again = split(dataset)
        # Another split tests other groups, and the copies in them.
        tested = tested_copies(dataset, again)
        kept = [index for index in range(dataset.n) if index not in tested]
        features, baseline = only_clips(features, kept), only_clips(baseline, kept)
        dataset, parts = without_tested_copies(dataset, replace(again, notes=(*again.notes, *of_copies)))
    own = same_size(features)
    learnt = [dataset[index] for index in parts.train]
    return Prepared(
        dataset=dataset,
        split=parts,
        recipe=recipe,
        features=own,
        steps=steps,
        versions=make_versions(learnt, recipe, steps, config, store=store, progress=progress),
        baseline_recipe=baseline_recipe(),
        baseline=baseline.arrays,
        contents=features.contents,
        bad=features.bad,
        silent=features.silent,
    )


def prepare_table(
    table: FeatureTable,
    config: RunConfig,
    *,
    split: Callable[[Dataset], Split],
    strict: bool = False,
    progress: Progress | None = None,
) -> Prepared:
    """Split the clips of a table, and take its features as they are.

    Args:
        table: Features or pictures.
        config: See `RunConfig`.
        split: Makes the split.
        strict: Whether one bad clip stops everything.
        progress: What is told while they are read.

    Raises:
        DataError: The table cannot be used, or `strict` and a clip is bad.
        SettingError: The configuration asks for what the table cannot give.
        SplitError: The split cannot be made.
    """
    if config.data.group_tag is not None:
        raise SettingError("features have no tags to group by: leave the group tag out, or start from the sounds")
    if config.split.repeats in {"together", "refuse"}:
        raise SettingError("features have no sounds to find repeats in: leave split.repeats out")
    dataset = table.dataset.regroup(column=config.data.group_column, pattern=config.data.group_pattern)
    dataset = apply_plan(dataset, config.split.plan, whole=True)
    _refuse_one_class(dataset)
    recipe = table_recipe(table, config)
    steps = resolve_steps(config, front_end=recipe.front_end, hears_sound=False)
    features = table_features(table, recipe, strict=strict, progress=progress)
    if features.bad:
        dataset = _without_bad(dataset, features.kept, features.bad)
    _refuse_unequal([array.shape[1:] for array in features.arrays])
    is_whole = recipe == SUMMARY or FRONT_ENDS[recipe.front_end].whole_clips
    return Prepared(
        dataset=dataset,
        split=split(dataset),
        recipe=recipe,
        features=features.arrays,
        baseline_recipe=recipe if is_whole else SUMMARY,
        baseline=features.arrays if is_whole else summaries(features.arrays),
        contents=features.contents,
        bad=features.bad,
        steps=steps,
    )


def _refuse_one_class(dataset: Dataset) -> None:
    if len(dataset.labels) == 1:
        raise DataError(f"there is one class only, {dataset.labels[0]!r}: a classifier needs two")


def _without_bad(dataset: Dataset, kept_clips: Sequence[int], bad: Sequence[BadFile]) -> Dataset:
    kept = dataset.subset(kept_clips)
    lost = [label for label in dataset.labels if label not in kept.labels]
    if len(kept.labels) < 2:  # noqa: PLR2004 - a choice is between two at least
        why = describe_bad_files(bad, len(dataset))
        raise DataError(f"one class only is left, {kept.labels[0]!r}, and a classifier needs two: {why}")
    notes = [f"label {label!r} is not learnt: none of its sounds could be read" for label in lost]
    return replace(kept, notes=(*kept.notes, *notes))


def split_by_config(dataset: Dataset, config: RunConfig) -> Split:
    """Split a data set as a configuration says.

    Raises:
        SettingError: A share is asked for, and the data set has folds; or a fold, where the split is given in parts.
        SplitError: The split cannot be made.
    """
    fraction = config.split.test_fraction
    if config.split.plan is not None and not distinct_folds(dataset):
        if config.split.test_fold is not None:
            raise SettingError("the split that is given has a test part, and no folds: leave the test_fold out")
        return split_of_parts(dataset)
    if config.split.n_folds is not None:
        dataset = with_folds(dataset, config.split.n_folds, seed=config.seed)
    if fraction is not None and config.split.test_fold is None and distinct_folds(dataset):
        raise SettingError("the data set has folds, which are kept whole: name a test_fold in place of a test_fraction")
    return split_dataset(
        dataset,
        seed=config.seed,
        test_fold=config.split.test_fold,
        test_fraction=_TEST_FRACTION if fraction is None else fraction,
        validation_fraction=config.split.validation_fraction,
    )


def same_size(features: FeatureSet) -> Sequence[npt.NDArray[np.float32]]:
    """Return the features of each clip, after making sure that all segments have one shape.

    Raises:
        SettingError: The shapes differ: whole clips of different lengths were asked for.
    """
    _refuse_unequal([shape[1:] for shape in features.shapes])
    return features.arrays


def _refuse_unequal(shapes: Iterable[tuple[int, ...]]) -> None:
    if len(set(shapes)) > 1:
        raise SettingError(
            "the clips differ in length, and the network needs segments of one length: give --segments or --segment-s"
        )


def data_key(prepared: Prepared, config: RunConfig) -> str:
    """Return the key of everything that a checkpoint depends on: settings, clips, the content of files, and split."""
    clips = [
        (clip.name, clip.label, clip.start_s, clip.end_s, content)
        for clip, content in zip(prepared.dataset, prepared.contents, strict=True)
    ]
    tables: dict[str, Any] = replace(config, data=replace(config.data, path="")).to_dict()
    versions = (earmark.__version__, FEATURES_VERSION)
    return text_key(
        repr((versions, tables, clips, prepared.split.train, prepared.split.validation, prepared.split.test))
    )


def resolved(config: RunConfig, *, device: str) -> RunConfig:
    """Return the configuration as it holds from any folder and on any machine: path, device and precision named."""
    path = str(Path(config.data.path).expanduser().resolve())
    train, split = config.train, config.split
    if train.mixed_precision == "auto":
        train = replace(train, mixed_precision=has_fast_bfloat16(torch.device(device)))
    if split.plan is not None and is_table(split.plan):
        split = replace(split, plan=str(Path(split.plan).expanduser().resolve()))
    return replace(config, data=replace(config.data, path=path), split=split, device=device, train=train)


def settled(config: RunConfig, prepared: Prepared) -> RunConfig:
    """Return the configuration with what followed from the data written down: segments, fold or share of the test.

    With it, a clip more or another default changes nothing of what a run was.
    """
    folds = distinct_folds(prepared.dataset)
    split, recipe = config.split, prepared.recipe
    if split.test_fold is None and folds:
        split = replace(split, test_fold=folds[-1])
    elif split.test_fold is None and split.test_fraction is None and split.plan is None:
        split = replace(split, test_fraction=_TEST_FRACTION)
    if not holds_features(config.data.path):
        split = replace(split, repeats=keeping_of(prepared.dataset, config))
    front_end = Named(name=recipe.front_end, settings=recipe.settings)
    return replace(
        config,
        segments=segments_of(recipe),
        front_end=front_end,
        split=split,
        augment=settle_steps(config.augment, prepared.steps),
    )
