"""Whole tracks."""

import numpy as np
import pytest

from earmark.data.genres.harmony import NOTE_NAMES
from earmark.data.genres.render import Track
from earmark.data.genres.styles import STYLES

TRACK = Track(genre="pop", artist=0, number=0, seed=0)


@pytest.mark.parametrize("genre", STYLES)
def test_a_track_has_its_length_and_is_neither_silent_nor_clipped(genre):
    waveform = Track(genre=genre, artist=1, number=0, seed=0).render(2.0)
    assert waveform.shape == (44100,)
    assert waveform.dtype == np.float32
    assert np.isfinite(waveform).all()
    assert np.abs(waveform).max() < 1.0
    for part in np.split(waveform, 4):
        assert np.sqrt(np.mean(part**2)) > 1e-3


def test_a_track_of_thirty_seconds_has_661500_samples():
    assert TRACK.render(30.0).shape == (661_500,)


def test_the_same_track_sounds_the_same():
    assert np.array_equal(TRACK.render(1.0), Track(genre="pop", artist=0, number=0, seed=0).render(1.0))


@pytest.mark.parametrize(
    "other",
    [
        Track(genre="rock", artist=0, number=0, seed=0),
        Track(genre="pop", artist=1, number=0, seed=0),
        Track(genre="pop", artist=0, number=1, seed=0),
        Track(genre="pop", artist=0, number=0, seed=1),
    ],
)
def test_genre_artist_number_and_seed_each_make_another_track(other):
    assert not np.array_equal(TRACK.render(1.0), other.render(1.0))


def test_the_tracks_of_an_artist_share_the_sound_and_not_the_music():
    other = Track(genre="pop", artist=0, number=1, seed=0)
    assert other.sound == TRACK.sound
    assert other.tempo_bpm != TRACK.tempo_bpm


@pytest.mark.parametrize("genre", STYLES)
def test_tempo_and_key_are_the_genres(genre):
    track = Track(genre=genre, artist=2, number=1, seed=5)
    slow, fast = STYLES[genre].tempo_bpm
    assert slow <= track.tempo_bpm <= fast
    note, mode = track.key_name.split()
    assert note in NOTE_NAMES
    assert mode in {harmony.mode for harmony in STYLES[genre].harmonies}


def test_disco_beats_at_its_tempo():
    track = Track(genre="disco", artist=0, number=0, seed=0)
    hop = 220  # 10 ms
    frames = track.render(16.0)[: 1600 * hop].reshape(-1, hop)
    rise = np.maximum(np.diff(np.log(np.mean(frames**2, axis=1) + 1e-9)), 0)

    def rise_on_beats(tempo_bpm):
        beats = np.arange(1, 25) * 60 / tempo_bpm * 22050 / hop
        return np.mean([rise[int(beat) : int(beat) + 8].sum() for beat in beats])

    wrong = np.mean([rise_on_beats(track.tempo_bpm * factor) for factor in (0.87, 0.93, 1.07, 1.13)])
    assert rise_on_beats(track.tempo_bpm) > 1.5 * wrong
