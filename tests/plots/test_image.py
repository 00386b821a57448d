import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark.plots.drawing import Reach
from earmark.plots.image import ImageDrawing, even_rows, octave_rows
from earmark.plots.theme import DARK, LIGHT, new_figure

RATE = 8000


def image_of(values, **settings):
    fields = {
        "left_s": 0.0,
        "right_s": 2.0,
        "start_s": 0.0,
        "end_s": 2.0,
        "bottom": 0.0,
        "top": RATE / 2,
        "lowest": 0.0,
        "highest": RATE / 2,
        "scale": "linear",
        "low": 0.0,
        "high": 1.0,
        "unit": "linear",
        "heading": "",
        "remark": "",
        "colour_label": "magnitude",
    }
    return ImageDrawing(values=np.asarray(values, dtype=np.float32), **(fields | settings))


def drawn(drawing, theme=LIGHT):
    figure = new_figure(5, 4, theme)
    axes = figure.add_subplot()
    return figure, axes, drawing.draw(axes, theme)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "lowest"), [("linear", 0.0), ("log", 20.0), ("mel", 0.0)])
def test_a_row_is_seen_where_the_axis_says_whatever_its_scale(pixels, scale, lowest):
    values = np.zeros((40, 10))
    values[29] = 1
    figure, axes, _ = drawn(image_of(values, scale=scale, lowest=lowest, bottom=lowest))
    picture = pixels(figure)
    box = axes.get_window_extent()
    column = round((box.x0 + box.x1) / 2)
    bright = (
        np.flatnonzero(picture[round(box.y0) + 2 : round(box.y1) - 2, column].sum(axis=1) > 600) + round(box.y0) + 2
    )
    # Rows are even on the axis: the thirtieth of forty lies between 29/40 and 30/40 of its height.
    assert (bright.min() - box.y0) / box.height == pytest.approx(29 / 40, abs=0.01)
    assert (bright.max() + 1 - box.y0) / box.height == pytest.approx(30 / 40, abs=0.01)


def test_a_column_is_seen_at_its_time(pixels):
    values = np.zeros((10, 40))
    values[:, 10] = 1
    figure, axes, _ = drawn(image_of(values, start_s=5.0, end_s=7.0, left_s=5.0, right_s=7.0))
    picture = pixels(figure)
    box = axes.get_window_extent()
    row = round((box.y0 + box.y1) / 2)
    bright = np.flatnonzero(picture[row, round(box.x0) + 2 : round(box.x1) - 2].sum(axis=1) > 600) + round(box.x0) + 2
    at_s = axes.transData.inverted().transform([(bright.mean() + 0.5, 0)])[0, 0]
    assert at_s == pytest.approx(5.525, abs=0.01)


def test_another_limit_moves_the_image_with_its_axis(pixels):
    values = np.zeros((40, 10))
    values[30:] = 1
    figure, axes, _ = drawn(image_of(values, scale="log", lowest=20.0, bottom=20.0))
    axes.set_ylim(20 * (RATE / 2 / 20) ** 0.8, RATE / 2)
    picture = pixels(figure)
    box = axes.get_window_extent()
    assert picture[round(box.y0) + 5, round((box.x0 + box.x1) / 2)].sum() > 600


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_image_of_one_value_at_either_end_can_be_drawn(pixels, theme, value):
    figure, axes, image = drawn(image_of([[value]]), theme)
    pixels(figure)
    assert image.get_clim() == (0, 1)
    assert axes.get_xlim() == (0, 2)


def test_coefficients_are_counted_in_whole_numbers():
    figure, axes, _ = drawn(
        image_of(
            np.ones((13, 5)), scale="number", unit="signed", low=-2, bottom=-0.5, top=12.5, lowest=-0.5, highest=12.5
        )
    )
    figure.canvas.draw()
    assert axes.get_ylabel() == "coefficient"
    ticks = [tick for tick in axes.get_yticks() if -0.5 <= tick <= 12.5]
    assert all(tick == round(tick) for tick in ticks)
    assert len(ticks) > 3


def test_measured_by_itself_the_loudest_is_0_db():
    drawing = image_of([[-70.0, 10.0]], unit="db", low=-70, high=10).relative()
    assert drawing.values.tolist() == [[-80, 0]]
    assert (drawing.low, drawing.high) == (-80, 0)
    assert "dB re loudest" in drawing.colour_label


def test_measured_by_itself_the_greatest_is_one():
    drawing = image_of([[1.0, 4.0]], high=4.0).relative()
    assert drawing.values.tolist() == [[0.25, 1]]
    assert drawing.high == 1


def test_signed_values_stay_and_their_colours_reach_equally_far_both_ways():
    drawing = image_of([[1.0, -4.0]], unit="signed", low=-4, high=4, scale="number", highest=13)
    assert drawing.relative() is drawing
    wider = drawing.reaching(Reach(end_s=3, highest_hz=999, value=9))
    assert (wider.low, wider.high, wider.highest, wider.end_s) == (-9, 9, 13, 3)


def test_it_can_reach_as_far_as_one_of_a_higher_rate():
    drawing = image_of([[1.0]])
    assert drawing.reach == Reach(end_s=2, highest_hz=RATE / 2, value=1)
    _, axes, _ = drawn(drawing.reaching(Reach(end_s=5, highest_hz=RATE, value=1)))
    assert axes.get_ylim() == (0, RATE)
    assert axes.get_xlim() == (0, 5)


ARRAYS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=40),
    elements=st.floats(-100, 50, width=32),
)


@pytest.mark.slow
@given(ARRAYS, st.integers(1, 50))
def test_even_rows_keep_the_greatest_and_their_order(values, n_rows):
    rows, n_shared = even_rows(values, n_rows)
    assert len(rows) <= n_rows
    for row, found in enumerate(rows):
        assert (found == values[row * n_shared : (row + 1) * n_shared].max(axis=0)).all()


@pytest.mark.slow
@given(ARRAYS, st.integers(1, 60), st.floats(0.01, 0.9))
def test_octave_rows_lose_no_bin_between_their_edges(values, n_rows, low):
    edges_hz = np.geomspace(low, len(values) - 1, n_rows + 1)
    rows = octave_rows(values, 1.0, edges_hz)
    assert rows.shape == (n_rows, values.shape[1])
    inside = values[1:-1]
    if len(inside):
        assert (rows.max(axis=0) >= inside.max(axis=0) - 1e-3).all()
    assert rows.max() <= values.max() + 1e-3
    assert rows.min() >= values.min() - 1e-3


def test_a_row_between_two_bins_lies_on_the_line_between_them():
    values = np.array([[0.0], [10.0], [20.0]], dtype=np.float32)
    rows = octave_rows(values, 100.0, np.array([20.0, 40.0, 80.0]))
    assert rows[:, 0] == pytest.approx(np.sqrt([20 * 40, 40 * 80]) / 10)
