"""A track as notes and strokes in time, before any of them sounds."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from earmark.data.genres.harmony import Chord, nearest_pitch, parse_chord, scale_pitches, voice_chord
from earmark.data.genres.style import Harmony, Part, Style

BEATS_A_BAR = 4

_STRENGTHS = {"X": 1.0, "x": 0.75, "o": 0.4}
_PHRASE_BARS = 4
_FORM = (0, 1, 0, 2)  # which motif of the melody each bar of a phrase has
_HALF = 0.5
_LATE_S = 0.003  # how far players are off the beat (standard deviation)
_HELD = 0.95  # the part of its length that a note is held
_FILLING = ("snare", "tom")
_RESTING = ("snare", "clap", "rim")  # while the fill is played


@dataclass(frozen=True, kw_only=True)
class Key:
    """The key of a track.

    Attributes:
        tonic: The first note, 0 (C) to 11.
        harmony: The mode, its scale and its progressions.
    """

    tonic: int
    harmony: Harmony


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that sounds.

    Attributes:
        source: The drum's name, or the number of the part.
        pitches: The notes, as MIDI pitches; empty for a drum.
        start_s: When it begins.
        duration_s: How long it is held; 0 for a drum.
        strength: How loud it is, 0 to 1.
    """

    source: str | int
    pitches: tuple[int, ...] = ()
    start_s: float
    duration_s: float = 0.0
    strength: float


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """One sign of a pattern.

    Attributes:
        sign: What is written there: ``X``, ``x``, ``o``, or a degree.
        start: When it begins, as a part of the bar, 0 to 1.
        length: How long it is held, as a part of the bar.
    """

    sign: str
    start: float
    length: float

    @property
    def strength(self) -> float:
        """How loud it is, 0 to 1; degrees are of usual strength."""
        return _STRENGTHS.get(self.sign, 0.75)


def read_pattern(pattern: str, bar: int) -> Iterator[Stroke]:
    """Yield the strokes of one bar.

    Args:
        pattern: Signs, and ``|`` between bars (see `style`).
        bar: Which bar, from 0; the pattern's bars are repeated.
    """
    bars = pattern.split("|")
    signs = bars[bar % len(bars)]
    for step, sign in enumerate(signs):
        if sign not in ".-":
            held = len(signs[step + 1 :]) - len(signs[step + 1 :].lstrip("-"))
            yield Stroke(sign=sign, start=step / len(signs), length=(1 + held) / len(signs))


def swing_time(bar_fraction: float, swing: float) -> float:
    """Return when a place of the straight bar comes in the swung one: the first half of each beat takes `swing` of it.

    Args:
        bar_fraction: The place, in bars.
        swing: Where the second half of a beat begins, 0.5 (straight) to below 1.
    """
    beat, within = divmod(bar_fraction * BEATS_A_BAR, 1.0)
    swung = 2 * within * swing if within < _HALF else swing + (2 * within - 1) * (1 - swing)
    return float(beat + swung) / BEATS_A_BAR


def compose(
    style: Style, *, key: Key, tempo_bpm: float, swing: float, duration_s: float, generator: np.random.Generator
) -> list[Event]:
    """Return what is played in a track, part by part.

    Args:
        style: The genre.
        key: The key.
        tempo_bpm: Quarter notes a minute.
        swing: Where the second half of a beat begins, as a part of the beat.
        duration_s: How long the track is; all events begin before its end.
        generator: Chooses progression, patterns and melody, and how far the players are off the beat.
    """
    bar_s = 60.0 * BEATS_A_BAR / tempo_bpm
    n_bars = math.ceil(duration_s / bar_s)
    chords = [
        [parse_chord(symbol) for symbol in bar.split("/")]
        for bar in _choose(key.harmony.progressions, generator).split()
    ]
    bars = [chords[bar % len(chords)] for bar in range(n_bars)]
    written = _write_drums(style, n_bars, generator)
    for number, part in enumerate(style.parts):
        written += _write_part(part, number, key, bars, generator)
    events = (_perform(note, bar_s, swing, generator) for note in written)
    return [event for event in events if event.start_s < duration_s]


@dataclass(frozen=True, kw_only=True)
class _Written:
    """A note as the score has it: in bars, without swing, exactly on the beat."""

    source: str | int
    pitches: tuple[int, ...] = ()
    start_bars: float
    length_bars: float = 0.0
    strength: float


def _perform(note: _Written, bar_s: float, swing: float, generator: np.random.Generator) -> Event:
    begin_s = bar_s * swing_time(note.start_bars, swing)
    end_s = bar_s * swing_time(note.start_bars + note.length_bars, swing)
    return Event(
        source=note.source,
        pitches=note.pitches,
        start_s=max(0.0, begin_s + float(generator.normal(0.0, _LATE_S))),
        duration_s=round(_HELD * (end_s - begin_s), 4),  # rounded, so that equal notes are known as equal
        strength=note.strength * float(generator.uniform(0.85, 1.0)),
    )


def _write_drums(style: Style, n_bars: int, generator: np.random.Generator) -> list[_Written]:
    drums = style.drums[generator.integers(len(style.drums))]
    written = []
    for bar in range(n_bars):
        last_of_phrase = bar % _PHRASE_BARS == _PHRASE_BARS - 1
        strokes = [(drum, stroke) for drum, pattern in drums.items() for stroke in read_pattern(pattern, bar)]
        if style.fill and last_of_phrase:
            strokes = [(drum, stroke) for drum, stroke in strokes if drum not in _RESTING or stroke.start < _HALF]
            fill = [_FILLING[generator.integers(len(_FILLING))] for _ in style.fill]
            strokes += [(drum, stroke) for drum, stroke in zip(fill, read_pattern(style.fill, bar), strict=False)]
        if style.fill and bar % (2 * _PHRASE_BARS) == 0:
            strokes.append(("crash", Stroke(sign="x", start=0.0, length=1.0)))
        written += [
            _Written(source=drum, start_bars=bar + stroke.start, strength=stroke.strength) for drum, stroke in strokes
        ]
    return written


def _write_part(
    part: Part, number: int, key: Key, bars: list[list[Chord]], generator: np.random.Generator
) -> list[_Written]:
    pattern = _choose(part.patterns, generator)
    melody = _Melody(part, key, generator)
    written = []
    for bar, chords in enumerate(bars):
        for stroke in read_pattern(pattern, bar):
            chord = chords[int(stroke.start * len(chords))]
            if part.role == "melody":
                pitches: tuple[int, ...] = (melody.next_pitch(chord, bar, stroke),)
            else:
                pitches = _pitches(part, chord, key.tonic, stroke)
            written.append(
                _Written(
                    source=number,
                    pitches=pitches,
                    start_bars=bar + stroke.start,
                    length_bars=stroke.length,
                    strength=stroke.strength,
                )
            )
    return written


def _pitches(part: Part, chord: Chord, tonic: int, stroke: Stroke) -> tuple[int, ...]:
    if part.role == "chords":
        return voice_chord(chord, tonic=tonic, centre=part.centre)
    degree = int(stroke.sign)
    if part.role == "bass":
        return (nearest_pitch(tonic + chord.root, part.centre) + chord.interval(degree),)
    notes = voice_chord(chord, tonic=tonic, centre=part.centre)
    octave, index = divmod(degree - 1, len(notes))
    return (notes[index] + 12 * octave,)


class _Melody:
    """A walk through the scale that repeats its steps bar by bar as A B A C, on notes of the chord at each half bar."""

    def __init__(self, part: Part, key: Key, generator: np.random.Generator) -> None:
        self._scale = scale_pitches(key.harmony.scale, tonic=key.tonic, low=part.centre - 8, high=part.centre + 9)
        self._tonic = key.tonic
        self._motifs = generator.choice([-2, -1, -1, 1, 1, 2], size=(3, 16))
        self._index = len(self._scale) // 2
        self._bar = -1
        self._n_bars = -1  # in which it has played: many melodies rest in every other bar

    def next_pitch(self, chord: Chord, bar: int, stroke: Stroke) -> int:
        begins = bar != self._bar
        self._bar = bar
        self._n_bars += begins
        motif = self._motifs[_FORM[self._n_bars % len(_FORM)]]
        if begins:
            self._index = len(self._scale) // 2 + int(motif[-1])
        step = int(motif[int(16 * stroke.start)])
        self._index = min(max(self._index + step, 0), len(self._scale) - 1)
        if stroke.start in {0.0, _HALF}:
            tones = {(self._tonic + chord.root + interval) % 12 for interval in chord.intervals}
            self._index = min(
                (index for index, pitch in enumerate(self._scale) if pitch % 12 in tones),
                key=lambda index: abs(index - self._index),
                default=self._index,
            )
        return self._scale[self._index]


def _choose(choices: tuple[str, ...], generator: np.random.Generator) -> str:
    return choices[generator.integers(len(choices))]
