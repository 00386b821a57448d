"""What a classifier said of labelled clips: what every score is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from earmark.errors import SettingError
from earmark.evaluate.checks import check_indices, check_labels, check_probabilities
from earmark.evaluate.clips import mean_probabilities

_MOST_OFF = 0.01  # a row of half-precision numbers is off by less


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What was said of each clip; made by `make_tested`, which checks it.

    Attributes:
        labels: The classes.
        names: The name of each clip.
        y: Its true class, shape (n_clips,).
        groups: Its group.
        clip_probabilities: The mean over its segments, shape (n_clips, n_classes); rows sum to 1.
        segment_probabilities: Shape (n_segments, n_classes); None where only the means are known.
        clip_index: Which clip each segment is of, shape (n_segments,); None where the segments are not known.
        folds: The fold of each clip; None where there are none.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    y: npt.NDArray[np.int64]
    groups: tuple[str, ...]
    clip_probabilities: npt.NDArray[np.float64]
    segment_probabilities: npt.NDArray[np.float64] | None = None
    clip_index: npt.NDArray[np.int64] | None = None
    folds: tuple[int, ...] | None = None

    def __len__(self) -> int:
        """Return how many clips there are."""
        return len(self.y)

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """Every group once, sorted: a draw of groups must not depend on the order of the clips."""
        return tuple(sorted(set(self.groups)))

    @cached_property
    def group_index(self) -> npt.NDArray[np.int64]:
        """The place of each clip's group in `group_names`, shape (n_clips,)."""
        place = {group: index for index, group in enumerate(self.group_names)}
        return np.array([place[group] for group in self.groups], dtype=np.int64)

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """The class that each clip is taken for, by its mean probability, shape (n_clips,)."""
        answers: npt.NDArray[np.int64] = self.clip_probabilities.argmax(axis=1)
        return answers

    @property
    def segments(self) -> npt.NDArray[np.float64]:
        """The probabilities of the segments, or of the clips where the segments are not known."""
        return self.clip_probabilities if self.segment_probabilities is None else self.segment_probabilities

    @property
    def segment_clips(self) -> npt.NDArray[np.int64]:
        """Which clip each row of `segments` is of."""
        return np.arange(len(self)) if self.clip_index is None else self.clip_index

    def subset(self, clips: Sequence[int]) -> "Tested":
        """Return the answers for some clips, in that order.

        Args:
            clips: Their places.
        """
        chosen = np.asarray(clips, dtype=np.int64)
        segments = index = None
        if self.segment_probabilities is not None and self.clip_index is not None:
            order = np.argsort(self.clip_index, kind="stable")
            n_each = np.bincount(self.clip_index, minlength=len(self))
            starts = np.cumsum(n_each) - n_each
            rows = [order[starts[clip] : starts[clip] + n_each[clip]] for clip in chosen]
            segments = self.segment_probabilities[np.concatenate(rows)] if rows else self.segment_probabilities[:0]
            index = np.repeat(np.arange(len(chosen)), n_each[chosen])
        return Tested(
            labels=self.labels,
            names=tuple(self.names[clip] for clip in chosen),
            y=self.y[chosen],
            groups=tuple(self.groups[clip] for clip in chosen),
            clip_probabilities=self.clip_probabilities[chosen],
            segment_probabilities=segments,
            clip_index=index,
            folds=None if self.folds is None else tuple(self.folds[clip] for clip in chosen),
        )


def make_tested(
    *,
    labels: Sequence[str],
    y: npt.ArrayLike,
    groups: Sequence[str],
    segment_probabilities: npt.ArrayLike | None = None,
    clip_index: npt.ArrayLike | None = None,
    clip_probabilities: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
    folds: Sequence[int] | None = None,
) -> Tested:
    """Check what a classifier said, and return it in one piece.

    Args:
        labels: The classes; some may occur in no clip.
        y: The true class of each clip, shape (n_clips,), in 0..n_classes - 1.
        groups: The group of each clip, n_clips names.
        segment_probabilities: Shape (n_segments, n_classes), rows that sum to 1.
        clip_index: Which clip each segment is of, shape (n_segments,); every clip has one at least.
        clip_probabilities: The mean over the segments of each clip, shape (n_clips, n_classes), where the segments are
            not known.
        names: The name of each clip; numbers if None.
        folds: The fold of each clip; None where there are none.

    Raises:
        SettingError: There are no clips, lengths differ, a class or clip is out of range, a clip has no segment, or a
            probability is none: NaN, outside 0..1, or in a row that does not sum to 1.

    >>> tested = make_tested(
    ...     labels=["dog", "rain"], y=[0, 1], groups=["a", "b"], clip_probabilities=[[0.9, 0.1], [0.6, 0.4]]
    ... )
    >>> tested.predicted.tolist()
    [0, 0]
    """
    known = check_labels(labels)
    true = check_indices("y", y, n_kinds=len(known))
    n_clips = len(true)
    if not n_clips:
        raise SettingError("there are no clips to score: the test part is empty")
    named = tuple(map(str, range(n_clips))) if names is None else tuple(names)
    for what, given in (("groups", groups), ("names", named), ("folds", folds)):
        if given is not None and len(given) != n_clips:
            raise SettingError(f"there are {len(given)} {what} for {n_clips} clips: pass one for each clip")
    segments = index = None
    if segment_probabilities is not None and clip_index is not None:
        segments = _checked_rows("segment_probabilities", segment_probabilities, len(known))
        index = check_indices("clip_index", clip_index, n_kinds=n_clips, length=len(segments))
        n_without = n_clips - len(np.unique(index))
        if n_without:
            raise SettingError(
                f"{n_without} of {n_clips} clips have no segment in clip_index: score only clips that were heard"
            )
        means = mean_probabilities(segments, index)
    elif clip_probabilities is not None:
        means = _checked_rows("clip_probabilities", clip_probabilities, len(known))
        if len(means) != n_clips:
            raise SettingError(
                f"there are {len(means)} rows of clip_probabilities for {n_clips} clips: pass one for each"
            )
    else:
        raise SettingError(
            "there is nothing to score: pass segment_probabilities with clip_index, or clip_probabilities"
        )
    return Tested(
        labels=known,
        names=named,
        y=true,
        groups=tuple(groups),
        clip_probabilities=means,
        segment_probabilities=segments,
        clip_index=index,
        folds=None if folds is None else tuple(int(fold) for fold in folds),
    )


def _checked_rows(name: str, values: npt.ArrayLike, n_classes: int) -> npt.NDArray[np.float64]:
    """Return rows that sum to 1 exactly, having refused those that are far from it."""
    table = np.clip(check_probabilities(name, values, n_columns=n_classes), 0.0, 1.0)
    sums = table.sum(axis=1, keepdims=True)
    n_off = int((np.abs(sums - 1) > _MOST_OFF).sum())
    if n_off:
        farthest = sums[np.abs(sums - 1).argmax(), 0]
        raise SettingError(
            f"{n_off} of {len(table)} rows of {name} do not sum to 1 (such as to {farthest:.3g}): "
            f"pass the probabilities of classes of which one is true"
        )
    shares: npt.NDArray[np.float64] = table / sums
    return shares
