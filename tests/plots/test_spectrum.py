import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.plots import spectrum
from earmark.plots.drawing import Reach
from earmark.plots.spectrum import spectrum_drawing, strongest_of
from earmark.plots.theme import LIGHT, new_figure

pytestmark = pytest.mark.slow  # many small pictures or runs; `make test` has them


def drawn_axes(drawing):
    figure = new_figure(6, 3, LIGHT)
    axes = figure.add_subplot()
    drawing.draw(axes, LIGHT)
    figure.canvas.draw()
    return axes


@pytest.mark.slow
@pytest.mark.parametrize("frequency_hz", [50, 440, 1000, 5000, 10_000])
@pytest.mark.parametrize("full", [False, True])
def test_a_tone_stands_at_its_frequency_and_at_its_level(tone, frequency_hz, full):
    drawing = spectrum_drawing(tone(frequency_hz, amplitude=0.5), 22050, full=full)
    line = max(drawn_axes(drawing).lines, key=lambda line: len(line.get_xdata()))
    at_hz, level_db = line.get_data()
    assert at_hz[level_db.argmax()] in {frequency_hz, 22050 - frequency_hz}
    assert level_db.max() == pytest.approx(20 * np.log10(0.5), abs=0.01)


def test_the_levels_are_those_of_numpy():
    waveform = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    drawing = spectrum_drawing(waveform, 3000, n_columns=100_000)
    expected = 20 * np.log10(2 * np.abs(np.fft.rfft(waveform.astype(np.float64))) / 3000)
    bins = np.round(drawing.frequency_hz).astype(int)
    assert bins[0] <= 20
    assert bins[-1] == 1500
    expected[-1] -= 20 * np.log10(2)  # half the rate is not mirrored
    np.testing.assert_allclose(drawing.level_db, expected[bins], atol=2e-3)


@pytest.mark.parametrize("rate", [8000, 22050, 96000])
def test_the_axis_goes_by_octaves_from_20_hz_to_half_the_rate(tone, rate):
    axes = drawn_axes(spectrum_drawing(tone(440, sample_rate=rate), rate))
    assert axes.get_xlim() == (20, rate / 2)
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "frequency (Hz)"
    assert axes.get_ylabel() == "level (dB re full scale)"


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [5000, 5001, 1, 2])
def test_the_full_one_goes_to_the_rate_and_its_upper_half_mirrors_the_lower(n_samples):
    waveform = np.random.default_rng(1).standard_normal(n_samples).astype(np.float32)
    drawing = spectrum_drawing(waveform, 5000, full=True, n_columns=100_000)
    axes = drawn_axes(drawing)
    assert axes.get_xlim() == (0, 5000)
    assert axes.get_xscale() == "linear"
    assert (np.diff(drawing.frequency_hz) > 0).all()
    inner = drawing.frequency_hz > 0
    np.testing.assert_allclose(5000 - drawing.frequency_hz[inner][::-1], drawing.frequency_hz[inner])
    np.testing.assert_allclose(drawing.level_db[inner][::-1], drawing.level_db[inner])


def test_a_constant_is_seen_in_the_full_one_only():
    waveform = np.full(4000, 0.5, dtype=np.float32)
    full = spectrum_drawing(waveform, 4000, full=True)
    assert full.frequency_hz[full.level_db.argmax()] == 0
    assert full.level_db.max() == pytest.approx(20 * np.log10(0.5), abs=0.01)
    assert not full.remark
    octaves = spectrum_drawing(waveform, 4000)
    assert octaves.level_db.max() < -100
    assert octaves.remark == "strongest at 0 Hz: -6 dB"


def test_a_tone_among_many_columns_of_noise_is_not_lost(tone):
    noise = 1e-3 * np.random.default_rng(0).standard_normal(30 * 22050).astype(np.float32)
    drawing = spectrum_drawing(tone(7777, seconds=30) + noise, 22050, n_columns=200)
    assert len(drawing.level_db) <= 202
    assert drawing.frequency_hz[drawing.level_db.argmax()] == pytest.approx(7777, abs=0.1)


@pytest.mark.parametrize("n_pieces", [2, 3, 7])
def test_of_a_long_sound_it_is_the_mean_over_pieces(monkeypatch, tone, n_pieces):
    monkeypatch.setattr(spectrum, "_PIECE_SAMPLES", 1 << 14)
    waveform = tone(1000, 3000, seconds=((n_pieces - 0.3) * (1 << 14)) / 22050, amplitude=0.25)
    drawing = spectrum_drawing(waveform, 22050)
    assert str(n_pieces) in drawing.remark
    for frequency_hz in (1000, 3000):
        near = np.abs(drawing.frequency_hz - frequency_hz) < 20
        assert drawing.level_db[near].max() == pytest.approx(20 * np.log10(0.25), abs=1.5)


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [1, 2, 2047, 2049])
@pytest.mark.parametrize("rate", [1, 96000])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_any_length_at_any_rate_can_be_drawn(n_samples, rate, level):
    axes = drawn_axes(spectrum_drawing(np.full(n_samples, level, dtype=np.float32), rate))
    low, high = axes.get_ylim()
    assert high - low == pytest.approx(105)


def test_silence_lies_at_the_bottom():
    drawing = spectrum_drawing(np.zeros(8000, np.float32), 8000)
    assert (drawing.level_db <= drawn_axes(drawing).get_ylim()[0]).all()
    assert not drawing.remark


def test_samples_that_are_too_large_are_refused():
    with pytest.raises(SettingError, match="too large"):
        spectrum_drawing(np.full(100, 1e25, dtype=np.float32), 8000)


def test_measured_by_itself_the_strongest_is_at_0_db(tone):
    drawing = spectrum_drawing(tone(440, amplitude=1e-3), 22050).relative()
    assert drawing.level_db.max() == pytest.approx(0)
    assert drawn_axes(drawing).get_ylim() == (-100, 5)


def test_it_can_reach_as_far_as_one_of_a_higher_rate(tone):
    drawing = spectrum_drawing(tone(440), 22050)
    assert drawing.reach.highest_hz == 11025
    assert drawn_axes(drawing.reaching(Reach(highest_hz=48000))).get_xlim() == (20, 48000)


@given(
    st.lists(st.floats(-100, 0), min_size=1, max_size=60),
    st.lists(st.integers(0, 60), min_size=2, max_size=12),
)
def test_the_strongest_of_each_stretch_is_kept_in_order(levels, edges):
    level_db = np.array(levels)
    edges = np.minimum(np.sort(edges), len(levels))
    places = strongest_of(level_db, edges)
    assert (np.diff(places) > 0).all()
    inside = level_db[edges[0] : edges[-1]]
    if len(inside):
        assert inside.max() in level_db[places]
