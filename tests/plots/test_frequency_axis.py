import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.features.mel import hz_to_mel
from earmark.plots.frequency_axis import lowest_shown_hz, set_frequency_axis, ticks_hz
from earmark.plots.theme import LIGHT, new_figure


def drawn_axes(scale, low_hz, high_hz, *, side="y", n_ticks=9):
    figure = new_figure(4, 4, LIGHT)
    axes = figure.add_subplot()
    set_frequency_axis(axes, side=side, scale=scale, low_hz=low_hz, high_hz=high_hz, n_ticks=n_ticks)
    figure.canvas.draw()
    return axes


def shown(axes):
    low, high = axes.get_ylim()
    ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    return [label.get_text() for tick, label in ticks if low <= tick <= high]


@pytest.mark.parametrize(
    ("scale", "low_hz", "label", "ticks"),
    [
        ("linear", 0, "frequency (kHz)", ["0", "2", "4", "6", "8", "10"]),
        ("log", 20, "frequency (Hz)", ["20", "50", "100", "200", "500", "1k", "2k", "5k", "10k"]),
        ("mel", 0, "frequency (Hz, mel scale)", ["0", "250", "500", "1k", "2k", "4k", "8k"]),
    ],
)
def test_each_scale_says_its_unit_and_has_the_ticks_that_people_know(scale, low_hz, label, ticks):
    axes = drawn_axes(scale, low_hz, 11025)
    assert axes.get_ylabel() == label
    assert shown(axes) == ticks
    assert axes.get_ylim() == (low_hz, 11025)


def test_an_even_axis_of_low_frequencies_is_in_hz():
    axes = drawn_axes("linear", 0, 500)
    assert axes.get_ylabel() == "frequency (Hz)"
    assert shown(axes)[-1] == "500"


def test_in_a_small_cell_only_the_tens_are_marked():
    assert shown(drawn_axes("log", 20, 11025, n_ticks=3)) == ["100", "1k", "10k"]
    assert shown(drawn_axes("mel", 0, 22050, n_ticks=3)) == ["0", "1k", "4k", "16k"]


@pytest.mark.parametrize("frequency_hz", [50, 440, 1000, 5000])
def test_a_frequency_stands_on_the_mel_axis_where_its_mel_says(frequency_hz):
    axes = drawn_axes("mel", 0, 11025)
    bottom, at, top = axes.transData.transform([(0, 0), (0, frequency_hz), (0, 11025)])[:, 1]
    assert (at - bottom) / (top - bottom) == pytest.approx(hz_to_mel(frequency_hz) / hz_to_mel(11025))


def test_octaves_are_equally_long():
    axes = drawn_axes("log", 20, 11025, side="x")
    places = axes.transData.transform([(100 * 2**octave, 0) for octave in range(6)])[:, 0]
    assert np.diff(places) == pytest.approx(np.diff(places)[0])


@given(
    scale=st.sampled_from(["log", "mel"]),
    low_hz=st.floats(0.01, 1e3),
    ratio=st.floats(1.5, 1e5),
    n_ticks=st.integers(3, 12),
)
def test_ticks_lie_within_the_axis_rise_and_are_few(scale, low_hz, ratio, n_ticks):
    ticks = ticks_hz(scale, low_hz, low_hz * ratio, n_ticks)
    assert len(ticks) != 1
    assert len(ticks) <= n_ticks + 9
    assert ticks == sorted(set(ticks))
    assert all(low_hz <= tick <= low_hz * ratio for tick in ticks)


@given(st.integers(1, 400_000))
def test_an_axis_by_octaves_begins_above_nothing_and_below_its_end(sample_rate):
    assert 0 < lowest_shown_hz(sample_rate) <= min(20, sample_rate / 10)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [1, 50, 1000, 384000])
@pytest.mark.parametrize("scale", ["linear", "log", "mel"])
def test_any_rate_gets_ticks(scale, rate):
    low_hz = lowest_shown_hz(rate) if scale == "log" else 0
    assert len(shown(drawn_axes(scale, low_hz, rate / 2))) >= 2
