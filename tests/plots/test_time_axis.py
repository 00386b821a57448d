import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.plots.theme import LIGHT, new_figure
from earmark.plots.time_axis import set_time_axis, time_unit

pytestmark = pytest.mark.slow  # many small pictures or runs; `make test` has them


def drawn_axes(start_s, end_s, **settings):
    figure = new_figure(6, 2, LIGHT)
    axes = figure.add_subplot()
    set_time_axis(axes, start_s, end_s, **settings)
    figure.canvas.draw()
    return axes


def labels(axes):
    low, high = axes.get_xlim()
    slack = (high - low) * 1e-9
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    return [label.get_text() for tick, label in ticks if low - slack <= tick <= high + slack]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start_s", "end_s", "unit", "shown"),
    [
        (0, 5, "s", ["0", "1", "2", "3", "4", "5"]),
        (0, 0.004, "ms", ["0", "0.5", "1", "1.5", "2", "2.5", "3", "3.5", "4"]),
        (0, 600, "min:s", ["0:00", "2:00", "4:00", "6:00", "8:00", "10:00"]),
        (0, 3600, "min:s", ["0:00", "10:00", "20:00", "30:00", "40:00", "50:00", "60:00"]),
        (0, 8 * 3600, "h:min", ["0:00", "1:00", "2:00", "3:00", "4:00", "5:00", "6:00", "7:00", "8:00"]),
        (3600, 3605, "s", ["3600", "3601", "3602", "3603", "3604", "3605"]),
        (3600, 3612, "min:s", ["60:00", "60:02", "60:04", "60:06", "60:08", "60:10", "60:12"]),
        (1000, 1000.5, "s", ["1000", "1000.1", "1000.2", "1000.3", "1000.4", "1000.5"]),
    ],
)
def test_people_read_time_in_the_unit_of_its_length(start_s, end_s, unit, shown):
    axes = drawn_axes(start_s, end_s)
    assert axes.get_xlabel() == f"time ({unit})"
    assert labels(axes) == shown


@given(
    start_s=st.floats(0, 1e6),
    length_s=st.floats(1e-5, 1e6),
    n_ticks=st.integers(3, 12),
)
def test_any_stretch_has_a_unit_of_a_sensible_size(start_s, length_s, n_ticks):
    unit = time_unit(start_s, start_s + length_s)
    assert unit in {"ms", "s", "min:s", "h:min"}
    if unit == "ms":
        assert start_s + length_s < 1
    if unit == "h:min":
        assert length_s >= 120


@pytest.mark.slow
@pytest.mark.parametrize("length_s", [1 / 96000, 0.01, 0.7, 30, 200, 800, 4000, 86400, 40 * 86400, 1e8])
@pytest.mark.parametrize("start_s", [0, 12345.678])
def test_there_are_neither_no_ticks_nor_too_many_and_none_twice(start_s, length_s):
    shown = labels(drawn_axes(start_s, start_s + length_s))
    assert 1 <= len(shown) <= 12
    assert len(set(shown)) == len(shown)


def test_the_axis_ends_with_the_sound():
    assert drawn_axes(2.5, 7.25).get_xlim() == (2.5, 7.25)
