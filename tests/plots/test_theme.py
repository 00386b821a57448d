import gc
import weakref

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from earmark.plots.theme import DARK, LIGHT, dress, legible, new_figure, shorten, theme_of, width_of, write


def luminance(colour):
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_words_and_lines_stand_out_from_the_paper(theme):
    assert contrast(theme.ink, theme.paper) > 10
    assert contrast(theme.line, theme.paper) > 4.5
    assert contrast(theme.pale, theme.paper) > 3


def test_dark_is_dark_and_light_is_light():
    assert theme_of(dark=True) is DARK
    assert theme_of(dark=False) is LIGHT
    assert luminance(DARK.paper) < 0.05
    assert luminance(LIGHT.paper) > 0.9


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_louder_is_lighter_throughout(theme):
    lightness = [luminance(theme.colours(level)) for level in np.linspace(0, 1, 64)]
    assert (np.diff(lightness) > 0).all()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_nothing_has_the_colour_of_the_paper_and_both_signs_leave_it(theme):
    assert contrast(theme.signed(0.5), theme.paper) < 1.2
    for sign in (-1, 1):
        distance = [contrast(theme.signed(0.5 + sign * step), theme.signed(0.5)) for step in (0.1, 0.25, 0.4, 0.5)]
        assert (np.diff(distance) > 0).all()


@pytest.mark.slow
def test_a_figure_leaves_nothing_behind():
    before = dict(mpl.rcParams)
    figure = new_figure(3, 2, LIGHT)
    dress(figure.add_subplot(), DARK)
    figure.canvas.draw()
    trace = weakref.ref(figure)
    del figure
    gc.collect()
    assert trace() is None
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    "words", ["a$b$c", "$\\frac{1}{2$", "犬の声", "a\nb\tc", "\x00\x7f", "😀", "", "%d {x}", "🇩🇪é"]
)
def test_any_words_can_be_drawn_and_are_no_formula(words):
    figure = new_figure(4, 1, LIGHT)
    text = figure.text(0, 0.5, "")
    write(text, words, inches=4)
    figure.canvas.draw()
    assert not text.get_parse_math()
    assert len(text.get_text()) == len(words)


def test_what_the_font_has_stays_as_it_is():
    assert legible("Émile Ω_1 (2).wav") == "Émile Ω_1 (2).wav"
    assert legible("犬 x") == "\N{REPLACEMENT CHARACTER} x"


def test_a_font_that_the_user_names_is_asked_too(monkeypatch):
    asked = []
    monkeypatch.setattr("earmark.plots.theme.findfont", lambda properties: asked.append(properties.get_family()) or "x")
    monkeypatch.setattr("earmark.plots.theme.get_font", lambda path: type("Font", (), {"get_char_index": lambda *_: 7}))
    with mpl.rc_context({"font.family": ["DejaVu Sans", "Noto Sans CJK JP"]}):
        assert legible("犬") == "犬"
    assert asked == [["DejaVu Sans"], ["Noto Sans CJK JP"]]


@given(st.text(max_size=60), st.integers(1, 40))
def test_shortened_words_keep_both_ends(words, n_letters):
    short = shorten(words, n_letters)
    assert len(short) == min(len(words), n_letters)
    if len(words) > n_letters > 2:
        assert short[0] == words[0]
        assert short[-1] == words[-1]


@pytest.mark.parametrize("words", ["W" * 500, "i" * 500, "short", "W"])
@pytest.mark.parametrize("inches", [0.5, 2.0, 6.0])
def test_words_fit_into_their_room_and_use_it(words, inches):
    text = new_figure(8, 1, LIGHT).text(0, 0.5, "", fontsize=11)
    write(text, words, inches=inches)
    assert width_of(text) <= inches
    if len(words) == 500 and inches < 5:
        assert width_of(text) > 0.7 * inches
