import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.augment.vocoder import stretch

RATE = 16000
TIME_S = np.arange(RATE) / RATE
NOISE = (0.3 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
ON_AND_OFF = ((np.arange(RATE) // 2000) % 2 == 1).astype(np.float32)  # eighths of a second


def tones(*frequencies_hz):
    waves = [np.sin(2 * np.pi * frequency_hz * TIME_S + frequency_hz) for frequency_hz in frequencies_hz]
    return (0.2 * np.sum(waves, axis=0)).astype(np.float32)


def level_db(sound, reference):
    return 10 * np.log10((sound.astype(float) ** 2).mean() / (reference.astype(float) ** 2).mean())


@pytest.mark.parametrize("rate", [0.5, 0.9, 1.1, 2.0])
def test_every_tone_of_a_chord_keeps_its_pitch_and_its_share(rate):
    stretched = stretch(tones(300, 525, 1211), rate)
    middle = stretched[1500:-1500]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 18))
    bins_hz = np.arange(len(spectrum)) * RATE / (1 << 18)
    heights = []
    for frequency_hz in (300, 525, 1211):
        near = np.flatnonzero(np.abs(bins_hz - frequency_hz) < 40)
        heights.append(spectrum[near].max())
        assert bins_hz[near[spectrum[near].argmax()]] == pytest.approx(frequency_hz, abs=1.5)
    assert max(heights) / min(heights) < 1.1


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("sound", [tones(613.7), NOISE])
def test_what_comes_and_goes_does_so_at_the_new_tempo(sound, rate):
    stretched = stretch(sound * ON_AND_OFF, rate)
    eighths = (stretched.reshape(8, -1).astype(float) ** 2).mean(axis=1)
    assert eighths[1::2].min() > 8 * eighths[::2].max()
    assert eighths[1::2].max() < 1.3 * eighths[1::2].min()  # the last is as loud as the first


@pytest.mark.slow
@given(st.integers(1, 5000), st.floats(0.25, 4.0))
def test_the_length_follows_from_the_rate_and_the_level_stays(n_samples, rate):
    stretched = stretch(NOISE[:n_samples], rate)
    assert stretched.shape == (max(1, round(n_samples / rate)),)
    assert stretched.dtype == np.float32
    assert np.isfinite(stretched).all()
    assert level_db(stretched, NOISE[:n_samples]) == pytest.approx(0, abs=0.01)


def test_the_tempo_that_it_has_gives_the_sound_itself():
    np.testing.assert_allclose(stretch(NOISE, 1.0), NOISE, atol=1e-5)


def test_a_sound_of_more_frames_than_a_block_is_the_same_as_in_one(monkeypatch):
    expected = stretch(NOISE, 0.7)
    for block in (1, 7, 1000):
        monkeypatch.setattr("earmark.augment.vocoder._BLOCK", block)
        np.testing.assert_allclose(stretch(NOISE, 0.7), expected, atol=1e-6)


def test_silence_stays_silent():
    assert not stretch(np.zeros(5000, np.float32), 0.8).any()


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
def test_levels_are_kept_better_than_by_librosa(rate, monkeypatch):
    effects = pytest.importorskip("librosa.effects")
    monkeypatch.setattr("earmark.augment.vocoder._at_level_of", lambda _, stretched: stretched)
    sound = NOISE * ON_AND_OFF
    own_db, theirs_db = (level_db(by(sound, rate=rate), sound) for by in (stretch, effects.time_stretch))
    assert -2.2 < own_db < 0.1
    assert theirs_db < own_db - 1
