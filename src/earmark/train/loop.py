"""The training loop: mini-batches, steps along the gradient, early stopping on the validation part."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from earmark._util.progress import NoProgress, Progress
from earmark._util.seeds import spawn_generator, spawn_seed
from earmark.errors import TrainingError
from earmark.models.device import has_fast_bfloat16
from earmark.train.checkpoint import (
    Checkpoint,
    copy_state,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from earmark.train.history import Epoch
from earmark.train.objective import Objective
from earmark.train.optimiser import learning_rate_at, make_optimiser
from earmark.train.settings import TrainSettings
from earmark.train.verdict import describe_divergence

# Given which segments a batch is of, and random numbers: its features, and its classes (batch,) or shares of them
# (batch, n_classes). It is where sounds are changed anew in each epoch.
Draw = Callable[[Tensor, np.random.Generator], tuple[Tensor, Tensor]]

_CHECKPOINT_EVERY_S = 5.0  # writing a state costs milliseconds; a run that is cut off repeats at most this much
_EVALUATION_BATCH = 128
# On processors, the backward pass of a convolution in bfloat16 over a map one or two places wide reads memory that
# nobody wrote (torch 2.13, oneDNN): other weights each time. Seen with 16 frames before the poolings, not with 20.
_LEAST_FRAMES_MIXED = 32


@dataclass(frozen=True, kw_only=True)
class LabelledSegments:
    """Standardised features with their classes.

    Attributes:
        features: (n_segments, n_bins, n_frames) float32.
        y: The class of each segment (n_segments,) int64.
        clip_index: The clip of each segment (n_segments,) int64, 0 to n_clips - 1.
    """

    features: Tensor
    y: Tensor
    clip_index: Tensor

    def to(self, device: torch.device) -> "LabelledSegments":
        """Return the same on another device."""
        return LabelledSegments(
            features=self.features.to(device), y=self.y.to(device), clip_index=self.clip_index.to(device)
        )


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """How a training went. The network holds the weights of its best epoch.

    Attributes:
        history: Each epoch.
        best_epoch: The epoch, from 1, whose weights were kept.
        ended: Why it ended: ``"patience"``, ``"max_epochs"``, ``"interrupted"`` or ``"diverged"``.
    """

    history: tuple[Epoch, ...]
    best_epoch: int
    ended: str


@dataclass
class _State:
    """What changes from epoch to epoch."""

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best_loss: float = math.inf
    best: dict[str, Tensor] = field(default_factory=dict)
    saved_at: float = field(default_factory=time.monotonic)


def train_network(
    network: nn.Module,
    train: LabelledSegments,
    validation: LabelledSegments | None,
    settings: TrainSettings,
    *,
    seed: int,
    device: torch.device,
    draw: Draw | None = None,
    progress: Progress | None = None,
    checkpoint_path: Path | None = None,
    checkpoint_key: str = "",
    resume: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> TrainResult:
    """Train a network in place and leave it with the weights of its best epoch.

    The best epoch is the one with the lowest log loss over the validation *clips* (a clip's probabilities are the
    mean of its segments'); without a validation part, or where the settings say so, it is the last. Every epoch's
    random numbers follow from `seed` and the epoch's number alone, so a resumed training is the same as one that was
    never cut off. Ctrl-C ends the training and keeps the best so far.

    Args:
        network: Maps features (batch, n_bins, n_frames) to logits (batch, n_classes).
        train: The training part, standardised.
        validation: The validation part, standardised in the same way; None for none.
        settings: See `TrainSettings`.
        seed: The root seed.
        device: Where to compute.
        draw: Makes a batch of the training part; None takes its features as they are.
        progress: What is told of each epoch.
        checkpoint_path: Where the state is kept for `resume`; None keeps none.
        checkpoint_key: Names settings and data; only a checkpoint of the same key is taken up.
        resume: Whether to go on from `checkpoint_path`, if it is there.
        on_epoch: Called with each epoch when it is over; a resumed training begins with those that it has behind it.

    Raises:
        TrainingError: Loss or weights are not finite after the first epoch, or the checkpoint does not fit.
        StorageError: The checkpoint cannot be written.
    """
    progress, on_epoch = progress or NoProgress(), on_epoch or _say_nothing
    _put_on(network, device)
    train = train.to(device)
    validation = validation.to(device) if validation else None
    course = _Course(network, train, settings, seed=seed, device=device, draw=draw)
    state = _State()
    if resume and checkpoint_path and checkpoint_path.exists():
        checkpoint = load_checkpoint(checkpoint_path, key=checkpoint_key)
        _take_up(checkpoint, course, state, path=checkpoint_path)
    progress.start("training", settings.max_epochs)
    for epoch in state.history:
        progress.advance("resumed")
        on_epoch(epoch)
    ended = "max_epochs"
    try:
        for number in range(len(state.history) + 1, settings.max_epochs + 1):
            if validation and settings.keep == "best" and number - 1 - state.best_epoch >= settings.patience:
                ended = "patience"
                break
            epoch = course.run(number, validation)
            if not _is_finite(epoch, course.learnt):
                ended = "diverged"
                break
            _note(epoch, course.learnt, state, keep=settings.keep)
            progress.advance(epoch.sentence())
            on_epoch(epoch)
            if checkpoint_path and time.monotonic() - state.saved_at > _CHECKPOINT_EVERY_S:
                save_checkpoint(checkpoint_path, _checkpoint(course, state, checkpoint_key))
                state.saved_at = time.monotonic()
    except KeyboardInterrupt:
        ended = "interrupted"
    if not state.best:
        if ended == "interrupted":
            raise KeyboardInterrupt
        raise TrainingError(describe_divergence(settings, epoch=1))
    network.load_state_dict(state.best)
    return TrainResult(history=tuple(state.history), best_epoch=state.best_epoch, ended=ended)


def _put_on(network: nn.Module, device: torch.device) -> None:
    network.to(device)
    # channels_last is the layout that convolutions on a processor work in: without it each is re-ordered and back.
    # It is one of four axes: a network with weights of five is left as it is.
    if all(weight.ndim < 5 for weight in network.parameters()):  # noqa: PLR2004 - as said
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs miss it


class _Course:
    """A network on its way: what learns, how it steps, and from what."""

    def __init__(
        self,
        network: nn.Module,
        train: LabelledSegments,
        settings: TrainSettings,
        *,
        seed: int,
        device: torch.device,
        draw: Draw | None,
    ) -> None:
        self.network = network
        self.optimiser = make_optimiser(network, settings, device)
        self.average: AveragedModel | None = None
        if settings.ema_decay is not None:
            averaging = get_ema_multi_avg_fn(settings.ema_decay)  # type: ignore[no-untyped-call]  # torch's stubs miss it
            self.average = AveragedModel(network, multi_avg_fn=averaging, use_buffers=True)
        self._train, self._settings, self._seed, self._device = train, settings, seed, device
        self._draw = draw or self._as_it_is
        self._objective = Objective(settings, train.y)
        wanted = settings.mixed_precision
        self._is_mixed = has_fast_bfloat16(device) if wanted == "auto" else bool(wanted)
        if device.type == "cpu" and train.features.shape[-1] < _LEAST_FRAMES_MIXED:
            self._is_mixed = False

    @property
    def learnt(self) -> nn.Module:
        """What is validated and kept: the average of the weights where one is asked for, else the network."""
        return self.network if self.average is None else self.average.module

    def run(self, number: int, validation: LabelledSegments | None) -> Epoch:
        """Run one epoch, and say what happened in it."""
        began = time.monotonic()
        device, n_segments = self._device, len(self._train.y)
        loss_sum, n_right, data_s = torch.zeros((), device=device), torch.zeros((), device=device), 0.0
        self.network.train()
        order = torch.from_numpy(spawn_generator(self._seed, "epoch", number).permutation(n_segments)).to(device)
        if self._settings.segments_per_clip is not None:
            order = first_of_each(order, self._train.clip_index, self._settings.segments_per_clip)
            n_segments = len(order)
        generator = spawn_generator(self._seed, "augmentation", number)
        parts = list(batches(order, self._settings.batch_size))
        # Dropout draws from torch's global generator: give it this epoch's seed, and give the caller's state back.
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(spawn_seed(self._seed, "dropout", number))
            for index, batch in enumerate(parts):
                drawing = time.monotonic()
                features, targets = self._draw(batch, generator)
                data_s += time.monotonic() - drawing
                rate = learning_rate_at((number - 1) * len(parts) + index, len(parts), self._settings)
                loss, logits = self._step(features, targets, rate)
                loss_sum += loss * len(batch)
                n_right += (logits.argmax(1) == (targets if targets.ndim == 1 else targets.argmax(1))).sum()
        validation_loss, validation_accuracy = _validate(self.learnt, validation) if validation else (None, None)
        return Epoch(
            epoch=number,
            train_loss=float(loss_sum) / n_segments,
            train_accuracy=float(n_right) / n_segments,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            learning_rate=float(self.optimiser.param_groups[0]["lr"]),
            time_s=round(time.monotonic() - began, 4),
            data_s=round(data_s, 4),
        )

    def _as_it_is(self, batch: Tensor, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        del generator  # nothing is left to chance
        return self._train.features[batch], self._train.y[batch]

    def _step(self, features: Tensor, targets: Tensor, learning_rate: float) -> tuple[Tensor, Tensor]:
        """Step along the gradient of one batch; return its loss without penalties, and its logits."""
        settings, optimiser = self._settings, self.optimiser
        for group in optimiser.param_groups:
            group["lr"] = learning_rate
        optimiser.zero_grad()
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_mixed):
            logits = self.network(features)  # (batch, n_classes)
        loss = self._objective.loss(logits, targets)
        penalty = self._objective.penalty(self.network)
        (loss if penalty is None else loss + penalty).backward()  # type: ignore[no-untyped-call]  # as in torch's stubs
        if settings.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip_norm)
        optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.network)
        return loss.detach(), logits.detach()


def batches(order: Tensor, batch_size: int) -> Iterator[Tensor]:
    """Yield the batches of an epoch; a last one of a single segment joins the one before it.

    Batch norm has no deviation to learn from one segment alone, and dropping it would lose it.

    >>> [len(batch) for batch in batches(torch.arange(9), 4)]
    [4, 5]
    """
    parts = list(torch.split(order, batch_size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    yield from parts


def first_of_each(order: Tensor, clip_index: Tensor, n: int) -> Tensor:
    """Return an order of segments without those that come after the first `n` of their clip.

    Args:
        order: Segments (n_segments,), each once.
        clip_index: The clip of each segment (n_segments,), by its number.
        n: How many of a clip stay.

    >>> first_of_each(torch.tensor([3, 0, 2, 1]), torch.tensor([0, 0, 1, 1]), 1)
    tensor([3, 0])
    """
    clip = clip_index[order]
    by_clip = torch.argsort(clip, stable=True)  # clip after clip, each in the order of `order`
    counts = torch.bincount(clip)
    begins = torch.repeat_interleave(counts.cumsum(0) - counts, counts)
    rank = torch.empty_like(clip)
    rank[by_clip] = torch.arange(len(clip), device=clip.device) - begins
    return order[rank < n]


@torch.inference_mode()
def _validate(network: nn.Module, part: LabelledSegments) -> tuple[float, float]:
    """Return log loss and accuracy over the clips of `part`."""
    network.eval()
    batches_ = torch.split(part.features, _EVALUATION_BATCH)  # views: a network may change what it is given
    probabilities = torch.cat([torch.softmax(network(batch.clone()), dim=1) for batch in batches_])  # (n, n_classes)
    n_clips = int(part.clip_index.max()) + 1
    sums = probabilities.new_zeros(n_clips, probabilities.shape[1]).index_add(0, part.clip_index, probabilities)
    y = part.y.new_zeros(n_clips).index_copy(0, part.clip_index, part.y)
    means = sums / sums.sum(1, keepdim=True)  # (n_clips, n_classes)
    loss = functional.nll_loss(means.clamp_min(1e-12).log(), y)
    return float(loss), float((means.argmax(1) == y).float().mean())


def _say_nothing(epoch: Epoch) -> None:
    del epoch


def _is_finite(epoch: Epoch, network: nn.Module) -> bool:
    """Return whether loss and weights are: a last step can spoil weights or batch norm's means unseen by any loss."""
    floats = (tensor for tensor in network.state_dict().values() if tensor.is_floating_point())
    losses = (epoch.train_loss, epoch.validation_loss or 0.0)
    return all(map(math.isfinite, losses)) and all(bool(tensor.isfinite().all()) for tensor in floats)


def _note(epoch: Epoch, network: nn.Module, state: _State, *, keep: str) -> None:
    state.history.append(epoch)
    if keep == "last" or epoch.validation_loss is None or epoch.validation_loss < state.best_loss:
        state.best_loss = math.inf if epoch.validation_loss is None else epoch.validation_loss
        state.best_epoch = epoch.epoch
        state.best = copy_state(network)


def _checkpoint(course: _Course, state: _State, key: str) -> Checkpoint:
    return Checkpoint(
        key=key,
        history=state.history,
        best_epoch=state.best_epoch,
        weights=course.network.state_dict(),
        best=state.best,
        optimiser=optimiser_tensors(course.optimiser),
        average=course.average.state_dict() if course.average else {},
    )


def _take_up(checkpoint: Checkpoint, course: _Course, state: _State, *, path: Path) -> None:
    state.history = list(checkpoint.history)
    state.best_epoch = checkpoint.best_epoch
    state.best = checkpoint.best
    try:
        course.network.load_state_dict(checkpoint.weights)
        restore_optimiser(course.optimiser, checkpoint.optimiser)
        if course.average:
            course.average.load_state_dict(checkpoint.average)
        best_loss = state.history[state.best_epoch - 1].validation_loss
    except (IndexError, KeyError, RuntimeError, ValueError) as error:
        raise TrainingError(
            f"the checkpoint {path} is of another network or damaged: start again without --resume"
        ) from error
    state.best_loss = math.inf if best_loss is None else best_loss
