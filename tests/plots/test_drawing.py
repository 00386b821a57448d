import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.plots.drawing import add_colour_bar, check_sound, draw_on
from earmark.plots.theme import DARK, LIGHT, new_figure
from earmark.plots.waveform import waveform_drawing


@pytest.mark.parametrize(
    ("waveform", "sample_rate", "words"),
    [
        ([], 8000, "at least one sample"),
        ([[0.0, 0.1]], 8000, r"one channel .* not of shape \(1, 2\)"),
        (0.5, 8000, "one channel"),
        ([0.0, np.nan], 8000, "not finite"),
        ([0.0, -np.inf], 8000, "not finite"),
        ([0.0], 0, "sample_rate must be at least 1, not 0"),
    ],
)
def test_what_is_no_sound_is_refused_in_words(waveform, sample_rate, words):
    with pytest.raises(SettingError, match=words):
        check_sound(waveform, sample_rate)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, list])
def test_any_numbers_become_float32(dtype):
    samples = check_sound([0, 1] if dtype is list else np.array([0, 1], dtype=dtype), 8000)
    assert samples.dtype == np.float32
    assert samples.tolist() == [0, 1]


def test_drawing_dresses_the_axes():
    figure = new_figure(4, 3, DARK)
    axes = figure.add_subplot()
    assert draw_on(axes, waveform_drawing(np.ones(10, np.float32), 10), DARK, size=7) is None
    assert axes.xaxis.label.get_color() == DARK.ink
    assert axes.get_xticklabels()[0].get_fontsize() == 7


@pytest.mark.parametrize(
    ("arrays", "extend"),
    [
        ([[0.0, 1.0]], "neither"),
        ([[-1e-6, 1.000001]], "neither"),
        ([[-0.1, 1.0]], "min"),
        ([[0.0, 1.0], [0.5, 1.1]], "max"),
        ([[-1.0, 0.0], [0.5, 2.0]], "both"),
    ],
)
def test_a_colour_bar_is_pointed_where_values_lie_beyond_it(arrays, extend):
    figure = new_figure(4, 3, LIGHT)
    axes = figure.add_subplot()
    images = [axes.imshow(np.array([array]), vmin=0, vmax=1) for array in arrays]
    add_colour_bar(figure, figure.add_subplot(), images, "power (dB)", LIGHT)
    assert images[0].colorbar.extend == extend
    assert images[0].colorbar.ax.get_ylabel() == "power (dB)"
