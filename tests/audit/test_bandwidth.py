import io

import numpy as np
import pytest
import scipy.fft
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audio.resample import resample
from earmark.audit import bandwidth as module
from earmark.audit.bandwidth import MeanSpectrum, find_bandwidth

NOISE = (np.random.default_rng(0).standard_normal(2 * 44100) / 10).astype(np.float32)


def coded(waveform, rate, container, subtype):
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format=container, subtype=subtype)
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


def softer_upwards(n_samples, rate, db_per_octave):
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(n_samples))
    frequencies_hz = np.fft.rfftfreq(n_samples, 1 / rate)
    spectrum *= 10 ** (-db_per_octave / 20 * np.log2(np.maximum(frequencies_hz, 50) / 50))
    sound = np.fft.irfft(spectrum, n_samples)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


@pytest.mark.parametrize("low_rate", [8000, 11025, 16000, 22050, 32000])
@pytest.mark.parametrize(("container", "subtype"), [("WAV", "PCM_16"), ("OGG", "VORBIS")])
def test_an_upsampled_sound_breaks_off_at_half_its_old_rate(low_rate, container, subtype):
    up = resample(resample(NOISE, from_rate=44100, to_rate=low_rate), from_rate=low_rate, to_rate=44100)
    bandwidth_hz, is_cut = find_bandwidth(coded(up, 44100, container, subtype), 44100)
    assert is_cut
    assert 0.85 * low_rate / 2 < bandwidth_hz < 1.1 * low_rate / 2


@pytest.mark.parametrize("db_per_octave", [0, 3, 6, 12, 18])
def test_a_sound_that_grows_softer_upwards_is_not_called_cut(db_per_octave):
    sound = coded(softer_upwards(88200, 44100, db_per_octave), 44100, "WAV", "PCM_16")
    assert not find_bandwidth(sound, 44100)[1]


@pytest.mark.parametrize("frequency_hz", [60, 440, 5000])
@pytest.mark.parametrize("level", [0, 1e-4, 1e-2])
def test_a_tone_over_a_floor_of_noise_is_not_called_cut(frequency_hz, level):
    tone = 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(88200) / 44100) + level * NOISE
    assert not find_bandwidth(coded(tone.astype(np.float32), 44100, "WAV", "PCM_16"), 44100)[1]


def test_silence_has_no_bandwidth():
    assert find_bandwidth(np.zeros(44100, np.float32), 44100) == (0.0, False)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6000), st.sampled_from([8000, 22050, 96000]), st.floats(1e-6, 1.0))
def test_whatever_comes_the_bandwidth_lies_within_the_rate(n_samples, rate, level):
    bandwidth_hz, _ = find_bandwidth(NOISE[:n_samples] * np.float32(level), rate)
    assert 0 <= bandwidth_hz <= rate / 2


def test_an_hour_takes_no_more_than_a_few_frames(monkeypatch):
    taken = []
    real = scipy.fft.rfft
    monkeypatch.setattr(scipy.fft, "rfft", lambda block: taken.append(len(block)) or real(block))
    find_bandwidth(np.zeros(2048 * 5000, np.float32), 44100)
    assert 200 <= sum(taken) <= 400


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 88200), st.lists(st.integers(0, 88200), max_size=8), st.integers(1, 30))
def test_blocks_of_any_length_have_the_spectrum_of_the_whole(n_samples, cuts, most_frames):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_FRAMES", most_frames)
        patch.setattr(module, "_TOGETHER", 4)
        whole, parts = MeanSpectrum(n_samples), MeanSpectrum(n_samples)
        whole.add(NOISE[:n_samples])
        for block in np.split(NOISE[:n_samples], sorted(min(cut, n_samples) for cut in cuts)):
            parts.add(block)
        assert parts.bandwidth(44100) == whole.bandwidth(44100)
        np.testing.assert_array_equal(parts._power, whole._power)
