import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audio.blocks import sound_blocks
from earmark.audio.read import read_info, read_sound
from earmark.errors import AudioError, SettingError

RATE = 16000
RNG = np.random.default_rng(0)
STEREO = (0.1 * RNG.standard_normal((RATE, 2))).astype(np.float32)
FORMATS = {
    "a.wav": ("WAV", "PCM_16"),
    "a.flac": ("FLAC", "PCM_16"),
    "a.ogg": ("OGG", "VORBIS"),
    "a.mp3": ("MP3", "MPEG_LAYER_III"),
    "a.aiff": ("AIFF", "PCM_24"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blocks")
    for name, (container, subtype) in FORMATS.items():
        soundfile.write(folder / name, STEREO, RATE, format=container, subtype=subtype)
    return folder


def mixed(sound):
    blocks = list(sound)
    assert all(0 < block.shape[1] <= sound.block_frames for block in blocks)
    return np.concatenate(blocks, axis=1).mean(axis=0, dtype=np.float32)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(FORMATS)), st.integers(500, 40000), st.floats(0, 0.9), st.floats(0.01, 1.5) | st.none())
def test_blocks_put_together_are_what_reading_returns(folder, name, block_samples, start_s, duration_s):
    heard, rate = read_sound(folder / name, start_s=start_s, duration_s=duration_s)
    sound = sound_blocks(folder / name, start_s=start_s, duration_s=duration_s, block_samples=block_samples)
    assert (sound.sample_rate, sound.n_samples) == (rate, len(heard))
    np.testing.assert_allclose(mixed(sound), heard, atol=1e-6)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_it_says_what_the_file_says_of_itself(folder, name):
    sound, info = sound_blocks(folder / name), read_info(folder / name)
    told = (sound.sample_rate, sound.n_channels, sound.n_samples, sound.container, sound.subtype)
    assert told == (info.sample_rate, info.n_channels, info.n_frames, info.container, info.subtype)


def test_the_second_time_it_is_decoded_anew(folder):
    sound = sound_blocks(folder / "a.ogg", block_samples=3000)
    np.testing.assert_array_equal(np.concatenate(list(sound), axis=1), np.concatenate(list(sound), axis=1))


@pytest.mark.parametrize(("start_s", "n_samples"), [(0.0, RATE), (0.5, RATE // 2)])
def test_a_flac_that_does_not_say_how_long_it_is_is_counted(folder, tmp_path, start_s, n_samples):
    content = bytearray((folder / "a.flac").read_bytes())
    content[21] &= 0xF0  # the length, 36 bits of the first block (RFC 9639, section 8.2)
    content[22:26] = bytes(4)
    (tmp_path / "piped.flac").write_bytes(content)
    sound = sound_blocks(tmp_path / "piped.flac", start_s=start_s, block_samples=999)
    assert sound.n_samples == n_samples
    np.testing.assert_allclose(mixed(sound), read_sound(folder / "a.flac", start_s=start_s)[0], atol=1e-6)


def cut(content):
    return content[: len(content) * 2 // 3]


def overwritten(content):
    return content[: len(content) // 2] + bytes(200) + content[len(content) // 2 + 200 :]


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("damage", [cut, overwritten])
def test_damage_is_told_in_the_words_of_reading(folder, tmp_path, name, damage):
    (tmp_path / name).write_bytes(damage((folder / name).read_bytes()))
    try:
        heard, _ = read_sound(tmp_path / name)
    except AudioError as error:
        reason = error.reason
    else:
        reason = ""
    if reason:
        with pytest.raises(AudioError) as told:
            list(sound_blocks(tmp_path / name, block_samples=1 << 22))
        assert told.value.reason == reason
        with pytest.raises(AudioError):
            list(sound_blocks(tmp_path / name, block_samples=2000))
    else:
        np.testing.assert_allclose(mixed(sound_blocks(tmp_path / name, block_samples=2000)), heard, atol=1e-6)


@pytest.mark.parametrize("block_samples", [10, 5000, 1 << 17])
def test_all_samples_that_are_not_finite_are_counted(tmp_path, block_samples):
    sound = STEREO.copy()
    sound[[100, 101, 9000], [0, 1, 1]] = np.nan, np.inf, -np.inf
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    with pytest.raises(AudioError) as expected:
        read_sound(tmp_path / "a.wav", start_s=0.001)
    with pytest.raises(AudioError) as told:
        list(sound_blocks(tmp_path / "a.wav", start_s=0.001, block_samples=block_samples))
    assert told.value.reason == expected.value.reason
    assert "3 of" in told.value.reason


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"start_s": -1.0}, "start_s"),
        ({"duration_s": 0.0}, "duration_s"),
        ({"duration_s": 1e-9}, "less than a sample"),
        ({"block_samples": 0}, "block_samples must be at least 1, not 0"),
    ],
)
def test_a_stretch_that_cannot_be_is_refused(folder, wrong, words):
    with pytest.raises(SettingError, match=words):
        sound_blocks(folder / "a.wav", **wrong)


def test_a_stretch_behind_the_end_is_refused(folder):
    with pytest.raises(AudioError, match=r"the stretch begins at 2\.000 s, and the sound ends at 1\.000 s"):
        sound_blocks(folder / "a.wav", start_s=2.0)


def test_a_file_without_samples_is_refused(tmp_path):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(0), RATE, format="WAV")
    (tmp_path / "a.wav").write_bytes(file.getvalue())
    with pytest.raises(AudioError, match="holds no samples"):
        sound_blocks(tmp_path / "a.wav")
