import pytest
import torch

from earmark.errors import SettingError
from earmark.models.logistic import Logistic, LogisticSettings


def test_a_score_is_a_weighted_sum_and_an_intercept():
    network = Logistic(n_bins=2, n_frames=1, n_classes=2, settings=LogisticSettings())
    network.weight, network.intercepts = torch.tensor([[1.0, 2.0], [0.0, -1.0]]), torch.tensor([0.5, 0.0])

    assert network(torch.tensor([[[3.0], [4.0]]])).tolist() == [[11.5, -4.0]]


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan")])
def test_a_penalty_that_cannot_be_is_refused(penalty):
    with pytest.raises(SettingError, match="penalty must be above 0"):
        LogisticSettings(penalty=penalty)
