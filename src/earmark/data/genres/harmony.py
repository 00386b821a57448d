"""Chords by Roman numeral and scales by name, as MIDI pitches (60 is the middle C, one step is a semitone)."""

import re
from dataclasses import dataclass

from earmark.errors import SettingError

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "bebop": (0, 2, 4, 5, 7, 8, 9, 11),
}

_NUMERALS = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14),
    "5": (0, 7, 12),
}
_SYMBOL = re.compile(r"(b?)([IV]+|[iv]+)(|5|7|9|maj7)")


@dataclass(frozen=True, kw_only=True)
class Chord:
    """A chord, free of any key.

    Attributes:
        root: Semitones from the key's first note up to the chord's root, 0 to 11.
        intervals: Semitones from the root up to each note, the root first.
    """

    root: int
    intervals: tuple[int, ...]

    def interval(self, degree: int) -> int:
        """Return the semitones from the root up to a degree such as 5 for the fifth, as the chord would have it."""
        third = 3 if 3 in self.intervals else 4  # noqa: PLR2004 - semitones of a minor and a major third
        seventh = 11 if 11 in self.intervals else 10  # noqa: PLR2004 - semitones of the two sevenths
        return {1: 0, 2: 2, 3: third, 4: 5, 5: 7, 6: 9, 7: seventh, 8: 12, 9: 14}[degree]


def parse_chord(symbol: str) -> Chord:
    """Return the chord that a Roman numeral names: upper case major, lower case minor.

    Args:
        symbol: A numeral, flat with a leading ``b``, and one of the endings 5, 7, 9, maj7: ``"I"``, ``"ii7"``,
            ``"bVII"``, ``"IVmaj7"``.

    Raises:
        SettingError: No chord is called so.

    >>> parse_chord("ii7")
    Chord(root=2, intervals=(0, 3, 7, 10))
    """
    match = _SYMBOL.fullmatch(symbol)
    if match is None or match[2].upper() not in _NUMERALS:
        raise SettingError(f"there is no chord called {symbol!r}: write a numeral such as 'I', 'ii7', 'bVII' or 'I5'")
    flat, numeral, ending = match.groups()
    minor = numeral.islower() and ending in {"", "7", "9"}
    return Chord(
        root=(_NUMERALS[numeral.upper()] - len(flat)) % 12,
        intervals=_QUALITIES["m" + ending if minor else ending],
    )


def voice_chord(chord: Chord, *, tonic: int, centre: int) -> tuple[int, ...]:
    """Return the pitches of a chord, each in the octave around `centre`, so that chords move by small steps.

    Power chords keep their order (root, fifth, octave), for they are known by it.

    Args:
        chord: The chord.
        tonic: The key's first note, 0 (C) to 11.
        centre: The pitch around which the chord lies.
    """
    root = nearest_pitch(tonic + chord.root, centre)
    if chord.intervals == _QUALITIES["5"]:
        return tuple(root + interval for interval in chord.intervals)
    return tuple(sorted({nearest_pitch(root + interval, centre) for interval in chord.intervals}))


def nearest_pitch(pitch: int, centre: int) -> int:
    """Return the pitch of the same name in the octave from `centre` - 6 up to `centre` + 5."""
    return centre - 6 + (pitch - centre + 6) % 12


def scale_pitches(scale: str, *, tonic: int, low: int, high: int) -> tuple[int, ...]:
    """Return the pitches of a scale from `low` up to and with `high`.

    Args:
        scale: One of `SCALES`.
        tonic: The key's first note, 0 (C) to 11.
        low: The lowest pitch allowed.
        high: The highest pitch allowed.
    """
    steps = SCALES[scale]
    return tuple(pitch for pitch in range(low, high + 1) if (pitch - tonic) % 12 in steps)
