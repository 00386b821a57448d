import pytest
from torch import nn

from earmark.errors import SettingError
from earmark.models.mlp import Mlp, MlpRegularisedSettings, MlpSettings


def build(settings):
    return Mlp(n_bins=13, n_frames=130, n_classes=10, settings=settings)


@pytest.mark.parametrize("settings", [MlpSettings(), MlpRegularisedSettings()])
def test_it_has_the_layers_that_are_written_down(settings):
    layers = [module for module in build(settings).modules() if isinstance(module, nn.Linear)]

    assert [(layer.in_features, layer.out_features) for layer in layers] == [
        (1690, 512),
        (512, 256),
        (256, 64),
        (64, 10),
    ]


@pytest.mark.parametrize(("settings", "dropout"), [(MlpSettings(), 0.0), (MlpRegularisedSettings(), 0.3)])
def test_each_of_the_three_hidden_layers_has_its_dropout(settings, dropout):
    assert [module.p for module in build(settings).modules() if isinstance(module, nn.Dropout)] == [dropout] * 3


@pytest.mark.parametrize("kind", [MlpSettings, MlpRegularisedSettings])
@pytest.mark.parametrize("settings", [{"n_hidden": ()}, {"n_hidden": (5, 0)}, {"dropout": 1.0}])
def test_settings_that_cannot_be_are_refused(kind, settings):
    with pytest.raises(SettingError):
        kind(**settings)
