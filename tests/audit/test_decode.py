from dataclasses import replace

import numpy as np
import pytest

from earmark.audio.read import read_sound
from earmark.audit.decode import clip_blocks, mix_of
from earmark.errors import AudioError

RATE = 22050
LEFT = (0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
RIGHT = (0.1 * np.random.default_rng(1).standard_normal(RATE)).astype(np.float32)


def decoded(clip):
    return np.concatenate(list(clip_blocks(clip)), axis=1)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_mix_is_what_a_training_hears(write_sound, dataset_of, suffix, n_channels):
    path = write_sound(f"x/a.{suffix}", [LEFT, RIGHT][:n_channels])
    channels = decoded(dataset_of(f"x/a.{suffix}")[0])
    heard, _ = read_sound(path)
    assert channels.shape == (n_channels, len(heard))
    np.testing.assert_allclose(mix_of(channels), heard, atol=1e-6)


def test_each_channel_is_there_as_it_was_written(write_sound, dataset_of):
    write_sound("x/a.wav", [LEFT, RIGHT], subtype="FLOAT")
    np.testing.assert_array_equal(decoded(dataset_of("x/a.wav")[0]), [LEFT, RIGHT])


def test_of_a_stretch_all_channels_of_it_are_decoded(write_sound, dataset_of):
    write_sound("x/a.wav", [LEFT, RIGHT], subtype="FLOAT")
    stretch = replace(dataset_of("x/a.wav")[0], start_s=0.2, end_s=0.5)
    places = slice(RATE // 5, RATE // 2)
    np.testing.assert_array_equal(decoded(stretch), [LEFT[places], RIGHT[places]])


def test_a_fault_in_one_of_several_channels_is_told_in_the_words_of_reading(write_sound, dataset_of):
    broken = RIGHT.copy()
    broken[100] = np.nan
    write_sound("x/a.wav", [LEFT, broken], subtype="FLOAT")
    with pytest.raises(AudioError, match="1 of 22050 samples are not finite"):
        decoded(dataset_of("x/a.wav")[0])


def test_a_missing_file_is_an_error_of_its_own(dataset_of):
    with pytest.raises(AudioError, match="no such file"):
        clip_blocks(dataset_of("x/none.wav")[0])
