import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from earmark.errors import DataError, SettingError
from earmark.features.colour_map import COLOURS
from earmark.features.drawing import PICTURES, check_size, draw_matrix, draw_waveform

RATE = 22050
LEVEL = np.full(1 << 24, -1, dtype=np.int16)  # of each colour, as red + 256 green + 65536 blue
LEVEL[COLOURS[:, :3] @ [1, 256, 65536]] = np.arange(256)


def levels(picture):
    """The level of each pixel: 0 dark to 255 light."""
    found = LEVEL[picture[..., :3] @ [1, 256, 65536]]
    assert found.min() >= 0
    return found.astype(np.int64)


def is_inked(picture):
    return (picture != COLOURS[0]).any(axis=-1)


def noise(n_samples, seed=0, gain=0.2):
    return (gain * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def tone(frequency_hz, seconds=1.0, gain=0.5, sample_rate=RATE):
    time_s = np.arange(round(seconds * sample_rate)) / sample_rate
    return (gain * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def spanned_rows(waveform, n_rows, n_columns):
    """The rows that the line through the samples crosses in each column, one column after the other."""
    edges = np.linspace(0, len(waveform) - 1, n_columns + 1)
    places = np.arange(len(waveform))
    spans = []
    for left, right in pairwise(edges):
        inside = waveform[(places >= left) & (places <= right)]
        line = np.concatenate([np.interp([left, right], places, waveform), inside])
        rows = np.clip((1 - np.clip(line, -1, 1)) / 2 * n_rows, 0, n_rows - 1)
        spans.append((rows.min(), rows.max()))
    return spans


def area_mean(values, n_new, axis):
    """The mean over equal parts of an axis, exactly: each value repeated until the parts are whole."""
    wide = np.repeat(np.moveaxis(values.astype(np.float64), axis, 0), n_new, axis=0)
    return np.moveaxis(wide.reshape(n_new, -1, *wide.shape[1:]).mean(axis=1), 0, axis)


# ---------------------------------------------------------------- the time signal


@pytest.mark.slow
@given(
    n_samples=st.integers(1, 900),
    n_rows=st.integers(1, 40),
    n_columns=st.integers(1, 60),
    gain=st.sampled_from([0.0, 0.01, 0.3, 2.0]),
    seed=st.integers(0, 9),
)
@settings(max_examples=150, deadline=None)
def test_each_column_is_filled_from_the_least_to_the_greatest_value(n_samples, n_rows, n_columns, gain, seed):
    waveform = noise(n_samples, seed, gain)
    inked = is_inked(draw_waveform(waveform, n_rows=n_rows, n_columns=n_columns))
    assert inked.shape == (n_rows, n_columns)
    for column, (top, bottom) in zip(inked.T, spanned_rows(waveform, n_rows, n_columns), strict=True):
        rows = np.flatnonzero(column)
        assert len(rows) == rows[-1] - rows[0] + 1  # without a gap
        assert rows[0] in {int(top - 1e-4), int(top + 1e-4)}  # float32 against float64 at the edge of a row
        assert rows[-1] in {int(bottom - 1e-4), int(bottom + 1e-4)}


@pytest.mark.parametrize("n_samples", [2, 3, 7, 100, 599, 600, 601, 1201, 22050])
def test_neighbouring_columns_touch_however_few_samples_there_are(n_samples):
    inked = is_inked(draw_waveform(noise(n_samples, gain=0.3)))
    for left, right in pairwise(inked.T):
        assert (left & right).any() or (left[1:] & right[:-1]).any() or (left[:-1] & right[1:]).any()


def test_positive_is_up_and_time_goes_right():
    waveform = np.zeros(6000, dtype=np.float32)
    waveform[1000], waveform[5000] = 0.9, -0.9
    up, right = np.nonzero(is_inked(draw_waveform(waveform)))
    assert 95 <= right[up < 30].min() <= right[up < 30].max() <= 105
    assert 495 <= right[up > 270].min() <= right[up > 270].max() <= 505


def test_full_scale_reaches_both_edges_and_what_is_beyond_is_cut_off():
    for gain in (1.0, 3.0, 1e30):
        inked = is_inked(draw_waveform(np.array([gain, -gain], dtype=np.float32), n_columns=1))
        assert inked.all()


def test_loudness_is_seen_unless_the_own_scale_is_asked_for():
    quiet, loud = noise(5000, gain=0.01), noise(5000, gain=0.3)
    assert is_inked(draw_waveform(quiet)).sum() < 0.1 * is_inked(draw_waveform(loud)).sum()
    np.testing.assert_array_equal(
        draw_waveform(np.float32(0.25) * loud, full_scale=None), draw_waveform(loud, full_scale=None)
    )
    assert is_inked(draw_waveform(quiet, full_scale=None))[[0, -1]].any()


def test_silence_is_one_line_in_the_middle_on_any_scale():
    for full_scale in (1.0, 1e-30, None):
        inked = is_inked(draw_waveform(np.zeros(1000, dtype=np.float32), full_scale=full_scale))
        assert np.flatnonzero(inked.any(axis=1)).tolist() == [150]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused(value):
    waveform = noise(1000)
    waveform[500] = value
    with pytest.raises(DataError, match="not finite"):
        draw_waveform(waveform)


@pytest.mark.parametrize("full_scale", [0.0, -1.0, float("nan")])
def test_a_scale_that_is_not_positive_is_refused(full_scale):
    with pytest.raises(SettingError, match="full_scale must be above 0"):
        draw_waveform(noise(10), full_scale=full_scale)


@pytest.mark.parametrize("kind", sorted(PICTURES))
@pytest.mark.parametrize("shape", [(0,), (2, 100), ()])
def test_what_is_no_waveform_is_refused(kind, shape):
    with pytest.raises(SettingError, match=r"a waveform of shape \(n_samples,\) is drawn"):
        PICTURES[kind].draw(np.zeros(shape, dtype=np.float32), RATE)


# ---------------------------------------------------------------- matrices


@pytest.mark.slow
@given(
    n_bins=st.integers(1, 30),
    n_frames=st.integers(1, 60),
    n_rows=st.integers(1, 30),
    n_columns=st.integers(1, 60),
    seed=st.integers(0, 9),
)
@settings(max_examples=150, deadline=None)
def test_shrinking_is_the_mean_over_the_area_and_growing_is_linear(n_bins, n_frames, n_rows, n_columns, seed):
    values = np.random.default_rng(seed).uniform(-80, 0, (n_bins, n_frames)).astype(np.float32)
    expected = values.astype(np.float64)
    for axis, n_new in ((1, n_columns), (0, n_rows)):
        if n_new <= expected.shape[axis]:
            expected = area_mean(expected, n_new, axis)
        else:
            size = (n_new, expected.shape[0]) if axis == 1 else (expected.shape[1], n_new)
            image = Image.fromarray(expected.astype(np.float32))  # Pillow grows between the centres of pixels too
            expected = np.asarray(image.resize(size, Image.Resampling.BILINEAR)).astype(np.float64)
    drawn = levels(draw_matrix(values, n_rows=n_rows, n_columns=n_columns, low=-80, high=0))
    np.testing.assert_allclose(drawn[::-1], (expected + 80) / 80 * 255, atol=0.501)


def test_a_matrix_of_the_size_of_the_picture_is_drawn_as_it_is():
    values = np.arange(256, dtype=np.float32).reshape(16, 16)
    drawn = levels(draw_matrix(values, n_rows=16, n_columns=16, low=0, high=255))
    np.testing.assert_array_equal(drawn[::-1], values)


def test_the_first_bin_is_at_the_bottom_and_the_first_frame_at_the_left():
    values = np.zeros((4, 8), dtype=np.float32)
    values[0, 7] = 1
    drawn = levels(draw_matrix(values, n_rows=40, n_columns=80, low=0, high=1))
    assert drawn[-1, -1] == 255
    assert drawn[:20].max() == 0
    assert drawn[:, :40].max() == 0


def test_what_is_out_of_range_is_drawn_like_its_end():
    values = np.array([[-1e30, -80, 0, 1e30]], dtype=np.float32)
    drawn = levels(draw_matrix(values, n_rows=1, n_columns=4, low=-80, high=0))
    assert drawn.tolist() == [[0, 0, 255, 255]]


def test_a_value_far_out_of_range_weighs_no_more_than_the_end_of_it():
    drawn = levels(draw_matrix(np.array([[-1e9, 0]], dtype=np.float32), n_rows=1, n_columns=1, low=-80, high=0))
    assert drawn.item() in {127, 128}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value):
    values = np.zeros((20, 30), dtype=np.float32)
    values[3, 4] = value
    with pytest.raises(DataError, match="not finite"):
        draw_matrix(values, low=0, high=1)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (5,), (1, 2, 3)])
def test_what_is_no_matrix_is_refused(shape):
    with pytest.raises(SettingError, match=r"a matrix of shape \(n_bins, n_frames\)"):
        draw_matrix(np.zeros(shape, dtype=np.float32), low=0, high=1)


@pytest.mark.parametrize(("low", "high"), [(0, 0), (1, 0), (float("nan"), 0)])
def test_a_range_without_width_is_refused(low, high):
    with pytest.raises(SettingError, match="high must be above low"):
        draw_matrix(np.zeros((2, 2), dtype=np.float32), low=low, high=high)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(0, 10), (10, 0), (-1, 10)])
def test_a_picture_without_pixels_is_refused(n_rows, n_columns):
    message = f"a picture of {n_columns} x {n_rows} pixels cannot be"
    with pytest.raises(SettingError, match=message):
        check_size(n_rows, n_columns)
    with pytest.raises(SettingError, match=message):
        draw_matrix(np.zeros((2, 2), dtype=np.float32), n_rows=n_rows, n_columns=n_columns, low=0, high=1)
    for kind in PICTURES.values():
        with pytest.raises(SettingError, match=message):
            kind.draw(noise(1000), RATE, n_rows=n_rows, n_columns=n_columns)


# ---------------------------------------------------------------- every kind


@pytest.fixture(params=sorted(PICTURES))
def draw(request):
    return PICTURES[request.param].draw


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [1, 2, 100, 1023, 22050, 300_000])
@pytest.mark.parametrize("sample_rate", [8000, 22050, 192_000])
def test_a_sound_of_any_length_and_rate_gives_a_picture_of_the_size_asked_for(draw, n_samples, sample_rate):
    picture = draw(noise(n_samples), sample_rate)
    assert picture.shape == (300, 600, 4)
    assert picture.dtype == np.uint8
    assert (picture[..., 3] == 255).all()
    assert draw(noise(n_samples), sample_rate, n_rows=7, n_columns=11).shape == (7, 11, 4)


def test_the_same_sound_gives_the_same_picture_and_stays_as_it_is(draw):
    waveform = noise(30_000)
    before = waveform.copy()
    np.testing.assert_array_equal(draw(waveform, RATE), draw(waveform.copy(), RATE))
    np.testing.assert_array_equal(waveform, before)


def test_a_read_only_waveform_is_drawn(draw):
    waveform = noise(3000)
    waveform.setflags(write=False)
    assert draw(waveform, RATE).shape == (300, 600, 4)


def test_another_sound_gives_another_picture(draw):
    assert (draw(noise(30_000), RATE) != draw(noise(30_000, seed=1), RATE)).any()


@pytest.mark.parametrize("kind", ["spectrogram", "mel"])
def test_silence_and_the_rounding_of_a_silent_file_are_dark(kind):
    draw = PICTURES[kind].draw
    assert (draw(np.zeros(RATE, dtype=np.float32), RATE) == COLOURS[0]).all()
    dither = (np.round(np.random.default_rng(0).uniform(-1, 1, RATE)) / 32768).astype(np.float32)
    assert levels(draw(dither, RATE, n_rows=50, n_columns=100)).max() < 85


@pytest.mark.parametrize("kind", ["spectrogram", "mel"])
@pytest.mark.parametrize("gain", [1.0, 0.1, 0.01])
def test_the_loudest_point_is_light_however_loud_the_sound_is(kind, gain):
    drawn = levels(PICTURES[kind].draw(gain * tone(1000), RATE, n_rows=100, n_columns=50))
    assert drawn.max() > 200
    assert np.median(drawn) < 40


@pytest.mark.parametrize("frequency_hz", [300, 2000, 5000, 10_000])
def test_a_tone_is_a_line_at_its_height(frequency_hz):
    drawn = levels(PICTURES["spectrogram"].draw(tone(frequency_hz), RATE))
    row = drawn.sum(axis=1).argmax()
    assert abs((300 - row - 0.5) / 300 * RATE / 2 - frequency_hz) < 45  # a row is 37 Hz high


def test_a_higher_tone_is_higher_on_the_mel_scale_and_equal_steps_of_pitch_are_nearly_equal_steps():
    rows = [levels(PICTURES["mel"].draw(tone(hz, 0.3), RATE)).sum(axis=1).argmax() for hz in (1250, 2500, 5000, 10_000)]
    steps = -np.diff(rows)
    assert (steps > 40).all()
    assert steps.max() - steps.min() <= 6


@pytest.mark.parametrize("kind", ["spectrogram", "mel"])
def test_time_goes_right(kind):
    waveform = np.concatenate([np.zeros(3 * RATE, dtype=np.float32), noise(RATE)])
    drawn = levels(PICTURES[kind].draw(waveform, RATE, n_columns=400, n_rows=50)).mean(axis=0)
    assert drawn[:290].max() < 5
    assert drawn[310:].min() > 100


def test_a_click_anywhere_in_a_sound_of_many_frames_a_column_is_seen():
    silence = np.zeros(20 * RATE, dtype=np.float32)
    for kind in PICTURES.values():
        dark = kind.draw(silence, RATE, n_columns=100)
        for place in (0, 12_345, 13_312, 13_700, 440_400):
            waveform = silence.copy()
            waveform[place] = 0.9
            assert (kind.draw(waveform, RATE, n_columns=100) != dark).any()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["spectrogram", "mel"])
@pytest.mark.parametrize("gain", [1e25, np.inf, np.nan])
def test_samples_too_large_for_a_power_are_refused(kind, gain):
    waveform = noise(5000)
    waveform[100] = gain
    with pytest.raises(DataError, match="too large to be drawn"):
        PICTURES[kind].draw(waveform, RATE)


def test_an_unknown_kind_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="no kind of picture called 'wavform': did you mean 'waveform'"):
        PICTURES["wavform"]


def test_every_kind_says_what_is_seen():
    assert {"waveform", "spectrogram", "mel"} <= set(PICTURES)
    assert all(kind.summary and "\n" not in kind.summary for kind in PICTURES.values())


@pytest.mark.slow
def test_drawing_needs_no_plotting_library():
    code = (
        "import sys, numpy, earmark.features.drawing as drawing\n"
        "for kind in drawing.PICTURES.values(): kind.draw(numpy.ones(100, 'float32'), 8000)\n"
        "sys.exit(any(name in sys.modules for name in ('matplotlib', 'librosa', 'scipy', 'sklearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
