import numpy as np
import pytest

from earmark.audio.segments import Segments
from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.errors import DataError, SettingError
from earmark.experiment.config import make_config
from earmark.experiment.tables import (
    GIVEN,
    SUMMARY,
    refuse_front_end,
    refuse_searched,
    summaries,
    table_features,
    table_recipe,
)
from earmark.features.extract import Recipe
from earmark.features.interchange.table import FeatureTable
from earmark.features.mfcc import MfccSettings
from earmark.features.picture import PictureSettings

MADE = Recipe(front_end="mfcc", settings=MfccSettings(), segments=Segments(length_samples=22050, hop_samples=11025))


class Torn(list):
    """Arrays of which one cannot be read."""

    def __getitem__(self, index):
        if index == 1:
            raise DataError("b.png is broken")
        return super().__getitem__(index)


def table(arrays, *, recipe=None, is_pictures=False):
    clips = [Clip(name=f"{n}", path="x", label="ab"[n % 2], group=f"{n}") for n in range(len(arrays))]
    return FeatureTable(dataset=Dataset(clips, "data.json"), arrays=arrays, recipe=recipe, is_pictures=is_pictures)


def features(n=4):
    return [np.random.default_rng(i).standard_normal((3, 5, 11)).astype(np.float32) for i in range(n)]


def pictures(n=4, rows=300, columns=600):
    return [np.full((rows, columns, 4), 50 * i, dtype=np.uint8) for i in range(n)]


def config(**tables):
    return make_config({"data": {"path": "data.json"}} | tables)


# ---------------------------------------------------------------- which recipe a classifier gets


def test_features_of_unknown_making_are_taken_as_given():
    assert table_recipe(table(features()), config()) == GIVEN


def test_features_of_known_making_keep_their_recipe():
    assert table_recipe(table(features(), recipe=MADE), config()) == MADE


def test_the_recipe_may_be_said_again_as_a_runs_own_configuration_does():
    said = {"front_end": {"name": "mfcc"}, "segments": {"segment_s": 1.0, "hop_s": 0.5}}
    assert table_recipe(table(features(), recipe=MADE), config(**said)) == MADE
    assert table_recipe(table(features()), config(front_end={"name": "given"})) == GIVEN


@pytest.mark.parametrize(
    "said",
    [
        {"front_end": {"name": "mfcc", "n_mfcc": 20}},
        {"front_end": {"name": "spectrogram"}},
        {"front_end": {"name": "picture"}},
    ],
)
@pytest.mark.parametrize("recipe", [None, MADE])
def test_another_front_end_is_refused(said, recipe):
    with pytest.raises(SettingError, match=r"data\.json holds features already, and no sound.*leave the front end out"):
        table_recipe(table(features(), recipe=recipe), config(**said))


@pytest.mark.parametrize("recipe", [None, MADE])
def test_segments_are_refused(recipe):
    with pytest.raises(SettingError, match="cut already: leave the segments out"):
        table_recipe(table(features(), recipe=recipe), config(segments={"count": 10}))


def test_a_network_on_whole_clips_gets_statistics_of_the_features():
    assert table_recipe(table(features(), recipe=MADE), config(network={"name": "svm"})) == SUMMARY


def test_pictures_are_made_smaller_by_a_whole_number():
    assert table_recipe(table(pictures(), is_pictures=True), config()).settings == PictureSettings(reduce=4)
    small = table(pictures(rows=28, columns=40), is_pictures=True)
    assert table_recipe(small, config()).settings == PictureSettings(n_rows=28, n_columns=40, reduce=1)


def test_pictures_keep_the_size_that_is_asked_for():
    said = config(front_end={"name": "picture", "reduce": 2})
    recipe = table_recipe(table(pictures(rows=100, columns=200), is_pictures=True), said)
    assert recipe.settings == PictureSettings(n_rows=100, n_columns=200, reduce=2)


def test_pictures_have_no_sound():
    with pytest.raises(SettingError, match="holds pictures already, and no sound to make 'mfcc' from"):
        table_recipe(table(pictures(), is_pictures=True), config(front_end={"name": "mfcc", "n_mfcc": 20}))


@pytest.mark.parametrize(("recipe", "own"), [(None, "given"), (MADE, "mfcc")])
def test_a_front_end_that_was_named_is_the_tables_own_or_refused(recipe, own):
    refuse_front_end(table(features(), recipe=recipe), config(front_end={"name": own}))
    with pytest.raises(SettingError, match=r"no sound to make 'log-mel' from: leave the front end out"):
        refuse_front_end(table(features(), recipe=recipe), config(front_end={"name": "log-mel"}))


@pytest.mark.parametrize("key", ["front_end.name", "front_end.n_mels", "segments.count"])
def test_what_features_have_settled_is_not_searched(key):
    with pytest.raises(SettingError, match=rf"^{key}: cannot be searched: data\.json holds features already"):
        refuse_searched(["train.learning_rate", key], config())


def test_how_far_pictures_are_made_smaller_may_be_searched():
    said = config(front_end={"name": "picture"})
    refuse_searched(["front_end.reduce", "network.dropout"], said)
    with pytest.raises(SettingError, match=r"front_end\.name: cannot be searched"):
        refuse_searched(["front_end.name"], said)


# ---------------------------------------------------------------- what a network sees


def test_features_are_seen_as_they_are():
    raw = features()
    seen = table_features(table(raw), GIVEN)
    assert seen.kept == (0, 1, 2, 3)
    assert not seen.bad
    for array, again in zip(raw, seen.arrays, strict=True):
        np.testing.assert_array_equal(array, again)


def test_equal_arrays_have_one_content_and_others_another():
    raw = features(3)
    seen = table_features(table([raw[0], raw[1], raw[0].copy(), raw[2], raw[2].reshape(5, 3, 11)]), GIVEN)
    assert seen.contents[0] == seen.contents[2]
    assert len(set(seen.contents)) == 4


def test_pictures_become_channels_from_0_to_1():
    seen = table_features(table(pictures(), is_pictures=True), Recipe(front_end="picture", settings=PictureSettings()))
    assert {array.shape for array in seen.arrays} == {(1, 4, 75, 150)}
    np.testing.assert_allclose([array.mean() for array in seen.arrays], [0, 50 / 255, 100 / 255, 150 / 255], atol=1e-6)


def test_a_broken_picture_is_named_and_left_out():
    seen = table_features(
        table(Torn(pictures()), is_pictures=True), Recipe(front_end="picture", settings=PictureSettings())
    )
    assert seen.kept == (0, 2, 3)
    assert [(file.name, file.reason) for file in seen.bad] == [("1", "b.png is broken")]


def test_a_broken_picture_stops_everything_if_that_is_asked_for():
    with pytest.raises(DataError, match=r"1 of 4 files could not be read: 1 \(b\.png is broken\)"):
        table_features(
            table(Torn(pictures()), is_pictures=True),
            Recipe(front_end="picture", settings=PictureSettings()),
            strict=True,
        )


@pytest.mark.parametrize(
    ("held", "recipe", "message"),
    [
        (table(features()), MADE, "takes 'mfcc' made from sound, and data.json holds features made in another way"),
        (table(features(), recipe=MADE), Recipe(front_end="picture", settings=PictureSettings()), "takes pictures"),
        (table(pictures(), is_pictures=True), GIVEN, "takes features, and data.json holds pictures"),
    ],
)
def test_what_the_classifier_does_not_take_is_refused(held, recipe, message):
    with pytest.raises(SettingError, match=message):
        table_features(held, recipe)


def test_a_classifier_of_sound_takes_the_features_that_it_would_make():
    assert len(table_features(table(features(), recipe=MADE), MADE).arrays) == 4


# ---------------------------------------------------------------- statistics for the baseline


def test_the_statistics_are_over_all_frames_of_all_segments():
    (array,) = features(1)
    (summary,) = summaries([array])
    frames = np.concatenate(list(array), axis=-1)  # (n_bins, n_segments * n_frames)
    assert summary.shape == (1, 25, 1)
    np.testing.assert_allclose(summary[0, :5, 0], frames.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(summary[0, 5:10, 0], frames.std(axis=1), atol=1e-6)
    np.testing.assert_allclose(summary[0, 10:20, 0], [*frames.min(axis=1), *frames.max(axis=1)])


def test_channels_are_bins_of_their_own():
    array = np.random.default_rng(0).standard_normal((1, 4, 6, 9)).astype(np.float32)
    (summary,) = summaries([array])
    assert summary.shape == (1, 5 * 24, 1)
    np.testing.assert_allclose(summary[0, :24, 0], array[0].reshape(24, 9).mean(axis=1), atol=1e-6)


def test_a_network_on_whole_clips_sees_the_statistics():
    raw = features()
    seen = table_features(table(raw), SUMMARY)
    np.testing.assert_array_equal(seen.arrays[2], summaries([raw[2]])[0])
