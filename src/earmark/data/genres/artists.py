"""The sound of one artist: instruments, balance, room and mix, the same in every track of theirs.

On purpose it is stronger than the genre: segments of one track, and tracks of one artist, are easier to tell by it than
by the music. A split that puts one artist on both sides is rewarded for knowing the artist.
"""

from dataclasses import dataclass

import numpy as np

from earmark.data.genres.style import Style

N_BANDS = 9  # octaves from 43 Hz up to 11 kHz


@dataclass(frozen=True, kw_only=True)
class Artist:
    """The sound of one artist.

    Attributes:
        tempo: Where in the genre's range of tempos the artist likes to play, 0 to 1.
        timbres: The instrument of each part.
        part_gains_db: How much louder than usual each part is.
        drums_db: How much louder than usual the drums are.
        drum_pitch: What the tones of the drums are multiplied by.
        drum_length: What the decays of the drums are multiplied by.
        brightness_db: Added to the instruments' harmonics with each octave.
        detune_cents: How far the instruments are out of tune.
        tilt_db: How much each octave is louder than the one below it in the mix.
        bands_db: What the equaliser adds at each of `N_BANDS` octaves, 43 Hz to 11 kHz.
        low_cut_hz: Below this the mix is cut.
        high_cut_hz: Above this the mix is cut.
        drive: How far the mix is overdriven; 0 for not at all.
        room_s: Time in which the room's echo falls to 1/e.
        room_gain: Strength of the echo against the sound.
        room_high_hz: Above this the room swallows sound.
        hiss_db: Level of the noise below the music.
        level_db: Level of the finished mix (root mean square, against full scale).
    """

    tempo: float
    timbres: tuple[str, ...]
    part_gains_db: tuple[float, ...]
    drums_db: float
    drum_pitch: float
    drum_length: float
    brightness_db: float
    detune_cents: float
    tilt_db: float
    bands_db: tuple[float, ...]
    low_cut_hz: float
    high_cut_hz: float
    drive: float
    room_s: float
    room_gain: float
    room_high_hz: float
    hiss_db: float
    level_db: float


def draw_artist(style: Style, generator: np.random.Generator) -> Artist:
    """Return a new artist of a genre; the mix does not depend on the genre.

    Args:
        style: The genre, for its instruments.
        generator: Makes the choices.
    """

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(generator.uniform(np.log(low), np.log(high))))

    return Artist(
        tempo=float(generator.uniform(0.0, 1.0)),
        timbres=tuple(part.timbres[generator.integers(len(part.timbres))] for part in style.parts),
        part_gains_db=tuple(float(gain_db) for gain_db in generator.normal(0.0, 2.5, len(style.parts))),
        drums_db=float(generator.normal(0.0, 2.5)),
        drum_pitch=log_uniform(0.8, 1.25),
        drum_length=log_uniform(0.7, 1.5),
        brightness_db=float(generator.uniform(-3.0, 2.0)),
        detune_cents=float(generator.normal(0.0, 8.0)),
        tilt_db=float(generator.uniform(-3.0, 2.0)),
        bands_db=tuple(float(gain_db) for gain_db in generator.normal(0.0, 4.0, N_BANDS)),
        low_cut_hz=log_uniform(25.0, 180.0),
        high_cut_hz=log_uniform(3200.0, 11000.0),
        drive=float(generator.choice([0.0, 0.5, 1.5, 3.0])),
        room_s=log_uniform(0.03, 0.5),
        room_gain=log_uniform(0.05, 0.6),
        room_high_hz=log_uniform(1500.0, 8000.0),
        hiss_db=float(generator.uniform(-75.0, -42.0)),
        level_db=float(generator.uniform(-26.0, -14.0)),
    )
