import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from earmark.audit.levels import (
    FLOOR_DB,
    SILENCE,
    dead_channels,
    find_clipping,
    find_silences,
    level_db,
    runs_of,
)

RATE = 22050
TIME_S = np.arange(RATE) / RATE


def tone(frequency_hz, amplitude=1.0):
    return (amplitude * np.sin(2 * np.pi * frequency_hz * TIME_S)).astype(np.float32)


def stored(waveform):
    """The waveform after a 16-bit file, as a clip comes in."""
    file = io.BytesIO()
    soundfile.write(file, waveform, RATE, format="WAV", subtype="PCM_16")
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


@settings(max_examples=30, deadline=None)
@given(arrays(bool, st.integers(0, 40)))
def test_runs_put_together_give_the_mask(mask):
    again = np.zeros_like(mask)
    for first, stop in runs_of(mask):
        assert first < stop
        again[first:stop] = True
    assert (again == mask).all()
    assert all(stop < following for (_, stop), (following, _) in zip(runs_of(mask), runs_of(mask)[1:], strict=False))


def test_the_level_of_a_sine_is_3_db_below_its_peak():
    assert level_db(tone(441, 0.5)) == pytest.approx(20 * np.log10(0.5) - 3.0103, abs=1e-3)


def test_an_offset_is_no_level():
    assert level_db(np.full(100, 0.5, np.float32)) == FLOOR_DB
    assert level_db(tone(441) + 3) == pytest.approx(level_db(tone(441)), abs=1e-3)


@pytest.mark.parametrize(("frequency_hz", "gain"), [(50, 1.2), (50, 8), (440, 1.2), (440, 2), (440, 8), (3000, 8)])
def test_a_clipped_tone_is_found_also_when_it_was_made_quieter_later(frequency_hz, gain):
    clipped = np.clip(gain * tone(frequency_hz), -1, 1)
    for amplitude in (1.0, 0.3):
        n_runs, n_samples = find_clipping(stored(amplitude * clipped))
        assert n_runs >= 1.5 * frequency_hz
        assert n_samples >= 3 * n_runs


@pytest.mark.parametrize("frequency_hz", [5, 20, 50, 440, 3000])
@pytest.mark.parametrize("amplitude", [1.0, 0.5, 0.06])
def test_the_round_top_of_a_tone_is_no_clipping(frequency_hz, amplitude):
    assert find_clipping(stored(tone(frequency_hz, amplitude))) == (0, 0)


def test_noise_and_a_few_steps_of_16_bit_are_no_clipping():
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert find_clipping(stored(noise / 5))[0] == 0
    assert find_clipping(stored(noise / 30000))[0] == 0


@pytest.mark.parametrize("square", [np.sign(tone(50)), np.zeros(100, np.float32), np.ones(100, np.float32)])
def test_odd_shapes_do_no_harm(square):
    n_runs, n_samples = find_clipping(square)
    assert 0 <= 3 * n_runs <= n_samples <= len(square)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 40)), min_size=1, max_size=8),
)
def test_silences_are_where_they_were_planted(parts):
    rate = 100  # a frame a sample
    waveform = np.concatenate([np.full(n, 0.0 if silent else 0.5, np.float32) for silent, n in parts])
    found = find_silences(waveform, rate, least_s=0.1)
    mask = np.zeros(len(waveform), bool)
    for start_s, end_s in found.stretches:
        mask[round(start_s * rate) : round(end_s * rate)] = True
    expected = np.zeros(len(waveform), bool)
    for first, stop in runs_of(waveform == 0):
        expected[first:stop] = stop - first >= 10
    assert (mask == expected).all()
    loud = np.flatnonzero(waveform)
    assert found.leading_s == pytest.approx((loud[0] if len(loud) else len(waveform)) / rate)


def test_rounding_noise_is_silence_and_a_whisper_is_not():
    noise = np.random.default_rng(0).uniform(-1, 1, 2 * RATE).astype(np.float32)
    assert find_silences(noise * SILENCE, RATE).stretches == ((0.0, 2.0),)
    assert find_silences(noise * 2 * SILENCE, RATE).stretches == ()


@pytest.mark.parametrize("n_samples", [1, 2, 219, 221])
def test_a_clip_shorter_than_a_frame_is_looked_at(n_samples):
    assert find_silences(np.zeros(n_samples, np.float32), RATE, least_s=0).leading_s == n_samples / RATE


@pytest.mark.parametrize(("gains", "dead"), [((1, 1), ()), ((1, 0), (1,)), ((0, 0), ()), ((0, 1, 1e-6), (0, 2))])
def test_a_channel_is_dead_while_another_is_not(gains, dead):
    assert dead_channels(np.stack([gain * tone(440) for gain in gains]).astype(np.float32)) == dead
