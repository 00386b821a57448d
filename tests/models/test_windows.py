import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from earmark.errors import SettingError
from earmark.models.windows import Window, check_size, least_size, size_after, with_channels


@st.composite
def windows(draw):
    width = draw(st.integers(1, 9))
    return Window(width, draw(st.integers(1, 4)), draw(st.integers(0, width // 2)))


def really_after(size, chain):
    """What torch makes of it; 0 where it refuses."""
    values = torch.zeros(1, 1, size)
    for window in chain:
        try:
            values = functional.max_pool1d(values, window.width, window.stride, window.padding)
        except RuntimeError:
            return 0
    return values.shape[-1]


@given(st.integers(1, 200), st.lists(windows(), max_size=4))
def test_the_size_is_what_torch_leaves(size, chain):
    assert max(0, size_after(size, chain)) == really_after(size, chain)


@given(st.lists(windows(), max_size=4))
def test_the_least_size_goes_through_and_one_less_does_not(chain):
    least = least_size(chain)

    assert really_after(least, chain) >= 1
    assert least == 1 or really_after(least - 1, chain) < 1


def test_nothing_moved_over_it_leaves_it_as_it_is():
    assert size_after(7, []) == 7
    assert least_size([]) == 1


@pytest.mark.parametrize(("size", "is_fine"), [((5, 9), True), ((50, 90), True), ((4, 9), False), ((5, 8), False)])
def test_features_with_too_few_bins_or_frames_are_refused(size, is_fine):
    message = rf"^the network 'x' needs features of at least 5 bins and 9 frames, not {size[0]} x {size[1]}: take more$"
    if is_fine:
        check_size("x", size=size, least=(5, 9), advice="take more")
    else:
        with pytest.raises(SettingError, match=message):
            check_size("x", size=size, least=(5, 9), advice="take more")


def test_of_a_network_that_takes_any_number_of_bins_only_the_frames_are_spoken_of():
    with pytest.raises(SettingError, match=r"^the network 'x' needs features of at least 9 frames, not 8: take more$"):
        check_size("x", size=(5, 8), least=(1, 9), advice="take more")


def test_maps_that_have_channels_are_left_as_they_are():
    maps = torch.zeros(2, 3, 4, 5)

    assert with_channels(maps) is maps
    assert with_channels(maps[:, 0]).shape == (2, 1, 4, 5)
