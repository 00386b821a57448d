from dataclasses import replace

import numpy as np
import pytest

from earmark.augment.chain import describe_steps, parse_steps
from earmark.data.open import open_dataset
from earmark.errors import AudioError, SettingError
from earmark.experiment.changes import changes_in_batches, make_versions, resolve_steps, settle_steps
from earmark.experiment.config import AugmentConfig, make_config
from earmark.experiment.cutting import make_recipe
from earmark.features.extract import Recipe, extract_features
from earmark.features.store import FeatureStore


def config(steps=None, *, network="cnn", n_copies=2, path="x", **tables):
    augment = {"n_copies": n_copies} | ({} if steps is None else {"steps": steps})
    return make_config({"data": {"path": str(path)}, "network": {"name": network}, "augment": augment, **tables})


def names(steps):
    return [name for name, _ in steps]


def resolve(config, front_end="log-mel", *, hears_sound=True):
    return resolve_steps(config, front_end=front_end, hears_sound=hears_sound)


def test_a_network_without_wishes_gets_no_changes():
    assert resolve(config()) == ()


def test_a_network_gets_the_changes_that_it_likes():
    assert {"speed", "mix-energies", "time-mask"} <= set(names(resolve(config(network="resnet-mel"))))


def test_what_was_asked_for_goes_before_what_a_network_likes():
    assert names(resolve(config(["gain"], network="resnet-mel"))) == ["gain"]
    assert resolve(config([], network="resnet-mel")) == ()


def test_what_a_network_likes_is_left_out_where_there_are_features_alone():
    likes = names(resolve(config(network="resnet-mel"), "given", hears_sound=False))
    assert likes == ["frequency-mask", "time-mask"]


def test_what_a_network_likes_of_power_is_left_out_where_features_are_no_power():
    likes = names(resolve(config(network="resnet-mel"), "mfcc"))
    assert likes == ["speed", "frequency-mask", "time-mask"]


@pytest.mark.parametrize(
    ("step", "front_end", "hears_sound", "match"),
    [
        ("speed", "given", False, "'speed' changes sounds.*without their sounds.*time-mask"),
        ("power-gain", "mfcc", True, "'power-gain' changes power in dB.*'mfcc'"),
        ("time-mask", "picture", False, "changes features, and there are pictures.*flip"),
        ("flip", "log-mel", True, "'flip' changes pictures"),
    ],
)
def test_what_was_asked_for_and_cannot_be_done_is_refused_with_what_can(step, front_end, hears_sound, match):
    with pytest.raises(SettingError, match=match):
        resolve(config([step]), front_end, hears_sound=hears_sound)


def test_a_classifier_that_learns_all_at_once_is_not_augmented_silently():
    with pytest.raises(SettingError, match=r"'svm' does not learn in batches.*earmark augment"):
        resolve(config(["gain"], network="svm"), "statistics")
    assert resolve(config(network="svm"), "statistics") == ()


def test_unknown_steps_are_refused_with_the_path_of_the_key_and_the_nearest_name():
    with pytest.raises(SettingError, match=r"augment\.steps.*time-mask|augment.*time-mask"):
        config(["time-mas"])


def test_no_copies_are_refused():
    with pytest.raises(SettingError, match=r"augment\.n_copies must be at least 1, not 0"):
        config(["speed"], n_copies=0)


def test_steps_that_are_settled_are_resolved_to_themselves():
    steps = resolve(config(network="resnet-mel"))
    settled = settle_steps(AugmentConfig(n_copies=3), steps)
    assert settled.n_copies == 3
    assert tuple(parse_steps(settled.steps)) == steps


def test_a_configuration_with_steps_comes_back_from_its_tables():
    one = config(["noise:snr_db_low=5:colour=pink", "gain"], network="resnet-mel")
    assert make_config(one.to_dict()) == one
    none = config([], network="resnet-mel")
    assert make_config(none.to_dict()) == none


class TestVersions:
    @pytest.fixture
    def clips(self, tmp_path, write_tones):
        return open_dataset(write_tones(tmp_path / "sounds", {"a": 2, "b": 2}))

    def versions(self, clips, steps, *, seed=0, n_copies=2, store=None):
        settings = config(steps, n_copies=n_copies, seed=seed, segments={"count": 2}, front_end={"name": "mfcc"})
        recipe = make_recipe(settings, clips)
        made = make_versions(clips, recipe, parse_steps(steps), settings, store=store or FeatureStore(None))
        return [[np.array(array) for array in version] for version in made], recipe

    def test_each_has_the_shape_of_the_sound_as_it_is_and_other_numbers(self, clips):
        versions, recipe = self.versions(clips, ["speed", "noise"])
        (plain,) = extract_features(clips, [recipe], store=FeatureStore(None))
        assert len(versions) == 2
        for index, own in enumerate(plain.arrays):
            made = [version[index] for version in versions]
            assert all(array.shape == own.shape for array in made)
            assert not np.allclose(made[0], own)
            assert not np.allclose(made[0], made[1])

    def test_they_follow_from_the_seed_and_the_sound_alone(self, clips):
        all_of_them, _ = self.versions(clips, ["noise"])
        one_less, _ = self.versions(clips.subset([1, 3]), ["noise"])
        other, _ = self.versions(clips, ["noise"], seed=1)
        assert np.array_equal(all_of_them[1][3], one_less[1][1])
        assert not np.array_equal(all_of_them[0][0], other[0][0])

    def test_none_are_made_where_no_step_takes_a_waveform(self, clips):
        assert self.versions(clips, ["time-mask"])[0] == []

    def test_the_store_finds_them_again(self, clips, tmp_path):
        store = FeatureStore(tmp_path / "store")
        first, _ = self.versions(clips, ["gain"], store=store)
        for clip in clips:
            clip.path.write_bytes(clip.path.read_bytes())  # read again, by its content
        again, _ = self.versions(clips, ["gain"], store=store)
        assert np.array_equal(first[0][0], again[0][0])

    def test_a_background_that_is_missing_stops_all_and_no_clip_is_called_bad(self, clips, tmp_path):
        with pytest.raises(AudioError, match=r"gone\.wav"):
            self.versions(clips, [f"background:path={tmp_path / 'gone.wav'}"])


def test_batches_are_changed_by_what_is_no_waveform():
    settings = config(network="resnet-mel")
    recipe = replace(make_recipe_of_log_mel(settings), segments=None)
    changes = changes_in_batches(resolve(settings), recipe)
    assert changes is not None
    assert "speed" not in describe_steps(changes.chain.steps)
    assert changes.is_power_db
    assert changes.top_db == 80.0
    assert changes_in_batches((), recipe) is None


def test_with_steps_on_waveforms_alone_versions_are_drawn_and_batches_left():
    changes = changes_in_batches(parse_steps(["speed"]), make_recipe_of_log_mel(config(network="resnet-mel")))
    assert changes is not None
    assert changes.chain.steps == ()


def make_recipe_of_log_mel(settings):
    return Recipe(front_end="log-mel", settings=settings.front_end.settings)
