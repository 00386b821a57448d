import numpy as np
import pytest

from earmark.augment.speed import SpeedSettings, change_speed

RATE = 16000


def tone(frequency_hz, n_samples=RATE):
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / RATE)).astype(np.float32)


def pitch_hz(waveform):
    """The strongest frequency, finer than a bin."""
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)), 8 * len(waveform)))
    return np.argmax(spectrum) * RATE / (8 * len(waveform))


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.1237, 2.0])
def test_pitch_and_tempo_change_together(speed):
    clicks = np.zeros(RATE, np.float32)
    clicks[1000::2000] = 1.0
    settings = SpeedSettings(speed_low=speed, speed_high=speed)
    played = change_speed(np.stack([tone(1000), clicks]), np.random.default_rng(0), settings)

    whole = int(RATE / max(1.0, speed)) - 100  # up to where it begins again
    assert pitch_hz(played[0, :whole]) == pytest.approx(1000 * speed, rel=1e-3)
    places = np.flatnonzero(played[1, :whole] > 0.7 * played[1, :whole].max())
    apart = np.diff(places)
    assert apart[apart > 10] == pytest.approx(2000 / speed, abs=2)


def test_the_level_stays():
    settings = SpeedSettings(speed_low=0.8, speed_high=1.25)
    played = change_speed(np.stack([tone(440)] * 5), np.random.default_rng(0), settings)
    np.testing.assert_allclose((played**2).mean(axis=1), 0.125, rtol=0.01)


def test_what_is_slower_is_cut_anywhere_and_what_is_faster_begins_again():
    ramp = np.linspace(0.1, 1.0, 4000, dtype=np.float32)[None]
    slower = SpeedSettings(speed_low=0.5, speed_high=0.5)
    starts = [float(change_speed(ramp, np.random.default_rng(seed), slower)[0, 100]) for seed in range(20)]
    assert max(starts) - min(starts) > 0.3
    faster = change_speed(ramp, np.random.default_rng(0), SpeedSettings(speed_low=2.0, speed_high=2.0))[0]
    np.testing.assert_allclose(faster[:2000], faster[2000:])
