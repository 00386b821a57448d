"""One track: composed, played and mixed."""

from dataclasses import dataclass

import numpy as np

from earmark._util.seeds import spawn_generator
from earmark.audio import FloatArray
from earmark.data.genres.artists import Artist, draw_artist
from earmark.data.genres.drums import strike
from earmark.data.genres.harmony import NOTE_NAMES
from earmark.data.genres.instruments import SAMPLE_RATE, play_chord
from earmark.data.genres.mix import master, room_response
from earmark.data.genres.score import Event, Key, compose
from earmark.data.genres.style import Style
from earmark.data.genres.styles import STYLES
from earmark.data.genres.timbres import TIMBRES

_MUTED = 0.5  # strokes below this strength are damped with the hand
_MUTED_S = 0.06


@dataclass(frozen=True, kw_only=True)
class Track:
    """What a track is made of; the same track always sounds the same.

    Attributes:
        genre: One of `styles.STYLES`.
        artist: The artist's number within the genre.
        number: The track's number within the artist.
        seed: The root seed.
    """

    genre: str
    artist: int
    number: int
    seed: int

    @property
    def style(self) -> Style:
        """The genre."""
        return STYLES[self.genre]

    @property
    def sound(self) -> Artist:
        """The artist's sound."""
        return draw_artist(self.style, spawn_generator(self.seed, "genres", self.genre, self.artist))

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes a minute: the artist's habit, and a little of the track's own."""
        slow, fast = self.style.tempo_bpm
        place = 0.6 * self.sound.tempo + 0.4 * float(self._generator("tempo").uniform())
        return round(slow + (fast - slow) * place, 1)

    @property
    def key(self) -> Key:
        """The key."""
        generator = self._generator("key")
        harmonies = self.style.harmonies
        return Key(tonic=int(generator.integers(12)), harmony=harmonies[generator.integers(len(harmonies))])

    @property
    def key_name(self) -> str:
        """The key, as musicians write it: ``F# minor``."""
        key = self.key
        return f"{NOTE_NAMES[key.tonic]} {key.harmony.mode}"

    def render(self, duration_s: float) -> FloatArray:
        """Return the sound of the track.

        Args:
            duration_s: How long it is to be.

        Returns:
            The waveform at 22,050 Hz, float32, shape (n_samples,), within (-1, 1).
        """
        style, sound = self.style, self.sound
        events = compose(
            style,
            key=self.key,
            tempo_bpm=self.tempo_bpm,
            swing=float(self._generator("swing").uniform(*style.swing)),
            duration_s=duration_s,
            generator=self._generator("score"),
        )
        band = _Band(style, sound, self._generator("band"))
        dry = np.zeros(round(duration_s * SAMPLE_RATE), np.float32)
        for event in events:
            start = round(event.start_s * SAMPLE_RATE)
            tone = band.play(event)[: len(dry) - start]
            dry[start : start + len(tone)] += tone * np.float32(band.gain(event))
        room = room_response(sound, spawn_generator(self.seed, "genres", self.genre, self.artist, "room"))
        return master(dry, sound, room=room, generator=self._generator("hiss"))

    def _generator(self, purpose: str) -> np.random.Generator:
        return spawn_generator(self.seed, "genres", self.genre, self.artist, self.number, purpose)


class _Band:
    """The instruments of an artist; what has been played once is kept for when it comes again."""

    def __init__(self, style: Style, sound: Artist, generator: np.random.Generator) -> None:
        self._style = style
        self._sound = sound
        self._generator = generator
        self._kit = style.kit.tuned(pitch=sound.drum_pitch, length=sound.drum_length)
        self._kept: dict[tuple[str | int, tuple[int, ...], float], FloatArray] = {}

    def gain(self, event: Event) -> float:
        if isinstance(event.source, str):
            gain_db = self._style.drums_db + self._sound.drums_db
        else:
            gain_db = self._style.parts[event.source].gain_db + self._sound.part_gains_db[event.source]
        return event.strength * 10 ** (gain_db / 20)

    def play(self, event: Event) -> FloatArray:
        muted = event.strength < _MUTED and bool(event.pitches)
        duration_s = min(event.duration_s, _MUTED_S) if muted else event.duration_s
        name = (event.source, event.pitches, duration_s)
        if name not in self._kept:
            self._kept[name] = self._sound_of(event, duration_s)
        return self._kept[name]

    def _sound_of(self, event: Event, duration_s: float) -> FloatArray:
        if isinstance(event.source, str):
            return strike(event.source, self._kit, self._generator)
        return play_chord(
            TIMBRES[self._sound.timbres[event.source]],
            event.pitches,
            duration_s=duration_s,
            brightness_db=self._sound.brightness_db,
            detune_cents=self._sound.detune_cents,
            generator=self._generator,
        )
