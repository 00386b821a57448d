import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.plots.layers import plot_filters, plot_maps

RNG = np.random.default_rng(0)


def test_each_filter_is_drawn_in_one_scale_around_nothing():
    filters = RNG.standard_normal((10, 1, 3, 5)).astype(np.float32)

    images = plot_filters(filters).axes[0].images

    assert len(images) == 10
    reach = float(np.abs(filters).max())
    assert {image.get_clim() for image in images} == {(-reach, reach)}
    assert np.array_equal(np.asarray(images[3].get_array()), filters[3, 0])


def test_channels_stand_below_one_another_the_first_on_top():
    filters = RNG.standard_normal((2, 2, 3, 5)).astype(np.float32)

    tile = plot_filters(filters).axes[0].images[0].get_array()

    assert tile.shape == (7, 5)
    assert np.array_equal(np.asarray(tile[4:]), filters[0, 0])  # drawn upwards: the last rows are on top
    assert tile.mask[3].all()


def test_of_many_maps_the_liveliest_are_drawn():
    maps = np.zeros((100, 4, 6), dtype=np.float32)
    maps[90:] = RNG.random((10, 4, 6))

    figure = plot_maps(maps, title="blocks.0")

    numbers = [int(text.get_text()) for text in figure.axes[0].texts]
    assert len(numbers) == 64
    assert set(range(90, 100)) <= set(numbers)
    assert figure.get_suptitle() == "blocks.0: 64 of 100 channels, 4 x 6 places"


def test_maps_of_nothing_and_of_one_place_can_be_drawn():
    assert plot_maps(np.zeros((3, 4, 6), dtype=np.float32), dark=True).axes
    assert plot_maps(-np.ones((1, 1, 1), dtype=np.float32)).axes


@pytest.mark.parametrize(
    ("draw", "values", "message"),
    [
        (plot_maps, np.zeros((4, 6)), "maps must have 3 axes"),
        (plot_filters, np.zeros((0, 1, 3, 3)), "at least one value"),
        (plot_maps, np.full((1, 2, 2), np.nan), "not finite"),
    ],
)
def test_what_is_no_map_or_filter_is_refused(draw, values, message):
    with pytest.raises(SettingError, match=message):
        draw(values)
