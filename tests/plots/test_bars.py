import pytest

from earmark.errors import SettingError
from earmark.plots.bars import plot_bars

VALUES = {f"mfcc_{index:02d}": float(index) for index in range(30)}


def test_the_greatest_stand_on_top_and_the_others_are_counted():
    axes = plot_bars(VALUES, label="points", title="svm").axes[0]

    assert [text.get_text() for text in axes.get_yticklabels()][:2] == ["mfcc_29", "mfcc_28"]
    assert len(axes.patches) == 20
    assert axes.get_title(loc="right") == "10 more are shorter, or nothing"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_names_of_somebody_else_start_no_formula():
    axes = plot_bars({"$x^2$": 1.0}, label="share", deviations={"$x^2$": 0.1}).axes[0]

    (text,) = axes.get_yticklabels()
    assert text.get_text() == "$x^2$"
    assert not text.get_parse_math()


def test_numbers_below_nothing_are_drawn_to_the_left():
    axes = plot_bars({"a": 1.0, "b": -2.0}, label="points").axes[0]

    assert [bar.get_width() for bar in axes.patches] == [1.0, -2.0]


@pytest.mark.parametrize("values", [{}, {"a": float("nan")}])
def test_nothing_to_draw_is_refused(values):
    with pytest.raises(SettingError, match="one finite number at least"):
        plot_bars(values, label="x")
