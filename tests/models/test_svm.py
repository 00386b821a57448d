import pytest

from earmark.errors import SettingError
from earmark.models.svm import SvmSettings


def test_a_penalty_that_cannot_be_is_refused():
    with pytest.raises(SettingError, match="penalty must be above 0"):
        SvmSettings(penalty=0.0)
