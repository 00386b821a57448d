import pytest
import torch

from earmark.errors import SettingError
from earmark.models.nearest import Nearest, NearestSettings


def holding(points, y, n_classes=3, **settings):
    network = Nearest(n_bins=len(points[0]), n_frames=1, n_classes=n_classes, settings=NearestSettings(**settings))
    network.points, network.y = torch.tensor(points), torch.tensor(y)
    return network


def shares(network, *points):
    return torch.softmax(network(torch.tensor(points).unsqueeze(-1)), dim=1)


def test_the_nearest_decide_and_no_others():
    network = holding([[0.0], [1.0], [2.0], [50.0]], [0, 1, 1, 2], n_neighbours=3)

    torch.testing.assert_close(shares(network, [0.9]), torch.tensor([[1 / 3, 2 / 3, 0.0]]), rtol=0, atol=1e-6)


def test_of_clips_at_the_same_distance_the_first_goes_before():
    one = holding([[1.0], [-1.0], [1.0]], [0, 1, 2], n_neighbours=1)
    other = holding([[-1.0], [1.0], [1.0]], [1, 0, 2], n_neighbours=1)

    assert shares(one, [0.0]).argmax() == 0
    assert shares(other, [0.0]).argmax() == 1


@pytest.mark.slow
def test_nearer_clips_say_more_if_asked():
    network = holding([[1.0], [-3.0]], [0, 1], n_neighbours=2, weights="distance")

    torch.testing.assert_close(shares(network, [0.0]), torch.tensor([[0.75, 0.25, 0.0]]), rtol=0, atol=1e-6)


def test_a_clip_at_the_very_place_silences_the_others():
    network = holding([[0.0], [1e-3], [0.0]], [0, 1, 2], n_neighbours=3, weights="distance")

    torch.testing.assert_close(shares(network, [0.0]), torch.tensor([[0.5, 0.0, 0.5]]), rtol=0, atol=1e-6)


def test_small_distances_far_from_the_origin_are_not_lost_in_rounding():
    network = holding([[4000.0, 4000.25], [4000.0, 4000.0]], [0, 1], n_neighbours=1)

    assert shares(network, [4000.0, 4000.0]).argmax() == 1
    assert shares(network, [4000.0, 4000.25]).argmax() == 0


@pytest.mark.parametrize(
    ("settings", "match"),
    [({"n_neighbours": 0}, "n_neighbours must be at least 1"), ({"weights": "near"}, "uniform, distance, not 'near'")],
)
def test_settings_that_cannot_be_are_refused(settings, match):
    with pytest.raises(SettingError, match=match):
        NearestSettings(**settings)
