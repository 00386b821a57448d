import math

import pytest
import torch
from torch import nn

from earmark.train.optimiser import learning_rate_at, make_optimiser
from earmark.train.settings import TrainSettings

KINDS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "adamax": torch.optim.Adamax, "sgd": torch.optim.SGD}


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_each_name_makes_its_optimiser_with_the_settings(name):
    settings = TrainSettings(optimiser=name, learning_rate=0.25, weight_decay=0.5)
    optimiser = make_optimiser(nn.Linear(3, 2), settings, torch.device("cpu"))
    assert type(optimiser) is KINDS[name]
    assert optimiser.param_groups[0]["lr"] == 0.25
    assert optimiser.param_groups[0]["weight_decay"] == 0.5


@pytest.mark.parametrize("name", KINDS)
def test_each_finds_the_bottom_of_a_bowl(name):
    layer = nn.Linear(3, 1, bias=False)
    optimiser = make_optimiser(layer, TrainSettings(optimiser=name, learning_rate=0.05), torch.device("cpu"))
    for _ in range(300):
        optimiser.zero_grad()
        (layer.weight - 2).square().sum().backward()
        optimiser.step()
    assert (layer.weight - 2).abs().max() < 0.1


def rates(settings, n_steps=10):
    return [learning_rate_at(step, n_steps, settings) for step in range(settings.max_epochs * n_steps)]


def test_a_constant_rate_stays():
    assert set(rates(TrainSettings(max_epochs=5, learning_rate=0.1))) == {0.1}


def test_a_warm_up_rises_evenly_to_the_rate_and_never_starts_at_zero():
    warm = rates(TrainSettings(max_epochs=5, warmup_epochs=2, learning_rate=1.0))
    assert warm[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert set(warm[20:]) == {1.0}


def test_a_cosine_falls_from_the_rate_to_nothing():
    cosine = rates(TrainSettings(max_epochs=5, warmup_epochs=1, schedule="cosine", learning_rate=1.0))
    assert cosine[10] == 1.0
    assert cosine[10:] == sorted(cosine[10:], reverse=True)
    assert cosine[30] == pytest.approx(0.5)
    assert 0 < cosine[-1] < 0.01


def test_a_cosine_is_that_of_torch():
    settings = TrainSettings(max_epochs=7, schedule="cosine", learning_rate=0.3)
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    oracle = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=70)
    for rate in rates(settings):
        assert rate == pytest.approx(optimiser.param_groups[0]["lr"], abs=1e-12)
        optimiser.step()
        oracle.step()


def test_warm_up_may_take_all_there_is():
    settings = TrainSettings(max_epochs=2, warmup_epochs=2, schedule="cosine")
    assert all(math.isfinite(rate) for rate in rates(settings, 3))
