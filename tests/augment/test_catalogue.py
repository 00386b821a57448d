from dataclasses import MISSING, fields

import pytest

from earmark.augment.catalogue import AUGMENTATIONS
from earmark.errors import SettingError


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="there is no augmentation called 'pitchshift': did you mean 'pitch-shift'"):
        AUGMENTATIONS["pitchshift"]


def test_only_a_background_has_to_be_given_something():
    wanted = {
        (name, field.name)
        for name, kind in AUGMENTATIONS.items()
        for field in fields(kind.settings)
        if field.default is MISSING
    }
    assert wanted == {("background", "path")}


def test_what_depends_on_the_rate_of_the_sound_says_so():
    with_rate = {
        name for name, kind in AUGMENTATIONS.items() if "sample_rate" in {f.name for f in fields(kind.settings)}
    }
    assert with_rate == {"background", "time-shift", "room"}


def test_every_stage_of_a_training_has_its_augmentations():
    stages = [kind.takes for kind in AUGMENTATIONS.values()]
    assert {stage: stages.count(stage) for stage in stages} == {"waveform": 9, "power": 5, "features": 4, "picture": 4}
    assert [name for name, kind in AUGMENTATIONS.items() if kind.mixes] == ["mix-energies", "mixup"]
