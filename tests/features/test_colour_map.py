import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from earmark.errors import SettingError
from earmark.features.colour_map import ANCHORS, COLOURS, apply_colours, colour_table


def lightness(colours):
    """CIE L* of sRGB colours: how light the eye takes them to be, from 0 to 100."""
    channels = colours[..., :3] / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27)


def test_the_table_is_256_opaque_colours_of_four_bytes_that_all_differ():
    assert COLOURS.shape == (256, 4)
    assert COLOURS.dtype == np.uint8
    assert (COLOURS[:, 3] == 255).all()
    assert len(np.unique(COLOURS, axis=0)) == 256


def test_lightness_rises_from_quiet_to_loud_at_equal_steps():
    light = lightness(COLOURS)
    assert (np.diff(light) > -0.05).all()  # rounding to whole numbers takes back a little here and there
    assert (light[4:] - light[:-4] > 0.5).all()
    assert light[0] < 10
    assert light[-1] > 90
    straight = np.linspace(light[0], light[-1], 256)
    assert np.abs(light - straight).max() < 3


@pytest.mark.parametrize("n_colours", [2, 6, 11, 64, 256, 1000])
def test_any_number_of_colours_begins_and_ends_with_the_anchors(n_colours):
    table = colour_table(n_colours)
    assert table.shape == (n_colours, 4)
    assert tuple(table[0, :3]) == ANCHORS[0]
    assert tuple(table[-1, :3]) == ANCHORS[-1]


def test_as_many_colours_as_anchors_are_the_anchors():
    assert [tuple(colour[:3]) for colour in colour_table(len(ANCHORS)).tolist()] == list(ANCHORS)


@pytest.mark.parametrize("n_colours", [1, 0, -3])
def test_fewer_than_two_colours_are_refused(n_colours):
    with pytest.raises(SettingError, match=f"n_colours must be at least 2, not {n_colours}"):
        colour_table(n_colours)


@pytest.mark.slow
@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=7)))
def test_each_level_gets_its_own_colour_whatever_the_shape(levels):
    picture = apply_colours(levels)
    assert picture.shape == (*levels.shape, 4)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, COLOURS[levels])


@given(
    st.sampled_from(
        [(slice(None, None, -1),), (slice(None), slice(None, None, 2)), (slice(None), slice(None, None, -1))]
    )
)
def test_a_view_of_levels_is_coloured_as_its_copy(view):
    levels = np.arange(48, dtype=np.uint8).reshape(6, 8)[view]
    np.testing.assert_array_equal(apply_colours(levels), COLOURS[levels.copy()])
    np.testing.assert_array_equal(apply_colours(levels.T), COLOURS[levels.T.copy()])


def test_what_comes_back_may_be_written_to_and_the_table_may_not():
    apply_colours(np.zeros(3, dtype=np.uint8))[0] = 9
    assert COLOURS[0, 0] == ANCHORS[0][0]
    with pytest.raises(ValueError, match="read-only"):
        COLOURS[0, 0] = 9


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.int8, bool])
def test_levels_of_another_type_are_refused(dtype):
    with pytest.raises(SettingError, match=f"of type uint8, not {np.dtype(dtype)}"):
        apply_colours(np.zeros((2, 2), dtype=dtype))
