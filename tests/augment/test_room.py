import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import fftconvolve

from earmark.augment.room import RoomSettings, add_room, room_response

RATE = 16000


def schroeder_rt60_s(response):
    """The time of a fall by 60 dB, from the slope of the energy that is still to come (-5 to -35 dB)."""
    left = np.cumsum(response[::-1].astype(float) ** 2)[::-1]
    left_db = 10 * np.log10(left / left[0])
    used = (left_db < -5) & (left_db > -35)
    slope = np.polyfit(np.flatnonzero(used) / RATE, left_db[used], 1)[0]
    return -60 / slope


@pytest.mark.parametrize("rt60_s", [0.1, 0.4, 1.5])
def test_the_echoes_die_away_in_the_time_asked_for(rt60_s):
    measured = [
        schroeder_rt60_s(room_response(rt60_s, 0.0, sample_rate=RATE, generator=np.random.default_rng(seed))[1:])
        for seed in range(5)
    ]
    assert np.mean(measured) == pytest.approx(rt60_s, rel=0.08)


@given(st.floats(-20, 40), st.floats(0.01, 0.5))
def test_the_direct_sound_stands_as_far_above_the_echoes_as_asked_for(direct_db, rt60_s):
    response = room_response(rt60_s, direct_db, sample_rate=1000, generator=np.random.default_rng(0)).astype(float)
    assert response[0] == 1
    assert -10 * np.log10((response[1:] ** 2).sum()) == pytest.approx(direct_db, abs=0.01)


@pytest.mark.parametrize("rt60_s", [0.0, 1e-5])
def test_no_room_is_no_echo(rt60_s):
    assert room_response(rt60_s, 0.0, sample_rate=RATE, generator=np.random.default_rng(0)).tolist() == [1.0]


def test_a_click_is_answered_by_the_room_alone():
    click = np.zeros((1, RATE), np.float32)
    click[0, 100] = 1.0
    settings = RoomSettings(rt60_s_low=0.3, rt60_s_high=0.3, direct_db_low=3.0, direct_db_high=3.0, sample_rate=RATE)
    answer = add_room(click, np.random.default_rng(0), settings)[0]
    assert np.abs(answer[:100]).max() < 1e-6
    echoes = answer[101:] / answer[100]
    assert -10 * np.log10((echoes**2).sum()) == pytest.approx(3, abs=0.1)
    assert schroeder_rt60_s(answer[101:4000]) == pytest.approx(0.3, rel=0.15)


def test_it_is_a_convolution_cut_at_the_end_and_brought_to_its_level(monkeypatch):
    response = np.array([1, 0.5, -0.25, 0.125], np.float32)
    monkeypatch.setattr("earmark.augment.room.room_response", lambda *_, **__: response)
    sound = np.random.default_rng(1).standard_normal((1, 700)).astype(np.float32)
    expected = fftconvolve(sound[0], response)[:700]
    answer = add_room(sound, np.random.default_rng(0), RoomSettings())[0]
    scale = np.sqrt((sound**2).mean() / (expected**2).mean())
    np.testing.assert_allclose(answer, expected * scale, atol=1e-5)


def test_the_level_stays_and_rooms_differ():
    sound = np.repeat(np.random.default_rng(1).standard_normal((1, RATE)).astype(np.float32), 6, axis=0)
    answer = add_room(sound, np.random.default_rng(0), RoomSettings(sample_rate=RATE))
    np.testing.assert_allclose((answer**2).mean(axis=1), (sound**2).mean(axis=1), rtol=1e-4)
    assert len({wave.tobytes() for wave in answer}) == 6


def test_a_room_that_lasts_longer_than_the_sound_is_cut():
    settings = RoomSettings(rt60_s_low=2.0, rt60_s_high=2.0, sample_rate=RATE)
    assert add_room(np.ones((1, 50), np.float32), np.random.default_rng(0), settings).shape == (1, 50)
