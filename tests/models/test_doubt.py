from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from earmark.models.doubt import Doubt, last_linear_input, spread


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def learnt(*views):
    doubt = Doubt()
    doubt.learn(views)
    return doubt


# ---------------------------------------------------------------- distances


def test_it_is_the_distance_from_the_fifth_nearest_training_segment():
    points = drawn(40, 6)
    doubt = learnt(points)
    asked = drawn(9, 6, seed=1)

    scale = points.double().var(dim=0, correction=0).sum().rsqrt()
    by_hand = torch.stack([(points.double() - one.double()).norm(dim=1).sort().values[4] for one in asked]) * scale

    torch.testing.assert_close(doubt.distances((asked,)).double(), by_hand, rtol=1e-4, atol=1e-5)


def test_what_is_further_from_all_points_is_further():
    doubt = learnt(drawn(50, 8))

    near, far = doubt.distances((torch.stack([torch.zeros(8), 20 * torch.ones(8)]),))

    assert far > 5 * near


def test_a_view_of_many_large_values_weighs_no_more_than_another():
    small, large = drawn(200, 3), 1000 * drawn(200, 300, seed=1)
    doubt = learnt(small, large)

    both = doubt.points
    assert both[:, :3].square().sum(1).mean() == pytest.approx(1, rel=0.05)
    assert both[:, 3:].square().sum(1).mean() == pytest.approx(1, rel=0.05)


def test_what_never_changes_in_training_counts_for_nothing_and_gives_no_nan():
    points = torch.cat([drawn(20, 2), torch.full((20, 1), 7.0)], dim=1)
    doubt = learnt(points)

    one, other = doubt.distances((torch.tensor([[0.0, 0.0, 7.0], [0.0, 0.0, 99.0]]),))

    assert one == other
    assert torch.isfinite(learnt(torch.ones(3, 2)).distances((torch.zeros(2, 2),))).all()


@pytest.mark.parametrize("n", [1, 4])
def test_with_fewer_points_than_neighbours_it_is_the_furthest(n):
    doubt = learnt(drawn(n, 3))
    asked = drawn(2, 3, seed=1)

    expected = torch.cdist(doubt.positions((asked,)), doubt.points).amax(dim=1)

    torch.testing.assert_close(doubt.distances((asked,)), expected)


def test_batches_change_nothing():
    doubt = learnt(drawn(30, 4))
    asked = drawn(600, 4, seed=1)

    torch.testing.assert_close(doubt.distances((asked,))[300:], doubt.distances((asked[300:],)))


# ---------------------------------------------------------------- keeping


def test_what_is_kept_comes_back_into_a_fresh_one_whatever_its_size():
    doubt = learnt(drawn(30, 4))
    doubt.fill(novelties=drawn(5).abs(), scores=drawn(5), weights=torch.ones(5), thresholds=torch.ones(3))

    fresh = Doubt()
    fresh.load_state_dict(doubt.state_dict())

    assert fresh.knows_novelty
    assert torch.equal(fresh.distances((drawn(2, 4),)), doubt.distances((drawn(2, 4),)))


def test_an_older_state_without_any_of_it_leaves_it_empty():
    fresh = Doubt()
    fresh.load_state_dict({})

    assert not fresh.knows_novelty


def test_many_points_are_thinned_evenly_to_what_a_bundle_can_hold():
    points = drawn(3000, 500)

    kept = spread(points)

    assert len(kept) == 1000
    assert torch.equal(kept[0], points[0])
    assert torch.equal(kept[-1], points[-1])
    assert len(spread(points[:10])) == 10


# ---------------------------------------------------------------- looking into a network


def test_it_is_the_last_layer_that_is_called_and_not_the_last_that_is_declared():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.head, self.unused, self.body = nn.Linear(5, 2), nn.Linear(3, 3), nn.Linear(4, 5)

        def forward(self, x):
            return self.head(self.body(x))

    network = Odd()
    with last_linear_input(network) as seen:
        network(drawn(3, 4))

    assert seen[0].shape == (3, 5)


def test_a_network_without_a_linear_layer_shows_nothing():
    with last_linear_input(nn.Flatten()) as seen:
        nn.Flatten()(drawn(3, 4))

    assert not seen


@pytest.mark.slow
def test_hooks_are_gone_even_after_an_error():
    network = nn.Linear(4, 2)

    with pytest.raises(RuntimeError), last_linear_input(network):
        network(drawn(3, 9))

    assert not network._forward_pre_hooks


def test_what_other_threads_let_through_is_not_seen():
    network = nn.Linear(4, 2)

    with last_linear_input(network) as seen:
        network(drawn(3, 4))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(network, drawn(8, 4)).result()

    assert seen[0].shape == (3, 4)
