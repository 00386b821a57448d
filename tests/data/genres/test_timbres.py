"""The table of instruments."""

import numpy as np
import pytest

from earmark.data.genres.instruments import play_chord
from earmark.data.genres.timbres import TIMBRES


@pytest.mark.parametrize("name", TIMBRES)
def test_every_timbre_sounds_and_about_as_loud_as_the_others(name):
    sound = play_chord(TIMBRES[name], (60,), duration_s=0.5, generator=np.random.default_rng(0))
    level = np.sqrt(np.mean(sound[:5000] ** 2))
    assert np.isfinite(sound).all()
    assert 0.1 < level < 1.2


@pytest.mark.parametrize("name", TIMBRES)
def test_a_timbre_has_times_and_strengths_that_can_be(name):
    timbre = TIMBRES[name]
    assert min(timbre.attack_s, timbre.release_s) > 0
    assert min(timbre.decay_s, timbre.darken_s, timbre.noise, timbre.drive, timbre.vibrato_cents) >= 0
    assert 0 <= timbre.even_gain <= 1
    assert timbre.n_voices >= 1
