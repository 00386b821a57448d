import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audio.resample import resample
from earmark.audit import fingerprint as module
from earmark.audit.fingerprint import FRAME_RATE_HZ, Fingerprint, FingerprintMaker, differing_bits, fingerprint
from earmark.errors import SettingError

RATE = 16000


def coloured(seconds=3.0, seed=0, rate=RATE):
    """Noise whose loudness and colour change all the time, as most sounds do."""
    rng = np.random.default_rng(seed)
    n_samples = round(seconds * rate)
    noise = rng.standard_normal(n_samples)
    envelope = np.interp(np.arange(n_samples), np.linspace(0, n_samples, 40), rng.uniform(0.1, 1, 40))
    return (0.1 * envelope * np.convolve(noise, rng.standard_normal(8), mode="same")).astype(np.float32)


def errors(one, other, offset=0):
    """The share of differing bits where both are heard, the other one beginning `offset` frames into the first."""
    n_frames = min(len(one.words) - offset, len(other.words))
    heard = one.heard[offset : offset + n_frames] & other.heard[:n_frames]
    assert heard.sum() > 20
    return differing_bits(one.words[offset : offset + n_frames], other.words[:n_frames])[heard].mean() / 32


@given(st.floats(-30, 12))
@settings(max_examples=5, deadline=None)
def test_gain_changes_hardly_a_bit(gain_db):
    sound = coloured()
    changed = fingerprint(sound * np.float32(10 ** (gain_db / 20)), RATE)
    assert errors(fingerprint(sound, RATE), changed) < 0.002


@pytest.mark.parametrize(
    ("container", "subtype", "level"), [("OGG", "VORBIS", 1.0), ("MP3", "MPEG_LAYER_III", 0.9), ("WAV", "PCM_U8", None)]
)
def test_another_encoding_changes_few_bits(container, subtype, level):
    sound, file = coloured(), io.BytesIO()
    soundfile.write(file, sound, RATE, format=container, subtype=subtype, compression_level=level)
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    assert errors(fingerprint(sound, RATE), fingerprint(decoded, RATE)) < 0.25


def test_another_rate_changes_few_bits():
    sound = coloured()
    assert errors(fingerprint(sound, RATE), fingerprint(resample(sound, from_rate=RATE, to_rate=11025), 11025)) < 0.05


@given(st.integers(0, 127))
@settings(max_examples=5, deadline=None)
def test_a_beginning_between_two_frames_changes_few_bits(n_samples):
    sound = coloured(rate=8000)
    shifted = fingerprint(sound[8000 + n_samples :], 8000)
    whole = fingerprint(sound, 8000)
    near = min(errors(whole, shifted, offset) for offset in (62, 63, 64))
    assert near < 0.15


def test_two_sounds_differ_in_half_of_their_bits():
    assert 0.4 < errors(fingerprint(coloured(seed=1), RATE), fingerprint(coloured(seed=2), RATE)) < 0.6


def test_what_encodings_have_in_common_are_keys():
    sound, file = coloured(seconds=5), io.BytesIO()
    soundfile.write(file, sound, RATE, format="OGG", subtype="VORBIS", compression_level=1.0)
    file.seek(0)
    one, other = fingerprint(sound, RATE), fingerprint(soundfile.read(file, dtype="float32")[0], RATE)
    assert len(set(one.keys.tolist()) & set(other.keys.tolist())) >= 3
    assert not set(one.keys.tolist()) & set(fingerprint(coloured(seconds=5, seed=9), RATE).keys.tolist())


def test_a_key_is_24_bits_of_its_frame_and_the_table_they_are_of():
    one = fingerprint(coloured(), RATE)
    assert len(one.keys) > 50
    for key, frame in zip(one.keys.tolist(), one.key_frames.tolist(), strict=True):
        table, bits = key >> 24, key & 0xFFFFFF
        octets = int(one.words[frame]).to_bytes(4, "little")
        assert bits == int.from_bytes(octets[:table] + octets[table + 1 :], "little")
        assert one.heard[frame]


def test_silence_is_not_heard_and_has_no_keys():
    for sound in (np.zeros(RATE, np.float32), np.full(RATE, 1e-6, np.float32), np.zeros(1, np.float32)):
        silent = fingerprint(sound, RATE)
        assert not silent.heard.any()
        assert len(silent.keys) == 0


def test_silence_around_a_sound_is_not_heard():
    sound = np.concatenate([np.zeros(2 * RATE), coloured(seconds=1), np.zeros(2 * RATE)]).astype(np.float32)
    heard = np.flatnonzero(fingerprint(sound, RATE).heard) / FRAME_RATE_HZ
    assert 1.7 < heard.min() < 2.1
    assert 2.9 < heard.max() < 3.1


@pytest.mark.parametrize("n_samples", [1, 100, 2000, RATE - 1, RATE])
def test_a_short_sound_has_a_fingerprint_too(n_samples):
    sound = coloured(seconds=2)[RATE : RATE + n_samples]
    assert fingerprint(sound, RATE).heard.any()


def test_a_long_sound_is_the_same_in_blocks():
    """Frames are taken a thousand at a time: where one block ends nothing may change."""
    sound = coloured(seconds=18.0, rate=8000)
    whole, end = fingerprint(sound, 8000), fingerprint(sound[128 * 200 :], 8000)
    assert len(whole.words) > 1024
    inside = slice(40, None)  # the first frames of the end look back on silence
    np.testing.assert_array_equal(whole.words[200:][inside], end.words[inside])


def test_it_comes_back_from_its_array_as_it_was():
    one = fingerprint(coloured(), RATE)
    again = Fingerprint.from_array(one.to_array())
    for name in ("words", "heard", "keys", "key_frames"):
        np.testing.assert_array_equal(getattr(again, name), getattr(one, name))
        assert getattr(again, name).dtype == getattr(one, name).dtype


@pytest.mark.parametrize("array", [[], [1], [1, 0], [0, 0, 0], [[0, 0]], [5, 2, 1]])
def test_another_array_is_refused(array):
    with pytest.raises(SettingError, match="no fingerprint"):
        Fingerprint.from_array(np.array(array, np.uint32))


@pytest.mark.parametrize("shape", [(0,), (2, 100), ()])
def test_what_is_no_waveform_is_refused(shape):
    with pytest.raises(SettingError, match="waveform"):
        fingerprint(np.zeros(shape, np.float32), RATE)


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(SettingError, match="sample rate"):
        fingerprint(np.zeros(10, np.float32), 0)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), max_size=20))
@settings(max_examples=30, deadline=None)
def test_differing_bits_are_counted_as_python_counts_them(pairs):
    one, other = (np.array([pair[side] for pair in pairs], np.uint32) for side in (0, 1))
    assert differing_bits(one, other).tolist() == [(a ^ b).bit_count() for a, b in pairs]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60_000), st.lists(st.integers(0, 60_000), max_size=6), st.sampled_from([8000, 16000, 44100]))
def test_blocks_of_any_length_have_the_fingerprint_of_the_whole(n_samples, cuts, rate):
    sound = np.tile(coloured(), 2)[:n_samples]
    maker = FingerprintMaker(rate)
    for block in np.split(sound, sorted(min(cut, n_samples) for cut in cuts)):
        maker.add(block)
    np.testing.assert_array_equal(maker.finish().to_array(), fingerprint(sound, rate).to_array())


def test_a_quiet_part_of_a_long_sound_is_heard_by_itself(monkeypatch):
    """A bang in the first part is of no account for the others."""
    monkeypatch.setattr(module, "_PART_FRAMES", 125)
    quiet = 1e-3 * coloured(seconds=8.0, rate=8000)
    loud = quiet.copy()
    loud[:4000] *= 1e3
    alone, beside = fingerprint(quiet, 8000), fingerprint(loud, 8000)
    assert not beside.heard[60:110].any()
    later = slice(250, None)
    np.testing.assert_array_equal(beside.heard[later], alone.heard[later])
    assert beside.heard[later].mean() > 0.95
    np.testing.assert_array_equal(alone.words[later], beside.words[later])
    assert set(alone.key_frames[alone.key_frames > 252]) == set(beside.key_frames[beside.key_frames > 252])


def test_parts_end_without_a_gap(monkeypatch):
    sound = coloured(seconds=8.0, rate=8000)
    whole = fingerprint(sound, 8000)
    monkeypatch.setattr(module, "_PART_FRAMES", 100)
    parted = fingerprint(sound, 8000)
    assert len(parted.words) == len(whole.words)
    assert differing_bits(parted.words, whole.words).mean() / 32 < 0.01
    assert np.array_equal(parted.words[parted.key_frames] >> 8, whole.words[parted.key_frames] >> 8)
