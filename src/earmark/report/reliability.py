"""The geometry of a reliability diagram: how often the classifier is right where it is so and so sure."""

from dataclasses import dataclass

from earmark.errors import StorageError
from earmark.evaluate.calibration import Calibration
from earmark.evaluate.clips import mean_probabilities
from earmark.evaluate.reliability import Reliability, ReliabilityBin, reliability
from earmark.evaluate.tested import Tested
from earmark.report.results import RunResults

SIDE = 320  # of the diagram, in the units of its own SVG
LEFT, RIGHT, TOP, BOTTOM = 46, 310, 10, 274


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The clips of one bin in the diagram.

    Attributes:
        x: Where its mean confidence is.
        y: Where its accuracy is.
        low: Where the interval of its accuracy begins.
        high: Where it ends.
        radius: Larger for more clips.
        bin: Its numbers.
    """

    x: float
    y: float
    low: float
    high: float
    radius: float
    bin: ReliabilityBin


@dataclass(frozen=True, kw_only=True)
class Diagram:
    """A reliability diagram.

    Attributes:
        after: How sure the classifier is, as it answers.
        before: The same before its calibration; None where that is not known, or changed nothing.
        marks: The bins of `after` that hold clips.
        before_path: The `d` of an SVG path through the bins of `before`; nothing where there is none.
    """

    after: Reliability
    before: Reliability | None
    marks: tuple[Mark, ...]
    before_path: str


def draw_reliability(tested: Tested, results: RunResults) -> Diagram:
    """Return the reliability diagram of the clips that were tested.

    Args:
        tested: What was said of them.
        results: The run, which knows how its classifier was calibrated.
    """
    after = reliability(tested.clip_probabilities, tested.y, groups=tested.groups)
    before = _before(tested, results)
    points = [_at(one) for one in before.bins if one.n] if before else []
    return Diagram(
        after=after,
        before=before,
        marks=tuple(_mark(one, after.n) for one in after.bins if one.n),
        before_path="M" + "L".join(f"{x:g} {y:g}" for x, y in points) if points else "",
    )


def _before(tested: Tested, results: RunResults) -> Reliability | None:
    """Return how sure the networks were before they were calibrated, each fold by its own."""
    segments, clip = tested.segment_probabilities, tested.clip_index
    told = [(0, results.environment)] if not results.folds else [(one.fold, one.environment) for one in results.folds]
    if segments is None or clip is None or not all(environment.get("calibration") for _, environment in told):
        return None
    table = segments.copy()
    for fold, environment in told:
        calibration = Calibration.from_json(environment["calibration"])
        if len(calibration.biases) != len(tested.labels):
            raise StorageError(f"a calibration is of {len(calibration.biases)} classes, not of {len(tested.labels)}")
        here = [place for place, own in enumerate(clip) if tested.folds is None or tested.folds[own] == fold]
        table[here] = calibration.undo(table[here])
    return reliability(mean_probabilities(table, clip), tested.y, groups=tested.groups)


def _mark(one: ReliabilityBin, n: int) -> Mark:
    x, y = _at(one)
    return Mark(
        x=x,
        y=y,
        low=_y(one.accuracy_low or 0.0),
        high=_y(one.accuracy_high or 0.0),
        radius=round(3 + 7 * (one.n / n) ** 0.5, 1),
        bin=one,
    )


def _at(one: ReliabilityBin) -> tuple[float, float]:
    return round(LEFT + (one.confidence or 0.0) * (RIGHT - LEFT), 1), _y(one.accuracy or 0.0)


def _y(share: float) -> float:
    return round(BOTTOM - share * (BOTTOM - TOP), 1)
