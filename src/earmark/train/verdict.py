"""What a training says of itself when it is over: whether it overfits, and what to try next."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import log, sqrt
from typing import Any, Literal

from earmark.data.dataset import count
from earmark.train.history import Epoch
from earmark.train.settings import TrainSettings

Kind = Literal["fine", "overfitting", "underfitting", "unfinished", "diverged", "unvalidated", "solved"]

# How far apart two numbers must be before a sentence is made of it: chosen so that the noise of a validation part of
# some dozens of clips stays below.
_RISE = 0.1  # of the lowest validation loss
_LEAST_RISE = 0.02
_LEAST_GAP = 0.1
_ERRORS = 2.0  # standard errors of the validation accuracy
_HALF = 0.5
_STILL_FALLING = 0.03
_HARDLY_BETTER_THAN_CHANCE = 0.9  # of the loss of a guess
_RUN_AWAY = 2.0  # the same: no step in the right direction gives as much
_LOW_ACCURACY = 0.7
_WINDOW = 5  # epochs that a course is judged by
_DECAY = 0.01
_FINE = "It does not overfit beyond what chance explains, and it had learnt what it could."
_UNFINISHED = "It ended at the limit of {} while it was still getting better: try more, such as train.max_epochs = {}."
_UNVALIDATED = "There was no validation part, so nobody can say whether it overfits."
_WAITING = (
    "{:.0f} % of the time went into getting batches ready, and not into learning from them: fewer or cheaper "
    "augmentations make it faster."
)
_PROPER_SPEED = {"adamw": 1e-3, "adam": 1e-3, "adamax": 2e-3, "sgd": 1e-2}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a training comes to, apart from its score.

    Attributes:
        kind: In one word: ``"overfitting"``, ``"underfitting"``, ``"unfinished"`` (it was still getting better),
            ``"diverged"``, ``"unvalidated"``, ``"fine"``, or ``"solved"`` for what is not trained in epochs.
        sentences: For a person, in plain words.
        loss_gap: Validation loss minus training loss in the kept epoch; None without a validation part.
        accuracy_gap: Training accuracy minus validation accuracy in the kept epoch; None without a validation part.
        overfits_since: The epoch from which on validation got worse while training got better; None for none.
        waiting_share: The share of the time that went into getting batches ready.
    """

    kind: Kind
    sentences: tuple[str, ...]
    loss_gap: float | None = None
    accuracy_gap: float | None = None
    overfits_since: int | None = None
    waiting_share: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {**asdict(self), "sentences": list(self.sentences)}


def judge_training(
    history: Sequence[Epoch],
    settings: TrainSettings,
    *,
    best_epoch: int,
    ended: str,
    n_classes: int | None = None,
    n_validation: int | None = None,
    is_changed: bool = False,
    dropout: float | None = None,
) -> Verdict:
    """Return whether a training overfitted, was too short or too weak, and what to try.

    Training is measured per segment while the network learns, with dropout and on changed sounds where there are such;
    validation per clip, after each epoch. So the two differ even in a perfect training, and a validation that looks
    better than the training is no fault.

    Args:
        history: Each epoch; empty for what is not trained in epochs.
        settings: How it was trained.
        best_epoch: The epoch whose weights were kept, from 1.
        ended: Why it ended: see `TrainResult`.
        n_classes: How many classes there are, where that is known: then a network that guesses is recognised.
        n_validation: Clips in the validation part, where that is known: a gap that chance explains is no gap then.
        is_changed: Whether the training part was augmented or mixed.
        dropout: The network's dropout; None where it has none.

    >>> solved = judge_training((), TrainSettings(), best_epoch=0, ended="solved")
    >>> solved.kind, solved.sentences
    ('solved', ())
    """
    if not history:
        return Verdict(kind="solved", sentences=())
    kept = history[min(max(best_epoch, 1), len(history)) - 1]
    course = _Course(history, settings, kept, n_validation)
    kind: Kind = "diverged" if ended == "diverged" else _kind(course, settings, ended=ended, n_classes=n_classes)
    waiting = _waiting_share(history)
    sentences = [_standing(kept, is_changed=is_changed or bool(dropout))]
    match kind:
        case "diverged":
            sentences.append(f"{describe_divergence(settings, epoch=len(history) + 1, kept=kept.epoch)}.")
        case "overfitting":
            sentences.append(course.overfitting() + _against_overfitting(settings, is_changed, dropout))
        case "underfitting":
            sentences.append(_against_underfitting(course, settings, n_classes=n_classes, dropout=dropout))
        case "unfinished":
            sentences.append(_UNFINISHED.format(count(settings.max_epochs, "epoch"), 2 * settings.max_epochs))
        case _:
            sentences.append(_UNVALIDATED if kind == "unvalidated" else _FINE)
    if waiting > _HALF:
        sentences.append(_WAITING.format(100 * waiting))
    return Verdict(
        kind=kind,
        sentences=tuple(sentences),
        loss_gap=None if kept.validation_loss is None else kept.validation_loss - kept.train_loss,
        accuracy_gap=None if kept.validation_accuracy is None else kept.train_accuracy - kept.validation_accuracy,
        overfits_since=course.worse_since if kind == "overfitting" else None,
        waiting_share=round(waiting, 4),
    )


def describe_divergence(settings: TrainSettings, *, epoch: int, kept: int = 0) -> str:
    """Return which setting made a training diverge, and what to try in its place.

    Args:
        settings: How it was trained.
        epoch: The epoch after which loss or weights were no longer finite numbers, from 1.
        kept: The epoch whose weights were kept; 0 where there are none.

    >>> describe_divergence(TrainSettings(learning_rate=100.0), epoch=1)
    'loss or weights were not finite in the first epoch: learning_rate 100 is too high; try 0.001, or clip_norm 1'
    """
    where = "in the first epoch" if epoch == 1 else f"in epoch {epoch}"
    left = f" (the weights of epoch {kept} were kept)" if kept else ""
    return f"loss or weights were not finite {where}{left}: {_suspect(settings)}"


def _suspect(settings: TrainSettings) -> str:
    """Return the setting that is to blame with a value that is not. Plain descent diverges where rate times slope > 2.

    Source: Nesterov (2004), "Introductory lectures on convex optimization", section 1.2.3.
    """
    rate = settings.learning_rate
    for name in ("l2", "l1"):
        if getattr(settings, name) >= 1.0:
            return f"{name} {getattr(settings, name):g} outweighs the loss; try 0.001"
    if settings.weight_decay >= 1.0 and rate * settings.weight_decay >= 1.0:
        return (
            f"weight_decay {settings.weight_decay:g} with learning_rate {rate:g} turns the weights over at each step; "
            f"try {_DECAY:g}"
        )
    lower = min(rate / 10.0, _PROPER_SPEED[settings.optimiser])
    clip = ", or clip_norm 1" if settings.clip_norm is None else ""
    return f"learning_rate {rate:g} is too high; try {lower:g}{clip}"


class _Course:
    """How training and validation went."""

    def __init__(
        self, history: Sequence[Epoch], settings: TrainSettings, kept: Epoch, n_validation: int | None
    ) -> None:
        self.history, self.kept, self.settings = history, kept, settings
        self.validation = [epoch.validation_loss for epoch in history if epoch.validation_loss is not None]
        self.is_validated = len(self.validation) == len(history)
        self._n_validation = n_validation

    @property
    def lowest(self) -> int:
        """The epoch of the lowest validation loss, from 1."""
        return 1 + min(range(len(self.validation)), key=self.validation.__getitem__)

    @property
    def worse_since(self) -> int | None:
        """The epoch from which on validation got worse while training got better; None for none."""
        after = self.validation[self.lowest :]
        if len(after) < 3:  # noqa: PLR2004 - fewer are no course
            return None
        end = _mean(after[-_WINDOW:])
        around = _mean(self.validation[max(0, self.lowest - 2) : self.lowest + 1])
        rise = end - around  # from a mean to a mean: the lowest of many is low by chance
        trained = self.history[-1].train_loss < self.history[self.lowest - 1].train_loss
        return self.lowest + 1 if trained and rise > max(_LEAST_RISE, _RISE * around) else None

    @property
    def has_gap(self) -> bool:
        """Whether the kept epoch knows its training sounds better than chance and noise explain."""
        accuracy = self.kept.validation_accuracy
        if accuracy is None or self.kept.validation_loss is None:
            return False
        share = min(max(accuracy, 0.05), 0.95)  # all right of a dozen is not certainty
        error = sqrt(share * (1.0 - share) / self._n_validation) if self._n_validation else 0.0
        gap = self.kept.train_accuracy - accuracy
        return gap > max(_LEAST_GAP, _ERRORS * error) and self.kept.validation_loss > self.kept.train_loss

    @property
    def is_falling(self) -> bool:
        """Whether what it is judged by was still falling at the end."""
        losses = self.validation if self.is_validated else [epoch.train_loss for epoch in self.history]
        if len(losses) < 4:  # noqa: PLR2004 - two and two
            return len(losses) == 1 or losses[-1] < min(losses[:-1])
        window = min(_WINDOW, len(losses) // 2)
        before, end = _mean(losses[-2 * window : -window]), _mean(losses[-window:])
        return end < before * (1.0 - _STILL_FALLING)

    def overfitting(self) -> str:
        """Return since when, or how much."""
        since = self.worse_since
        if since is None:
            return "It overfits: it knows its training sounds much better than others."
        best, last = self.history[self.lowest - 1], self.history[-1]
        return (
            f"It overfits: from epoch {since} on validation got worse (log loss {best.validation_loss:.2f} to "
            f"{_mean(self.validation[-_WINDOW:]):.2f}) while training went on getting better ({best.train_loss:.2f} to "
            f"{last.train_loss:.2f})."
        )


def _kind(course: _Course, settings: TrainSettings, *, ended: str, n_classes: int | None) -> Kind:
    kept = course.kept
    if _is_guessing(course, n_classes):
        return "underfitting"
    if course.is_validated and (course.worse_since or course.has_gap):
        return "overfitting"
    # A schedule that runs down to nothing always ends while it falls.
    is_short = ended == "max_epochs" and settings.schedule == "constant" and course.is_falling
    if is_short:
        return "unfinished"
    if not course.is_validated:
        return "unvalidated"
    learnt = max(kept.train_accuracy, kept.validation_accuracy or 0.0)
    return "underfitting" if learnt < _LOW_ACCURACY else "fine"


def _is_guessing(course: _Course, n_classes: int | None) -> bool:
    """Return whether validation is no better than a guess although training is not either, or the loss ran away."""
    if n_classes is None:
        return False
    guess = log(n_classes)
    if course.kept.train_loss > _RUN_AWAY * guess:
        return True
    is_as_good = course.is_validated and course.validation[course.lowest - 1] > _HARDLY_BETTER_THAN_CHANCE * guess
    return is_as_good and course.kept.train_accuracy < _LOW_ACCURACY


def _standing(kept: Epoch, *, is_changed: bool) -> str:
    right = f"{100 * kept.train_accuracy:.1f} % of the training segments were right"
    if kept.validation_accuracy is None or kept.validation_loss is None:
        return f"In epoch {kept.epoch}, whose weights were kept, {right} (log loss {kept.train_loss:.2f})."
    points = round(100 * (kept.train_accuracy - kept.validation_accuracy), 1) + 0.0  # -0.0 becomes 0.0
    sentence = (
        f"In epoch {kept.epoch}, whose weights were kept, {right} and {100 * kept.validation_accuracy:.1f} % of the "
        f"validation clips (log loss {kept.train_loss:.2f} and {kept.validation_loss:.2f})"
    )
    if points >= 0.0:
        return f"{sentence}: a gap of {points:.1f} points."
    why = "dropout and changed sounds make it harder" if is_changed else "a clip is judged by all its segments together"
    return f"{sentence}; training lies below because {why}, which is no fault."


def _against_overfitting(settings: TrainSettings, is_changed: bool, dropout: float | None) -> str:  # noqa: FBT001
    return f" Try {_listed(_remedies(settings, is_changed=is_changed, dropout=dropout))}."


def _remedies(settings: TrainSettings, *, is_changed: bool, dropout: float | None) -> Iterator[str]:
    yield "recordings of other sources"
    yield "stronger augmentation (--augment)" if is_changed else "augmentation (--augment)"
    if dropout is not None and dropout < _HALF:
        yield f"more dropout (network.dropout, now {dropout:g})"
    if settings.weight_decay < _DECAY and not settings.l2:
        yield f"train.weight_decay = {_DECAY:g}"
    if not settings.label_smoothing:
        yield "train.label_smoothing = 0.1"
    yield "a smaller network"
    if settings.keep == "last":
        yield "an earlier stop (train.keep = best)"


def _against_underfitting(
    course: _Course, settings: TrainSettings, *, n_classes: int | None, dropout: float | None
) -> str:
    rate = settings.learning_rate
    if _is_guessing(course, n_classes):
        too_fast = rate > _PROPER_SPEED[settings.optimiser]
        better = _PROPER_SPEED[settings.optimiser]
        hint = (
            f"train.learning_rate = {better:g} in place of {rate:g}"
            if too_fast
            else "another train.learning_rate, more epochs, and a look at the labels"
        )
        ran_away = course.kept.train_loss > _RUN_AWAY * log(n_classes or 1)
        fault = "Its loss ran away" if ran_away else "It has learnt hardly more than to guess"
        return f"{fault}: try {hint}."
    weaker = [f"less dropout (network.dropout, now {dropout:g})"] if dropout else []
    if settings.weight_decay or settings.l1 or settings.l2:
        weaker.append("less weight decay")
    more = ["more epochs", "a larger network", "a higher train.learning_rate", *weaker]
    return f"It has not learnt its training sounds well enough either: try {_listed(more)}."


def _waiting_share(history: Sequence[Epoch]) -> float:
    time_s = sum(epoch.time_s for epoch in history)
    return sum(epoch.data_s for epoch in history) / time_s if time_s > 0 else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _listed(words: Sequence[str] | Iterator[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
