import json

import numpy as np
import pytest

from earmark.augment.chain import parse_steps
from earmark.data.open import open_dataset
from earmark.errors import DataError, SettingError, StorageError
from earmark.experiment.augmentation import augment_dataset
from earmark.experiment.evaluation import evaluate_bundle
from earmark.experiment.export import export_features, make_export_config
from earmark.experiment.run import train_run
from earmark.features.interchange.catalogue import open_features
from earmark.features.store import FeatureStore
from earmark.inference.predictor import Predictor

pytestmark = pytest.mark.slow  # many small pictures or runs; `make test` has them

NOWHERE = FeatureStore(None)


@pytest.fixture
def data(tmp_path, write_tones):
    return write_tones(tmp_path / "sounds", {"dog": 6, "rain": 6})


def export(data, out, *, tables=None, **options):
    segments = {} if options.get("format_name") == "pictures" else {"count": 2}  # pictures are of whole clips
    given = {"data": {"path": str(data)}, "segments": segments} | (tables or {})
    config = make_export_config(given, out, format_name=options.get("format_name"))
    return export_features(config, out, store=NOWHERE, **options)


def train(configure, path, folder, **tables):
    # Given tables keep the defaults of the front end: the features are there already.
    return train_run(configure(path, **({"segments": {}, "front_end": {}} | tables)), folder, store=NOWHERE)


# ---------------------------------------------------------------- every way out, and back in


def test_the_notebooks_file_has_mfcc_and_says_which_class_is_which(tmp_path, data):
    exported = export(data, tmp_path / "data.json")

    assert (exported.format, exported.n_clips, exported.labels) == ("json", 12, ("dog", "rain"))
    content = json.loads((tmp_path / "data.json").read_text())
    assert content["mapping"] == ["dog", "rain"]
    assert content["labels"] == [0] * 12 + [1] * 12
    assert np.array(content["mfcc"]).shape == (24, 22, 13)


@pytest.mark.slow
def test_a_store_is_trained_on_and_hears_sound_afterwards(tmp_path, data, configure):
    export(data, tmp_path / "store")
    result = train(configure, tmp_path / "store", tmp_path / "run")

    assert result.scorecard.clip.n == len(result.prepared.split.test)
    assert Predictor.load(tmp_path / "run").predict_file(data / "dog" / "dog0.wav").label in {"dog", "rain"}


@pytest.mark.slow
def test_a_store_gives_the_same_classifier_as_the_sounds(tmp_path, data, configure):
    tables = {"front_end": {"name": "mfcc"}, "segments": {"count": 2}}
    export(data, tmp_path / "store", tables=tables)
    one = train(configure, tmp_path / "store", tmp_path / "one")
    other = train_run(configure(data), tmp_path / "other", store=NOWHERE)

    assert one.prepared.split == other.prepared.split
    assert one.scorecard.clip == other.scorecard.clip


@pytest.mark.slow
def test_the_notebooks_file_is_trained_on_with_one_line_of_warning(tmp_path, data, configure):
    export(data, tmp_path / "data.json")
    result = train(configure, tmp_path / "data.json", tmp_path / "run")

    (note,) = [note for note in result.notes if "no groups" in note]
    assert "inflated" in note
    assert "\n" not in note
    assert result.scorecard.baseline is not None
    with pytest.raises(SettingError, match="trained on features, and cannot hear sound"):
        Predictor.load(tmp_path / "run").predict_file(data / "dog" / "dog0.wav")


@pytest.mark.slow
def test_a_run_on_features_is_repeated_by_its_own_configuration(tmp_path, data, configure):
    export(data, tmp_path / "data.json")
    first = train(configure, tmp_path / "data.json", tmp_path / "run")
    again = train_run(first.folder.read_config(), tmp_path / "again", store=NOWHERE)

    assert again.scorecard == first.scorecard


@pytest.mark.slow
def test_pictures_go_to_records_and_both_are_trained_on(tmp_path, data, configure):
    export(data, tmp_path / "pictures", format_name="pictures", picture="mel")
    export(tmp_path / "pictures", tmp_path / "records", format_name="tfrecord", tables={"segments": {}})
    one, other = (
        train(configure, tmp_path / name, tmp_path / f"run {name}", train={"max_epochs": 1})
        for name in ("pictures", "records")
    )

    assert one.prepared.recipe.front_end == other.prepared.recipe.front_end == "picture"
    assert {array.shape for array in one.prepared.features} == {(1, 4, 75, 150)}
    for run, name in ((one, "pictures"), (other, "records")):
        assert set(run.prepared.contents) == set(one.prepared.contents), name
    picture = next((tmp_path / "pictures" / "dog").glob("*.png"))
    assert Predictor.load(tmp_path / "run pictures").predict_file(picture).label in {"dog", "rain"}


def test_groups_and_folds_travel_with_pictures_and_records(tmp_path, data):
    rows = [
        f"sounds/{label}/{label}{n}.wav,{label},{label}{n // 2},{1 + n % 3}"
        for label in ("dog", "rain")
        for n in range(6)
    ]
    table = tmp_path / "clips.csv"
    table.write_text("\n".join(["path,label,group,fold", *rows]) + "\n")
    export(table, tmp_path / "pictures", format_name="pictures")
    export(tmp_path / "pictures", tmp_path / "records", format_name="tfrecord", tables={"segments": {}})

    assert sorted(path.name for path in (tmp_path / "records").glob("*.tfrecord")) == [
        f"fold{n}.tfrecord" for n in (1, 2, 3)
    ]
    for name in ("pictures", "records"):
        dataset = open_features(tmp_path / name).dataset
        assert sorted((clip.label, clip.group, clip.fold) for clip in dataset) == sorted(
            (label, f"{label}{n // 2}", 1 + n % 3) for label in ("dog", "rain") for n in range(6)
        )


@pytest.mark.slow
def test_a_classifier_is_scored_on_features_and_on_pictures(tmp_path, data, configure):
    export(data, tmp_path / "data.json")
    train(configure, tmp_path / "data.json", tmp_path / "run")
    evaluation = evaluate_bundle(tmp_path / "run", open_features(tmp_path / "data.json"))

    assert evaluation.scorecard.clip.n == 24
    assert evaluation.scorecard.baseline is not None
    (note,) = evaluation.notes
    assert "were learnt from" in note


def test_a_classifier_of_sound_is_scored_on_a_store_of_its_own_features(tmp_path, data, configure):
    train_run(configure(data), tmp_path / "run", store=NOWHERE)
    export(data, tmp_path / "store", tables={"front_end": {"name": "mfcc"}})
    assert evaluate_bundle(tmp_path / "run", open_features(tmp_path / "store")).scorecard.clip.n == 12


@pytest.mark.slow
def test_a_picture_run_is_scored_on_other_pictures(tmp_path, data, configure):
    export(data, tmp_path / "pictures", format_name="pictures", picture="waveform")
    train(configure, tmp_path / "pictures", tmp_path / "run", train={"max_epochs": 1})
    evaluation = evaluate_bundle(tmp_path / "run", open_features(tmp_path / "pictures"))
    assert evaluation.scorecard.clip.n == 12
    assert evaluation.scorecard.baseline is not None
    assert "were learnt from" in evaluation.notes[0]


def test_a_run_on_a_store_is_scored_on_sounds_and_knows_those_it_learnt_from(tmp_path, data, configure):
    export(data, tmp_path / "store")
    train(configure, tmp_path / "store", tmp_path / "run")
    evaluation = evaluate_bundle(tmp_path / "run", open_dataset(data))
    assert evaluation.scorecard.clip.n == 12
    assert any("baseline" in note and "left out" in note for note in evaluation.notes)
    assert any("were learnt from" in note for note in evaluation.notes)


@pytest.mark.slow
def test_a_run_on_sounds_knows_a_store_of_what_it_learnt_from(tmp_path, data, configure):
    train_run(configure(data), tmp_path / "run", store=NOWHERE)
    export(data, tmp_path / "store", tables={"front_end": {"name": "mfcc"}})
    notes = evaluate_bundle(tmp_path / "run", open_features(tmp_path / "store")).notes
    assert any("of 12 sounds were learnt from" in note for note in notes)


@pytest.mark.slow
def test_what_cannot_be_compared_is_said(tmp_path, data, configure):
    export(data, tmp_path / "store", tables={"front_end": {"name": "mfcc"}})
    export(data, tmp_path / "data.json")
    train(configure, tmp_path / "data.json", tmp_path / "run")
    evaluation = evaluate_bundle(tmp_path / "run", open_features(tmp_path / "store"))
    assert any("cannot be checked" in note for note in evaluation.notes)


@pytest.mark.slow
def test_a_run_on_features_is_not_scored_on_sounds(tmp_path, data, configure):
    export(data, tmp_path / "data.json")
    train(configure, tmp_path / "data.json", tmp_path / "run")
    with pytest.raises(SettingError, match="trained on features, and cannot hear sound"):
        evaluate_bundle(tmp_path / "run", open_dataset(data))


@pytest.mark.slow
def test_features_of_another_shape_are_refused_in_one_line(tmp_path, data, configure):
    export(data, tmp_path / "data.json")
    export(data, tmp_path / "long.json", tables={"segments": {"count": 1}})
    train(configure, tmp_path / "data.json", tmp_path / "run")
    with pytest.raises(SettingError, match=r"takes features of 13 bins and 22 frames, and .* has 13 and 44"):
        evaluate_bundle(tmp_path / "run", open_features(tmp_path / "long.json"))


def test_unknown_groups_stay_unknown(tmp_path, data):
    export(data, tmp_path / "data.json")
    export(tmp_path / "data.json", tmp_path / "records", format_name="tfrecord", tables={"segments": {}})
    export(tmp_path / "records", tmp_path / "store", tables={"segments": {}})
    for name in ("records", "store"):
        table = open_features(tmp_path / name)
        assert not table.groups_known
        assert any("inflated" in note for note in table.dataset.notes)


def test_statistics_in_a_store_are_what_a_network_on_whole_clips_learns_from(tmp_path, data, configure):
    export(data, tmp_path / "store", tables={"front_end": {"name": "statistics"}, "segments": {}})
    result = train(configure, tmp_path / "store", tmp_path / "run", network={"name": "svm"})
    assert {array.shape for array in result.prepared.features} == {(1, 100, 1)}
    assert Predictor.load(tmp_path / "run").predict_file(data / "dog" / "dog0.wav").label in {"dog", "rain"}


@pytest.mark.slow
def test_a_network_on_whole_clips_learns_from_the_notebooks_file(tmp_path, data, configure):
    export(data, tmp_path / "data.json")
    result = train(configure, tmp_path / "data.json", tmp_path / "run", network={"name": "svm"})
    assert {array.shape for array in result.prepared.features} == {(1, 65, 1)}


# ---------------------------------------------------------------- what is computed, and what is not


def test_a_store_is_not_made_again_when_nothing_changed(tmp_path, data, monkeypatch):
    export(data, tmp_path / "store")
    monkeypatch.setattr("earmark.features.extract.segment_features", lambda *_: pytest.fail("computed again"))
    assert export(data, tmp_path / "store").n_clips == 12


def test_bad_sounds_are_left_out_and_named(tmp_path, data):
    (data / "dog" / "bad.wav").write_bytes(b"RIFF")
    for name in ("store", "data.json"):
        exported = export(data, tmp_path / name)
        assert [file.name for file in exported.bad] == ["dog/bad.wav"]
        assert len(open_features(tmp_path / name).dataset) == (12 if name == "store" else 24)
        assert exported.to_json()["left_out"][0]["path"] == "dog/bad.wav"
    assert [f.name for f in export(data, tmp_path / "p", format_name="pictures").bad] == ["dog/bad.wav"]


def test_bad_sounds_stop_everything_if_that_is_asked_for(tmp_path, data):
    (data / "dog" / "bad.wav").write_bytes(b"RIFF")
    for out in ("store", "pictures"):
        with pytest.raises(DataError, match=r"dog/bad\.wav"):
            export(data, tmp_path / out, strict=True, format_name=out)
        assert open_features(tmp_path / out) is None


@pytest.mark.parametrize("format_name", ["store", "pictures", "tfrecord"])
def test_copies_are_not_exported_for_nobody_could_tell_them_from_sounds(tmp_path, data, format_name):
    augment_dataset(data, tmp_path / "more", steps=parse_steps(["gain"]))
    exported = export(tmp_path / "more", tmp_path / "out", format_name=format_name)

    assert exported.n_clips == 12
    assert any("12 augmented copies left out" in note for note in exported.notes)


@pytest.mark.parametrize("name", ["out", "data.json"])
def test_a_few_clips_of_each_class_can_be_taken(tmp_path, data, name):
    assert export(data, tmp_path / name, per_class=2).n_clips == 4


def test_a_few_clips_of_each_class_can_be_taken_of_a_store(tmp_path, data):
    export(data, tmp_path / "store")
    exported = export(
        tmp_path / "store",
        tmp_path / "few.json",
        per_class=1,
        tables={"segments": {}, "front_end": {"name": "log-mel"}},
        format_name="tfrecord",
    )
    assert exported.n_clips == 2


def test_clips_are_not_lost_from_a_store_unless_told(tmp_path, data):
    export(data, tmp_path / "store")
    with pytest.raises(StorageError, match="holds 10 clips that would be lost"):
        export(data, tmp_path / "store", per_class=1)
    assert len(open_features(tmp_path / "store").dataset) == 12
    assert export(data, tmp_path / "store", per_class=1, overwrite=True).n_clips == 2


def test_statistics_are_of_whole_clips(tmp_path, data):
    tables = {"front_end": {"name": "statistics"}, "segments": {}}
    export(data, tmp_path / "store", tables=tables)
    assert {array.shape for array in open_features(tmp_path / "store").arrays} == {(1, 100, 1)}


# ---------------------------------------------------------------- what is refused, and leaves nothing behind


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"format_name": "jsn"}, SettingError, "did you mean 'json'"),
        ({"picture": "mell"}, SettingError, "did you mean 'mel'"),
        ({"picture": "mel"}, SettingError, "pictures are written as pictures or tfrecord"),
        (
            {"tables": {"front_end": {"name": "log-mel"}}, "format_name": "json"},
            SettingError,
            "the JSON file holds MFCC",
        ),
        ({"per_class": 0}, SettingError, "at least 1"),
        ({"n_workers": 0, "format_name": "pictures"}, SettingError, "n_workers must be"),
        (
            {"format_name": "pictures", "tables": {"segments": {"count": 2}}},
            SettingError,
            "leave segments and front end",
        ),
        ({"tables": {"frontend": {"n_mels": 20}}}, SettingError, "did you mean 'front_end'"),
        ({"tables": {"front_end": {"name": "picture"}}}, SettingError, "takes pictures, not sounds"),
        ({"tables": {"front_end": {"name": "mfcc", "n_fft": 2**31}}}, SettingError, "n_fft must be at most"),
        ({"tables": {"front_end": {"name": "mfcc", "hop_samples": 0}}}, SettingError, r"front_end\.hop_samples"),
        ({"tables": {"front_end": {"name": "mfcc", "n_mfcc": 200}}}, SettingError, r"front_end\.n_mfcc"),
    ],
)
def test_what_cannot_be_is_one_clear_line_and_nothing_is_written(tmp_path, data, options, error, message):
    with pytest.raises(error, match=message):
        export(data, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_overwritten_without_being_told(tmp_path, data):
    (tmp_path / "data.json").write_text('{"mine": 1}')
    with pytest.raises(StorageError, match="exists: name another place, or give --overwrite"):
        export(data, tmp_path / "data.json")
    assert (tmp_path / "data.json").read_text() == '{"mine": 1}'


def test_features_have_no_sound_to_draw(tmp_path, data):
    export(data, tmp_path / "store")
    with pytest.raises(SettingError, match="holds no sound to draw"):
        export(tmp_path / "store", tmp_path / "out", format_name="pictures", picture="mel")
