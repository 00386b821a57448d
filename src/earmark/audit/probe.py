"""A quick model for questions about data: fitted in seconds, and never asked about a group that it has seen."""

import statistics
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from earmark._util.progress import Progress
from earmark._util.seeds import spawn_generator, spawn_seed
from earmark.audio.read import read_info
from earmark.audio.segments import Segments, segments_by_length
from earmark.data.dataset import Dataset
from earmark.errors import AudioError, SettingError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import BadFile, Recipe, extract_features
from earmark.features.store import FeatureStore

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Answer: TypeAlias = Callable[[FloatArray], FloatArray]
"""Takes values (n, n_values), and returns probabilities (n, n_classes) of the classes learnt, in rising order."""
Fit: TypeAlias = Callable[[FloatArray, IntArray, int], Answer]
"""Learns values (n, n_values) of classes (n,), told a seed."""

N_FOLDS = 5
_MOST_LEARNT = 4000  # what a fit looks at: the machine's time grows with the square of it
_MOST_CLIPS = 1000  # that are cut into segments
_MOST_SEGMENTS = 10  # of a clip
_N_INFO = 50  # clips that the typical length is taken from
_PARTS = 5  # of a typical clip
_SHORTEST_S, _LONGEST_S = 0.5, 3.0  # of a segment


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the quick model hears of a data set.

    Attributes:
        kept: The indices of the clips that could be read, rising.
        whole: Statistics of each of them as a whole, (n_kept, n_values).
        cut: The indices of the clips that were cut too, rising: all that are kept, or some whole groups of many.
        segments: Statistics of the segments of each clip of `cut`, (n_segments, n_values) each.
        segment_s: How long a segment is.
        bad: The clips that could not be read.
    """

    kept: tuple[int, ...]
    whole: FloatArray
    cut: tuple[int, ...]
    segments: tuple[FloatArray, ...]
    segment_s: float
    bad: tuple[BadFile, ...]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What models say of clips that they have not learnt from.

    Attributes:
        probabilities: Of each class, (n, n_classes); a class that a model has not met has 0.
        judged: Whether the model that was asked knew the right class at all, (n,). Where not, nothing follows.
    """

    probabilities: FloatArray
    judged: npt.NDArray[np.bool_]

    @property
    def classes(self) -> IntArray:
        """The likeliest class of each, (n,)."""
        best: IntArray = self.probabilities.argmax(axis=1)
        return best


def hear(
    dataset: Dataset,
    *,
    store: FeatureStore,
    typical_s: float | None = None,
    seed: int = 0,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> Heard:
    """Compute statistics of each clip, and of its segments.

    A segment is a fifth of a typical clip (to a tenth of a second), but no shorter than 0.5 s and no longer than 3 s.
    Of a data set with more than 1000 clips, only so many are cut: whole groups, of all classes in turn.

    Args:
        dataset: Labelled clips.
        store: Where statistics are kept.
        typical_s: How long a clip is, in seconds; None to look.
        seed: The root seed, not negative.
        n_workers: Number of threads; None for one a processor.
        progress: Is told of each clip that is done.

    Raises:
        DataError: No clip can be used.
    """
    kind = FRONT_ENDS["statistics"]
    settings = kind.settings()
    length_s = round(float(np.clip((typical_s or _typical_s(dataset)) / _PARTS, _SHORTEST_S, _LONGEST_S)), 1)
    cut = segments_by_length(length_s, sample_rate=settings.sample_rate)

    def extract(clips: Sequence[int], ways: Sequence[Segments | None]) -> Any:  # noqa: ANN401 - one set a way
        recipes = [Recipe(front_end="statistics", settings=settings, segments=way) for way in ways]
        return extract_features(dataset.subset(clips), recipes, store=store, n_workers=n_workers, progress=progress)

    if dataset.n <= _MOST_CLIPS:
        whole, pieces = extract(range(dataset.n), (None, cut))
        chosen = whole.kept
    else:
        (whole,) = extract(range(dataset.n), (None,))
        picked = pick_groups(dataset.subset(whole.kept), _MOST_CLIPS, seed=seed)
        chosen = tuple(whole.kept[place] for place in picked)
        (pieces,) = extract(chosen, (cut,))
    return Heard(
        kept=whole.kept,
        whole=np.stack([_rows(array)[0] for array in whole.arrays]),
        cut=chosen,
        segments=tuple(_some(_rows(array)) for array in pieces.arrays),
        segment_s=length_s,
        bad=whole.bad,
    )


def pick_groups(dataset: Dataset, most: int, *, seed: int) -> tuple[int, ...]:
    """Return the indices of at most `most` clips, rising: whole groups by chance, of all classes in turn.

    Args:
        dataset: Labelled clips.
        most: How many clips; where the first group is larger, that one all the same.
        seed: The root seed, not negative.

    >>> from pathlib import Path
    >>> from earmark.data.clip import Clip
    >>> clips = [Clip(name=n, path=Path(), label=n[0], group=n[:2]) for n in ("a1x", "a1y", "a2x", "b1x")]
    >>> pick_groups(Dataset(clips, root=Path()), 4, seed=0)
    (0, 1, 2, 3)
    """
    if dataset.n <= most:
        return tuple(range(dataset.n))
    members: dict[str, list[int]] = {}
    queues: dict[str, list[str]] = {label: [] for label in dataset.labels}
    for index in spawn_generator(seed, "audit", "pick").permutation(dataset.n).tolist():
        clip = dataset[index]
        if clip.group not in members:
            queues[clip.label].append(clip.group)
        members.setdefault(clip.group, []).append(index)
    chosen: list[int] = []
    for group in _in_turn(list(queues.values())):
        if chosen and len(chosen) + len(members[group]) > most:
            continue
        chosen += members[group]
    return tuple(sorted(chosen))


def folds_of_groups(y: IntArray, groups: Sequence[Hashable], *, seed: int, n_folds: int = N_FOLDS) -> IntArray:
    """Return the fold of each clip, (n,), from 0: whole groups, each class spread as evenly as can be.

    Where there are fewer groups than folds, there are as many folds as groups.

    Args:
        y: The class of each clip, (n,).
        groups: The group of each.
        seed: The root seed, not negative.
        n_folds: How many, at least 2.

    Raises:
        SettingError: There are fewer than two groups.

    Source: scikit-learn's `StratifiedGroupKFold`.
    """
    names, group_of = np.unique(np.array(list(map(str, groups)), dtype=object), return_inverse=True)
    if len(names) < 2:  # noqa: PLR2004 - to learn from, and to be asked about
        raise SettingError(f"a model that is asked about other groups needs two at least, not {len(names)}")
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - scikit-learn takes a second to import

    most = min(n_folds, len(names), max(2, int(np.bincount(y).max())))
    splitter = StratifiedGroupKFold(most, shuffle=True, random_state=spawn_seed(seed, "audit", "folds"))
    fold = np.zeros(len(y), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "least populated class": `Answers.judged` says which it spoils
        for number, (_, inside) in enumerate(splitter.split(np.zeros(len(y)), y, group_of)):
            fold[inside] = number
    return fold


def cross_validate(
    x: npt.ArrayLike, y: IntArray, fold: IntArray, fit: Fit, *, seed: int, only: IntArray | None = None
) -> Answers:
    """Ask about each fold a model that has learnt from the others.

    A model learns from 4000 examples at most, drawn by chance where there are more.

    Args:
        x: Values, (n, n_values).
        y: The class of each, (n,), from 0.
        fold: The fold of each, (n,).
        fit: What makes a model.
        seed: The root seed, not negative.
        only: The folds that are asked about; None for all.

    Returns:
        The answers; those of folds not asked about are zeros, and not judged.
    """
    values = np.asarray(x, dtype=np.float64)
    probabilities = np.zeros((len(y), int(y.max()) + 1))
    judged = np.zeros(len(y), dtype=bool)
    for number in np.unique(fold) if only is None else only:
        asked = fold == number
        learnt = np.flatnonzero(~asked)
        if len(learnt) > _MOST_LEARNT:
            chance = spawn_generator(seed, "audit", "learnt", int(number))
            learnt = np.sort(chance.choice(learnt, _MOST_LEARNT, replace=False))
        known = np.unique(y[learnt])
        judged[asked] = np.isin(y[asked], known)
        answer = (
            fit(values[learnt], y[learnt], spawn_seed(seed, "audit", "fit", int(number))) if len(known) > 1 else _sure
        )
        rows = np.zeros((int(asked.sum()), probabilities.shape[1]))
        if len(known):
            rows[:, known] = answer(values[asked])
        probabilities[asked] = rows
    return Answers(probabilities=probabilities, judged=judged)


def fit_sound(x: FloatArray, y: IntArray, seed: int) -> Answer:
    """Learn what statistics of sounds say: the mean of a logistic regression and of a hundred random trees."""
    from sklearn.ensemble import ExtraTreesClassifier  # noqa: PLC0415 - scikit-learn takes a second to import
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    trees = ExtraTreesClassifier(100, random_state=seed).fit(x, y)
    lines = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near the best is good enough here
        lines.fit(x, y)
    return lambda asked: (trees.predict_proba(asked) + lines.predict_proba(asked)) / 2


def fit_machine(x: FloatArray, y: IntArray, seed: int) -> Answer:  # noqa: ARG001 - nothing is left to chance
    """Learn what statistics of sounds say with earmark's baseline, a support-vector machine; it says 0 or 1."""
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - scikit-learn takes a second to import
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415
    from sklearn.svm import SVC  # noqa: PLC0415

    known, places = np.unique(y, return_inverse=True)
    machine = make_pipeline(StandardScaler(), SVC(C=10.0)).fit(x, places)
    return lambda asked: np.eye(len(known))[machine.predict(asked)]


def _sure(asked: FloatArray) -> FloatArray:
    return np.ones((len(asked), 1))


def _typical_s(dataset: Dataset) -> float:
    """Return the median length of some clips, in seconds; 5 where none can be read."""
    step = max(1, dataset.n // _N_INFO)
    return statistics.median(list(_lengths_s(dataset.subset(range(0, dataset.n, step)))) or [5.0])


def _lengths_s(dataset: Dataset) -> Iterator[float]:
    for clip in dataset:
        if clip.duration_s is not None:
            yield clip.duration_s
            continue
        try:
            yield max(read_info(clip.path).duration_s - clip.start_s, 0.0)
        except AudioError:
            continue


def _rows(features: npt.NDArray[np.float32]) -> FloatArray:
    return features.reshape(len(features), -1).astype(np.float64)  # (n_segments, n_values)


def _some(rows: FloatArray) -> FloatArray:
    """Return at most ten rows, evenly spread."""
    if len(rows) <= _MOST_SEGMENTS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, _MOST_SEGMENTS).round().astype(np.int64)]


def _in_turn(queues: list[list[str]]) -> Iterator[str]:
    """Yield the first of each queue, then the second of each, until all are empty."""
    for place in range(max(map(len, queues))):
        for queue in queues:
            if place < len(queue):
                yield queue[place]
