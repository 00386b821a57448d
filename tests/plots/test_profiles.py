import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.plots.profiles import Curves, plot_profiles


def curves(label, n=16, *, wrong=False):
    values = np.random.default_rng(len(label)).random(n)
    part = values / values.sum()
    return Curves(label=label, right=part, wrong=part[::-1] if wrong else None, n_right=3, n_wrong=2 if wrong else 0)


def test_each_class_has_a_panel_with_frequency_below():
    frequencies = np.linspace(100, 3900, 16).astype(np.float32)

    figure = plot_profiles(
        [curves("dog"), curves("rain", wrong=True)], frequencies_hz=frequencies, top_hz=4000.0, scale="mel", title="why"
    )

    first, second = figure.axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["dog", "rain"]
    assert second.get_title(loc="right") == "3 right, 2 wrong (red)"
    assert (len(first.lines), len(second.lines)) == (1, 2)
    assert first.get_ylim() == second.get_ylim()
    assert first.lines[0].get_xdata() == pytest.approx(frequencies)
    assert "frequency" in second.get_xlabel()


def test_over_time_the_axis_goes_from_beginning_to_end():
    axes = plot_profiles([curves("dog", 50)], over="time (%)").axes[0]

    assert axes.lines[0].get_xdata()[[0, -1]] == pytest.approx([1.0, 99.0])
    assert axes.get_xlabel() == "time (%)"


def test_a_class_with_wrong_clips_alone_can_be_drawn():
    only = Curves(label="sea", right=None, wrong=np.full(4, 0.25), n_right=0, n_wrong=1)

    assert len(plot_profiles([only]).axes[0].lines) == 1


def test_curves_that_do_not_fit_are_refused():
    with pytest.raises(SettingError, match="as long as the axis"):
        plot_profiles([])
    with pytest.raises(SettingError, match="as long as the axis"):
        plot_profiles([curves("dog", 4), curves("rain", 5)])
    with pytest.raises(SettingError, match="as long as the axis"):
        plot_profiles([curves("dog", 4)], frequencies_hz=np.ones(5, dtype=np.float32))
