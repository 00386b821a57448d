import json
import resource
from contextlib import contextmanager

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from earmark.errors import StorageError, TrainingError
from earmark.train.checkpoint import (
    Checkpoint,
    copy_state,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from earmark.train.history import Epoch


def epoch(number):
    return Epoch(
        epoch=number,
        train_loss=1 / 3,
        train_accuracy=0.5,
        validation_loss=None,
        validation_accuracy=None,
        learning_rate=1e-3,
        time_s=0.1,
    )


def build(seed=0):
    """Return a network with weights of four axes, batch norm's counter among its state, and a fresh optimiser."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Conv2d(2, 3, (3, 2)), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3 * 2 * 3, 2))
    network.to(memory_format=torch.channels_last)
    return network, torch.optim.AdamW(network.parameters(), lr=1e-2, fused=True)


def steps(network, optimiser, seeds):
    network.train()
    for seed in seeds:
        batch = torch.randn(4, 2, 4, 4, generator=torch.Generator().manual_seed(seed))
        optimiser.zero_grad()
        network(batch).square().sum().backward()
        optimiser.step()


def checkpoint_of(network, optimiser, *, key="k", best=None):
    return Checkpoint(
        key=key,
        history=[epoch(1), epoch(2)],
        best_epoch=1,
        weights=network.state_dict(),
        best=best or copy_state(network),
        optimiser=optimiser_tensors(optimiser),
    )


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def saved(tmp_path):
    network, optimiser = build()
    steps(network, optimiser, [0, 1])
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, checkpoint_of(network, optimiser))
    return path


@pytest.fixture
def small_disk():
    """Let no file grow beyond some bytes for a while: what a full disk does, as far as a process can tell."""

    @contextmanager
    def limit(n_bytes):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


def test_everything_comes_back_as_it_was(tmp_path):
    network, optimiser = build()
    steps(network, optimiser, [0])
    best = copy_state(network)
    steps(network, optimiser, [1])
    written = checkpoint_of(network, optimiser, best=best)

    save_checkpoint(tmp_path / "c.safetensors", written)
    read = load_checkpoint(tmp_path / "c.safetensors", key="k")

    assert (read.key, list(read.history), read.best_epoch) == ("k", written.history, 1)
    assert same(read.weights, written.weights)
    assert same(read.best, best)
    assert same(read.optimiser, written.optimiser)
    assert not same(read.weights, read.best)


def test_best_weights_that_are_the_last_ones_are_no_trouble(tmp_path):
    network, optimiser = build()
    steps(network, optimiser, [0])

    save_checkpoint(tmp_path / "c.safetensors", checkpoint_of(network, optimiser, best=network.state_dict()))

    assert same(load_checkpoint(tmp_path / "c.safetensors", key="k").best, network.state_dict())


def test_steps_after_restoring_are_bit_for_bit_those_of_an_optimiser_that_was_never_stored(tmp_path):
    network, optimiser = build()
    steps(network, optimiser, [0, 1])
    save_checkpoint(tmp_path / "c.safetensors", checkpoint_of(network, optimiser))
    steps(network, optimiser, [2, 3])

    other, fresh = build(seed=9)
    read = load_checkpoint(tmp_path / "c.safetensors", key="k")
    other.load_state_dict(read.weights)
    restore_optimiser(fresh, read.optimiser)
    steps(other, fresh, [2, 3])

    assert same(other.state_dict(), network.state_dict())
    assert same(optimiser_tensors(fresh), optimiser_tensors(optimiser))


def test_without_the_optimisers_state_the_steps_differ(tmp_path):
    network, optimiser = build()
    steps(network, optimiser, [0, 1])
    other, fresh = build()
    other.load_state_dict(network.state_dict())

    steps(network, optimiser, [2])
    steps(other, fresh, [2])

    assert not same(other.state_dict(), network.state_dict())


def test_a_copied_state_is_not_changed_by_later_steps():
    network, optimiser = build()
    before = copy_state(network)
    again = {name: tensor.clone() for name, tensor in before.items()}

    steps(network, optimiser, [0])

    assert same(before, again)
    assert not same(before, network.state_dict())


def test_a_checkpoint_of_another_key_is_refused_with_what_to_do(saved):
    with pytest.raises(TrainingError, match="other settings or other sounds: start again without --resume"):
        load_checkpoint(saved, key="another")


def damage_by_cutting(path):
    path.write_bytes(path.read_bytes()[:-7])


def damage_the_header(path):
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])


def damage_by_emptying(path):
    path.write_bytes(b"")


def damage_by_writing_text(path):
    path.write_text("this is no checkpoint, whatever its name says", encoding="utf-8")


def damage_by_leaving_out_the_state(path):
    save_file(load_file(path), path)


def with_state(state):
    def damage(path):
        save_file(load_file(path), path, metadata={"state": state})

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        damage_by_cutting,
        damage_the_header,
        damage_by_emptying,
        damage_by_writing_text,
        damage_by_leaving_out_the_state,
        with_state("{"),
        with_state("[]"),
        with_state("{}"),
        with_state(json.dumps({"key": "k", "history": []})),
        with_state(json.dumps({"key": "k", "best_epoch": 1, "history": [{"epoch": 1}]})),
        with_state(json.dumps({"key": "k", "best_epoch": 1, "history": 3})),
        lambda path: save_file({"alien/weight": torch.zeros(1)}, path, metadata={"state": '{"key": "k"}'}),
    ],
)
def test_a_damaged_checkpoint_is_one_line_that_names_the_file(saved, damage):
    damage(saved)

    with pytest.raises(TrainingError, match=r"checkpoint\.safetensors cannot be read") as caught:
        load_checkpoint(saved, key="k")

    assert "\n" not in str(caught.value)


def test_a_checkpoint_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(TrainingError, match="cannot be read"):
        load_checkpoint(tmp_path / "none.safetensors", key="k")


def test_saving_again_replaces_it_and_leaves_nothing_else_behind(saved):
    network, optimiser = build(seed=5)
    steps(network, optimiser, [0])

    save_checkpoint(saved, checkpoint_of(network, optimiser, key="later"))

    assert same(load_checkpoint(saved, key="later").weights, network.state_dict())
    assert [path.name for path in saved.parent.iterdir()] == ["checkpoint.safetensors"]


def test_a_disk_that_is_full_keeps_the_checkpoint_before_and_is_a_storage_error(saved, small_disk):
    before = saved.read_bytes()
    network, optimiser = build(seed=5)
    steps(network, optimiser, [0])

    with small_disk(100), pytest.raises(StorageError, match=r"cannot write .*checkpoint\.safetensors"):
        save_checkpoint(saved, checkpoint_of(network, optimiser, key="later"))

    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["checkpoint.safetensors"]
