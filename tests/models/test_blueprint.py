import json
from dataclasses import replace

import pytest
from torch import nn

from earmark.audio.segments import Segments
from earmark.errors import SettingError
from earmark.features.extract import Recipe
from earmark.features.mfcc import MfccSettings
from earmark.models.blueprint import Blueprint
from earmark.models.mlp import MlpSettings
from earmark.models.own import OWN, own_network


def blueprint(segments):
    return Blueprint(
        labels=("dog", "Regen ü"),
        recipe=Recipe(front_end="mfcc", settings=MfccSettings(n_mfcc=20), segments=segments),
        network="mlp",
        network_settings=MlpSettings(n_hidden=(8, 4)),
        n_bins=20,
        n_frames=33,
    )


@pytest.mark.parametrize("segments", [None, Segments(length_samples=100, hop_samples=50)])
def test_it_comes_back_from_json_as_it_was(segments):
    written = json.loads(json.dumps(blueprint(segments).to_json()))

    assert Blueprint.from_json(written) == blueprint(segments)


def test_a_network_of_the_users_own_is_written_as_where_it_comes_from_and_comes_back_with_it():
    own = own_network(nn.Flatten())
    mine = replace(blueprint(None), network=OWN, network_settings=own)
    written = json.loads(json.dumps(mine.to_json()))

    assert written["network"] == {"name": "own", "path": "torch.nn.modules.flatten.Flatten"}
    assert Blueprint.from_json(written, own=own) == mine
    assert isinstance(Blueprint.from_json(written, own=own).kind.build(n_bins=1, n_frames=1, n_classes=2), nn.Flatten)
    with pytest.raises(SettingError, match=r"not one that ships but torch\.nn\.modules\.flatten\.Flatten"):
        Blueprint.from_json(written)


# ---------------------------------------------------------------- none of these


def test_labels_that_mean_none_of_these_are_written_down():
    found = replace(blueprint(None), labels=("dog", "noise"), background=("noise",))
    value = found.to_json()

    assert value["background"] == ["noise"]
    assert Blueprint.from_json(value) == found


def test_they_are_known_by_their_names_where_an_older_version_wrote_nothing_and_what_is_written_counts():
    value = {**blueprint(None).to_json(), "labels": ["dog", "noise"]}
    del value["background"]

    assert Blueprint.from_json(value).background == ("noise",)
    assert Blueprint.from_json({**value, "background": []}).background == ()
    assert Blueprint.from_json({**value, "background": ["dog"]}).background == ("dog",)


def test_a_class_of_noise_is_known_by_its_name_when_a_classifier_is_built():
    kept = {name: value for name, value in vars(blueprint(None)).items() if name not in {"labels", "background"}}

    assert Blueprint(labels=("_background_noise_", "up"), **kept).background == ("_background_noise_",)


def test_a_background_that_is_no_label_is_named():
    with pytest.raises(SettingError, match=r"the background 'dgo' is no label: did you mean 'dog'"):
        replace(blueprint(None), background=("dgo",))
