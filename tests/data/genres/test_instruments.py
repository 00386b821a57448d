"""Notes: pitch, length, colour, decay."""

import numpy as np
import pytest

from earmark.data.genres.instruments import SAMPLE_RATE, play_chord
from earmark.data.genres.timbres import Timbre

STEADY = Timbre(slope_db=-12.0)


def _play(timbre, pitches, *, duration_s=1.0, seed=0, **more):
    return play_chord(timbre, pitches, duration_s=duration_s, generator=np.random.default_rng(seed), **more)


def _strongest_hz(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18))
    return np.argmax(spectrum) * SAMPLE_RATE / (1 << 18)


def _brightness_hz(sound):
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    return np.sum(spectrum * np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)) / np.sum(spectrum)


@pytest.mark.parametrize(("pitch", "frequency_hz"), [(33, 55.0), (57, 220.0), (69, 440.0), (93, 1760.0)])
def test_a_note_sounds_at_its_pitch(pitch, frequency_hz):
    assert _strongest_hz(_play(STEADY, (pitch,))) == pytest.approx(frequency_hz, rel=2e-3)


def test_an_instrument_out_of_tune_sounds_higher():
    assert _strongest_hz(_play(STEADY, (69,), detune_cents=50.0)) == pytest.approx(440 * 2 ** (50 / 1200), rel=2e-3)


def test_a_note_lasts_as_long_as_it_is_held_and_its_release():
    sound = _play(Timbre(release_s=0.5), (60,), duration_s=0.25)
    assert sound.shape == (round(0.75 * SAMPLE_RATE),)
    assert sound.dtype == np.float32
    assert abs(sound[-1]) < 1e-3


def test_a_plucked_note_fades_and_a_held_one_does_not():
    plucked, held = _play(Timbre(decay_s=0.2), (60,)), _play(Timbre(), (60,))
    late, early = slice(15000, 20000), slice(1000, 6000)
    assert np.abs(plucked[late]).max() < 0.1 * np.abs(plucked[early]).max()
    assert np.abs(held[late]).max() == pytest.approx(np.abs(held[early]).max(), rel=0.05)


def test_a_darkening_note_loses_its_high_harmonics():
    sound = _play(Timbre(slope_db=-3.0, darken_s=0.1), (60,))
    assert _brightness_hz(sound[12000:18000]) < 0.5 * _brightness_hz(sound[500:6500])


def test_more_brightness_is_brighter():
    assert _brightness_hz(_play(STEADY, (60,), brightness_db=6.0)) > 1.2 * _brightness_hz(_play(STEADY, (60,)))


def test_without_even_harmonics_the_octave_is_missing():
    spectrum = np.abs(np.fft.rfft(_play(Timbre(even_gain=0.0), (69,))[:SAMPLE_RATE] * np.hanning(SAMPLE_RATE)))
    assert spectrum[875:885].max() < 0.02 * spectrum[435:445].max()
    assert spectrum[1315:1325].max() > 0.1 * spectrum[435:445].max()


def test_vibrato_spreads_the_pitch():
    def width(sound):
        spectrum = np.abs(np.fft.rfft(sound[:SAMPLE_RATE] * np.hanning(SAMPLE_RATE)))[400:480]
        return np.sum(spectrum > 0.1 * spectrum.max())

    assert width(_play(Timbre(vibrato_cents=40.0), (69,))) > width(_play(Timbre(), (69,)))


def test_an_overdriven_power_chord_has_notes_that_nobody_played():
    def at_difference(drive):  # 440 Hz and 659 Hz: the difference, 219 Hz, comes from the amplifier alone
        sound = _play(Timbre(slope_db=-30.0, drive=drive), (69, 76))[:SAMPLE_RATE]
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(SAMPLE_RATE)))
        return spectrum[215:225].max() / spectrum.max()

    assert at_difference(0.0) < 1e-3
    assert at_difference(6.0) > 5e-3


def test_the_same_generator_gives_the_same_note():
    noisy = Timbre(noise=0.1, n_voices=3, detune_cents=9.0)
    assert np.array_equal(_play(noisy, (60, 64), seed=3), _play(noisy, (60, 64), seed=3))
    assert not np.array_equal(_play(noisy, (60, 64), seed=3), _play(noisy, (60, 64), seed=4))
