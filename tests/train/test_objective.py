import pytest
import torch
from torch import nn
from torch.nn import functional

from earmark.models.mlp import Mlp, MlpRegularisedSettings
from earmark.train.objective import Objective, balanced_weights
from earmark.train.settings import TrainSettings

Y = torch.tensor([0, 0, 0, 1, 2, 2])
LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))


def test_without_settings_it_is_cross_entropy():
    assert torch.equal(Objective(TrainSettings(), Y).loss(LOGITS, Y), functional.cross_entropy(LOGITS, Y))


def test_shares_of_classes_are_targets_too():
    shares = functional.one_hot(Y, 3).float()
    torch.testing.assert_close(Objective(TrainSettings(), Y).loss(LOGITS, shares), functional.cross_entropy(LOGITS, Y))


@pytest.mark.parametrize("soft", [False, True])
def test_smoothing_spreads_a_share_of_the_target_over_all_classes(soft):
    shares = functional.one_hot(Y, 3).float()
    smoothed = shares * 0.7 + 0.1
    expected = -(smoothed * torch.log_softmax(LOGITS, 1)).sum(1).mean()
    objective = Objective(TrainSettings(label_smoothing=0.3), Y)
    torch.testing.assert_close(objective.loss(LOGITS, shares if soft else Y), expected)


def test_balanced_classes_count_the_same_in_all():
    weights = balanced_weights(Y, 3)
    totals = torch.zeros(3).index_add(0, Y, weights[Y])
    torch.testing.assert_close(totals, torch.full((3,), 2.0))


def test_a_class_that_does_not_occur_gets_a_finite_weight():
    assert torch.isfinite(balanced_weights(torch.tensor([0, 0, 2]), 4)).all()


def test_balanced_weights_are_used():
    objective = Objective(TrainSettings(class_weights="balanced"), Y)
    expected = functional.cross_entropy(LOGITS, Y, weight=balanced_weights(Y, 3))
    torch.testing.assert_close(objective.loss(LOGITS, Y), expected)


def test_penalties_are_of_weights_and_not_of_biases():
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0], [3.0, 0.0]]))
        layer.bias.fill_(100.0)
    objective = Objective(TrainSettings(l1=0.1, l2=0.01), Y)
    assert objective.penalty(layer).item() == pytest.approx(0.1 * 6 + 0.01 * 14)
    assert Objective(TrainSettings(), Y).penalty(layer) is None


def test_the_penalty_of_the_regularised_perceptron_is_on_all_four_layers():
    network = Mlp(n_bins=3, n_frames=2, n_classes=5, settings=MlpRegularisedSettings())
    Objective(TrainSettings(l2=0.5), Y).penalty(network).backward()
    weights = [layer.weight for layer in network.layers if isinstance(layer, nn.Linear)]
    assert [weight.shape[0] for weight in weights] == [512, 256, 64, 5]
    for weight in weights:
        torch.testing.assert_close(weight.grad, weight.detach())


def test_the_gradient_of_the_squares_draws_weights_to_zero():
    layer = nn.Linear(2, 2)
    Objective(TrainSettings(l2=0.5), Y).penalty(layer).backward()
    torch.testing.assert_close(layer.weight.grad, layer.weight.detach())
    assert layer.bias.grad is None


def test_half_precision_logits_are_scored_in_single():
    assert Objective(TrainSettings(), Y).loss(LOGITS.bfloat16(), Y).dtype == torch.float32
