import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from earmark.audio.read import read_sound
from earmark.augment.chain import parse_steps
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError, SplitError
from earmark.experiment import prepare as module
from earmark.experiment.augmentation import augment_dataset
from earmark.experiment.prepare import (
    baseline_recipe,
    data_key,
    prepare,
    prepare_dataset,
    resolved,
)
from earmark.features.apply import segment_features
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import extract_features
from earmark.features.store import FeatureStore

NOWHERE = FeatureStore(None)
COUNTS = {"dog": 4, "rain": 4, "sea": 4}


@pytest.fixture
def data(tmp_path, write_tones):
    return write_tones(tmp_path / "sounds", COUNTS)


def computed(clip, recipe):
    """Return the features of one clip, read anew."""
    waveform, _ = read_sound(clip.path, sample_rate=22050)
    return segment_features(waveform, FRONT_ENDS[recipe.front_end].build(recipe.settings).eval(), recipe.segments)


def sides(prepared):
    """Return the names of the clips of each part."""
    return [{prepared.dataset[clip].name for clip in getattr(prepared.split, part)} for part in module_parts()]


def module_parts():
    return ("train", "validation", "test")


# ---------------------------------------------------------------- features and their clips


@pytest.mark.slow
def test_every_clip_has_its_own_features_and_one_place(data, configure):
    prepared = prepare(configure(data), store=NOWHERE)

    assert [clip.name for clip in prepared.dataset] == [clip.name for clip in open_dataset(data)]
    assert len(prepared.features) == len(prepared.baseline) == 12
    for clip, features, baseline in zip(prepared.dataset, prepared.features, prepared.baseline, strict=True):
        np.testing.assert_array_equal(features, computed(clip, prepared.recipe))
        np.testing.assert_array_equal(baseline, computed(clip, baseline_recipe()))
    train, validation, test = sides(prepared)
    assert len(train | validation | test) == len(train) + len(validation) + len(test) == 12


@pytest.mark.slow
def test_bad_files_are_left_out_and_the_rest_stay_with_their_features(data, configure):
    (data / "dog" / "dog0.wav").write_text("this is no sound")
    (data / "rain" / "rain2.wav").write_bytes(b"")
    (data / "sea" / "aaa.wav").write_bytes(b"RIFF")

    prepared = prepare(configure(data), store=NOWHERE)

    assert [file.name for file in prepared.bad] == ["dog/dog0.wav", "rain/rain2.wav", "sea/aaa.wav"]
    assert len(prepared.dataset) == len(prepared.features) == len(prepared.baseline) == 10
    for clip, features in zip(prepared.dataset, prepared.features, strict=True):
        np.testing.assert_array_equal(features, computed(clip, prepared.recipe))
    assert not {file.name for file in prepared.bad} & set.union(*sides(prepared))
    assert max(map(max, (prepared.split.train, prepared.split.validation, prepared.split.test))) == 9


@pytest.mark.slow
@pytest.mark.parametrize("n_bad", [1, 2])
def test_no_copy_is_tested_on_either_where_a_bad_file_changes_the_split(tmp_path, write_tones, configure, n_bad):
    sounds = write_tones(tmp_path / "sounds", {"dog": 9, "rain": 9})
    augment_dataset(sounds, tmp_path / "more", steps=parse_steps(["gain"]))
    for path in sorted((tmp_path / "more" / "sounds").rglob("*.wav"))[:n_bad]:
        path.write_bytes(b"no sound")

    prepared = prepare(configure(tmp_path / "more"), store=FeatureStore(None))

    names = [clip.name for clip in prepared.dataset]
    tested = [names[clip] for clip in (*prepared.split.validation, *prepared.split.test)]
    assert not [name for name in tested if "-aug" in name]
    assert [name for name in names if "-aug" in name]
    assert len(prepared.bad) == n_bad
    assert len(prepared.features) == len(prepared.baseline) == len(prepared.contents) == len(names)
    index = next(index for index, name in enumerate(names) if name in tested)
    clip = prepared.dataset[index]
    (own,) = extract_features([clip], [prepared.recipe], store=FeatureStore(None))
    assert np.array_equal(prepared.features[index], own.arrays[0])


def test_one_bad_file_stops_everything_if_asked(data, configure):
    (data / "dog" / "dog0.wav").write_text("this is no sound")

    with pytest.raises(DataError, match=r"1 of 12 files could not be read: dog/dog0\.wav"):
        prepare(configure(data), store=NOWHERE, strict=True)


def test_a_label_none_of_whose_sounds_can_be_read_is_told(data, configure):
    for path in (data / "rain").iterdir():
        path.write_text("this is no sound")

    prepared = prepare(configure(data), store=NOWHERE)

    assert prepared.dataset.labels == ("dog", "sea")
    assert any("'rain'" in note for note in prepared.dataset.notes)


@pytest.mark.slow
def test_one_class_that_is_left_is_no_choice(data, configure):
    for label in ("rain", "sea"):
        for path in (data / label).iterdir():
            path.write_text("this is no sound")

    with pytest.raises(DataError, match=r"one class only is left, 'dog'.*8 of 12 files") as caught:
        prepare(configure(data), store=NOWHERE)

    assert "\n" not in str(caught.value)


def test_a_data_set_of_one_class_is_refused_before_a_sound_is_read(data, configure, monkeypatch):
    monkeypatch.setattr(module, "extract_features", lambda *_, **__: pytest.fail("sounds were read"))
    dogs = open_dataset(data).subset([0, 1, 2, 3])

    with pytest.raises(DataError, match="one class only, 'dog'"):
        prepare_dataset(dogs, configure(data), split=lambda _: pytest.fail("it was split"), store=NOWHERE)


def test_no_file_that_can_be_read_is_one_line(data, configure):
    for path in data.rglob("*.wav"):
        path.write_text("this is no sound")

    with pytest.raises(DataError) as caught:
        prepare(configure(data), store=NOWHERE)

    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_silent_clips_are_named_and_used(data, configure, sounds):
    sounds.write("sounds/dog/nothing.wav", kind="silence")

    prepared = prepare(configure(data), store=NOWHERE)

    assert prepared.silent == ("dog/nothing.wav",)
    assert "dog/nothing.wav" in {clip.name for clip in prepared.dataset}


def test_a_split_that_cannot_be_is_said_before_a_sound_is_read(data, configure, monkeypatch):
    monkeypatch.setattr(module, "extract_features", lambda *_, **__: pytest.fail("sounds were read"))

    with pytest.raises(SettingError, match="there is no fold 5"):
        prepare(configure(data, split={"test_fold": 5}), store=NOWHERE)


def test_without_the_bad_files_a_split_may_be_impossible_and_that_is_said(data, configure):
    for label in COUNTS:
        for number in (1, 2, 3):
            (data / label / f"{label}{number}.wav").write_text("this is no sound")

    with pytest.raises(SplitError):
        prepare(configure(data), store=NOWHERE)


@pytest.mark.slow
def test_clips_of_different_lengths_are_refused_where_they_must_be_of_one(tmp_path, write_tones, configure):
    data = write_tones(tmp_path / "sounds", COUNTS)
    write_tones(data, {"owl": 4}, seconds=2.0)

    prepared = prepare(configure(data, segments={"count": 1}), store=NOWHERE)

    assert {len(features) for features in prepared.features} == {1, 2}
    assert {features.shape[1:] for features in prepared.features} == {(13, 44)}


# ---------------------------------------------------------------- what a checkpoint depends on


@pytest.fixture
def key(data, configure):
    """Return the key of a data set and a configuration, prepared anew."""

    def make(path=data, **tables):
        config = configure(path, **tables)
        return data_key(prepare(config, store=NOWHERE), config)

    return make


@pytest.mark.slow
def test_the_same_settings_and_sounds_have_one_key(key):
    assert key() == key()


@pytest.mark.slow
def test_a_data_set_that_was_moved_keeps_its_key(key, data, tmp_path):
    assert key(shutil.copytree(data, tmp_path / "elsewhere")) == key()


@pytest.mark.slow
@pytest.mark.parametrize(
    "tables",
    [
        {"seed": 1},
        {"train": {"max_epochs": 4}},
        {"train": {"max_epochs": 3, "learning_rate": 0.01}},
        {"segments": {"count": 1}},
        {"network": {"name": "mlp"}},
        {"network": {"dropout": 0.1}},
        {"front_end": {"name": "mfcc", "n_mfcc": 20}},
        {"split": {"test_fraction": 0.3}},
    ],
)
def test_another_setting_has_another_key(key, tables):
    assert key(**tables) != key()


@pytest.mark.slow
def test_another_sound_of_the_same_name_has_another_key(key, data, write_tone):
    before = key()
    write_tone(data / "dog" / "dog0.wav", label=0, number=99)

    assert key() != before


@pytest.mark.slow
def test_one_sound_more_or_less_has_another_key(key, data):
    before = key()
    (data / "dog" / "dog0.wav").unlink()

    assert key() != before


def test_another_label_has_another_key(data, configure):
    config = configure(data)
    prepared = prepare(config, store=NOWHERE)
    first, *others = prepared.dataset
    changed = replace(prepared, dataset=Dataset([replace(first, label="sea"), *others], root=data))

    assert data_key(changed, config) != data_key(prepared, config)


def test_the_path_of_the_data_is_made_absolute_and_nothing_else(data, configure, monkeypatch):
    monkeypatch.chdir(data.parent)
    config = configure("sounds")

    assert resolved(config, device="cpu").data.path == str(data.resolve())
    assert replace(resolved(config, device=config.device), data=config.data) == config


def test_preparing_draws_no_global_random_numbers(data, configure):
    torch.manual_seed(1)
    before = torch.get_rng_state()

    prepare(configure(data), store=NOWHERE)

    assert torch.equal(torch.get_rng_state(), before)
