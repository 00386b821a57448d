import pytest

from earmark.errors import SettingError
from earmark.features.catalogue import FRONT_ENDS
from earmark.models.catalogue import NETWORKS


def test_every_network_names_a_front_end_that_ships():
    assert {kind.front_end for kind in NETWORKS.values()} <= set(FRONT_ENDS)


def test_an_unknown_network_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="there is no network called 'cn': did you mean 'cnn'"):
        NETWORKS["cn"]
