from dataclasses import fields

import pytest

from earmark.errors import SettingError
from earmark.features.catalogue import FRONT_ENDS
from earmark.models.catalogue import NETWORKS
from earmark.train.settings import TrainSettings

TRAIN_KEYS = {field.name for field in fields(TrainSettings)}


def test_every_network_names_a_front_end_that_ships():
    assert {kind.front_end for kind in NETWORKS.values()} <= set(FRONT_ENDS)


def test_an_unknown_network_is_answered_with_the_nearest():
    with pytest.raises(SettingError, match="there is no network called 'cn': did you mean 'cnn'"):
        NETWORKS["cn"]


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_network_likes_of_a_front_end_is_something_that_its_front_end_takes(name):
    kind = NETWORKS[name]
    liked = kind.defaults.get("front_end", {})

    assert set(liked) <= {field.name for field in fields(FRONT_ENDS[kind.front_end].settings)}
    FRONT_ENDS[kind.front_end].settings(**liked)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_network_likes_of_training_has_names_that_training_knows(name):
    assert set(NETWORKS[name].defaults) <= {"augment", "front_end", "split", "train"}
    assert set(NETWORKS[name].defaults.get("train", {})) <= TRAIN_KEYS


def test_what_a_network_likes_cannot_be_changed():
    defaults = NETWORKS["resnet-mel"].defaults

    with pytest.raises(TypeError):
        defaults["train"] = {}
    with pytest.raises(TypeError):
        defaults["train"]["learning_rate"] = 1.0


def test_two_seconds_of_sound_are_enough_for_the_network_on_waveforms_with_what_it_likes():
    kind = NETWORKS["wave-cnn"]
    front_end = FRONT_ENDS["waveform"].settings(**kind.defaults["front_end"])
    n_frames = 2 * front_end.sample_rate // front_end.decimation

    kind.build(n_bins=1, n_frames=n_frames, n_classes=2, settings=kind.settings())


def test_pictures_of_the_usual_size_are_large_enough_for_the_network_on_pictures_with_what_it_likes():
    kind = NETWORKS["alexnet"]
    front_end = FRONT_ENDS["picture"].settings(**kind.defaults["front_end"])

    kind.build(
        n_bins=front_end.n_rows // front_end.reduce,
        n_frames=front_end.n_columns // front_end.reduce,
        n_channels=4,
        n_classes=2,
        settings=kind.settings(),
    )


def test_settings_are_of_one_network_only():
    kinds = [kind.settings for kind in NETWORKS.values()]

    assert len(set(kinds)) == len(kinds)
