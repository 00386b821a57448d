import pytest
from torch import nn

from earmark.errors import SettingError
from earmark.models.mlp import Mlp, MlpSettings


def test_it_has_the_layers_that_are_written_down():
    network = Mlp(n_bins=13, n_frames=130, n_classes=10, settings=MlpSettings())

    layers = [(layer.in_features, layer.out_features) for layer in network.modules() if isinstance(layer, nn.Linear)]

    assert layers == [(1690, 512), (512, 256), (256, 64), (64, 10)]


@pytest.mark.parametrize("settings", [{"n_hidden": ()}, {"n_hidden": (5, 0)}, {"dropout": 1.0}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError):
        MlpSettings(**settings)
