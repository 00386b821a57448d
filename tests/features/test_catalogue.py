import pytest

from earmark.errors import SettingError
from earmark.features.catalogue import FRONT_ENDS


def names(**where):
    return {name for name, kind in FRONT_ENDS.items() if all(getattr(kind, key) == is_ for key, is_ in where.items())}


def test_every_front_end_of_the_notebooks_ships():
    assert {"waveform", "spectrum", "spectrogram", "log-spectrogram", "mel", "log-mel", "mfcc"} <= set(FRONT_ENDS)
    assert {"pcen", "stack", "statistics", "clip-statistics", "given", "picture"} <= set(FRONT_ENDS)
    assert len(FRONT_ENDS) == 13


def test_what_each_takes_is_told():
    assert names(takes="features") == {"given"}
    assert names(takes="picture") == {"picture"}
    assert names(takes="waveform") == set(FRONT_ENDS) - {"given", "picture"}


def test_the_exceptions_are_told():
    assert names(exportable=False) == {"clip-statistics"}
    assert names(bins_follow_length=True) == {"spectrum"}


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="no front end called 'logmel': did you mean 'log-mel'"):
        FRONT_ENDS["logmel"]
