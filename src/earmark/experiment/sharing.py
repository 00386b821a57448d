"""Two runs on the clips that both were tested on, and what does not fit between them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from earmark.data.dataset import listed
from earmark.errors import DataError
from earmark.evaluate.pairs import Pair, compare_tested
from earmark.evaluate.tested import Tested
from earmark.experiment.reading import ReadRun


def compare_read(first: ReadRun, second: ReadRun, *, seed: int = 0, n_resamples: int = 2000) -> Pair:
    """Compare two runs on the clips that both were tested on; what does not fit is named in the notes.

    Groups are those of the first.

    Args:
        first: One run.
        second: The other.
        seed: The root seed: draws the groups.
        n_resamples: How often they are drawn.

    Raises:
        DataError: They share no test clip, or name different classes for one.
    """
    shared, notes = _shared(first, second)
    labels = tuple(sorted({*first.tested.labels, *second.tested.labels}))
    one, other = (
        _relabelled(run.tested.subset(clips), labels)
        for run, clips in zip((first, second), zip(*shared, strict=True), strict=True)
    )
    leaks = (
        *_leak(first, second, [place for place, _ in shared]),
        *_leak(second, first, [place for _, place in shared]),
    )
    for run in (first, second):
        missing = [label for label in labels if label not in run.tested.labels]
        if missing:
            leaks = (*leaks, f"{run.name} does not know {listed(missing)}: it cannot find what it has not learnt")
    return compare_tested(
        one,
        replace(other, groups=one.groups, folds=one.folds),
        names=(first.name, second.name),
        seed=seed,
        n_resamples=n_resamples,
        notes=(*notes, *leaks),
    )


def _shared(first: ReadRun, second: ReadRun) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
    """Return the places of each shared clip in both runs, and what was left out."""
    places = [_places(run.tested.names) for run in (first, second)]
    both = [key for key in places[0] if key in places[1]]
    other_sounds = [key for key in both if _holds_others(first, second, key[0])]
    kept = [(places[0][key], places[1][key]) for key in both if key not in set(other_sounds)]
    if not kept:
        why = "all that are called the same hold other sounds" if other_sounds else "none was tested by both"
        raise DataError(
            f"{first.name} and {second.name} share no test clip ({why}): compare runs of the same data and split"
        )
    clashes = [first.tested.names[one] for one, other in kept if _label(first, one) != _label(second, other)]
    if clashes:
        said = " and ".join(_label(run, run.tested.names.index(clashes[0])) for run in (first, second))
        raise DataError(
            f"{first.name} and {second.name} name different classes for {listed(clashes)} (the first {said}): compare "
            "runs of the same labels"
        )
    notes = []
    if other_sounds:
        notes.append(
            f"left out, since they hold other sounds in the two runs: {listed([name for name, _ in other_sounds])}"
        )
    for run, own in ((first, places[0]), (second, places[1])):
        n_alone = len(own) - len(both)
        if n_alone:
            notes.append(
                f"compared on {len(kept)} clips: {n_alone} of the {len(own)} that {run.name} tested are not the other's"
            )
    return kept, tuple(notes)


def _places(names: Sequence[str]) -> dict[tuple[str, int], int]:
    """Return the place of each clip by its name, and by how many before it are called the same."""
    seen: dict[str, int] = {}
    found = {}
    for place, name in enumerate(names):
        found[name, seen.get(name, 0)] = place
        seen[name] = seen.get(name, 0) + 1
    return found


def _holds_others(first: ReadRun, second: ReadRun, name: str) -> bool:
    """Return whether two clips of one name are known to hold other bytes."""
    one, other = (run.contents.get(name, "") for run in (first, second))
    return bool(one and other) and one != other


def _label(run: ReadRun, place: int) -> str:
    return run.tested.labels[int(run.tested.y[place])]


def _relabelled(tested: Tested, labels: tuple[str, ...]) -> Tested:
    """Return the same answers over more classes: one that was not learnt gets nothing."""
    columns = [tested.labels.index(label) if label in tested.labels else -1 for label in labels]
    place = np.array([labels.index(label) for label in tested.labels])

    def spread(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        padded: npt.NDArray[np.float64] = np.pad(rows, ((0, 0), (0, 1)))[:, columns]
        return padded

    segments = tested.segment_probabilities
    return replace(
        tested,
        labels=labels,
        y=place[tested.y],
        clip_probabilities=spread(tested.clip_probabilities),
        segment_probabilities=None if segments is None else spread(segments),
    )


def _leak(run: ReadRun, other: ReadRun, places: Sequence[int]) -> tuple[str, ...]:
    """Return a sentence if a run had learnt from the groups, as the other run knows them, that it was tested on."""
    groups: dict[frozenset[str], frozenset[str]] = {}
    found = []
    for place in places:
        learnt = run.learnt[place]
        if learnt not in groups:
            groups[learnt] = frozenset(other.groups[name] for name in learnt if name in other.groups)
        name = run.tested.names[place]
        if other.groups[name] in groups[learnt]:
            found.append(name)
    if not found:
        return ()
    how_many = f"{listed(found)} ({len(found)} of {len(places)})"
    told = f"{run.name} had learnt from clips of the same group as {how_many}, as {other.name} groups them"
    return (f"{told}: its score is too good",)
