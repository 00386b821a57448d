"""What a genre is made of, and how its patterns are written.

A pattern is one bar of equal steps, written as text (bars after the first follow a ``|``): ``X`` a loud stroke,
``x`` a usual one, ``o`` a soft one, ``-`` holds what sounds, ``.`` is silence. Basses write the degree of the chord in
place of the stroke (``1`` root, ``5`` fifth, ``8`` octave), arpeggios the number of the chord's note from below.
Progressions give one chord for each bar; two in one bar are joined by a ``/``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from earmark.data.genres.drums import Kit


@dataclass(frozen=True, kw_only=True)
class Harmony:
    """A mode, with the progressions that are usual in it.

    Attributes:
        mode: How a key in it is called: ``"major"`` or ``"minor"``.
        scale: What the melody is made of: one of `harmony.SCALES`.
        progressions: Chords, bar by bar.
    """

    mode: Literal["major", "minor"]
    scale: str
    progressions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one instrument does.

    Attributes:
        role: How the pattern is read.
        patterns: What it may play; a track chooses.
        timbres: What it may be; an artist chooses.
        centre: The MIDI pitch around which it plays.
        gain_db: How loud it is in the mix.
    """

    role: Literal["bass", "chords", "arpeggio", "melody"]
    patterns: tuple[str, ...]
    timbres: tuple[str, ...]
    centre: int
    gain_db: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Style:
    """One genre.

    Attributes:
        tempo_bpm: The slowest and the fastest tempo, in quarter notes a minute.
        swing: Where the second half of a beat begins, least and most: 0.5 is straight, 0.67 is a triplet.
        harmonies: The modes and their progressions.
        drums: What the drums may play: patterns by drum; a track chooses.
        fill: What toms and snare play at the end of every fourth bar; empty for nothing.
        kit: The drums.
        drums_db: How loud the drums are in the mix.
        parts: The other instruments.
    """

    tempo_bpm: tuple[float, float]
    swing: tuple[float, float] = (0.5, 0.5)
    harmonies: tuple[Harmony, ...]
    drums: tuple[Mapping[str, str], ...] = ({},)
    fill: str = ""
    kit: Kit = Kit()  # noqa: RUF009 - frozen
    drums_db: float = 0.0
    parts: tuple[Part, ...]
