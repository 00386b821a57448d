"""Labels that the rest of the data contradicts: confident learning."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark._util.progress import NoProgress, Progress
from earmark.audit.findings import Finding, Severity, clip_address
from earmark.audit.probe import Answers, FloatArray, IntArray, cross_validate, fit_sound, folds_of_groups
from earmark.data.dataset import Dataset
from earmark.errors import SettingError

# On ESC-10 with 24 of 400 labels swapped (six draws), 100 of 114 marked from 0.85 on were swapped, 116 of 196 from 2/3.
_SURE = 0.85
_WORTH_A_LISTEN = 2 / 3
_FEWEST_CLIPS = 20  # with fewer, the model knows too little to contradict anybody


@dataclass(frozen=True, kw_only=True)
class Doubts:
    """How far the labels are to be doubted.

    Attributes:
        doubt: Of each clip, 0 to 1: the probability of the class that it sounds most like besides its own, as a share
            of that and its own class's together.
        other: That class, (n,).
        marked: Whether confident learning takes the label for wrong, (n,).
    """

    doubt: FloatArray
    other: IntArray
    marked: npt.NDArray[np.bool_]

    @property
    def ranking(self) -> IntArray:
        """The clips in the order of how suspicious they are, the most first, (n,)."""
        order: IntArray = np.argsort(-self.doubt, kind="stable")
        return order


def doubt_labels(y: IntArray, answers: Answers) -> Doubts:
    """Estimate which labels are wrong, from the answers of models that have not learnt from the clips they judge.

    A clip counts as surely of class j where its probability reaches t(j), the mean that clips labelled j have; of
    several such classes, the likeliest counts. C(i, j) counts the clips labelled i that are surely of j. Scaled so
    that each row has the number of clips labelled i, it says how many of them are wrongly labelled and belong to j:
    so many are marked, those whose probability of j exceeds that of i by most, and by more than nothing.

    Args:
        y: The label of each clip as a class, (n,).
        answers: See `Answers`; clips that are not judged are never marked, and have a doubt of 0.

    Raises:
        SettingError: There are other than as many answers as labels.

    Source: C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning: estimating uncertainty in dataset labels",
    Journal of Artificial Intelligence Research 70 (2021), equations 1 to 3 and "prune by noise rate".
    """
    probabilities, judged = answers.probabilities, answers.judged
    n, n_classes = probabilities.shape
    if y.shape != (n,):
        raise SettingError(f"{n} answers do not fit labels of the shape {y.shape}: one each is needed")
    own = probabilities[np.arange(n), y]
    others = probabilities.copy()
    others[np.arange(n), y] = -1.0
    other = others.argmax(axis=1)
    best = probabilities[np.arange(n), other]
    doubt = np.where(judged, best / np.maximum(own + best, 1e-12), 0.0)
    marked = np.zeros(n, dtype=bool)
    joint = _joint(y[judged], probabilities[judged], n_classes)
    for i, j in zip(*np.nonzero(joint), strict=True):
        if i != j:
            margin = np.where(judged & (y == i), probabilities[:, j] - probabilities[:, i], -np.inf)
            worst = np.argsort(-margin, kind="stable")[: round(joint[i, j])]
            marked[worst[margin[worst] > 0]] = True
    return Doubts(doubt=doubt, other=other, marked=marked)


def find_label_errors(
    dataset: Dataset, statistics: FloatArray, *, seed: int = 0, progress: Progress | None = None
) -> list[Finding]:
    """Find clips whose label the rest of the data contradicts, the most suspicious first.

    A quick model learns from other groups, and says what each clip sounds like. Told of is what confident learning
    takes for wrong and another class fits twice as well; from a doubt of 0.85 on as a warning. Clips without a label,
    and classes that one group alone holds, cannot be judged; nor can a data set of fewer than 20 clips.

    Args:
        dataset: Labelled clips.
        statistics: What is known of the sound of each, (n_clips, n_values).
        seed: The root seed, not negative.
        progress: Is told of the one step that it is.

    Raises:
        SettingError: There are other than as many statistics as clips.
    """
    if len(statistics) != dataset.n:
        raise SettingError(f"{len(statistics)} rows of statistics do not fit {dataset.n} clips: one each is needed")
    labelled = [index for index, clip in enumerate(dataset) if clip.label]
    known = dataset.subset(labelled)
    if known.n < _FEWEST_CLIPS or len(known.labels) < 2 or len(set(known.groups)) < 2:  # noqa: PLR2004 - to choose from
        return []
    (progress or NoProgress()).start("labels", 1)
    fold = folds_of_groups(known.y, known.groups, seed=seed)
    answers = cross_validate(statistics[labelled], known.y, fold, fit_sound, seed=seed)
    doubts = doubt_labels(known.y, answers)
    (progress or NoProgress()).advance()
    told = doubts.marked & (doubts.doubt >= _WORTH_A_LISTEN)
    return [_finding(known, index, answers, doubts) for index in doubts.ranking.tolist() if told[index]]


def _joint(y: IntArray, probabilities: FloatArray, n_classes: int) -> FloatArray:
    """Return how many clips of each label belong to each class, (n_classes, n_classes), by label and class."""
    counts = np.bincount(y, minlength=n_classes)
    sums = np.bincount(y, weights=probabilities[np.arange(len(y)), y], minlength=n_classes)
    thresholds = np.divide(sums, counts, out=np.full(n_classes, np.inf), where=counts > 0)
    reached = np.where(probabilities >= thresholds - 1e-12, probabilities, -1.0)  # (n, n_classes)
    sure = reached.max(axis=1, initial=-1.0) >= 0
    joint = np.zeros((n_classes, n_classes))
    np.add.at(joint, (y[sure], reached[sure].argmax(axis=1)), 1.0)
    rows = joint.sum(axis=1, keepdims=True)
    scaled: FloatArray = np.divide(joint * counts[:, None], rows, out=np.zeros_like(joint), where=rows > 0)
    return scaled


def _finding(dataset: Dataset, index: int, answers: Answers, doubts: Doubts) -> Finding:
    clip, other, doubt = dataset[index], dataset.labels[doubts.other[index]], float(doubts.doubt[index])
    own_share, other_share = (answers.probabilities[index, place] for place in (dataset.y[index], doubts.other[index]))
    severity: Severity = "warning" if doubt >= _SURE else "note"
    return Finding(
        kind="label",
        severity=severity,
        clips=(clip_address(clip),),
        score=doubt,
        message=(
            f"is labelled {clip.label!r} and sounds like {other!r}: {100 * other_share:.0f} % against "
            f"{100 * own_share:.0f} % in a model that never heard its group"
        ),
        advice="listen to it (earmark review), then keep, relabel or drop it",
    )
