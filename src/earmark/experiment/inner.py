"""Inner cross-validation: how good settings are, judged inside the training part alone."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from earmark._util.files import text_key
from earmark._util.progress import NoProgress, Progress
from earmark.data.copies import copies_in
from earmark.data.dataset import Dataset, count, distinct_folds, reading_order
from earmark.data.folds import with_folds
from earmark.data.splits import Split, split_dataset
from earmark.errors import SettingError, SplitError
from earmark.evaluate.clips import mean_probabilities
from earmark.experiment.config import RunConfig
from earmark.experiment.crossval import Titled
from earmark.experiment.fitting import Fitted, fit_classifier, gather
from earmark.experiment.networks import standing_in
from earmark.experiment.prepare import Prepared, prepare_dataset, prepare_table
from earmark.features.interchange.catalogue import open_features
from earmark.features.interchange.table import FeatureTable
from earmark.features.store import FeatureStore
from earmark.models.device import resolve_device
from earmark.models.graph import predict_logits

_N_FOLDS = 3
_FEWEST = 2
_MOST_PUBLISHED = 5

BoolArray = npt.NDArray[np.bool_]
Places = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, kw_only=True)
class InnerFolds:
    """The training part in folds of its own; the test part is not in it.

    Attributes:
        clips: Its clips: as a data set, or as features where there are no sounds.
        dataset: The same as a data set; each clip's fold is its inner one, None for a clip that is never scored.
        numbers: The folds.
        held_out: The clips that were put aside, as `places` returns them.
        key: Names clips, contents and folds.
        how: In words, where the folds come from.
    """

    clips: Dataset | FeatureTable
    dataset: Dataset
    numbers: tuple[int, ...]
    held_out: Places
    key: str
    how: str


@dataclass(frozen=True, kw_only=True)
class FoldOutcome:
    """What one inner fold came to.

    Attributes:
        right: Whether each of its clips was right.
        log_losses: The log loss of each.
    """

    right: BoolArray
    log_losses: npt.NDArray[np.float64]


def inner_folds(config: RunConfig, prepared: Prepared, n_folds: int | None) -> InnerFolds:
    """Put the test part aside, and divide the rest into folds of whole groups.

    Published folds stay whole: they are the inner folds, put together where there are more than are wanted.

    Args:
        config: See `RunConfig`.
        prepared: The data, split as a run would split them.
        n_folds: How many folds; None for three, or for those that are published up to five.

    Raises:
        SettingError: Fewer than two folds are asked for.
        SplitError: There are too few groups, or clips of a label.
    """
    if n_folds is not None and n_folds < _FEWEST:
        raise SettingError(f"the inner folds must be at least {_FEWEST}, not {n_folds}")
    whole, split = prepared.dataset, prepared.split
    pool = sorted((*split.train, *split.validation))
    folded, how = _fold(whole.subset(pool), n_folds, seed=config.seed)
    clips: Dataset | FeatureTable = folded
    table = open_features(config.data.path)
    if table is not None:
        row = {reading_order(clip): index for index, clip in enumerate(table.dataset)}
        clips = replace(table.subset([row[reading_order(clip)] for clip in folded]), dataset=folded)
    contents = [prepared.contents[index] for index in pool]
    held_out = places(whole, split.test)
    key = text_key(repr(([reading_order(clip) for clip in folded], folded.folds, contents, held_out)))
    return InnerFolds(
        clips=clips,
        dataset=folded,
        numbers=distinct_folds(folded),
        held_out=held_out,
        key=key,
        how=how,
    )


def places(dataset: Dataset, indices: Iterable[int]) -> Places:
    """Return name, start and end of the clips at `indices`, sorted: stretches of one file have one name."""
    return tuple(sorted(reading_order(dataset[index]) for index in indices))


def score_folds(
    config: RunConfig, inner: InnerFolds, *, store: FeatureStore, strict: bool = False, progress: Progress | None = None
) -> Iterator[FoldOutcome]:
    """Train one classifier an inner fold on the others, and yield what it makes of the fold.

    The validation part that chooses the epoch is taken from the folds that train: the fold that is scored chooses
    nothing, as the test fold of a run.

    Args:
        config: What is judged.
        inner: The folds.
        store: Where features are kept.
        strict: Whether one bad file stops everything.
        progress: What is told while it goes on.

    Raises:
        KeyboardInterrupt: A training was cut off by Ctrl-C.
        SettingError: The settings cannot be.
        TrainingError: A training cannot go on.
    """
    progress = progress or NoProgress()
    for number in inner.numbers:
        told = Titled(progress, f"inner fold {number} of {len(inner.numbers)}")
        prepared = _prepare(config, inner, number, store=store, strict=strict, progress=told)
        fitted = fit_classifier(config, prepared, device=resolve_device(config.device), progress=told)
        if fitted.ended == "interrupted":
            raise KeyboardInterrupt
        yield _outcome(fitted, prepared)


def _fold(pool: Dataset, n_folds: int | None, *, seed: int) -> tuple[Dataset, str]:
    published = distinct_folds(pool)
    if len(published) >= _FEWEST:
        n = min(len(published), n_folds or _MOST_PUBLISHED)
        inner = {fold: 1 + place % n for place, fold in enumerate(published)}
        clips = [replace(clip, fold=None if clip.fold is None else inner[clip.fold]) for clip in pool]
        return replace(pool, clips=clips), f"{n} folds made of the {len(published)} published ones of the training part"
    n = n_folds or _N_FOLDS
    bare = replace(pool, clips=[replace(clip, fold=None) for clip in pool])
    # A label with one group is learnt and not scored, as in any split.
    groups_of = {label: {clip.group for clip in bare if clip.label == label} for label in bare.labels}
    kept = {group for groups in groups_of.values() if len(groups) == 1 for group in groups}
    scored = bare.subset([index for index, clip in enumerate(bare) if clip.group not in kept])
    _refuse_too_many(scored, n)
    fold_of = {clip.group: clip.fold for clip in with_folds(scored, n, seed=seed)}
    clips = [replace(clip, fold=fold_of.get(clip.group)) for clip in bare]
    return replace(pool, clips=clips), f"{n} folds of whole groups of the training part"


def _refuse_too_many(scored: Dataset, n_folds: int) -> None:
    """Refuse more folds than there are groups, or clips of the largest label that are no copies."""
    copies = copies_in(scored)
    counts = Counter(clip.label for index, clip in enumerate(scored) if index not in copies)
    n_groups, n_clips = len(set(scored.groups)), max(counts.values(), default=0)
    n_most = min(n_groups, n_clips)
    if n_most < n_folds:
        instead = "ask for fewer (--inner-folds)" if n_most >= _FEWEST else "a search needs more recordings"
        raise SplitError(
            f"{n_folds} inner folds need as many groups, and a label with as many clips, and the training part has "
            f"{count(n_groups, 'group')} and at most {count(n_clips, 'clip')} of a label to score: {instead}"
        )


def _prepare(
    config: RunConfig, inner: InnerFolds, number: int, *, store: FeatureStore, strict: bool, progress: Progress
) -> Prepared:
    def split(clips: Dataset) -> Split:
        return split_dataset(
            clips, seed=config.seed, test_fold=number, validation_fraction=config.split.validation_fraction
        )

    config = standing_in(config)
    if isinstance(inner.clips, FeatureTable):
        config = replace(config, split=replace(config.split, plan=None))  # it has said its part: the folds are there
        return prepare_table(inner.clips, config, split=split, strict=strict, progress=progress)
    return prepare_dataset(inner.clips, config, split=split, store=store, strict=strict, progress=progress)


def _outcome(fitted: Fitted, prepared: Prepared) -> FoldOutcome:
    tested, y = prepared.split.test, prepared.dataset.y
    part = gather(prepared.features, y, tested)
    logits = predict_logits(fitted.graph, part.features)
    segments = torch.softmax(fitted.graph.calibrated(logits.double()), dim=1).numpy()
    clips = mean_probabilities(segments, part.clip_index.numpy())  # (n_clips, n_classes)
    true = y[list(tested)]
    likely = clips[np.arange(len(true)), true].clip(min=1e-12)
    return FoldOutcome(right=clips.argmax(1) == true, log_losses=-np.log(likely))


def describe_inner(inner: InnerFolds) -> str:
    """Return how settings were judged, in one sentence."""
    return (
        f"Each trial is judged by cross-validation over {inner.how} ({count(len(inner.dataset), 'clip')}); the test "
        f"part ({count(len(inner.held_out), 'clip')}) was put aside before."
    )
