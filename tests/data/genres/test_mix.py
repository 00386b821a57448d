"""Equaliser, room, hiss and level."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.data.genres.artists import N_BANDS, draw_artist
from earmark.data.genres.instruments import SAMPLE_RATE
from earmark.data.genres.mix import convolve, master, room_response
from earmark.data.genres.styles import STYLES

PLAIN = replace(
    draw_artist(STYLES["pop"], np.random.default_rng(0)),
    tilt_db=0.0,
    bands_db=(0.0,) * N_BANDS,
    low_cut_hz=10.0,
    high_cut_hz=11000.0,
    drive=0.0,
    room_s=0.05,
    room_gain=1e-6,
    hiss_db=-90.0,
    level_db=-20.0,
)


def _tone(frequency_hz, n_samples=SAMPLE_RATE):
    return np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / SAMPLE_RATE).astype(np.float32)


def _master(dry, artist, seed=0):
    room = room_response(artist, np.random.default_rng(9))
    return master(dry, artist, room=room, generator=np.random.default_rng(seed))


def _level_db(sound):
    return 20 * np.log10(np.sqrt(np.mean(sound.astype(float) ** 2)))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 300_000), st.integers(1, 3000))
def test_convolving_in_blocks_is_convolving(n_samples, n_taps):
    generator = np.random.default_rng(n_samples)
    waveform = generator.standard_normal(n_samples).astype(np.float32)
    response = generator.standard_normal(n_taps).astype(np.float32)
    n_fft = 1 << (n_samples + n_taps).bit_length()
    whole = np.fft.irfft(np.fft.rfft(waveform.astype(float), n_fft) * np.fft.rfft(response, n_fft), n_fft)[:n_samples]
    assert np.allclose(convolve(waveform, response), whole, atol=1e-4 * np.sqrt(n_taps))


def test_a_plain_mix_changes_the_level_and_little_else():
    dry = _tone(440.0)
    mix = _master(dry, PLAIN)
    assert _level_db(mix) == pytest.approx(-20.0, abs=0.3)
    delayed = dry[: -512 or None]  # the equaliser's click stands in the middle of its taps
    assert np.corrcoef(mix[512:], delayed)[0, 1] > 0.999


def test_the_bands_of_the_equaliser_are_heard_at_their_octaves():
    raised = replace(PLAIN, bands_db=(0.0, 0.0, 0.0, 0.0, 0.0, 12.0, 0.0, 0.0, 0.0))
    both = _tone(344.0) + _tone(43.0 * 2**5)
    spectrum = np.abs(np.fft.rfft(_master(both, raised)[2000:] * np.hanning(SAMPLE_RATE - 2000)))
    scale = (SAMPLE_RATE - 2000) / SAMPLE_RATE
    low, high = (spectrum[round(hz * scale) - 3 : round(hz * scale) + 4].max() for hz in (344.0, 1376.0))
    assert 20 * np.log10(high / low) == pytest.approx(12.0, abs=1.0)


def test_a_room_rings_on():
    click = np.zeros(SAMPLE_RATE, np.float32)
    click[100] = 1.0
    dead, live = (_master(click, replace(PLAIN, room_gain=gain, room_s=0.2)) for gain in (1e-6, 1.0))
    late = slice(4000, 8000)
    assert _level_db(live[late]) > _level_db(dead[late]) + 20


def test_hiss_lies_as_far_below_full_scale_as_asked():
    pause = np.zeros(2 * SAMPLE_RATE, np.float32)
    pause[:SAMPLE_RATE] = _tone(440.0)
    mix = _master(pause, replace(PLAIN, hiss_db=-50.0))
    assert _level_db(mix[SAMPLE_RATE + 4000 :]) == pytest.approx(-50.0, abs=0.5)


def test_an_overdriven_mix_has_new_harmonics():
    def third(drive):
        spectrum = np.abs(np.fft.rfft(_master(_tone(440.0), replace(PLAIN, drive=drive))))
        return spectrum[1310:1330].max() / spectrum.max()

    assert third(3.0) > 10 * third(0.0)


def test_the_peaks_stay_below_full_scale_however_loud_the_mix():
    dry = np.zeros(SAMPLE_RATE, np.float32)
    dry[::5000] = 1.0
    assert 0.9 < np.abs(_master(dry, replace(PLAIN, level_db=0.0))).max() < 1.0


def test_silence_gives_hiss_and_no_error():
    mix = _master(np.zeros(SAMPLE_RATE, np.float32), PLAIN)
    assert np.isfinite(mix).all()
    assert 0 < np.abs(mix).max() < 0.01
