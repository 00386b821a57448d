import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from earmark.errors import SettingError
from earmark.features.decibel import check_top_db, power_to_db

POWER = st_numpy.arrays(np.float64, (2, 3, 4), elements=st.floats(0, 1e9))


@pytest.mark.slow
@given(power=POWER, top_db=st.one_of(st.none(), st.floats(0, 300)))
@settings(deadline=None)
def test_the_numbers_are_librosas_for_each_item_by_itself(power, top_db):
    expected = np.stack([librosa.power_to_db(item, ref=1.0, amin=1e-10, top_db=top_db) for item in power])
    np.testing.assert_allclose(power_to_db(torch.from_numpy(power), top_db), expected, atol=1e-9)


@pytest.mark.slow
@given(power=POWER, top_db=st.floats(0, 300))
@settings(deadline=None)
def test_nothing_is_further_below_the_loudest_than_asked(power, top_db):
    decibel = power_to_db(torch.from_numpy(power), top_db)
    assert (decibel.amax(dim=(1, 2)) - decibel.amin(dim=(1, 2)) <= top_db + 1e-9).all()


def test_what_was_received_stays_as_it_is():
    power = torch.tensor([[[0.0, 1e-12, 1.0]]])
    power_to_db(power, 20.0)
    assert torch.equal(power, torch.tensor([[[0.0, 1e-12, 1.0]]]))


def test_no_power_is_the_least_power():
    assert torch.equal(power_to_db(torch.zeros(1, 2, 3), None), torch.full((1, 2, 3), -100.0))


@pytest.mark.parametrize("top_db", [-0.1, float("nan"), float("inf")])
def test_a_limit_that_cannot_be_is_refused(top_db):
    with pytest.raises(SettingError, match=f"top_db must be at least 0, or None for no limit, not {top_db:g}"):
        check_top_db(top_db)


@pytest.mark.parametrize("top_db", [None, 0.0, 80])
def test_a_limit_at_the_edge_is_taken(top_db):
    check_top_db(top_db)
