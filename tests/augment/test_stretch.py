import numpy as np
import pytest

from earmark.augment.stretch import PitchShiftSettings, TimeStretchSettings, shift_pitch, stretch_time

RATE = 16000


def tone(frequency_hz):
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(RATE) / RATE)).astype(np.float32)


def pitch_hz(waveform):
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)), 8 * len(waveform)))
    return np.argmax(spectrum) * RATE / (8 * len(waveform))


@pytest.mark.parametrize("semitones", [-12.0, -1.5, 0.5, 7.0])
def test_the_pitch_moves_by_the_semitones_asked_for(semitones):
    settings = PitchShiftSettings(semitones_low=semitones, semitones_high=semitones)
    shifted = shift_pitch(tone(600)[None], np.random.default_rng(0), settings)[0]
    assert pitch_hz(shifted[2000:-2000]) == pytest.approx(600 * 2 ** (semitones / 12), rel=2e-3)


def test_the_tempo_stays_where_the_pitch_moves():
    beats = np.zeros(RATE, np.float32)
    for start in range(1000, RATE, 4000):
        beats[start : start + 2000] = tone(600)[:2000]
    settings = PitchShiftSettings(semitones_low=4.0, semitones_high=4.0)
    shifted = shift_pitch(beats[None], np.random.default_rng(0), settings)[0]
    loudness = [(wave**2).reshape(-1, 1000).mean(axis=1) for wave in (beats, shifted)]
    assert np.corrcoef(*loudness)[0, 1] > 0.95


@pytest.mark.parametrize("rate", [0.5, 1.25, 2.0])
def test_the_pitch_stays_where_the_tempo_moves(rate):
    settings = TimeStretchSettings(rate_low=rate, rate_high=rate)
    stretched = stretch_time(tone(600)[None], np.random.default_rng(0), settings)[0]
    whole = int(RATE / max(1.0, rate))
    assert pitch_hz(stretched[1500 : whole - 1500]) == pytest.approx(600, rel=2e-3)


def test_twice_the_tempo_is_heard_twice():
    sound = np.concatenate([tone(600)[: RATE // 2], np.zeros(RATE // 2, np.float32)])
    settings = TimeStretchSettings(rate_low=2.0, rate_high=2.0)
    stretched = stretch_time(sound[None], np.random.default_rng(0), settings)[0]
    quarters = (stretched.reshape(4, -1) ** 2).mean(axis=1)
    np.testing.assert_allclose(quarters[:2], quarters[2:])
    assert quarters[0] > 20 * quarters[1]


@pytest.mark.parametrize("semitones", [-24.0, -0.7, 11.3, 24.0])
@pytest.mark.parametrize("n_samples", [1, 2, 3, 511, 2049, 5001])
def test_a_shift_of_any_length_fills_it_to_its_end(n_samples, semitones):
    batch = np.random.default_rng(1).standard_normal((1, n_samples)).astype(np.float32)
    settings = PitchShiftSettings(semitones_low=semitones, semitones_high=semitones)
    shifted = shift_pitch(batch, np.random.default_rng(0), settings)
    assert shifted.shape == batch.shape
    assert n_samples < 100 or np.abs(shifted[0, -5:]).max() > 1e-3
