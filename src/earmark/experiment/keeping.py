"""Repeats before a split: in one group where earmark splits, refused where the user does, told where it is published.

A sound that is in the data twice is learnt by heart if it is on both sides of a split. What is done about it depends on
who made the split, as only a split that is still to be made can be made otherwise.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from earmark._util.progress import Progress
from earmark.audit.grouping import Repeats, hear_repeats
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset, count, distinct_folds, listed
from earmark.data.parts import PART, part_called
from earmark.data.plan import apply_plan
from earmark.data.sources.catalogue import KNOWN
from earmark.errors import SplitError
from earmark.experiment.config import RunConfig
from earmark.features.store import FeatureStore

Keeping = Literal["together", "refuse", "tell"]

_EACH_GROUP, _PUBLISHED = "each-group", "published"
_N_SHOWN = 3  # of the clips that are one sound
_GIVE = "give them one group and one side, or keep one of them (earmark inspect DATA --write-table clean.csv does)"


def keep_repeats(
    dataset: Dataset,
    config: RunConfig,
    *,
    store: FeatureStore,
    strict: bool = False,
    every_fold: bool = False,
    progress: Progress | None = None,
) -> Dataset:
    """See to it that no sound that is in the data more than once is on two sides of the split to come.

    What ``split.repeats`` may say, and `usual_keeping` says where it does not:

    * ``together``: the groups of such clips become one before the split is made, and a note names the clips. Where the
      split is given, they all go to the fold or part of the first of them.
    * ``refuse``: a split that tears them is refused, with the clips named; where the split is still to be made, so are
      repeats in several groups. Those that are on one side become one group, so that the validation part, which is
      taken from the rest, tears none either.
    * ``tell``: nothing is done; what the test part repeats is told beside the score.

    Args:
        dataset: The clips as `open_planned` returns them.
        config: See `RunConfig`.
        store: Where what was measured is kept: the audit of the run listens to nothing again.
        strict: Whether repeats are refused whatever is said.
        every_fold: Whether each fold is to be tested, and not one alone.
        progress: Is told how far it is.

    Returns:
        The clips, each in its group, fold or part.

    Raises:
        SplitError: There are repeats that are refused.
    """
    keeping = keeping_of(dataset, config, strict=strict)
    if keeping == "tell":
        return dataset
    repeats = hear_repeats(dataset, store=store, progress=progress)
    is_given = _is_given(dataset, config)
    if keeping == "refuse":
        _refuse_torn(
            dataset,
            repeats,
            _sides(dataset, config, every_fold=every_fold),
            where="on both sides of the split" if is_given else "in several groups",
            way_out=_way_out(is_given=is_given, strict=strict),
        )
    joined = repeats.join(dataset)
    if config.split.plan == _EACH_GROUP and joined is not dataset:
        return apply_plan(replace(joined, clips=[replace(clip, fold=None) for clip in joined]), _EACH_GROUP)
    return _moved(joined, repeats) if is_given and keeping == "together" else joined


def keeping_of(dataset: Dataset, config: RunConfig, *, strict: bool = False) -> Keeping:
    """Return what is done about repeats: what is said, else what is usual; with `strict` they are refused always."""
    return "refuse" if strict else config.split.repeats or usual_keeping(dataset, config)


def usual_keeping(dataset: Dataset, config: RunConfig) -> Keeping:
    """Return what is done about repeats where nothing is said.

    Args:
        dataset: The clips as `open_planned` returns them.
        config: See `RunConfig`.

    Returns:
        ``together`` where the split is still to be made, ``tell`` where a known data set was published with it, so that
        scores go on to compare, and ``refuse`` where the user gave it.
    """
    if not _is_given(dataset, config):
        return "together"
    is_published = config.split.plan in {None, _PUBLISHED} and _is_known(Path(config.data.path).expanduser())
    return "tell" if is_published else "refuse"


@contextmanager
def blaming_repeats(before: Dataset, after: Dataset) -> Iterator[None]:
    """Add to a `SplitError` that repeats were put together, which may be why there are too few groups.

    Args:
        before: The clips as they were opened.
        after: The clips as `keep_repeats` returned them.

    Raises:
        SplitError: As within, with the reason.
    """
    try:
        yield
    except SplitError as error:
        if before.groups == after.groups:
            raise
        raise SplitError(
            f"{error} (of {count(len(set(before.groups)), 'group')}, repeats of one sound have made "
            f"{len(set(after.groups))}; --set split.repeats=tell leaves them as they were)"
        ) from error


def _is_given(dataset: Dataset, config: RunConfig) -> bool:
    """Return whether the split is there already: in folds, or in parts."""
    return config.split.plan != _EACH_GROUP and (config.split.plan is not None or bool(distinct_folds(dataset)))


def _is_known(place: Path) -> bool:
    try:
        return any(source.recognises(place) for source in KNOWN.values())
    except OSError:  # what cannot be read is told by who opens it
        return False


@dataclass(frozen=True)
class _Side:
    """Where a clip is.

    Attributes:
        name: In words; nothing where it is the clip alone.
        key: What clips on one side share: folds of which none is tested are one.
    """

    name: str
    key: str


def _sides(dataset: Dataset, config: RunConfig, *, every_fold: bool) -> list[_Side]:
    """Return the side of each clip; where the split is still to be made, each group is one."""
    if not _is_given(dataset, config):
        return [_Side("" if clip.group == clip.name else f"group {clip.group}", clip.group) for clip in dataset]
    folds = distinct_folds(dataset)
    if not folds:
        parts = [part_called(clip.extra.get(PART, "")) or "no part" for clip in dataset]
        return [_Side(part, part) for part in parts]
    fold = folds[-1] if config.split.test_fold is None else config.split.test_fold
    tested = set(folds) if every_fold else {fold}
    return [
        _Side("no fold" if clip.fold is None else f"fold {clip.fold}", str(clip.fold) if clip.fold in tested else "")
        for clip in dataset
    ]


def _refuse_torn(dataset: Dataset, repeats: Repeats, sides: Sequence[_Side], *, where: str, way_out: str) -> None:
    torn = [some for some in repeats.sets if len({sides[index].key for index in some}) > 1]
    if torn:
        named = listed(_same([_told(dataset[index], sides[index]) for index in some]) for some in torn)
        is_one = "1 sound is" if len(torn) == 1 else f"{len(torn)} sounds are"
        raise SplitError(f"{is_one} {where}, exactly or nearly: {named}; {way_out}")


def _told(clip: Clip, side: _Side) -> str:
    return f"{clip.address} ({side.name})" if side.name else clip.address


def _same(told: Sequence[str]) -> str:
    more = [f"{len(told) - _N_SHOWN} more"] if len(told) > _N_SHOWN else []
    return " = ".join([*told[:_N_SHOWN], *more])


def _way_out(*, is_given: bool, strict: bool) -> str:
    if strict:
        return f"{_GIVE}, or go on without --strict"
    if not is_given:
        return "give them one group, or leave split.repeats out, and they get one"
    return (
        f"{_GIVE}; --set split.repeats=together moves each to the side of its first clip, and --set split.repeats=tell "
        "goes on as it is and tells it beside the score"
    )


def _moved(joined: Dataset, repeats: Repeats) -> Dataset:
    """Return the data set with each repeat and its group on one side of a given split: that of its first clip."""
    concerned = {joined[index].group for some in repeats.sets for index in some}
    first: dict[str, Clip] = {}
    for clip in joined:
        if clip.group in concerned:
            first.setdefault(clip.group, clip)
    clips = []
    for clip in joined:
        like = first.get(clip.group, clip)
        part = {PART: like.extra[PART]} if PART in like.extra else {}
        clips.append(replace(clip, fold=like.fold, extra={**clip.extra, **part}))
    moved = [old.address for old, new in zip(joined, clips, strict=True) if _place(old) != _place(new)]
    note = f"{count(len(moved), 'clip')} moved to the side of another that is the same sound: {listed(moved)}"
    return replace(joined, clips=clips, notes=(*joined.notes, note) if moved else joined.notes)


def _place(clip: Clip) -> tuple[int | None, str]:
    return clip.fold, clip.extra.get(PART, "")
