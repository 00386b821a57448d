import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from earmark.audit.levels import (
    FLOOR_DB,
    SILENCE,
    Level,
    SilenceSearch,
    dead_channels,
    find_silences,
    level_db,
    runs_of,
)

RATE = 22050
TIME_S = np.arange(RATE) / RATE


def tone(frequency_hz, amplitude=1.0):
    return (amplitude * np.sin(2 * np.pi * frequency_hz * TIME_S)).astype(np.float32)


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
    assert dead_channels([gain * 0.5 for gain in gains]) == dead


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=12), st.sampled_from([0.0, 0.5, -3.0]), st.integers(0, 99))
def test_blocks_of_any_length_have_the_level_and_the_silences_of_the_whole(lengths, offset, seed):
    rng = np.random.default_rng(seed)
    blocks = [offset + rng.choice([0, 1e-5, 0.3]) * rng.standard_normal(n) for n in lengths]
    blocks = [block.astype(np.float32) for block in blocks]
    level, search = Level(), SilenceSearch(1000, least_s=0.1)
    for block in blocks:
        level.add(block)
        search.add(block)
    whole = np.concatenate(blocks)
    assert level.offset == pytest.approx(whole.mean(dtype=np.float64), rel=1e-12, abs=1e-15)
    assert level.level_db == pytest.approx(level_db(whole), abs=1e-6) or level_db(whole) < -150
    assert search.finish() == find_silences(whole, 1000, least_s=0.1)
