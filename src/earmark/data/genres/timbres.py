"""What the pitched instruments sound like, as numbers: how strong harmonics are, how a note comes and goes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """One pitched instrument.

    Attributes:
        slope_db: How much weaker the harmonics grow with each octave above the fundamental (-6 is a sawtooth).
        even_gain: Strength of the even harmonics: 1 for strings and reeds, near 0 for hollow sounds.
        drawbars: Strengths of the first harmonics in place of the slope, as on an organ; empty for the slope.
        body_hz: Where the instrument's body resounds.
        body_db: How strongly the body resounds.
        attack_s: Time until the note is there.
        decay_s: Time in which a plucked note falls to 1/e; 0 for one that is held.
        darken_s: Time in which the high harmonics of a plucked note fall to 1/e; 0 for a steady colour.
        release_s: Time in which the note ends.
        n_voices: How many players play the same note.
        detune_cents: How far apart the players are.
        vibrato_cents: How far the pitch swings.
        noise: Strength of breath, bow or pick.
        drive: How far the amplifier of a whole chord is overdriven; 0 for none.
        gain_db: Evens out how loud the instruments are.
    """

    slope_db: float = -6.0
    even_gain: float = 1.0
    drawbars: tuple[float, ...] = ()
    body_hz: float = 1000.0
    body_db: float = 0.0
    attack_s: float = 0.004
    decay_s: float = 0.0
    darken_s: float = 0.0
    release_s: float = 0.04
    n_voices: int = 1
    detune_cents: float = 0.0
    vibrato_cents: float = 0.0
    noise: float = 0.0
    drive: float = 0.0
    gain_db: float = 0.0


TIMBRES: dict[str, Timbre] = {
    # Basses
    "upright bass": Timbre(slope_db=-11, body_hz=180, body_db=4, decay_s=0.45, darken_s=0.10, noise=0.03),
    "finger bass": Timbre(slope_db=-9, body_hz=250, body_db=3, decay_s=0.9, darken_s=0.2),
    "pick bass": Timbre(slope_db=-6, body_hz=700, body_db=4, decay_s=0.8, darken_s=0.25, noise=0.03, drive=0.8),
    "sub bass": Timbre(slope_db=-24, attack_s=0.01, decay_s=1.2, release_s=0.08, gain_db=2),
    "synth bass": Timbre(slope_db=-7, even_gain=0.8, body_hz=400, body_db=5, decay_s=0.5, darken_s=0.12),
    "dub bass": Timbre(slope_db=-16, attack_s=0.008, decay_s=1.0, release_s=0.06, gain_db=3),
    "cello": Timbre(
        slope_db=-8, body_hz=350, body_db=5, attack_s=0.09, release_s=0.15, vibrato_cents=12, noise=0.01, n_voices=2
    ),
    # Plucked and struck
    "nylon guitar": Timbre(slope_db=-10, body_hz=220, body_db=5, decay_s=0.6, darken_s=0.15, noise=0.01),
    "steel guitar": Timbre(slope_db=-5, body_hz=2200, body_db=4, decay_s=0.7, darken_s=0.2, noise=0.03),
    "electric guitar": Timbre(slope_db=-7, body_hz=1800, body_db=5, decay_s=0.8, darken_s=0.3, noise=0.01),
    "crunch guitar": Timbre(
        slope_db=-6, body_hz=1400, body_db=5, decay_s=1.5, n_voices=2, detune_cents=6, drive=3.0, gain_db=-3
    ),
    "distorted guitar": Timbre(
        slope_db=-5, body_hz=1800, body_db=6, decay_s=2.5, n_voices=2, detune_cents=9, drive=9.0, gain_db=-4
    ),
    "banjo": Timbre(slope_db=-4, body_hz=900, body_db=6, decay_s=0.18, darken_s=0.08, noise=0.04),
    "muted guitar": Timbre(slope_db=-6, body_hz=1600, body_db=5, decay_s=0.07, darken_s=0.05, noise=0.03),
    "piano": Timbre(
        slope_db=-8, body_hz=700, body_db=2, decay_s=1.0, darken_s=0.3, n_voices=2, detune_cents=2, noise=0.01
    ),
    "harpsichord": Timbre(slope_db=-2, body_hz=3000, body_db=3, decay_s=0.6, darken_s=0.5, noise=0.02, gain_db=-4),
    "electric piano": Timbre(
        drawbars=(1, 0.35, 0.1, 0.18, 0, 0, 0.08), decay_s=0.9, darken_s=0.2, n_voices=2, detune_cents=4
    ),
    "vibraphone": Timbre(drawbars=(1, 0, 0, 0.3, 0, 0, 0, 0, 0, 0.06), decay_s=0.8, darken_s=0.3),
    "synth pluck": Timbre(slope_db=-5, even_gain=0.5, decay_s=0.25, darken_s=0.1, n_voices=2, detune_cents=8),
    # Held
    "organ": Timbre(drawbars=(0.9, 1, 0.7, 0.5, 0, 0.35, 0, 0.4), attack_s=0.008, vibrato_cents=5, release_s=0.03),
    "dark organ": Timbre(drawbars=(1, 0.6, 0.3, 0.05), attack_s=0.01, vibrato_cents=6, release_s=0.03),
    "strings": Timbre(
        slope_db=-7, body_hz=1200, body_db=3, attack_s=0.12, release_s=0.2, n_voices=3, detune_cents=10, vibrato_cents=8
    ),
    "disco strings": Timbre(
        slope_db=-5, body_hz=2000, body_db=4, attack_s=0.05, release_s=0.12, n_voices=3, detune_cents=12
    ),
    "pad": Timbre(slope_db=-9, attack_s=0.2, release_s=0.25, n_voices=3, detune_cents=14),
    "violin": Timbre(slope_db=-6, body_hz=1800, body_db=5, attack_s=0.06, release_s=0.1, vibrato_cents=18, noise=0.015),
    "flute": Timbre(slope_db=-14, attack_s=0.06, release_s=0.08, vibrato_cents=12, noise=0.05, gain_db=2),
    "oboe": Timbre(slope_db=-4, body_hz=1300, body_db=9, attack_s=0.04, release_s=0.06, vibrato_cents=10, gain_db=-3),
    "fiddle": Timbre(slope_db=-4, body_hz=2400, body_db=5, attack_s=0.03, release_s=0.06, vibrato_cents=14, noise=0.03),
    "pedal steel": Timbre(slope_db=-9, attack_s=0.08, decay_s=2.0, release_s=0.2, vibrato_cents=22, gain_db=1),
    "harmonica": Timbre(
        slope_db=-4, body_hz=1500, body_db=6, attack_s=0.03, vibrato_cents=15, noise=0.02, drive=1.5, gain_db=-2
    ),
    "saxophone": Timbre(
        slope_db=-5, body_hz=900, body_db=7, attack_s=0.03, release_s=0.06, vibrato_cents=14, noise=0.03, gain_db=-1
    ),
    "trumpet": Timbre(slope_db=-4, body_hz=1400, body_db=7, attack_s=0.025, release_s=0.05, vibrato_cents=8),
    "synth lead": Timbre(slope_db=-6, even_gain=0.3, attack_s=0.01, release_s=0.05, n_voices=2, detune_cents=10),
    "voice synth": Timbre(
        slope_db=-8, body_hz=800, body_db=9, attack_s=0.04, release_s=0.08, vibrato_cents=16, noise=0.02
    ),
    "lead guitar": Timbre(
        slope_db=-6, body_hz=1500, body_db=5, decay_s=1.5, vibrato_cents=18, drive=2.5, release_s=0.06, gain_db=-2
    ),
    "shred guitar": Timbre(
        slope_db=-5, body_hz=2200, body_db=6, decay_s=2.5, vibrato_cents=14, drive=7.0, release_s=0.03, gain_db=-3
    ),
}
