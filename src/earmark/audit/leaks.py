"""Leaks: what a split lets a model know by heart, and what a notebook's split would have claimed."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark._util.progress import NoProgress, Progress
from earmark._util.seeds import spawn_generator, spawn_seed
from earmark.audit.findings import Finding, clip_address
from earmark.audit.probe import (
    N_FOLDS,
    FloatArray,
    Heard,
    IntArray,
    cross_validate,
    fit_machine,
    folds_of_groups,
    pick_groups,
)
from earmark.data.dataset import Dataset, count, distinct_folds, listed
from earmark.data.splits import Split
from earmark.errors import SettingError
from earmark.evaluate.intervals import Estimate, bootstrap_estimates
from earmark.evaluate.paired import PairedAccuracy, paired_accuracy

RANDOM_SEGMENTS, RANDOM_CLIPS, YOURS = "random segments", "random clips", "your split"

_MOST_SEGMENTS = 4000
_FEWEST_CLIPS = 20
_MOST_FOLDS = 10
_CERTAIN = 0.05
# Words in the names of columns that say where a recording comes from.
_SOURCES = frozenset(
    {
        *("album", "artist", "author", "bird", "composer", "device", "fsid", "individual", "location", "microphone"),
        *("patient", "performer", "person", "recording", "recordist", "scene", "session", "singer", "site", "source"),
        *("speaker", "src", "subject", "user"),
    }
)
_MOST_COLUMNS = 3


@dataclass(frozen=True, kw_only=True)
class LeakRow:
    """How a quick model fares under one way to split.

    Attributes:
        way: How it is split: ``random segments``, ``random clips``, ``your split``, or ``by`` a column.
        accuracy: The share of segments that are told right, with its interval over the groups.
        memory: By how much it does better than under your split on the same segments; None for your split itself.
    """

    way: str
    accuracy: Estimate
    memory: PairedAccuracy | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "way": self.way,
            "accuracy": asdict(self.accuracy),
            "memory": self.memory.to_json() if self.memory else None,
        }


@dataclass(frozen=True, kw_only=True)
class LeakTable:
    """The same quick model on the same segments, split in several ways.

    Attributes:
        rows: The ways, those that flatter first; your split is among them.
        n_segments: How many segments were asked about.
        n_groups: How many groups they are of.
        segment_s: How long a segment is.
    """

    rows: tuple[LeakRow, ...]
    n_segments: int
    n_groups: int
    segment_s: float

    def row(self, way: str) -> LeakRow | None:
        """Return the row of a way to split; None where it was not tried."""
        return next((row for row in self.rows if row.way == way), None)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        own = {"n_segments": self.n_segments, "n_groups": self.n_groups, "segment_s": self.segment_s}
        return own | {"rows": [row.to_json() for row in self.rows]}

    def __str__(self) -> str:
        width = max(len(row.way) for row in self.rows)
        title = f"A support-vector machine on segments of {self.segment_s:g} s, {self.n_segments} of them tested:"
        return "\n".join([title, *(f"  {row.way:<{width}}  {_spell(row)}" for row in self.rows)])


def measure_leaks(
    dataset: Dataset,
    heard: Heard,
    *,
    split: Split | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> LeakTable | None:
    """Ask how a quick model fares under the split about to be used, and under those that a notebook would use.

    Each way is a cross-validation, asked about the same segments: those of the test part, or of all clips where there
    is no split; a class that some way has nothing to learn of is left out. Then your split is the data set's own
    folds, or folds of whole groups. Beside it stand random segments (a clip is on both sides), random clips (a group
    is on both sides), and, where a column of the table names sources that are larger than your groups, whole sources.

    Args:
        dataset: Labelled clips.
        heard: Their segments.
        split: The split about to be used, of this data set; the folds of the data set if None.
        seed: The root seed, not negative.
        progress: Is told of each way.

    Returns:
        The table; None where there is too little to ask: fewer than 20 clips, or fewer than two classes of two groups,
        or no class that is learnt whatever the way.

    Raises:
        SettingError: The clips heard, or those of the split, are not in the data set.
    """
    highest = max((*heard.cut, *(split.test if split else ())), default=0)
    if highest >= dataset.n:
        raise SettingError(f"there is no clip {highest} in the data set of {count(dataset.n, 'clip')}: it is another's")
    cut = _Cut.of(dataset, heard, split, seed)
    if cut is None:
        return None
    ways = {name: fold for name, fold in cut.ways(seed) if len(np.unique(fold)) > 1}
    told = progress or NoProgress()
    told.start("leaks", len(ways))
    asked, right = cut.asked.copy(), {}
    for name, fold in ways.items():
        answers = cross_validate(cut.x, cut.y, fold, fit_machine, seed=seed, only=np.unique(fold[cut.asked]))
        right[name] = answers.classes == cut.y
        asked &= answers.judged  # a class that only one fold has is not learnt there, and its loss is no memory
        told.advance(name)
    if not asked.any():
        return None
    right = {name: own[asked] for name, own in right.items()}
    groups = [group for group, is_asked in zip(cut.groups, asked.tolist(), strict=True) if is_asked]
    rows = [
        LeakRow(
            way=name,
            accuracy=_accuracy(own, groups, seed),
            memory=None if name == YOURS else paired_accuracy(own, right[YOURS], groups, seed=seed),
        )
        for name, own in right.items()
    ]
    return LeakTable(rows=tuple(rows), n_segments=len(groups), n_groups=len(set(groups)), segment_s=heard.segment_s)


def find_leaks(table: LeakTable | None) -> list[Finding]:
    """Say what a table of leaks shows: a note on what your groups keep out, a warning where sources are larger.

    Args:
        table: What `measure_leaks` gave.
    """
    own = table.row(YOURS) if table else None
    if table is None or own is None:
        return []
    found = [_torn_source(row, own) for row in table.rows if row.way.startswith("by ") and _is_below(row)]
    notebook = table.row(RANDOM_SEGMENTS) or table.row(RANDOM_CLIPS)
    if notebook is not None and notebook.memory is not None and notebook.memory.p < _CERTAIN:
        points = 100 * notebook.memory.difference
        if points > 0:
            found.append(_kept_out(notebook, own, points))
    return found


def find_torn_sources(dataset: Dataset) -> list[Finding]:
    """Find groups that lie in several folds, and files whose stretches lie in several groups.

    Either is an error where it reaches across folds, since what is tested was then learnt; stretches of one file in
    several groups are a warning where there are no folds.

    Args:
        dataset: Labelled clips.
    """
    return [*_torn_groups(dataset), *_torn_files(dataset)]


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """The segments of some clips, and what is asked about."""

    dataset: Dataset  # the clips that were cut
    x: FloatArray  # (n_segments, n_values)
    y: IntArray  # (n_segments,)
    owner: IntArray  # the clip of each segment, (n_segments,)
    asked: npt.NDArray[np.bool_]  # (n_segments,)
    own_fold: IntArray  # of each clip, by the split about to be used, (n_clips,)

    @property
    def groups(self) -> list[str]:
        return [self.dataset.groups[clip] for clip in self.owner.tolist()]

    @classmethod
    def of(cls, dataset: Dataset, heard: Heard, split: Split | None, seed: int) -> "_Cut | None":
        places = _usable(dataset, heard, split, seed)
        known = dataset.subset([heard.cut[place] for place in places])
        if known.n < _FEWEST_CLIPS or len(known.labels) < 2 or len(set(known.groups)) < 2:  # noqa: PLR2004
            return None
        parts = [heard.segments[place] for place in places]
        owner = np.repeat(np.arange(known.n), [len(part) for part in parts])
        if split is None:
            own_fold, asked = _folds_of(known, seed), np.ones(known.n, dtype=bool)
        else:
            tested = set(split.test)
            asked = np.array([heard.cut[place] in tested for place in places])
            own_fold = asked.astype(np.int64)
        if not asked.any() or len(np.unique(own_fold)) == 1:
            return None
        x = np.concatenate(parts)
        return cls(dataset=known, x=x, y=known.y[owner], owner=owner, asked=asked[owner], own_fold=own_fold)

    def ways(self, seed: int) -> Iterator[tuple[str, IntArray]]:
        """Yield each way to split with the fold of each segment, (n_segments,)."""
        # As many folds as leave as much to learn from as the split about to be used.
        n_folds = max(2, round(len(self.y) / max(1, int(self.asked.sum())))) if not self.asked.all() else N_FOLDS
        if len(self.owner) > self.dataset.n:
            yield RANDOM_SEGMENTS, _random_folds(self.y, n_folds, seed)
        if len(set(self.dataset.groups)) < self.dataset.n:
            yield RANDOM_CLIPS, _random_folds(self.dataset.y, n_folds, seed)[self.owner]
        yield YOURS, self.own_fold[self.owner]
        for column, sources in _larger_sources(self.dataset):
            yield f"by {column}", folds_of_groups(self.dataset.y, sources, seed=seed, n_folds=n_folds)[self.owner]


def _usable(dataset: Dataset, heard: Heard, split: Split | None, seed: int) -> list[int]:
    """Return places in `heard.cut`: clips with a label that two groups have, in the split, and not too many."""
    groups_of: dict[str, set[str]] = {}
    for index in heard.cut:
        groups_of.setdefault(dataset[index].label, set()).add(dataset[index].group)
    inside = None if split is None else {*split.train, *split.validation, *split.test}
    places = [
        place
        for place, index in enumerate(heard.cut)
        if (label := dataset[index].label) and len(groups_of[label]) > 1 and (inside is None or index in inside)
    ]
    n_segments = sum(len(heard.segments[place]) for place in places)
    if n_segments <= _MOST_SEGMENTS:
        return places
    some = dataset.subset([heard.cut[place] for place in places])
    return [places[index] for index in pick_groups(some, some.n * _MOST_SEGMENTS // n_segments, seed=seed)]


def _folds_of(dataset: Dataset, seed: int) -> IntArray:
    if len(distinct_folds(dataset)) > 1 and None not in dataset.folds:
        fold = np.array(dataset.folds, dtype=np.int64)
        many = np.unique(fold, return_inverse=True)[1]
        return fold if many.max() < _MOST_FOLDS else many % _MOST_FOLDS  # several folds are asked about together
    return folds_of_groups(dataset.y, dataset.groups, seed=seed)


def _random_folds(y: IntArray, n_folds: int, seed: int) -> IntArray:
    """Return folds of single things, each class spread evenly, as a notebook makes them."""
    chance = np.random.default_rng(spawn_seed(seed, "audit", "random folds"))
    fold = np.zeros(len(y), dtype=np.int64)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        fold[chance.permutation(members)] = (np.arange(len(members)) + chance.integers(n_folds)) % n_folds
    return fold


def _larger_sources(dataset: Dataset) -> Iterator[tuple[str, list[str]]]:
    """Yield the columns that name sources, where a source has several groups and each label several sources."""
    columns = [name for name in dataset[0].extra if set(name.casefold().replace("-", "_").split("_")) & _SOURCES]
    for name in columns[:_MOST_COLUMNS]:
        sources = [clip.extra.get(name, "") for clip in dataset]
        per_label: dict[str, set[str]] = {}
        for clip, source in zip(dataset, sources, strict=True):
            per_label.setdefault(clip.label, set()).add(source)
        # What tears groups apart is no larger source.
        merges = len(set(zip(dataset.groups, sources, strict=True))) == len(set(dataset.groups)) > len(set(sources))
        if all(sources) and merges and len(set(sources)) >= N_FOLDS and min(map(len, per_label.values())) > 1:
            yield name, sources


def _accuracy(right: npt.NDArray[np.bool_], groups: Sequence[str], seed: int) -> Estimate:
    names, place = np.unique(np.array(groups, dtype=object), return_inverse=True)
    counts = np.stack([np.bincount(place, weights=right, minlength=len(names)), np.bincount(place)], axis=1)
    rng = spawn_generator(seed, "audit", "leaks")
    return bootstrap_estimates(counts, {"accuracy": lambda sums: sums[..., 0] / sums[..., 1]}, rng=rng)["accuracy"]


def _spell(row: LeakRow) -> str:
    return f"{_percent(row.accuracy)}" + (f"   {row.memory} against your split" if row.memory else "")


def _percent(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{100 * estimate.value:.0f} %"
    return f"{100 * estimate.value:.0f} % ({100 * estimate.low:.0f}-{100 * estimate.high:.0f})"


def _is_below(row: LeakRow) -> bool:
    return row.memory is not None and row.memory.p < _CERTAIN and row.memory.difference < 0


def _kept_out(notebook: LeakRow, own: LeakRow, points: float) -> Finding:
    return Finding(
        kind="leak",
        severity="note",
        clips=(),
        score=1 - notebook.memory.p if notebook.memory else 0.0,
        message=(
            f"{notebook.way} {_percent(notebook.accuracy)}, your groups {_percent(own.accuracy)}: {points:.0f} points "
            "are memory (a quick model, per segment)"
        ),
        advice=f"keep to whole groups; of others' scores, ask whether they come from {notebook.way}",
    )


def _torn_source(row: LeakRow, own: LeakRow) -> Finding:
    column = row.way.removeprefix("by ")
    points = -100 * row.memory.difference if row.memory else 0.0
    return Finding(
        kind="leak",
        severity="warning",
        clips=(),
        score=1 - row.memory.p if row.memory else 0.0,
        message=(
            f"your groups let one {column} be on both sides: {_percent(own.accuracy)}, split by {column} "
            f"{_percent(row.accuracy)}: {points:.0f} points are memory (a quick model, per segment)"
        ),
        advice=f"keep each {column} together: --group-column {column}",
    )


def _torn_groups(dataset: Dataset) -> Iterator[Finding]:
    folds_of: dict[str, set[int]] = {}
    for clip in dataset:
        if clip.fold is not None:
            folds_of.setdefault(clip.group, set()).add(clip.fold)
    for group, folds in folds_of.items():
        if len(folds) > 1:
            clips = [clip_address(clip) for clip in dataset if clip.group == group]
            yield Finding(
                kind="leak",
                severity="error",
                clips=tuple(clips),
                score=1.0,
                message=f"the group {group!r} is in the folds {', '.join(map(str, sorted(folds)))}: {listed(clips)}",
                advice="put all clips of the group into one fold, or leave the column of folds out",
            )


def _torn_files(dataset: Dataset) -> Iterator[Finding]:
    stretches: dict[str, list[int]] = {}
    for index, clip in enumerate(dataset):
        stretches.setdefault(clip.name, []).append(index)
    for name, indices in stretches.items():
        some = dataset.subset(indices)
        groups, folds = set(some.groups), distinct_folds(some)
        if len(groups) > 1:
            across = f", in the folds {', '.join(map(str, folds))}" if len(folds) > 1 else ""
            yield Finding(
                kind="leak",
                severity="error" if len(folds) > 1 else "warning",
                clips=tuple(clip_address(clip) for clip in some),
                score=1.0,
                message=f"stretches of {name} are in {len(groups)} groups{across}: they can be on two sides of a split",
                advice="give all stretches of a file one group",
            )
