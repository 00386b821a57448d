"""Which clips a report plays, and what each was decided from: a bounded number, in a bounded time."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from earmark.data.clip import Clip
from earmark.errors import EarmarkError, MissingExtraError
from earmark.experiment.folder import RunFolder
from earmark.features.interchange.catalogue import holds_features
from earmark.report.page import without_folders
from earmark.report.players import NoPlayer, Player, data_address, find_clips, make_player
from earmark.report.relevance_picture import relevance_png
from earmark.report.results import RunResults, ScoredClip
from earmark.report.tables import least_sure_hits, one_of_each_confusion, worst_mistakes

if TYPE_CHECKING:  # captum and torch take a second to import
    from earmark.explain.explanation import Explanation
    from earmark.inference.predictor import Predictor

N_MISTAKES, N_HITS, N_OTHERS = 12, 6, 24  # of 5 s each: at most 3.5 MB
EXPLAINING_S = 8.0  # after the first: no explanation is begun later
_NO_SOUND = "There is no sound to play: the data are features or pictures."
_N_NAMED = 3
_KHZ = 1000


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """What a decision was made from.

    Attributes:
        picture: A data address of the features in grey with what mattered in colour; nothing where there are no times.
        words: The same in words.
    """

    picture: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """A clip that a report shows.

    Attributes:
        clip: What was said of it.
        player: What plays it, or why nothing does.
        reasons: What it was decided from; None where that was not looked at.
    """

    clip: ScoredClip
    player: Player | NoPlayer
    reasons: Reasons | None = None

    @property
    def anchor(self) -> str:
        """What names it in the page."""
        return f"clip-{self.clip.place}"


@dataclass(frozen=True, kw_only=True)
class Excerpts:
    """The clips that a report shows.

    Attributes:
        mistakes: The wrong clips that the classifier was surest of, the surest first.
        hits: The right clips that it was least sure of, the least sure first.
        others: More wrong clips: one of each confusion first.
        notes: What a reader should know: why there are no explanations, or not of all.
    """

    mistakes: tuple[Excerpt, ...]
    hits: tuple[Excerpt, ...]
    others: tuple[Excerpt, ...]
    notes: tuple[str, ...]


def make_excerpts(
    results: RunResults, *, explain: bool = True, clock: Callable[[], float] = time.monotonic
) -> Excerpts:
    """Return the clips that a report of a run or cross-validation shows.

    Args:
        results: What its files say.
        explain: Whether to show what mistakes and hits were decided from.
        clock: Tells the time, in seconds.
    """
    known = [clip for clip in results.scored if clip.is_known]
    mistakes, hits = worst_mistakes(known, N_MISTAKES), least_sure_hits(known, N_HITS)
    others = one_of_each_confusion(known, N_OTHERS, but=mistakes)
    places: Sequence[Clip | None] = ()
    if not holds_features(results.data_path):
        places = find_clips(results.config.get("data", {}), results.clips)
    explaining = _Explaining(results=results, clock=clock)

    def excerpt(clip: ScoredClip, *, why: bool) -> Excerpt:
        if not places:
            return Excerpt(clip=clip, player=NoPlayer(reason=_NO_SOUND))
        place = places[clip.place]
        player = make_player(place)
        can = why and explain and place is not None and isinstance(player, Player)
        return Excerpt(clip=clip, player=player, reasons=explaining.explain(clip, place) if can and place else None)

    return Excerpts(
        mistakes=tuple(excerpt(clip, why=True) for clip in mistakes),
        hits=tuple(excerpt(clip, why=True) for clip in hits),
        others=tuple(excerpt(clip, why=False) for clip in others),
        notes=explaining.notes(),
    )


def describe_reasons(explanation: "Explanation") -> str:
    """Return in a sentence what spoke for a class, for who cannot see the picture.

    Args:
        explanation: What was found.
    """
    if explanation.is_empty:
        return f"Nothing in the clip speaks for {explanation.label}."
    times, pitches = explanation.spread_s(), explanation.spread_hz()
    parts = [f"lie from {times[0]:.1f} to {times[2]:.1f} s"] if times else []
    parts += [f"lie from {_hertz(pitches[0])} to {_hertz(pitches[2])}"] if pitches else []
    if not parts:
        groups = list(explanation.by_group())[:_N_NAMED]
        return f"What speaks for {explanation.label} most: {', '.join(groups)}."
    return f"Four fifths of what speaks for {explanation.label} {', and four fifths '.join(parts)}."


@dataclass(kw_only=True)
class _Explaining:
    """Explains one clip after another with the classifier that tested it, until it fails or its time is over."""

    results: RunResults
    clock: Callable[[], float]
    ends_at: float = math.inf  # the first one brings libraries along, which is not its fault
    predictors: "dict[int, Predictor]" = field(default_factory=dict)
    faults: dict[str, None] = field(default_factory=dict)
    has_ended: bool = False
    n_late: int = 0

    def explain(self, clip: ScoredClip, place: Clip) -> Reasons | None:
        if self.has_ended:
            return None
        if self.clock() > self.ends_at:
            self.n_late += 1
            return None
        from earmark.experiment.explaining import explain_sound  # noqa: PLC0415 - it brings torch

        try:
            explanation = explain_sound(self._predictor(clip.fold), place, label=clip.predicted, n_orders=0)
        except MissingExtraError as error:
            self.faults[str(error)] = None
            self.has_ended = True
        except (EarmarkError, RuntimeError, ValueError) as error:  # torch says so of networks that it cannot look into
            self.faults[" ".join(str(error).split())] = None
            self.has_ended = len(self.faults) > _N_NAMED
        else:
            self.ends_at = min(self.ends_at, self.clock() + EXPLAINING_S)
            return _reasons(explanation)
        return None

    def notes(self) -> tuple[str, ...]:
        late = f"{self.n_late} clips are not explained: this page may take {EXPLAINING_S:.0f} s for that, not more"
        told = (without_folders(fault, self.results.places) for fault in self.faults)
        return (*(f"no explanation: {fault}" for fault in told), *([late] if self.n_late else []))

    def _predictor(self, fold: int) -> "Predictor":
        from earmark.inference.predictor import Predictor  # noqa: PLC0415 - as above

        if fold not in self.predictors:
            run = RunFolder(self.results.folder)
            self.predictors[fold] = Predictor.load((run.fold(fold) if fold else run).bundle_path)
        return self.predictors[fold]


def _reasons(explanation: "Explanation") -> Reasons:
    joined = explanation.joined()
    words = " ".join((describe_reasons(explanation), *(f"{note}." for note in explanation.notes)))
    if joined.times_s is None or explanation.is_empty or joined.features.shape[1] < 2:  # noqa: PLR2004 - a picture
        return Reasons(picture="", words=words)
    return Reasons(picture=data_address(relevance_png(joined.features, joined.relevance), "image/png"), words=words)


def _hertz(frequency_hz: float) -> str:
    return f"{frequency_hz / _KHZ:.1f} kHz" if frequency_hz >= _KHZ else f"{frequency_hz:.0f} Hz"
