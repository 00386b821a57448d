"""Chords and scales."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.data.genres.harmony import SCALES, nearest_pitch, parse_chord, scale_pitches, voice_chord
from earmark.errors import SettingError

SYMBOLS = ["I", "i", "I5", "IV7", "ii7", "V9", "i9", "Imaj7", "bVImaj7", "bVII", "bIII5", "vi"]


@pytest.mark.parametrize(
    ("symbol", "root", "intervals"),
    [
        ("I", 0, (0, 4, 7)),
        ("vi", 9, (0, 3, 7)),
        ("V7", 7, (0, 4, 7, 10)),
        ("ii7", 2, (0, 3, 7, 10)),
        ("bVII", 10, (0, 4, 7)),
        ("i5", 0, (0, 7, 12)),
        ("IVmaj7", 5, (0, 4, 7, 11)),
    ],
)
def test_a_numeral_names_root_and_notes(symbol, root, intervals):
    chord = parse_chord(symbol)
    assert (chord.root, chord.intervals) == (root, intervals)


@pytest.mark.parametrize("symbol", ["", "VIII", "H", "I6", "#IV", "Iv", "I7 "])
def test_an_unknown_chord_is_refused_by_name(symbol):
    with pytest.raises(SettingError, match="there is no chord called"):
        parse_chord(symbol)


def test_degrees_follow_the_chord():
    assert [parse_chord("I").interval(degree) for degree in (1, 3, 5, 7, 8)] == [0, 4, 7, 10, 12]
    assert parse_chord("i7").interval(3) == 3
    assert parse_chord("Imaj7").interval(7) == 11


@given(st.sampled_from(SYMBOLS), st.integers(0, 11), st.integers(36, 80))
def test_a_voiced_chord_has_the_chords_notes_near_the_centre(symbol, tonic, centre):
    chord = parse_chord(symbol)
    pitches = voice_chord(chord, tonic=tonic, centre=centre)
    assert {pitch % 12 for pitch in pitches} == {(tonic + chord.root + interval) % 12 for interval in chord.intervals}
    assert all(centre - 6 <= pitch <= centre + 17 for pitch in pitches)
    assert list(pitches) == sorted(pitches)


def test_a_power_chord_stands_on_its_root():
    assert voice_chord(parse_chord("V5"), tonic=0, centre=44) == (43, 50, 55)


@given(st.integers(0, 200), st.integers(20, 100))
def test_the_nearest_pitch_has_the_same_name_and_lies_around_the_centre(pitch, centre):
    near = nearest_pitch(pitch, centre)
    assert (near - pitch) % 12 == 0
    assert centre - 6 <= near < centre + 6


@pytest.mark.parametrize("scale", SCALES)
def test_a_scale_over_an_octave_has_each_of_its_notes_once(scale):
    pitches = scale_pitches(scale, tonic=2, low=62, high=73)
    assert tuple(pitch - 62 for pitch in pitches) == SCALES[scale]
