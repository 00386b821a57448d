import json

import pytest

from earmark.audio.segments import Segments
from earmark.features.extract import Recipe
from earmark.features.mfcc import MfccSettings
from earmark.models.blueprint import Blueprint
from earmark.models.mlp import MlpSettings


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
