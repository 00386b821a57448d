import math

import pytest

from earmark.errors import SettingError
from earmark.train.settings import TrainSettings


@pytest.mark.parametrize("name", ["max_epochs", "patience", "batch_size"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_count_below_one_is_refused_by_name(name, value):
    with pytest.raises(SettingError, match=f"{name} must be at least 1, not {value}"):
        TrainSettings(**{name: value})


@pytest.mark.parametrize("value", [0.0, -1e-3, math.nan, math.inf])
def test_a_learning_rate_that_cannot_be_is_refused(value):
    with pytest.raises(SettingError, match="learning_rate"):
        TrainSettings(learning_rate=value)


@pytest.mark.parametrize("value", [-1e-3, math.nan, math.inf])
def test_a_weight_decay_that_cannot_be_is_refused(value):
    with pytest.raises(SettingError, match="weight_decay"):
        TrainSettings(weight_decay=value)


def test_no_weight_decay_and_one_of_each_are_fine():
    settings = TrainSettings(max_epochs=1, patience=1, batch_size=1, weight_decay=0.0)

    assert (settings.max_epochs, settings.patience, settings.batch_size) == (1, 1, 1)
