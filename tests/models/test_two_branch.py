import pytest
import torch

from earmark.errors import SettingError
from earmark.features.stack import Stack
from earmark.models.cnn import Cnn, CnnSettings
from earmark.models.two_branch import TwoBranch, TwoBranchSettings


def build(n_bins=26, n_frames=33, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return TwoBranch(n_bins=n_bins, n_frames=n_frames, n_classes=3, settings=TwoBranchSettings(**settings)).eval()


def features(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def test_each_branch_sees_its_own_bins_and_no_others():
    network, batch = build(), features(2, 26, 33)
    seen = {}
    network.first.register_forward_hook(lambda _, inputs, __: seen.update(first=inputs[0]))
    network.second.register_forward_hook(lambda _, inputs, __: seen.update(second=inputs[0]))

    network(batch)

    assert torch.equal(seen["first"][:, 0], batch[:, :13])
    assert torch.equal(seen["second"][:, 0], batch[:, 13:])


def test_what_both_find_reaches_the_classes():
    network, batch = build(), features(2, 26, 33)
    without_first, without_second = batch.clone(), batch.clone()
    without_first[:, :13], without_second[:, 13:] = 0, 0

    assert not torch.allclose(network(batch), network(without_first))
    assert not torch.allclose(network(batch), network(without_second))


def test_the_branches_have_weights_of_their_own():
    network = build(n_bins=26)

    assert not torch.equal(network.first[0][0].weight, network.second[0][0].weight)


def test_a_branch_is_the_blocks_of_the_cnn():
    cnn = Cnn(n_bins=13, n_frames=33, n_classes=3, settings=CnnSettings())

    assert str(build().first) == str(cnn.blocks)


def test_the_bins_that_are_first_by_default_are_those_of_the_stacks_first_front_end():
    assert TwoBranchSettings().n_first == Stack().n_first


def test_features_of_one_kind_alone_are_refused_with_what_to_do():
    assert build(24, 11)(features(1, 24, 11)).shape == (1, 3)
    with pytest.raises(SettingError, match="at least 24 bins and 11 frames, not 13 x 130: take the front end 'stack'"):
        build(13, 130)
    with pytest.raises(SettingError, match="not 23 x 11"):
        build(23, 11)
    with pytest.raises(SettingError, match="not 24 x 10"):
        build(24, 10)


def test_a_first_kind_too_small_for_a_branch_is_refused():
    with pytest.raises(SettingError, match="n_first must be at least 11, which three blocks need, not 10"):
        build(n_first=10)


@pytest.mark.parametrize("settings", [{"n_first": 0}, {"n_channels": 0}, {"n_hidden": 0}, {"dropout": 1.0}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError, match=next(iter(settings))):
        TwoBranchSettings(**settings)
