"""Shortcuts: can the class be told from how a clip was recorded and stored, with no look at what is to be heard?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from earmark._util.progress import NoProgress, Progress
from earmark._util.seeds import spawn_generator
from earmark.audit.findings import Finding
from earmark.audit.measure import Measured
from earmark.audit.probe import FloatArray, IntArray, folds_of_groups
from earmark.data.dataset import Dataset, count, listed
from earmark.errors import SettingError
from earmark.evaluate.intervals import Estimate, bootstrap_estimates

_FEWEST_CLIPS = 20
_STRONG = 0.25  # of the way from chance to certainty
_CERTAIN = 0.05
_N_NAMED = 3
_N_SHUFFLES = 400
_CLIPS_A_CELL = 20
_FEWEST_CELLS, _MOST_CELLS = 4, 24
_SMOOTHED_CELLS = 8  # from so many on, neighbouring cells learn from one another


@dataclass(frozen=True, kw_only=True)
class Clue:
    """Something about a clip that its class should not be told from.

    Attributes:
        what: What it is called in a sentence.
        value: What is read off a clip, such as its level in dB; text stands for a kind among kinds.
        advice: What to do where it gives the class away.
    """

    what: str
    value: Callable[[Measured], float | str]
    advice: str


CLUES: Mapping[str, Clue] = MappingProxyType(
    {
        "level": Clue(
            what="level",
            value=lambda sound: sound.rms_db,
            advice="if classes were recorded or mastered differently, train with --augment gain",
        ),
        "bandwidth": Clue(
            what="bandwidth",
            value=lambda sound: sound.bandwidth_hz,
            advice="bring all clips to the narrowest bandwidth that is common: set the front end's fmax_hz below it",
        ),
        "duration": Clue(
            what="duration",
            value=lambda sound: sound.duration_s,
            advice="train on segments of one length, and look at what the padding of short clips gives away",
        ),
        "rate": Clue(
            what="sample rate",
            value=lambda sound: str(sound.sample_rate),
            advice="resampling does not bring back what a low rate cut off: set the front end's fmax_hz below it",
        ),
        "codec": Clue(
            what="format, width and number of channels",
            value=lambda sound: f"{sound.container} {sound.subtype} {sound.n_channels}",
            advice="get all classes from one kind of source, or store all of them through the same codec",
        ),
        "leading silence": Clue(
            what="leading silence",
            value=lambda sound: sound.leading_silence_s,
            advice="cut the silence off, or train with --augment time-shift",
        ),
    }
)
"""The clues that are looked at, by name."""


@dataclass(frozen=True, kw_only=True)
class ShortcutScore:
    """How well a clue alone tells the class.

    Attributes:
        clue: Its name in `CLUES`.
        recall: The mean share of the clips of each class that is told right, with its interval.
        chance: What guessing comes to: one in the number of classes.
        p: How often the labels, dealt out anew among the groups, are told as well.
        easiest: The classes that are told best, each with its share, best first.
    """

    clue: str
    recall: Estimate
    chance: float
    p: float
    easiest: tuple[tuple[str, float], ...]

    @property
    def skill(self) -> float:
        """What is surely more than guessing: from 0 for chance to 1 for certainty, by the lower end of the interval."""
        low = self.recall.low or 0.0
        return min(max((low - self.chance) / (1 - self.chance), 0.0), 1.0)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        recall = self.recall
        return {
            "clue": self.clue,
            "recall": {"value": recall.value, "low": recall.low, "high": recall.high},
            "chance": self.chance,
            "p": self.p,
            "easiest": dict(self.easiest),
        }


def shortcut_scores(
    dataset: Dataset, sounds: Sequence[Measured], *, seed: int = 0, progress: Progress | None = None
) -> list[ShortcutScore]:
    """Ask for each clue how well somebody who is told nothing else tells the class, in groups not met before.

    Who is asked knows how often each class has each value of the clue (numbers in up to 24 equally filled ranges), and
    names the class that has it most often. A clue that is the same for all clips is left out, and so are classes that
    one group alone holds.

    Args:
        dataset: Labelled clips.
        sounds: What was measured of those that can be read.
        seed: The root seed, not negative.
        progress: Is told of each clue.

    Returns:
        A score for each clue that differs between clips; none with fewer than 20 clips or two classes.

    Raises:
        SettingError: A measured clip is not in the data set.
    """
    beyond = [sound.name for sound in sounds if not 0 <= sound.index < dataset.n]
    if beyond:
        raise SettingError(
            f"{listed(beyond)}: measured of another data set than this one of {count(dataset.n, 'clip')}"
        )
    groups_of: dict[str, set[str]] = {}
    for sound in sounds:
        clip = dataset[sound.index]
        groups_of.setdefault(clip.label, set()).add(clip.group)
    sounds = [s for s in sounds if (label := dataset[s.index].label) and len(groups_of[label]) > 1]
    known = dataset.subset([sound.index for sound in sounds])
    if known.n < _FEWEST_CLIPS or len(known.labels) < 2:  # noqa: PLR2004 - to choose from
        return []
    told = progress or NoProgress()
    told.start("shortcuts", len(CLUES))
    scores = []
    for name, clue in CLUES.items():
        cells = _Cells.of([clue.value(sound) for sound in sounds], len(known.labels))
        if cells.n > 1:
            scores.append(_score(known, name, cells, seed))
        told.advance(name)
    return scores


def find_shortcuts(
    dataset: Dataset, sounds: Sequence[Measured], *, seed: int = 0, progress: Progress | None = None
) -> list[Finding]:
    """Find the clues from which alone the class can be told better than by guessing, the most telling first.

    Better is what fewer than 5 % of label shuffles reach, for all clues together (Bonferroni's correction). It is a
    warning where a quarter of the way from chance to certainty is surely gone, and else a note: that rain is louder
    than a clock may be what rain is. The finding's score is how much of that way.

    Args:
        dataset: Labelled clips.
        sounds: What was measured of those that can be read.
        seed: The root seed, not negative.
        progress: Is told of each clue.

    Raises:
        SettingError: A measured clip is not in the data set.
    """
    scores = shortcut_scores(dataset, sounds, seed=seed, progress=progress)
    telling = [score for score in scores if score.p * len(scores) <= _CERTAIN and score.recall.value > score.chance]
    return [_finding(score) for score in sorted(telling, key=lambda score: -score.skill)]


@dataclass(frozen=True)
class _Cells:
    """The values of a clue, each put into a range or kind."""

    place: IntArray  # of each clip, (n_clips,)
    n: int
    is_ordered: bool

    @classmethod
    def of(cls, values: Sequence[float | str], n_classes: int) -> "_Cells":
        kinds, place = np.unique(np.array(values), return_inverse=True)
        if isinstance(values[0], str) or len(kinds) <= _FEWEST_CELLS:
            return cls(place, len(kinds), is_ordered=False)
        most = int(np.clip(len(values) // _CLIPS_A_CELL, max(_FEWEST_CELLS, n_classes), _MOST_CELLS))
        shares = np.linspace(0, 1, most + 1)[1:-1]
        ends = np.unique(np.quantile(np.array(values, dtype=np.float64), shares, method="lower"))
        _, place = np.unique(np.searchsorted(ends, np.array(values, dtype=np.float64)), return_inverse=True)
        return cls(place, int(place.max()) + 1, is_ordered=True)


def _tell(cells: _Cells, y: IntArray, fold: IntArray) -> FloatArray:
    """Return for each clip whether its class is told right, (n_clips,); where classes tie, one over their number."""
    n_folds, n_classes = int(fold.max()) + 1, int(y.max()) + 1
    flat = np.bincount((fold * cells.n + cells.place) * n_classes + y, minlength=n_folds * cells.n * n_classes)
    counts = flat.reshape(n_folds, cells.n, n_classes).astype(np.float64)
    learnt = counts.sum(axis=0) - counts  # (n_folds, n_cells, n_classes)
    if cells.is_ordered and cells.n >= _SMOOTHED_CELLS:
        wide = np.pad(learnt, ((0, 0), (1, 1), (0, 0)), mode="edge")
        learnt = wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]
    often = learnt / np.maximum(learnt.sum(axis=1, keepdims=True), 1)  # each class weighs the same
    is_best = often >= often.max(axis=2, keepdims=True) - 1e-12
    right: FloatArray = (is_best / is_best.sum(axis=2, keepdims=True))[fold, cells.place, y]
    return right


def _score(dataset: Dataset, clue: str, cells: _Cells, seed: int) -> ShortcutScore:
    y, n_classes = dataset.y, len(dataset.labels)
    names, group_of = np.unique(np.array(dataset.groups, dtype=object), return_inverse=True)
    fold = folds_of_groups(y, dataset.groups, seed=seed)
    right = _tell(cells, y, fold)
    place, n_places = group_of * n_classes + y, len(names) * n_classes
    sums = [np.bincount(place, weights=weights, minlength=n_places) for weights in (right, None)]
    counts = np.stack([of.reshape(len(names), n_classes) for of in sums], axis=1)  # (n_groups, 2, n_classes)
    rng = spawn_generator(seed, "audit", "shortcut", clue)
    recall = bootstrap_estimates(counts, {"recall": _mean_recall}, rng=rng)["recall"]
    deal = _Dealer(y, group_of)
    shuffles = (deal(rng) for _ in range(_N_SHUFFLES))
    reached = sum(_mean_recall_of(_tell(cells, dealt, fold), dealt, n_classes) >= recall.value for dealt in shuffles)
    recalls = _recalls(counts.sum(axis=0))
    order = np.argsort(-recalls, kind="stable")[:_N_NAMED]
    return ShortcutScore(
        clue=clue,
        recall=recall,
        chance=1 / n_classes,
        p=(1 + reached) / (1 + _N_SHUFFLES),
        easiest=tuple((dataset.labels[place], float(recalls[place])) for place in order),
    )


class _Dealer:
    """Deals labels out anew as chance could have: whole groups of one class, and within groups of several."""

    def __init__(self, y: IntArray, group_of: IntArray) -> None:
        self.y, self.group_of = y, group_of
        n_groups = int(group_of.max()) + 1
        lowest, highest = np.full(n_groups, y.max()), np.zeros(n_groups, dtype=np.int64)
        np.minimum.at(lowest, group_of, y)
        np.maximum.at(highest, group_of, y)
        self.label_of, self.is_pure = lowest, lowest == highest
        self.mixed = np.flatnonzero(~self.is_pure[group_of])

    def __call__(self, rng: np.random.Generator) -> IntArray:
        label_of = self.label_of.copy()
        label_of[self.is_pure] = rng.permutation(label_of[self.is_pure])
        dealt: IntArray = label_of[self.group_of]
        # Sorted by group, then by chance: a permutation within each group.
        places, groups = self.mixed, self.group_of[self.mixed]
        to, come = (places[np.lexsort((rng.random(len(places)), groups))] for _ in range(2))
        dealt[to] = self.y[come]
        return dealt


def _recalls(counts: FloatArray) -> FloatArray:
    """Return the share of each class that is told right, (..., n_classes); NaN for a class without clips."""
    hits, n_true = counts[..., 0, :], counts[..., 1, :]
    recalls: FloatArray = np.divide(hits, n_true, out=np.full(hits.shape, np.nan), where=n_true > 0)
    return recalls


def _mean_recall(counts: Any) -> Any:  # noqa: ANN401 - as `bootstrap_estimates` wants it
    return np.nanmean(_recalls(counts), axis=-1)


def _mean_recall_of(right: FloatArray, y: IntArray, n_classes: int) -> float:
    hits, n_true = (np.bincount(y, weights=weights, minlength=n_classes) for weights in (right, None))
    return float(np.mean(hits[n_true > 0] / n_true[n_true > 0])) + 1e-12  # equal in spite of rounding


def _finding(score: ShortcutScore) -> Finding:
    recall, clue = score.recall, CLUES[score.clue]
    ends = "" if recall.low is None or recall.high is None else f" ({100 * recall.low:.0f}-{100 * recall.high:.0f})"
    named = ", ".join(f"{label} {100 * share:.0f} %" for label, share in score.easiest if share > score.chance)
    return Finding(
        kind="shortcut",
        severity="warning" if score.skill >= _STRONG else "note",
        clips=(),
        score=score.skill,
        message=(
            f"from the {clue.what} alone the class is told in {100 * recall.value:.0f} %{ends} of clips, by guessing "
            f"in {100 * score.chance:.0f} %; best told: {named}"
        ),
        advice=clue.advice,
    )
