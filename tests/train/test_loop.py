import math
import random
import time
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from earmark.errors import StorageError, TrainingError
from earmark.models.cnn import Cnn, CnnSettings
from earmark.train import loop
from earmark.train.checkpoint import load_checkpoint
from earmark.train.loop import LabelledSegments, batches, first_of_each, train_network
from earmark.train.settings import TrainSettings

CPU = torch.device("cpu")
SETTINGS = TrainSettings(max_epochs=6, patience=6, batch_size=8, learning_rate=3e-3)


def build(seed=0, n_bins=13):
    """Return a small network with everything that makes resuming hard: four axes, dropout, batch norm's counters."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Cnn(n_bins=n_bins, n_frames=20, n_classes=3, settings=CnnSettings(n_channels=4, n_hidden=8, dropout=0.3))


def part(n_clips, *, n_segments=2, seed=0, is_learnable=True):
    """Return clips of some segments each, whose class shifts their features, or does not."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n_clips) % 3
    features = torch.randn(n_clips * n_segments, 13, 20, generator=generator)
    if not is_learnable:
        y = y[torch.randperm(n_clips, generator=generator)]
    else:
        features[:, :5] += 3.0 * y.repeat_interleave(n_segments)[:, None, None] - 3.0
    return LabelledSegments(
        features=features,
        y=y.repeat_interleave(n_segments),
        clip_index=torch.arange(n_clips).repeat_interleave(n_segments),
    )


TRAIN, VALIDATION = part(15), part(6, n_segments=3, seed=1)


def train(network, train_part=TRAIN, validation=VALIDATION, settings=SETTINGS, *, seed=0, **rest):
    return train_network(network, train_part, validation, settings, seed=seed, device=CPU, **rest)


def same(one, other):
    one, other = one.state_dict(), other.state_dict()
    return all(torch.equal(one[name], other[name]) for name in one)


def timeless(result):
    return [replace(epoch, time_s=0.0, data_s=0.0) for epoch in result.history]


class Halt:
    """Takes progress, and raises when so many epochs are done."""

    def __init__(self, n_epochs, error=KeyboardInterrupt):
        self.left, self.error, self.told = n_epochs, error, []

    def start(self, title, n_steps):
        self.told.append((title, n_steps))

    def advance(self, note=""):
        self.told.append(note)
        self.left -= note != "resumed"
        if self.left == 0:
            raise self.error


class Given(nn.Module):
    """A network that answers with its input, whatever it is taught."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, features):
        return features[:, :, 0] + 0.0 * self.unused


def log_loss_over_clips(network, segments):
    """Return the validation loss in NumPy, from its definition."""
    network.eval()
    with torch.no_grad():
        logits = network(segments.features).double().numpy()
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    clip, y = segments.clip_index.numpy(), segments.y.numpy()
    means = [probabilities[clip == index].mean(0)[y[clip == index][0]] for index in range(clip.max() + 1)]
    return -float(np.mean(np.log(means)))


# ---------------------------------------------------------------- seeds


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_twice():
    one, other = build(), build()

    first, second = train(one), train(other)

    assert same(one, other)
    assert timeless(first) == timeless(second)


@pytest.mark.slow
def test_another_seed_gives_another_training():
    one, other = build(), build()

    first, second = train(one, seed=0), train(other, seed=1)

    assert not same(one, other)
    assert timeless(first) != timeless(second)


@pytest.mark.parametrize("network", [build(), Given()], ids=["with dropout", "without"])
def test_nothing_global_is_touched(network):
    torch.manual_seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002 - on purpose
    threads = torch.get_num_threads()

    train(network, settings=replace(SETTINGS, max_epochs=2))

    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002 - on purpose
    assert random.getstate() == before[2]
    assert torch.get_num_threads() == threads


def test_the_global_state_is_given_back_when_a_training_is_cut_off_in_mid_epoch():
    network = build()
    network.register_forward_hook(lambda *_: (_ for _ in ()).throw(RuntimeError("the power is gone")))
    torch.manual_seed(5)
    before = torch.get_rng_state()

    with pytest.raises(RuntimeError, match="the power is gone"):
        train(network)

    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
def test_what_the_caller_drew_before_changes_nothing():
    one, other = build(), build()
    torch.manual_seed(1)
    train(one)
    torch.manual_seed(2)
    torch.rand(7)
    train(other)

    assert same(one, other)


class Overwriting(nn.Module):
    """Changes what it is given in place, as a ReLU(inplace=True) before everything does."""

    def __init__(self):
        super().__init__()
        self.scores = nn.Linear(13, 3)

    def forward(self, features):
        return self.scores(features.mul_(1.5).mean(dim=2))


def test_a_network_that_overwrites_its_input_does_not_change_the_sounds():
    kept = VALIDATION.features.clone()

    train(Overwriting())

    assert torch.equal(VALIDATION.features, kept)
    assert torch.equal(TRAIN.features, part(15).features)


def test_the_sounds_themselves_are_not_changed():
    before = TRAIN.features.clone()

    train(build(), settings=replace(SETTINGS, max_epochs=1))

    assert torch.equal(TRAIN.features, before)


# ---------------------------------------------------------------- batches


@given(n=st.integers(1, 200), batch_size=st.integers(1, 40))
def test_every_segment_is_in_one_batch_and_none_is_alone(n, batch_size):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(n))

    parts = list(batches(order, batch_size))

    assert torch.equal(torch.cat(parts), order)
    assert len(parts[-1]) > 1 or n == 1
    assert all(len(batch) == batch_size for batch in parts[:-1])
    assert len(parts[-1]) <= batch_size + 1


@pytest.mark.slow
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(1, 4), st.integers(0, 99))
def test_of_each_clip_the_first_few_of_an_order_stay_and_no_other(clips, n, seed):
    clip_index, order = torch.tensor(clips), torch.from_numpy(np.random.default_rng(seed).permutation(len(clips)))
    kept = first_of_each(order, clip_index, n).tolist()
    wanted, seen = [], dict.fromkeys(clips, 0)
    for segment in order.tolist():
        seen[clips[segment]] += 1
        if seen[clips[segment]] <= n:
            wanted.append(segment)
    assert kept == wanted


@pytest.mark.slow
def test_an_epoch_of_one_segment_a_clip_draws_another_each_time():
    drawn = []

    def draw(batch, generator):
        drawn.append(batch.tolist())
        return TRAIN.features[batch], TRAIN.y[batch]

    settings = replace(SETTINGS, max_epochs=20, patience=20, segments_per_clip=1, batch_size=100)
    result = train(build(), settings=settings, draw=draw)
    assert all(sorted(segment // 2 for segment in epoch) == list(range(15)) for epoch in drawn)
    assert {segment for epoch in drawn for segment in epoch} == set(range(30))
    assert 0 < result.history[0].train_loss < 10


def test_each_epoch_meets_every_segment_once_and_in_another_order():
    numbered = replace(TRAIN, features=torch.arange(30.0)[:, None, None].expand(30, 3, 1).contiguous())
    met = []
    network = Given()
    network.register_forward_pre_hook(lambda _, given: met.extend(given[0][:, 0, 0].tolist()))

    train(network, numbered, None, replace(SETTINGS, max_epochs=2))

    assert sorted(met[:30]) == sorted(met[30:]) == list(range(30))
    assert met[:30] != met[30:]


@pytest.mark.slow
def test_each_epoch_leaves_out_other_units():
    dropped, network = [], build()
    dropout = next(module for module in network.modules() if isinstance(module, nn.Dropout))
    dropout.register_forward_hook(
        lambda _, given, answer: dropped.append(torch.nn.functional.dropout(given[0] * 0 + 1))
    )

    train(network, settings=replace(SETTINGS, max_epochs=2, batch_size=30), validation=None)

    assert not torch.equal(dropped[0], dropped[1])


@pytest.mark.parametrize(("n_segments", "batch_size"), [(9, 8), (3, 2), (17, 16), (2, 8)])
def test_a_last_batch_of_one_segment_and_a_single_batch_are_learnt_from(n_segments, batch_size):
    few = LabelledSegments(**{name: value[:n_segments] for name, value in vars(TRAIN).items()})

    result = train(build(), few, settings=replace(SETTINGS, batch_size=batch_size, max_epochs=2))

    assert len(result.history) == 2
    assert all(math.isfinite(epoch.train_loss) for epoch in result.history)


def test_one_epoch_is_one_epoch():
    result = train(build(), settings=replace(SETTINGS, max_epochs=1))

    assert (len(result.history), result.best_epoch, result.ended) == (1, 1, "max_epochs")


@pytest.mark.slow
def test_it_learns_what_can_be_learnt():
    result = train(build(), settings=replace(SETTINGS, max_epochs=40, patience=40))

    assert result.history[-1].train_loss < 0.5 * result.history[0].train_loss
    assert result.history[result.best_epoch - 1].validation_accuracy == 1.0


@pytest.mark.slow
def test_a_higher_weight_decay_gives_smaller_weights():
    one, other = build(), build()

    train(one, validation=None)
    train(other, validation=None, settings=replace(SETTINGS, weight_decay=5.0))

    assert other.head[1].weight.norm() < one.head[1].weight.norm()


# ---------------------------------------------------------------- what is measured


def test_the_validation_loss_is_that_of_clips_and_not_of_segments():
    # Clip 0 (class 0) has segments of 0.9 and 0.5, so 0.7; clip 1 (class 1) has one of 0.8; clip 2 (class 0) is wrong.
    probabilities = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.4, 0.6]])
    validation = LabelledSegments(
        features=probabilities.log().unsqueeze(-1), y=torch.tensor([0, 1, 0, 0]), clip_index=torch.tensor([0, 1, 0, 2])
    )

    (epoch,) = train(Given(), validation, validation, replace(SETTINGS, max_epochs=1)).history

    assert epoch.validation_loss == pytest.approx(-(math.log(0.7) + math.log(0.8) + math.log(0.4)) / 3, abs=1e-6)
    assert epoch.validation_accuracy == pytest.approx(2 / 3)
    assert epoch.train_loss == pytest.approx(-sum(map(math.log, (0.9, 0.8, 0.5, 0.4))) / 4, abs=1e-6)


def test_a_clip_whose_segments_disagree_is_one_clip():
    probabilities = torch.tensor([[0.9, 0.1], [0.3, 0.7], [0.4, 0.6]])  # two of three are wrong, their mean is right
    validation = LabelledSegments(
        features=probabilities.log().unsqueeze(-1), y=torch.zeros(3, dtype=torch.long), clip_index=torch.zeros(3).long()
    )

    (epoch,) = train(Given(), validation, validation, replace(SETTINGS, max_epochs=1)).history

    assert epoch.validation_accuracy == 1.0
    assert epoch.train_accuracy == pytest.approx(1 / 3)


def test_a_validation_part_that_is_larger_than_a_batch_of_it_is_measured_whole():
    many = part(100, n_segments=3, seed=4)
    network = build()

    (epoch,) = train(network, validation=many, settings=replace(SETTINGS, max_epochs=1)).history

    assert epoch.validation_loss == pytest.approx(log_loss_over_clips(network, many), rel=1e-5)


def test_a_certain_mistake_costs_much_but_not_everything():
    wrong = LabelledSegments(
        features=torch.tensor([[[1e4], [0.0]]]), y=torch.ones(1, dtype=torch.long), clip_index=torch.zeros(1).long()
    )

    (epoch,) = train(Given(), wrong, wrong, replace(SETTINGS, max_epochs=1)).history

    assert 20 < epoch.validation_loss < 40


def test_progress_is_told_of_every_epoch():
    progress = Halt(99)

    result = train(build(), progress=progress, settings=replace(SETTINGS, max_epochs=3))

    assert progress.told == [("training", 3), *(epoch.sentence() for epoch in result.history)]


# ---------------------------------------------------------------- the best epoch


def test_early_stopping_stops_when_patience_is_over_and_not_before():
    settings = replace(SETTINGS, max_epochs=200, patience=4, learning_rate=1e-2)

    result = train(build(), validation=part(6, seed=1, is_learnable=False), settings=settings)

    assert result.ended == "patience"
    assert len(result.history) == result.best_epoch + 4
    assert len(result.history) < 200


@pytest.mark.slow
def test_the_network_is_left_with_the_weights_of_the_best_epoch_and_not_of_the_last():
    unlearnable = part(6, n_segments=3, seed=1, is_learnable=False)
    network = build()

    result = train(network, validation=unlearnable, settings=replace(SETTINGS, max_epochs=30, patience=5))

    losses = [epoch.validation_loss for epoch in result.history]
    assert result.best_epoch == 1 + losses.index(min(losses))
    assert result.best_epoch < len(losses)
    assert log_loss_over_clips(network, unlearnable) == pytest.approx(min(losses), abs=1e-6)
    assert abs(losses[-1] - min(losses)) > 1e-4


@pytest.mark.slow
def test_stopping_at_the_best_epoch_gives_the_same_network():
    unlearnable = part(6, seed=1, is_learnable=False)
    long, short = build(), build()
    result = train(long, validation=unlearnable, settings=replace(SETTINGS, max_epochs=30, patience=5))

    train(short, validation=None, settings=replace(SETTINGS, max_epochs=result.best_epoch))

    assert same(long, short)


def test_of_equally_good_epochs_the_first_is_kept():
    result = train(Given(), settings=replace(SETTINGS, patience=2))

    assert (result.best_epoch, len(result.history), result.ended) == (1, 3, "patience")


def test_without_a_validation_part_the_last_epoch_is_kept_and_patience_is_not_asked():
    network, snapshot = build(), build()

    result = train(network, validation=None, settings=replace(SETTINGS, patience=1))
    train(snapshot, validation=None, settings=replace(SETTINGS, patience=6))

    assert (result.best_epoch, len(result.history), result.ended) == (6, 6, "max_epochs")
    assert {epoch.validation_loss for epoch in result.history} == {None}
    assert {epoch.validation_accuracy for epoch in result.history} == {None}
    assert same(network, snapshot)


@pytest.mark.slow
def test_where_the_last_epoch_is_to_be_kept_it_is_and_nothing_is_stopped_early():
    hopeless = part(6, seed=3, is_learnable=False)
    settings = replace(SETTINGS, max_epochs=8, patience=1)
    best, last, alone = build(), build(), build()

    stopped = train(best, validation=hopeless, settings=settings)
    through = train(last, validation=hopeless, settings=replace(settings, keep="last"))
    train(alone, validation=None, settings=settings)

    assert stopped.ended == "patience"
    assert (through.ended, through.best_epoch, len(through.history)) == ("max_epochs", 8, 8)
    assert all(epoch.validation_loss is not None for epoch in through.history)
    assert same(last, alone)
    assert not same(last, best)


def test_looking_at_the_validation_part_changes_no_step():
    with_validation, without = build(), build()
    first = train(with_validation, settings=replace(SETTINGS, max_epochs=3))
    second = train(without, validation=None, settings=replace(SETTINGS, max_epochs=3))

    assert [epoch.train_loss for epoch in first.history] == [epoch.train_loss for epoch in second.history]


# ---------------------------------------------------------------- losses that are no numbers


def test_a_loss_that_is_not_finite_later_on_keeps_the_last_good_epoch():
    class Plant(Halt):
        def advance(self, note=""):
            super().advance(note)
            if self.left == 97:
                with torch.no_grad():
                    network.head[1].weight.fill_(math.inf)

    network, short = build(), build()

    result = train(network, progress=Plant(99))
    train(short, settings=replace(SETTINGS, max_epochs=2))

    assert (result.ended, len(result.history)) == ("diverged", 2)
    assert result.best_epoch in {1, 2}
    assert same(network, short)


@pytest.mark.parametrize("validation", [VALIDATION, None])
@pytest.mark.parametrize("planted", [math.inf, math.nan])
def test_features_that_are_not_finite_are_an_error_in_the_first_epoch(planted, validation):
    features = TRAIN.features.clone()
    features[3, 2, 1] = planted

    with pytest.raises(TrainingError, match=r"first epoch.*learning_rate 0.003 is too high; try 0.0003"):
        train(build(), replace(TRAIN, features=features), validation)


def test_a_learning_rate_beyond_all_measure_is_named():
    with pytest.raises(TrainingError, match=r"learning_rate 1e\+30 is too high; try 0\.001, or clip_norm 1"):
        train(build(), settings=replace(SETTINGS, learning_rate=1e30))


def test_a_validation_loss_that_is_not_finite_ends_it_too():
    features = VALIDATION.features.clone()
    features[0] = math.nan

    with pytest.raises(TrainingError, match="not finite"):
        train(build(), validation=replace(VALIDATION, features=features))


# ---------------------------------------------------------------- Ctrl-C


def test_ctrl_c_between_epochs_keeps_the_best_so_far():
    network, short = build(), build()

    result = train(network, progress=Halt(2))
    expected = train(short, settings=replace(SETTINGS, max_epochs=2))

    assert (result.ended, len(result.history), result.best_epoch) == ("interrupted", 2, expected.best_epoch)
    assert same(network, short)


def test_ctrl_c_in_mid_epoch_keeps_the_best_of_the_whole_epochs():
    def interrupt(module, given, answer):
        if module.training and next(n_batches) == 2 * 4 + 1:  # 30 segments are 4 batches of 8 at most
            raise KeyboardInterrupt

    network, short, n_batches = build(), build(), count()
    network.register_forward_hook(interrupt)

    result = train(network)
    train(short, settings=replace(SETTINGS, max_epochs=2))

    assert (result.ended, len(result.history)) == ("interrupted", 2)
    assert same(network, short)


def test_ctrl_c_before_the_first_epoch_is_over_is_ctrl_c():
    def interrupt(*_):
        raise KeyboardInterrupt

    network = build()
    network.register_forward_hook(interrupt)

    with pytest.raises(KeyboardInterrupt):
        train(network)


# ---------------------------------------------------------------- resuming


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Where checkpoints go; one is written after every epoch."""
    monkeypatch.setattr(loop, "_CHECKPOINT_EVERY_S", -1.0)
    return tmp_path / "checkpoint.safetensors"


def cut_off(path, n_epochs, **rest):
    """Train until so many epochs are done; the checkpoint is then one epoch behind."""
    with pytest.raises(RuntimeError, match="the power is gone"):
        train(build(), progress=Halt(n_epochs, RuntimeError("the power is gone")), checkpoint_path=path, **rest)


@pytest.mark.slow
@pytest.mark.parametrize("n_epochs", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("validation", [VALIDATION, part(6, seed=1, is_learnable=False), None])
def test_a_training_that_was_cut_off_goes_on_to_the_same_bits(path, tmp_path, n_epochs, validation):
    whole, resumed = build(), build(seed=0 if n_epochs == 1 else 8)  # nothing is kept of the first epoch alone
    settings = replace(SETTINGS, weight_decay=0.1)
    expected = train(whole, validation=validation, settings=settings, checkpoint_path=tmp_path / "whole")
    cut_off(path, n_epochs, validation=validation, settings=settings)
    progress = Halt(99)

    result = train(
        resumed, validation=validation, settings=settings, checkpoint_path=path, resume=True, progress=progress
    )

    assert timeless(result) == timeless(expected)
    assert (result.best_epoch, result.ended) == (expected.best_epoch, expected.ended)
    assert same(resumed, whole)
    assert progress.told.count("resumed") == n_epochs - 1
    one, other = (load_checkpoint(place, key="") for place in (path, tmp_path / "whole"))
    for name in ("weights", "best", "optimiser"):
        stored, wanted = getattr(one, name), getattr(other, name)
        assert stored.keys() == wanted.keys()
        assert all(torch.equal(stored[key], wanted[key]) for key in wanted)


@pytest.mark.slow
def test_cut_off_twice_it_still_gets_to_the_same_bits(path):
    whole, resumed = build(), build()
    train(whole)
    cut_off(path, 3)
    cut_off(path, 2, resume=True)

    train(resumed, checkpoint_path=path, resume=True)

    assert same(resumed, whole)


@pytest.mark.slow
def test_patience_goes_on_counting_when_a_training_is_resumed(path):
    unlearnable, settings = part(6, seed=1, is_learnable=False), replace(SETTINGS, max_epochs=50, patience=3)
    expected = train(build(), validation=unlearnable, settings=settings)
    cut_off(path, len(expected.history), validation=unlearnable, settings=settings)

    result = train(build(), validation=unlearnable, settings=settings, checkpoint_path=path, resume=True)

    assert (len(result.history), result.ended) == (len(expected.history), "patience")


def test_a_training_that_was_over_when_it_was_cut_off_trains_no_more(path):
    network, other = build(), build()
    expected = train(network, checkpoint_path=path)

    result = train(other, checkpoint_path=path, resume=True)

    assert [epoch.time_s for epoch in result.history] == [epoch.time_s for epoch in expected.history]
    assert same(network, other)


def test_a_loss_of_zero_stays_the_best_when_a_training_is_resumed(path):
    certain = LabelledSegments(
        features=torch.tensor([[[200.0], [0.0]]]), y=torch.zeros(1).long(), clip_index=torch.zeros(1).long()
    )
    expected = train(Given(), certain, certain, checkpoint_path=path, settings=replace(SETTINGS, max_epochs=3))
    result = train(Given(), certain, certain, checkpoint_path=path, settings=SETTINGS, resume=True)

    assert expected.history[0].validation_loss == 0.0
    assert result.best_epoch == expected.best_epoch == 1


@pytest.mark.slow
def test_resuming_where_there_is_no_checkpoint_begins_anew(path):
    network, other = build(), build()

    train(network, checkpoint_path=path, resume=True)
    train(other)

    assert same(network, other)


@pytest.mark.slow
def test_a_checkpoint_is_not_looked_at_unless_asked(path):
    cut_off(path, 3)
    network, other = build(), build()

    train(network, checkpoint_path=path)
    train(other)

    assert same(network, other)


def test_no_checkpoint_is_written_while_the_last_is_young(tmp_path):
    train(build(), checkpoint_path=tmp_path / "c", settings=replace(SETTINGS, max_epochs=2))

    assert not (tmp_path / "c").exists()


def test_a_checkpoint_of_another_key_is_refused_and_kept(path):
    cut_off(path, 3, checkpoint_key="one")
    before = path.read_bytes()

    with pytest.raises(TrainingError, match="other settings or other sounds"):
        train(build(), checkpoint_path=path, checkpoint_key="another", resume=True)

    assert path.read_bytes() == before


def test_a_checkpoint_of_another_network_is_refused_in_one_line(path):
    cut_off(path, 3)
    wider = Cnn(n_bins=13, n_frames=20, n_classes=3, settings=CnnSettings(n_channels=5, n_hidden=8))

    with pytest.raises(TrainingError, match="start again without --resume") as caught:
        train(wider, checkpoint_path=path, resume=True)

    assert "\n" not in str(caught.value)


def test_a_damaged_checkpoint_is_one_line(path):
    cut_off(path, 3)
    path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(TrainingError, match="cannot be read") as caught:
        train(build(), checkpoint_path=path, resume=True)

    assert "\n" not in str(caught.value)


def test_a_checkpoint_that_cannot_be_written_is_a_storage_error(path):
    path.parent.joinpath("file").write_text("in the way")

    with pytest.raises(StorageError, match="cannot write"):
        train(build(), checkpoint_path=path.parent / "file" / "checkpoint")


# ---------------------------------------------------------------- what a training may be told beside


def test_the_step_size_follows_its_schedule_and_is_written_down():
    settings = replace(SETTINGS, schedule="cosine", warmup_epochs=1, max_epochs=4, patience=9)
    rates = [epoch.learning_rate for epoch in train(build(), settings=settings).history]
    assert rates[0] == pytest.approx(SETTINGS.learning_rate)
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[-1] < 0.5 * SETTINGS.learning_rate


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": "adamax"},
        {"optimiser": "sgd"},
        {"schedule": "cosine", "warmup_epochs": 2},
        {"ema_decay": 0.9},
        {"clip_norm": 0.1, "l2": 0.01, "label_smoothing": 0.1, "class_weights": "balanced"},
    ],
)
def test_a_training_with_other_settings_is_resumed_to_the_same_bits(path, changes):
    settings = replace(SETTINGS, patience=99, **changes)
    whole, resumed = build(), build(seed=8)
    expected = train(whole, settings=settings)
    cut_off(path, 4, settings=settings)

    result = train(resumed, settings=settings, checkpoint_path=path, resume=True)

    assert timeless(result) == timeless(expected)
    assert same(resumed, whole)


def test_the_average_of_the_weights_is_what_is_kept():
    plain, averaged = build(), build()
    settings = replace(SETTINGS, max_epochs=1)
    train(plain, settings=settings)
    train(averaged, settings=replace(settings, ema_decay=0.999))
    started = build()
    moved = [(a - b).abs().sum() for a, b in zip(plain.parameters(), started.parameters(), strict=True)]
    moved_less = [(a - b).abs().sum() for a, b in zip(averaged.parameters(), started.parameters(), strict=True)]
    assert sum(moved_less) < 0.5 * sum(moved)


def test_batches_may_be_drawn_with_random_numbers_of_their_own():
    seen = []

    def draw(batch, generator):
        seen.append(float(generator.random()))
        return TRAIN.features[batch], nn.functional.one_hot(TRAIN.y[batch], 3).float()

    settings = replace(SETTINGS, max_epochs=2)
    train(build(), settings=settings, draw=draw)
    first, seen[:] = list(seen), []
    train(build(), settings=settings, draw=draw)
    assert first == seen
    assert len(set(first)) == len(first)


@pytest.mark.slow
def test_an_epoch_says_when_it_waits_for_its_batches():
    def slow(batch, generator):
        time.sleep(0.02)
        return TRAIN.features[batch], TRAIN.y[batch]

    (epoch,) = train(build(), settings=replace(SETTINGS, max_epochs=1), draw=slow).history
    assert epoch.waits_for_data
    (epoch,) = train(build(), settings=replace(SETTINGS, max_epochs=1)).history
    assert not epoch.waits_for_data


def test_a_network_with_weights_of_five_axes_is_trained_as_well():
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution, self.dense = nn.Conv3d(1, 2, 3, padding=1), nn.Linear(2, 3)

        def forward(self, features):
            return self.dense(self.convolution(features[:, None, None]).mean(dim=(2, 3, 4)))

    assert len(train(Deep(), settings=replace(SETTINGS, max_epochs=2)).history) == 2


@pytest.mark.parametrize(("n_frames", "dtype"), [(12, torch.float32), (31, torch.float32), (32, torch.bfloat16)])
def test_few_frames_are_computed_in_single_precision_on_a_processor(n_frames, dtype):
    seen = []

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(13 * n_frames, 3)

        def forward(self, features):
            scores = self.dense(features.flatten(1))
            if self.training:
                seen.append(scores.dtype)
            return scores

    few = replace(TRAIN, features=torch.randn(30, 13, n_frames))
    train(Watched(), few, None, replace(SETTINGS, max_epochs=1, mixed_precision=True))

    assert set(seen) == {dtype}


@pytest.mark.slow
def test_mixed_precision_learns_too():
    wide = replace(TRAIN, features=TRAIN.features.repeat(1, 1, 2))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Cnn(n_bins=13, n_frames=40, n_classes=3, settings=CnnSettings(n_channels=4, n_hidden=8))
    settings = replace(SETTINGS, max_epochs=10, mixed_precision=True)
    history = train(network, wide, None, settings).history
    assert history[-1].train_loss < 0.8 * history[0].train_loss


# ---------------------------------------------------------------- who is told, and what must never be kept


@pytest.mark.slow
def test_each_epoch_is_told_once_and_a_resumed_training_tells_those_behind_it_first(path):
    told = []
    expected = train(build(), on_epoch=told.append)
    assert told == list(expected.history)
    cut_off(path, 4)
    again = []

    train(build(seed=8), checkpoint_path=path, resume=True, on_epoch=again.append)

    assert [epoch.epoch for epoch in again] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("ema_decay", [None, 0.5])
@pytest.mark.parametrize("validation", [VALIDATION, None])
def test_a_training_of_one_epoch_never_keeps_the_untrained_weights(keep, ema_decay, validation):
    network, untrained = build(), build()

    result = train(
        network, validation=validation, settings=replace(SETTINGS, max_epochs=1, keep=keep, ema_decay=ema_decay)
    )

    assert result.best_epoch == 1
    for (name, weight), before in zip(network.named_parameters(), untrained.parameters(), strict=True):
        assert not torch.equal(weight, before), name


@pytest.mark.slow
@pytest.mark.parametrize("optimiser", ["adamw", "adam", "adamax", "sgd"])
@pytest.mark.parametrize("validation", [VALIDATION, None])
@pytest.mark.parametrize("learning_rate", [10.0, 1e6, 1e15])
def test_whatever_the_step_size_what_is_kept_is_finite_or_the_setting_is_named(optimiser, validation, learning_rate):
    network = build()
    settings = replace(SETTINGS, optimiser=optimiser, learning_rate=learning_rate)
    told = ""
    try:
        result = train(network, validation=validation, settings=settings)
    except TrainingError as error:
        told = str(error)
    if told:
        assert f"learning_rate {learning_rate:g} is too high" in told
        return
    assert all(math.isfinite(epoch.train_loss) for epoch in result.history)
    assert all(bool(tensor.isfinite().all()) for tensor in network.state_dict().values())


@pytest.mark.parametrize("validation", [VALIDATION, None])
@pytest.mark.parametrize("planted", [math.nan, math.inf])
@pytest.mark.parametrize("place", ["weight", "buffer"])
def test_what_is_spoilt_after_the_loss_was_taken_is_not_kept(validation, planted, place):
    network = build()
    norm = next(module for module in network.modules() if isinstance(module, nn.BatchNorm2d))

    spoilt = norm.running_var if place == "buffer" else network.head[-1].bias.data
    kept = {}

    def spoil_after_the_second(epoch):
        if epoch.epoch == 2:
            kept.update({name: tensor.clone() for name, tensor in network.state_dict().items()})
            spoilt.fill_(planted)

    result = train(
        network, validation=validation, settings=replace(SETTINGS, keep="last"), on_epoch=spoil_after_the_second
    )

    assert (result.ended, result.best_epoch) == ("diverged", 2)
    assert all(torch.equal(tensor, kept[name]) for name, tensor in network.state_dict().items())
