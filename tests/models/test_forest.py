import pytest
import torch

from earmark.errors import SettingError
from earmark.models.forest import Forest, ForestSettings

# One tree asks for value 1 and then for value 0; the other is a leaf.
NODES = {
    "feature": [1, 0, 0, 0, 0, 0],
    "threshold": [0.5, -1.0, 0.0, 0.0, 0.0, 0.0],
    "left": [1, 3, 2, 3, 4, 5],
    "right": [2, 4, 2, 3, 4, 5],
    "probabilities": [[0.5, 0.5], [0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [0.25, 0.75], [0.5, 0.5]],
    "roots": [0, 5],
    "depth": 2,
}


def planted(**changes):
    network = Forest(n_bins=2, n_frames=1, n_classes=2, settings=ForestSettings())
    network.grow({name: torch.tensor(value) for name, value in (NODES | changes).items()})
    return network


def shares(network, *points):
    return torch.softmax(network(torch.tensor(points).unsqueeze(-1)), dim=1)


def test_each_tree_is_walked_to_its_leaf_and_their_probabilities_are_averaged():
    expected = torch.tensor([[0.75, 0.25], [0.25, 0.75], [0.375, 0.625]])

    torch.testing.assert_close(shares(planted(), [9.0, 0.6], [-2.0, 0.5], [0.0, 0.0]), expected, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_what_lies_on_the_threshold_goes_left():
    torch.testing.assert_close(shares(planted(), [-1.0, 0.5]), torch.tensor([[0.25, 0.75]]), rtol=0, atol=1e-6)


def test_more_steps_than_it_takes_change_nothing():
    points = torch.randn(20, 2, 1, generator=torch.Generator().manual_seed(0))

    assert torch.equal(planted(depth=9)(points), planted()(points))


def test_before_it_is_grown_it_knows_nothing():
    network = Forest(n_bins=2, n_frames=1, n_classes=4, settings=ForestSettings())

    torch.testing.assert_close(shares(network, [1.0, 2.0]), torch.full((1, 4), 0.25))


def test_a_loaded_forest_walks_as_deep_as_the_saved_one():
    fresh = Forest(n_bins=2, n_frames=1, n_classes=2, settings=ForestSettings())

    fresh.load_state_dict(planted().state_dict())

    assert fresh.n_steps == 2


def test_a_depth_that_cannot_be_makes_no_endless_walk():
    fresh = Forest(n_bins=2, n_frames=1, n_classes=2, settings=ForestSettings())

    fresh.load_state_dict(planted().state_dict() | {"depth": torch.tensor(2**60)})

    assert fresh.n_steps == 6


@pytest.mark.parametrize("name", ["n_trees", "max_depth", "min_leaf"])
def test_settings_that_cannot_be_are_refused(name):
    with pytest.raises(SettingError, match=f"{name} must be at least 1, not 0"):
        ForestSettings(**{name: 0})
