import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark.plots.drawing import Reach
from earmark.plots.theme import LIGHT, new_figure
from earmark.plots.waveform import envelope, waveform_drawing

pytestmark = pytest.mark.slow  # many small pictures or runs; `make test` has them


def drawn_axes(drawing):
    figure = new_figure(6, 3, LIGHT)
    axes = figure.add_subplot()
    drawing.draw(axes, LIGHT)
    figure.canvas.draw()
    return axes


@given(
    hnp.arrays(np.float32, st.integers(2, 400), elements=st.floats(-1, 1, width=32)),
    st.integers(1, 50),
)
def test_no_sample_is_lost_in_the_envelope_and_neighbours_touch(waveform, n_columns):
    n_columns = min(n_columns, len(waveform))
    low, high, centres = envelope(waveform, n_columns)
    assert low.min() == waveform.min()
    assert high.max() == waveform.max()
    column = np.searchsorted(
        np.linspace(0, len(waveform), n_columns + 1).astype(int), np.arange(len(waveform)), "right"
    )
    assert (low[column - 1] <= waveform).all()
    assert (waveform <= high[column - 1]).all()
    assert (low[1:] <= high[:-1]).all()
    assert (high[1:] >= low[:-1]).all()
    assert (np.diff(centres) > 0).all()


def test_a_short_sound_is_a_line_through_its_samples():
    drawing = waveform_drawing(np.array([0.1, -0.2, 0.3], dtype=np.float32), 10, start_s=5)
    (line,) = [line for line in drawn_axes(drawing).lines if len(line.get_xdata()) == 3]
    assert line.get_xdata() == pytest.approx([5.0, 5.1, 5.2])
    assert line.get_ydata() == pytest.approx([0.1, -0.2, 0.3])


def test_a_long_sound_is_no_larger_than_a_short_one():
    drawing = waveform_drawing(np.random.default_rng(0).standard_normal(5_000_000).astype(np.float32), 22050)
    assert len(drawing.low) == len(drawing.high) == len(drawing.time_s) == 1000
    assert drawing.time_s[0] < 0.2
    assert drawing.time_s[-1] == pytest.approx(5_000_000 / 22050, abs=0.2)


def test_one_click_in_a_long_sound_reaches_its_height():
    waveform = np.zeros(1_000_000, dtype=np.float32)
    waveform[700_000] = -0.8
    drawing = waveform_drawing(waveform, 10_000)
    place = drawing.low.argmin()
    assert drawing.low[place] == np.float32(-0.8)
    assert drawing.time_s[place] == pytest.approx(70, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [1, 100, 100_000])
@pytest.mark.parametrize("level", [0.0, 0.5, -0.25, 1e-30, 1e-42, 3e38])
def test_any_level_has_limits_around_it(n_samples, level):
    axes = drawn_axes(waveform_drawing(np.full(n_samples, level, dtype=np.float32), 8000))
    low, high = axes.get_ylim()
    assert low == -high
    assert abs(level) < high < max(1.1, 1.2 * abs(level))
    assert axes.get_xlim() == (0, n_samples / 8000)
    assert axes.get_ylabel() == "amplitude"


def test_measured_by_itself_the_greatest_amplitude_is_one():
    waveform = np.random.default_rng(0).standard_normal(10_000).astype(np.float32) * 1e-3
    drawing = waveform_drawing(waveform, 8000).relative()
    assert max(-drawing.low.min(), drawing.high.max()) == 1
    assert "greatest" in drawing.label
    silent = waveform_drawing(np.zeros(10, np.float32), 8000).relative()
    assert not silent.low.any()


def test_it_can_reach_as_far_as_a_longer_one():
    drawing = waveform_drawing(np.ones(8000, np.float32), 8000, start_s=1)
    assert drawing.reach.end_s == 2
    assert drawn_axes(drawing.reaching(Reach(end_s=7))).get_xlim() == (1, 7)
