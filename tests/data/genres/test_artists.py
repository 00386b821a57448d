"""The sounds of artists."""

import numpy as np
import pytest

from earmark.data.genres.artists import N_BANDS, draw_artist
from earmark.data.genres.styles import STYLES


@pytest.mark.parametrize("genre", STYLES)
def test_an_artist_has_an_instrument_of_the_genre_for_each_part(genre):
    style = STYLES[genre]
    artist = draw_artist(style, np.random.default_rng(0))
    assert len(artist.timbres) == len(artist.part_gains_db) == len(style.parts)
    assert all(name in part.timbres for name, part in zip(artist.timbres, style.parts, strict=True))


def test_the_numbers_of_artists_can_be():
    for seed in range(50):
        artist = draw_artist(STYLES["rock"], np.random.default_rng(seed))
        assert 0 <= artist.tempo <= 1
        assert len(artist.bands_db) == N_BANDS
        assert 20 < artist.low_cut_hz < 200
        assert 3000 < artist.high_cut_hz < 11025
        assert 0 < artist.room_s <= 0.5
        assert artist.hiss_db < artist.level_db - 10


def test_the_same_generator_draws_the_same_artist():
    first, again, other = (draw_artist(STYLES["pop"], np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_artists_differ_in_their_equaliser_by_several_decibels():
    bands_db = np.array([draw_artist(STYLES["jazz"], np.random.default_rng(seed)).bands_db for seed in range(200)])
    assert 3.0 < bands_db.std() < 6.0
