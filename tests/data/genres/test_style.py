"""The values that genres are written in."""

from dataclasses import FrozenInstanceError

import pytest

from earmark.data.genres.drums import Kit
from earmark.data.genres.style import Harmony, Part, Style

HARMONY = Harmony(mode="major", scale="major", progressions=("I",))
PART = Part(role="bass", patterns=("1---",), timbres=("cello",), centre=40)


def test_a_style_is_straight_and_without_drums_unless_it_says_more():
    style = Style(tempo_bpm=(90, 100), harmonies=(HARMONY,), parts=(PART,))
    assert style.swing == (0.5, 0.5)
    assert style.drums == ({},)
    assert style.fill == ""
    assert style.kit == Kit()


def test_a_style_cannot_be_changed():
    style = Style(tempo_bpm=(90, 100), harmonies=(HARMONY,), parts=(PART,))
    with pytest.raises(FrozenInstanceError):
        style.fill = "xxxx"
