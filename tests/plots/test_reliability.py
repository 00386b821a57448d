import numpy as np
import pytest

from earmark.evaluate.reliability import reliability
from earmark.plots.reliability import plot_reliability
from earmark.plots.theme import theme_of


def found(n=200, sharper=1.0, seed=0):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([0.5] * 3, size=n)
    y = np.array([rng.choice(3, p=row) for row in shares])
    sharp = shares**sharper
    return reliability(sharp / sharp.sum(axis=1, keepdims=True), y)


def points(axes):
    return sorted(
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in axes.lines if line.get_marker() == "o"
    )


def test_a_point_stands_at_confidence_and_accuracy_of_each_bin_that_has_clips():
    each = found()

    (axes,) = plot_reliability(each).axes

    expected = sorted((100 * one.confidence, 100 * one.accuracy) for one in each.bins if one.n)
    np.testing.assert_allclose(points(axes), expected)


def test_bars_say_how_the_clips_are_spread():
    each = found()

    (axes,) = plot_reliability(each).axes

    heights = np.array([bar.get_height() for bar in axes.patches])
    np.testing.assert_allclose(heights / heights.sum(), [one.n / each.n for one in each.bins])


def test_before_stands_on_the_left_of_after():
    before, after = found(sharper=3.0), found()

    left, right = plot_reliability(after, before).axes

    assert points(left) != points(right)
    assert left.get_title().startswith("before calibration: error")
    assert f"error {100 * after.expected_calibration_error:.1f} points" in right.get_title()


@pytest.mark.parametrize("dark", [True, False])
def test_it_is_drawn_light_and_dark_and_takes_any_title(dark):
    figure = plot_reliability(found(n=1), title="$x_{ \n雨", dark=dark)

    figure.canvas.draw()

    assert figure.get_facecolor()[:3] == pytest.approx(
        tuple(int(theme_of(dark=dark).paper[place : place + 2], 16) / 255 for place in (1, 3, 5))
    )


def test_every_clip_in_one_bin_and_every_one_right_can_be_drawn():
    figure = plot_reliability(reliability(np.array([[1.0, 0.0]] * 5), np.zeros(5, dtype=int)))

    figure.canvas.draw()

    assert points(figure.axes[0]) == [(100.0, 100.0)]
