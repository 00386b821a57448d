import numpy as np
import pytest
import torch
from torch import nn

from earmark.features.standardise import Standardiser
from earmark.models.cnn import Cnn, CnnSettings
from earmark.models.resnet_mel import ResnetMel, ResnetMelSettings
from earmark.train.loop import LabelledSegments
from earmark.train.opinion import solve_opinion, spread_evenly


def network(n_classes=2, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        kind = ResnetMelSettings(n_channels=2, n_blocks=1, **settings)
        return ResnetMel(n_bins=12, n_frames=10, n_classes=n_classes, settings=kind)


def part(n, n_classes=2, seed=0, height=6.0):
    """Segments whose class is a hump over the bands, in noise."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % n_classes
    batch = torch.randn((n, 12, 10), generator=generator)
    for index, label in enumerate(y.tolist()):
        batch[index, 3 * label : 3 * label + 3] += height
    return LabelledSegments(features=batch, y=y, clip_index=torch.arange(n))


def solve(net, train, validation, groups=None, seed=0):
    standardiser = Standardiser.fit(train.features)
    heard = LabelledSegments(
        features=standardiser(validation.features), y=validation.y, clip_index=validation.clip_index
    )
    groups = groups or [str(clip) for clip in range(int(train.clip_index.max()) + 1)]
    return solve_opinion(net, standardiser, train, heard, groups=groups, seed=seed), standardiser


def test_an_opinion_tells_classes_that_an_untrained_network_cannot():
    net = network()
    done, standardiser = solve(net, part(24), part(8, seed=1))
    fresh = part(40, seed=2)

    with torch.no_grad():
        together = net(standardiser(fresh.features)).argmax(1)

    assert done
    assert (together == fresh.y).all()


def test_the_validation_part_is_not_learnt_from():
    one, other = network(), network()
    solve(one, part(24), part(8, seed=1))
    solve(other, part(24), part(8, seed=9, height=-3.0))
    assert torch.equal(one.opinion.machine.support, other.opinion.machine.support)
    assert torch.equal(one.opinion.temperature, other.opinion.temperature)


def test_the_temperature_comes_from_groups_that_were_not_learnt_from():
    """Copies of one clip under two labels: who has learnt the copy is sure, who has not is not."""
    train = part(24, height=0.0)  # pure noise: nothing can be known of it
    twice = LabelledSegments(
        features=train.features.repeat_interleave(2, 0), y=train.y.repeat_interleave(2), clip_index=torch.arange(48)
    )
    grouped, single = network(), network()
    solve(grouped, twice, part(8, seed=1), groups=[str(clip // 2) for clip in range(48)])
    solve(single, twice, part(8, seed=1))
    assert grouped.opinion.temperature > 2 * single.opinion.temperature


def test_the_same_seed_gives_the_same_opinion():
    one, other = network(), network()
    solve(one, part(24, height=0.5), part(8, seed=1), seed=3)
    solve(other, part(24, height=0.5), part(8, seed=1), seed=3)
    assert all(torch.equal(a, b) for a, b in zip(one.opinion.buffers(), other.opinion.buffers(), strict=True))


@pytest.mark.parametrize("n", [2, 3])
def test_one_clip_a_class_is_enough_and_leaves_the_temperature_at_one(n):
    net = network()
    done, _ = solve(net, part(n), part(2, seed=1))
    assert done
    assert net.opinion.temperature == 1.0


def test_a_class_of_one_group_is_never_missing_from_a_machine():
    net = network()
    solve(net, part(12), part(4, seed=1), groups=["a" if clip % 2 else f"b{clip}" for clip in range(12)])
    assert net.opinion.temperature == 1.0


def test_other_networks_and_those_without_opinion_are_left_alone():
    cnn = Cnn(n_bins=12, n_frames=12, n_classes=2, settings=CnnSettings())
    for net in (nn.Flatten(), cnn, network(opinion_share=None)):
        done, _ = solve(net, part(6), part(2, seed=1))
        assert not done
        assert not net.training


def test_the_opinion_shares_no_tensor_with_the_standardiser():
    net = network()
    _, standardiser = solve(net, part(6), part(2, seed=1))
    assert net.opinion.bins.mean.data_ptr() != standardiser.mean.data_ptr()


def test_of_many_segments_each_class_keeps_its_share():
    y = np.repeat([0, 1, 2], [6000, 3000, 10])
    kept = spread_evenly(y, 900)
    counts = np.bincount(y[kept])
    assert 890 <= len(kept) <= 910
    assert counts[2] >= 1
    assert counts[0] == pytest.approx(2 * counts[1], rel=0.02)
    assert (np.diff(kept) > 0).all()
