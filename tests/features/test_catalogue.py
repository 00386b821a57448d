import pytest

from earmark.errors import SettingError
from earmark.features.catalogue import FRONT_ENDS


def test_the_three_front_ends_ship():
    assert set(FRONT_ENDS) == {"log-mel", "mfcc", "statistics"}


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="no front end called 'logmel': did you mean 'log-mel'"):
        FRONT_ENDS["logmel"]
