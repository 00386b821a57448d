import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit import clipping as module
from earmark.audit.clipping import FlatTops, TopsBelow, find_clipping

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


def plainly_counted(waveform):
    """The definition, run by run."""
    n_runs = n_samples = 0
    for signed in (waveform, -waveform):
        peak = signed.max()
        ceiling = min(1.0, float(peak))
        tolerance = max(1.1 * 2**-15, 2e-4 * ceiling)
        if peak < 0.05:
            continue
        at = 0
        while at < len(signed):
            stop = at
            while stop < len(signed) and signed[stop] >= ceiling - tolerance:
                stop += 1
            beside = [signed[place] for place in (at - 1, stop) if 0 <= place < len(signed)]
            if stop - at >= 3 and any(each < ceiling - 8 * tolerance for each in beside):
                n_runs, n_samples = n_runs + 1, n_samples + stop - at
            at = max(stop, at + 1)
    return n_runs, n_samples


def in_blocks(waveform, cuts):
    """Counted as a sound that comes in blocks is; and whether it had to be gone through again."""
    found = [TopsBelow(), TopsBelow()]
    blocks = [block for block in np.split(waveform, cuts) if len(block)]
    for block in blocks:
        found[0].add(block)
        found[1].add(-block)
    n_runs = n_samples = 0
    for sign, tops in zip((1, -1), found, strict=True):
        counted = FlatTops(tops.peak) if tops.is_open else tops.finish()
        for block in blocks if tops.is_open else ():
            counted.add(np.float32(sign) * block)
        n_runs, n_samples = n_runs + counted.n_runs, n_samples + counted.n_samples
    return (n_runs, n_samples), any(tops.is_open for tops in found)


LEVELS = st.sampled_from([0.0, -0.3, 0.02, 0.04998, 0.05, 0.5, 0.49995, 0.499, 0.99985, 0.998, 1.0, 1.2, -1.0])
STRETCHES = st.lists(st.tuples(LEVELS, st.integers(1, 6)), min_size=1, max_size=30)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(STRETCHES, st.lists(st.integers(0, 180), max_size=8), st.sampled_from([2, 9, 1 << 18]))
def test_blocks_of_any_length_have_the_flat_tops_of_the_whole(stretches, cuts, most_held):
    waveform = np.repeat(*map(np.array, zip(*stretches, strict=True))).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_HELD", most_held)
        counted, _ = in_blocks(waveform, sorted(cuts))
    assert counted == find_clipping(waveform) == plainly_counted(waveform)


@pytest.mark.parametrize(("ceiling", "is_again"), [(1.0, False), (0.6, True), (1.3, False)])
def test_no_more_is_held_than_there_is_room_for(monkeypatch, ceiling, is_again):
    """A square wave lies at its ceiling all the time."""
    monkeypatch.setattr(module, "_MOST_HELD", 1000)
    square = np.float32(ceiling) * np.sign(tone(50))
    counted, was_again = in_blocks(square, range(1000, RATE, 1000))
    assert was_again == is_again
    assert counted == find_clipping(square)
    tops = TopsBelow()
    for block in np.split(square, range(1000, RATE, 1000)):
        tops.add(block)
        assert sum(len(values) for _, values in tops._held) <= 1000
