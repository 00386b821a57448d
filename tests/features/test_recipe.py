import json

import pytest

from earmark.audio.segments import Segments
from earmark.errors import SettingError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.features.recipe import make_settings, recipe_from_json, recipe_to_json
from earmark.models.mlp import MlpSettings


@pytest.mark.parametrize("name", FRONT_ENDS)
@pytest.mark.parametrize("segments", [None, Segments(length_samples=100, hop_samples=50)])
def test_a_recipe_of_every_front_end_comes_back_from_json_as_it_was(name, segments):
    recipe = Recipe(front_end=name, settings=FRONT_ENDS[name].settings(), segments=segments)
    assert recipe_from_json(json.loads(json.dumps(recipe_to_json(recipe)))) == recipe


def test_an_unknown_setting_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="no setting called 'dropuot': did you mean 'dropout'"):
        make_settings(MlpSettings, {"dropuot": 0.1})


def test_a_list_becomes_a_tuple():
    assert make_settings(MlpSettings, {"n_hidden": [8, 4]}).n_hidden == (8, 4)


def test_a_front_end_of_another_version_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="no front end called 'mfccs': did you mean 'mfcc'"):
        recipe_from_json({"front_end": {"name": "mfccs"}, "segments": None})
