from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from earmark.data.clip import Clip

BARK = Clip(name="dog/bark.wav", path=Path("sounds/dog/bark.wav"), label="dog", group="dog/bark.wav")


def test_a_clip_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        BARK.label = "cat"


def test_a_whole_file_has_no_length_of_its_own():
    assert BARK.duration_s is None


def test_a_stretch_lasts_from_its_start_to_its_end():
    assert replace(BARK, start_s=1.5, end_s=4.0).duration_s == 2.5


def test_clips_are_told_apart_by_stretch_and_can_be_kept_in_a_set():
    assert len({BARK, replace(BARK), replace(BARK, start_s=1.0)}) == 2


def test_clips_with_other_columns_differ_and_can_be_hashed():
    other = replace(BARK, extra={"artist": "Rex"})

    assert other != BARK
    assert len({other, BARK}) == 2
