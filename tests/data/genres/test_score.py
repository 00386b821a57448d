"""Patterns, swing, and what is played when."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.data.genres.harmony import parse_chord, scale_pitches
from earmark.data.genres.score import Key, compose, read_pattern, swing_time
from earmark.data.genres.styles import STYLES


def _compose(genre, *, seed=0, tempo_bpm=120.0, swing=0.5, duration_s=16.0, tonic=0, harmony=0):
    style = STYLES[genre]
    return compose(
        style,
        key=Key(tonic=tonic, harmony=style.harmonies[harmony]),
        tempo_bpm=tempo_bpm,
        swing=swing,
        duration_s=duration_s,
        generator=np.random.default_rng(seed),
    )


def test_a_pattern_says_what_begins_when_and_for_how_long():
    strokes = list(read_pattern("X-.o1---", 0))
    assert [(stroke.sign, stroke.start, stroke.length) for stroke in strokes] == [
        ("X", 0, 0.25),
        ("o", 0.375, 0.125),
        ("1", 0.5, 0.5),
    ]
    assert [stroke.strength for stroke in strokes] == [1.0, 0.4, 0.75]


def test_the_bars_of_a_pattern_are_repeated():
    signs = [[stroke.sign for stroke in read_pattern("x...|.o.o", bar)] for bar in range(4)]
    assert signs == [["x"], ["o", "o"], ["x"], ["o", "o"]]


def test_swing_moves_the_second_half_of_the_beat_and_nothing_else():
    assert [swing_time(place / 8, 2 / 3) * 4 for place in range(5)] == pytest.approx([0, 2 / 3, 1, 5 / 3, 2])


@given(st.floats(0, 40), st.floats(0, 40), st.floats(0.5, 0.75))
def test_swing_keeps_the_order_and_stays_in_the_beat(first, second, swing):
    low, high = sorted((first, second))
    assert swing_time(low, swing) <= swing_time(high, swing) + 1e-9
    assert low - 1e-9 <= swing_time(low, swing) <= low + 0.125 + 1e-9


@given(st.floats(0, 40))
def test_without_swing_nothing_moves(place):
    assert swing_time(place, 0.5) == pytest.approx(place, abs=1e-9)


@pytest.mark.parametrize("genre", STYLES)
def test_every_genre_plays_on_time_from_beginning_to_end(genre):
    events = _compose(genre)
    starts = np.array([event.start_s for event in events])
    assert starts.min() < 0.05
    assert 14.0 < starts.max() < 16.0
    assert all(0 < event.strength <= 1 for event in events)
    assert {event.source for event in events if event.pitches} == set(range(len(STYLES[genre].parts)))
    steps = starts / (2.0 / 16)  # a bar of two seconds has 16 steps
    assert np.abs(steps - np.round(steps)).max() < 0.15


@pytest.mark.parametrize("genre", STYLES)
def test_the_bass_plays_roots_of_the_progression_on_the_first_beat(genre):
    style = STYLES[genre]
    number = next(index for index, part in enumerate(style.parts) if part.role == "bass")
    roots = {
        parse_chord(symbol).root
        for progression in style.harmonies[0].progressions
        for bar in progression.split()
        for symbol in bar.split("/")
    }
    bass = [event for event in _compose(genre, tonic=5) if event.source == number]
    assert {event.pitches[0] for event in bass if abs(event.start_s % 4.0) < 0.02} != set()
    low = [(event.pitches[0] - 5) % 12 for event in bass if abs(event.start_s % 4.0) < 0.02]
    assert set(low) <= roots


@pytest.mark.parametrize("genre", [genre for genre in STYLES if any(p.role == "melody" for p in STYLES[genre].parts)])
def test_the_melody_keeps_to_the_scale(genre):
    style = STYLES[genre]
    number = next(index for index, part in enumerate(style.parts) if part.role == "melody")
    scale = scale_pitches(style.harmonies[0].scale, tonic=3, low=0, high=127)
    melody = [event.pitches[0] for event in _compose(genre, tonic=3) if event.source == number]
    assert set(melody) <= set(scale)
    assert len(set(melody)) >= 3


def test_the_melody_is_on_a_note_of_the_chord_at_each_half_bar():
    style = STYLES["pop"]
    at_halves = []
    for seed in range(5):
        events = _compose("pop", seed=seed)
        pads = {round(event.start_s): event.pitches for event in events if event.source == 1}
        for event in events:
            half_bar, late_s = divmod(event.start_s + 0.05, 1.0)
            if event.source == len(style.parts) - 1 and late_s < 0.1:
                chord = pads.get(int(half_bar), pads[int(half_bar) // 2 * 2])
                at_halves.append(event.pitches[0] % 12 in {pitch % 12 for pitch in chord})
    assert len(at_halves) > 20
    assert all(at_halves)


def test_a_key_higher_is_the_same_music_higher_but_for_octaves():
    names = [
        [sorted({(pitch - tonic) % 12 for pitch in event.pitches}) for event in _compose("jazz", tonic=tonic)]
        for tonic in (0, 1)
    ]
    chords = [[name for name, event in zip(part, _compose("jazz"), strict=True) if event.source == 1] for part in names]
    assert chords[0] == chords[1]


def test_a_fill_closes_every_fourth_bar():
    toms = [event.start_s for event in _compose("rock", duration_s=32.0) if event.source == "tom"]
    assert toms
    assert all(int((start_s + 0.05) // 2.0) % 4 == 3 for start_s in toms)


def test_a_shorter_track_is_composed_up_to_its_end():
    assert max(event.start_s for event in _compose("disco", duration_s=1.0)) < 1.0


def test_the_same_generator_composes_the_same_track():
    assert _compose("pop", seed=4) == _compose("pop", seed=4)
    assert _compose("pop", seed=4) != _compose("pop", seed=5)
