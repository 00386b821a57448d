import pytest
import torch
from torch import nn

from earmark.errors import SettingError
from earmark.models.trial import try_network


class Fixed(nn.Module):
    """Gives what it was told to, whatever it is shown."""

    def __init__(self, given):
        super().__init__()
        self.given, self.weight = given, nn.Parameter(torch.zeros(()))

    def forward(self, features):
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


def dense(n_in, n_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(n_in, n_classes))


def attempt(network, shape=(4, 5), n_classes=3):
    try_network(network, name="mine", shape=shape, n_classes=n_classes)


def test_what_fits_passes_and_its_weights_stay():
    network = dense(20, 3)
    before = {name: weight.clone() for name, weight in network.state_dict().items()}

    attempt(network)

    assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())


def test_batch_norm_learns_nothing_from_silence():
    network = nn.Sequential(nn.BatchNorm1d(4), nn.Flatten(), nn.Linear(20, 3))

    attempt(network)

    assert network[0].num_batches_tracked == 0


def test_a_lazy_network_has_its_sizes_afterwards_and_can_learn():
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))

    attempt(network)

    network(torch.ones(2, 4, 5)).sum().backward()
    assert network[1].weight.shape == (3, 20)
    assert network[1].weight.grad.any()


@pytest.mark.parametrize(
    ("network", "shape", "match"),
    [
        (dense(21, 3), (4, 5), r"'mine' does not fit the features, of shape 2 x 4 x 5 \(batch, bins, frames\): mat1"),
        (dense(9, 3), (2, 4, 5), r"2 x 2 x 4 x 5 \(batch, channels, bins, frames\)"),
        (dense(20, 7), (4, 5), "gives 2 x 7 for features of shape 2 x 4 x 5: .* 2 x 3 for 2 segments of 3 classes"),
        (nn.Sequential(nn.Conv1d(4, 3, 9)), (4, 5), "does not fit"),
        (Fixed(torch.zeros(3)), (4, 5), "gives 3 for"),
        (Fixed((torch.zeros(2, 3),)), (4, 5), "gives a tuple"),
        (Fixed(None), (4, 5), "gives a NoneType"),
        (Fixed(IndexError("")), (4, 5), "frames\\): IndexError;"),
        (Fixed(ValueError("too\nshort")), (4, 5), "frames\\): too short;"),
        (Fixed(AssertionError("embed_dim")), (4, 5), "frames\\): embed_dim;"),
        (Fixed(ZeroDivisionError("division")), (4, 5), "frames\\): division;"),
        (nn.Flatten(), (1, 3), "has nothing to learn"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line_with_both_shapes(network, shape, match):
    with pytest.raises(SettingError, match=match) as caught:
        attempt(network, shape)

    assert "\n" not in str(caught.value)


def test_frozen_weights_have_nothing_to_learn():
    with pytest.raises(SettingError, match="none of its weights wants a gradient"):
        attempt(dense(20, 3).requires_grad_(requires_grad=False))


class Squeezing(nn.Linear):
    def forward(self, features):
        return super().forward(features.mean(dim=2)).squeeze()


def test_a_network_that_loses_a_batch_of_one_is_refused_before_it_meets_one():
    with pytest.raises(SettingError, match=r"gives 3 for features of shape 1 x 4 x 5: .* 1 x 3 for 1 segment of 3"):
        attempt(Squeezing(4, 3))


class Cut(nn.Linear):
    def forward(self, features):
        return super().forward(features.mean(dim=2)).detach()


def test_scores_that_are_cut_off_from_the_weights_are_refused():
    with pytest.raises(SettingError, match="'mine' cannot learn: its scores do not go back to its weights"):
        attempt(Cut(4, 3))


def test_no_gradient_is_left_behind():
    network = dense(20, 3)

    attempt(network)

    assert all(weight.grad is None for weight in network.parameters())
