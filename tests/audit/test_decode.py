from dataclasses import replace

import numpy as np
import pytest

from earmark.audio.read import read_sound
from earmark.audit import decode as decode_module
from earmark.audit.decode import decode
from earmark.errors import AudioError

RATE = 22050
LEFT = (0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
RIGHT = (0.1 * np.random.default_rng(1).standard_normal(RATE)).astype(np.float32)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_mix_is_what_a_training_hears(write_sound, dataset_of, suffix, n_channels):
    path = write_sound(f"x/a.{suffix}", [LEFT, RIGHT][:n_channels])
    found = decode(dataset_of(f"x/a.{suffix}")[0])
    heard, rate = read_sound(path)
    assert found.channels.shape == (n_channels, len(heard))
    assert found.info.sample_rate == rate
    np.testing.assert_allclose(found.mix, heard, atol=1e-6)


def test_each_channel_is_there_as_it_was_written(write_sound, dataset_of):
    write_sound("x/a.wav", [LEFT, RIGHT], subtype="FLOAT")
    np.testing.assert_array_equal(decode(dataset_of("x/a.wav")[0]).channels, [LEFT, RIGHT])


def test_of_a_stretch_that_stretch_is_decoded(write_sound, dataset_of):
    path = write_sound("x/a.wav", [LEFT, RIGHT], subtype="FLOAT")
    stretch = replace(dataset_of("x/a.wav")[0], start_s=0.25, end_s=0.5)
    expected, _ = read_sound(path, start_s=0.25, duration_s=0.25)
    np.testing.assert_array_equal(decode(stretch).mix, expected)


def test_a_long_clip_of_several_channels_is_mixed_at_once(write_sound, dataset_of, monkeypatch):
    write_sound("x/a.wav", [LEFT, RIGHT])
    monkeypatch.setattr(decode_module, "_MOST_FRAMES", RATE - 1)
    assert decode(dataset_of("x/a.wav")[0]).channels.shape == (1, RATE)


def test_a_fault_in_several_channels_is_told_in_the_words_of_reading(write_sound, dataset_of):
    broken = RIGHT.copy()
    broken[100] = np.nan
    write_sound("x/a.wav", [LEFT, broken], subtype="FLOAT")
    with pytest.raises(AudioError, match="1 of 22050 samples are not finite"):
        decode(dataset_of("x/a.wav")[0])


def test_a_missing_file_is_an_error_of_its_own(dataset_of):
    with pytest.raises(AudioError, match="no such file"):
        decode(dataset_of("x/none.wav")[0])
