"""What blues, classical, country and jazz are known by."""

from earmark.data.genres.acoustic import BLUES, CLASSICAL, COUNTRY, JAZZ
from earmark.data.genres.score import read_pattern


def _starts(pattern):
    return [stroke.start for stroke in read_pattern(pattern, 0)]


def test_classical_has_no_drums():
    assert not any(CLASSICAL.drums)


def test_blues_and_jazz_swing():
    assert min(BLUES.swing[0], JAZZ.swing[0]) >= 0.6


def test_blues_goes_through_twelve_bars():
    assert all(len(progression.split()) == 12 for harmony in BLUES.harmonies for progression in harmony.progressions)


def test_jazz_has_a_bass_that_walks_on_every_beat():
    bass = next(part for part in JAZZ.parts if part.role == "bass")
    assert all(_starts(pattern) == [0, 0.25, 0.5, 0.75] for pattern in bass.patterns)


def test_country_goes_boom_and_chick():
    bass = next(part for part in COUNTRY.parts if part.role == "bass")
    chords = next(part for part in COUNTRY.parts if part.role == "chords")
    assert all(_starts(pattern)[:2] == [0, 0.5] for pattern in bass.patterns)
    assert all({0.25, 0.75} <= set(_starts(pattern)) for pattern in chords.patterns)
