import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from earmark.data.open import open_dataset
from earmark.errors import SettingError, SplitError, StorageError, TrainingError
from earmark.experiment import crossval
from earmark.experiment.config import AugmentConfig
from earmark.experiment.crossval import cross_validate
from earmark.experiment.folder import RunFolder
from earmark.features.store import FeatureStore
from earmark.inference.bundle import load_bundle
from earmark.inference.predictor import Predictor

COUNTS = {"dog": 6, "rain": 6, "sea": 6}


@pytest.fixture(scope="module")
def done(tmp_path_factory, write_tones, configure):
    root = tmp_path_factory.mktemp("folds")
    data = write_tones(root / "sounds", COUNTS)
    store = FeatureStore(root / "store")
    return cross_validate(configure(data), root / "cv", store=store, n_folds=3), data, configure(data), store


def rows(run, name):
    return RunFolder(run.folder.path).read_table(name)


@pytest.mark.slow
def test_every_clip_is_tested_once_by_a_classifier_that_has_not_learnt_from_its_fold(done):
    result, data, *_ = done
    names = [clip.name for clip in open_dataset(data)]
    assert sorted(row["path"] for row in rows(result, "predictions.csv")) == sorted(names)
    fold_of = {row["path"]: row["fold"] for row in rows(result, "folds.csv")}
    for number in (1, 2, 3):
        split = result.folder.fold(number).read_table("split.csv")
        assert {row["path"] for row in split if row["part"] == "test"} == {
            name for name, fold in fold_of.items() if fold == str(number)
        }


def test_the_pooled_scores_are_those_of_the_folds_together(done):
    result, *_ = done
    right = sum(fold.accuracy * fold.n_clips for fold in result.folds)
    assert result.scorecard.clip.n == 18
    assert result.scorecard.clip.accuracy.value == pytest.approx(right / 18)
    baseline = sum(fold.baseline_accuracy * fold.n_clips for fold in result.folds)
    assert result.scorecard.baseline.clip.accuracy.value == pytest.approx(baseline / 18)
    assert result.mean == pytest.approx(np.mean([fold.accuracy for fold in result.folds]))


def test_the_predictions_are_those_of_the_bundle_of_the_fold(done):
    result, data, *_ = done
    fold_of = {row["path"]: int(row["fold"]) for row in rows(result, "folds.csv")}
    for row in rows(result, "predictions.csv")[::5]:
        predictor = Predictor.load(result.folder.fold(fold_of[row["path"]]).path)
        said = predictor.predict_file(data / row["path"])
        assert said.label == row["predicted"]
        assert float(row["dog"]) == pytest.approx(said.probabilities["dog"], abs=1e-4)


def test_the_scorecard_has_the_pooled_scores_and_each_fold(done):
    result, *_ = done
    content = json.loads((result.folder.path / "scorecard.json").read_text())
    assert content["clip"]["n"] == 18
    assert [fold["fold"] for fold in content["folds"]] == [1, 2, 3]
    assert result.folder.read_scorecard() == result.scorecard


@pytest.mark.slow
def test_a_fold_run_by_itself_gives_the_same_weights_and_scores(done, tmp_path):
    result, _, _, store = done
    fold = result.folder.fold(3)  # the last: what others had left behind would show
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)  # whatever was drawn before has no say
        again = crossval.train_run(fold.read_config(), tmp_path / "again", store=store)
    assert again.scorecard == fold.read_scorecard()
    assert [epoch.train_loss for epoch in again.fitted.history] == [epoch.train_loss for epoch in fold.read_history()]
    learnt, _ = load_bundle(fold.bundle_path)
    for name, weight in again.fitted.graph.state_dict().items():
        assert torch.equal(weight, learnt.state_dict()[name]), name


@pytest.mark.slow
def test_published_folds_are_kept(tmp_path, write_tones, configure):
    data = write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4})
    table = tmp_path / "clips.csv"
    lines = [f"sounds/{label}/{label}{n}.wav,{label},{n},{1 + n % 2}" for label in ("dog", "rain") for n in range(4)]
    table.write_text("\n".join(["path,label,group,fold", *lines]) + "\n")
    assert data.is_dir()
    result = cross_validate(configure(table), tmp_path / "cv", store=FeatureStore(None))
    assert [fold.fold for fold in result.folds] == [1, 2]
    with pytest.raises(SettingError, match="2 folds of its own, which are kept"):
        cross_validate(configure(table), tmp_path / "other", store=FeatureStore(None), n_folds=3)


@pytest.mark.slow
def test_what_was_cut_off_is_finished_fold_by_fold(done, tmp_path, monkeypatch):
    _, _, config, store = done
    train_run = crossval.train_run

    def cut_off(one, folder, **rest):
        if one.split.test_fold == 2:
            raise KeyboardInterrupt
        return train_run(one, folder, **rest)

    monkeypatch.setattr(crossval, "train_run", cut_off)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(config, tmp_path / "cv", store=store, n_folds=3)
    trained = []

    def count(one, folder, **rest):
        trained.append(one.split.test_fold)
        return train_run(one, folder, **rest)

    monkeypatch.setattr(crossval, "train_run", count)
    result = cross_validate(config, tmp_path / "cv", store=store, n_folds=3, resume=True)
    assert trained == [2, 3]
    assert result.scorecard == done[0].scorecard


@pytest.mark.slow
def test_it_is_not_resumed_with_other_settings(done, tmp_path, monkeypatch):
    _, _, config, store = done
    monkeypatch.setattr(crossval, "train_run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        cross_validate(config, tmp_path / "cv", store=store, n_folds=3)
    with pytest.raises(TrainingError, match="begun with other settings"):
        cross_validate(replace(config, seed=5), tmp_path / "cv", store=store, n_folds=3, resume=True)


@pytest.mark.slow
def test_a_finished_one_is_not_replaced_unless_told(done):
    result, _, config, store = done
    with pytest.raises(StorageError, match="--overwrite"):
        cross_validate(config, result.folder.path, store=store, n_folds=3)


@pytest.mark.slow
def test_replacing_leaves_no_fold_of_the_old_one(tmp_path, write_tones, configure):
    config = configure(write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4}))
    cross_validate(config, tmp_path / "cv", store=FeatureStore(None), n_folds=3)
    cross_validate(config, tmp_path / "cv", store=FeatureStore(None), n_folds=2, overwrite=True)
    assert sorted(path.name for path in (tmp_path / "cv").glob("fold-*")) == ["fold-1", "fold-2"]


def test_more_folds_than_groups_are_refused_before_any_work(done, tmp_path):
    _, _, config, store = done
    with pytest.raises(SplitError, match="99 folds need as many groups, and there are 18"):
        cross_validate(config, tmp_path / "cv", store=store, n_folds=99)
    assert not (tmp_path / "cv").exists()


def test_a_test_part_is_refused(done, tmp_path):
    _, _, config, store = done
    with pytest.raises(SettingError, match="tests on every fold"):
        cross_validate(
            replace(config, split=replace(config.split, test_fraction=0.2)), tmp_path / "cv", store=store, n_folds=3
        )


# ---------------------------------------------------------------- what is found before any work


def write_table(root, rows):
    """Write a table of tones that are there already: (label, number, fold)."""
    table = root / "clips.csv"
    lines = [f"sounds/{label}/{label}{n}.wav,{label},{fold}" for label, n, fold in rows]
    table.write_text("\n".join(["path,label,fold", *lines]) + "\n")
    return table


def refused(config, folder, monkeypatch, error, message, **options):
    monkeypatch.setattr(crossval, "train_run", lambda *_, **__: pytest.fail("a fold was trained"))
    with pytest.raises(error, match=message) as caught:
        cross_validate(config, folder, store=FeatureStore(None), **options)
    assert "\n" not in str(caught.value)
    assert not folder.exists()


def test_a_class_whose_clips_are_all_in_one_fold_is_named_before_any_work(
    tmp_path, write_tones, configure, monkeypatch
):
    write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4, "sea": 3})
    rows = [(label, n, 1 + n % 2) for label in ("dog", "rain") for n in range(4)]
    table = write_table(tmp_path, [*rows, *(("sea", n, 2) for n in range(3))])
    refused(configure(table), tmp_path / "cv", monkeypatch, SplitError, r"in one fold.*: 'sea' \(fold 2\); spread")


def test_a_group_in_two_folds_is_named_before_any_work(tmp_path, write_tones, configure, monkeypatch):
    write_tones(tmp_path / "sounds", {"dog": 6, "rain": 6})
    table = write_table(tmp_path, [(label, n, 1 + n % 3) for label in ("dog", "rain") for n in range(6)])
    lines = table.read_text().splitlines()
    groups = ["group", *(f"g{n}" for n in range(10)), "g1", "g2"]  # rain4 (fold 2) with dog1, rain5 (3) with dog2
    groups[2] = "g2"  # dog1 (fold 2) with dog2 and rain5 (fold 3): fold 1 is untouched
    table.write_text("\n".join(f"{line},{group}" for line, group in zip(lines, groups, strict=True)) + "\n")
    refused(configure(table), tmp_path / "cv", monkeypatch, SplitError, "in fold 2 and in other folds too: g2")


def test_more_folds_than_any_class_has_clips_are_refused(tmp_path, write_tones, configure, monkeypatch):
    config = configure(write_tones(tmp_path / "sounds", {"dog": 3, "rain": 3, "sea": 2}))
    refused(config, tmp_path / "cv", monkeypatch, SplitError, "the largest has 3: ask for fewer", n_folds=5)


def test_one_fold_alone_is_refused(tmp_path, write_tones, configure, monkeypatch):
    write_tones(tmp_path / "sounds", {"dog": 3, "rain": 3})
    table = write_table(tmp_path, [(label, n, 7) for label in ("dog", "rain") for n in range(3)])
    refused(configure(table), tmp_path / "cv", monkeypatch, SettingError, "all clips are in fold 7")


@pytest.mark.slow
def test_a_class_missing_from_a_fold_is_said_and_the_others_test_it(tmp_path, write_tones, configure):
    write_tones(tmp_path / "sounds", {"dog": 6, "rain": 6, "sea": 4})
    rows = [(label, n, 1 + n % 3) for label in ("dog", "rain") for n in range(6)]
    table = write_table(tmp_path, [*rows, *(("sea", n, 1 + n % 2) for n in range(4))])
    result = cross_validate(configure(table), tmp_path / "cv", store=FeatureStore(None))
    assert [note for note in result.notes if "sea" in note] == [
        "label 'sea' is not in fold 3: it is learnt but not tested"
    ]
    assert result.scorecard.n_clips == 16
    assert result.scorecard.clip.classes[2].n == 4


# ---------------------------------------------------------------- copies, and reading again


@pytest.mark.slow
def test_augmented_copies_are_tested_in_no_fold(tmp_path, write_tones, configure):
    write_tones(tmp_path / "sounds", {"dog": 6, "rain": 6})
    table = tmp_path / "clips.csv"
    lines = []
    for label, other in (("dog", "rain"), ("rain", "dog")):
        lines += [f"sounds/{label}/{label}{n}.wav,{label},{label}{n}," for n in range(4)]
        lines += [  # sounds of the other class: tested, they would be wrong
            f"sounds/{other}/{other}{n}.wav,{label},{label}{n - 4},sounds/{label}/{label}{n - 4}.wav" for n in (4, 5)
        ]
    table.write_text("\n".join(["path,label,group,source", *lines]) + "\n")
    result = cross_validate(configure(table), tmp_path / "cv", store=FeatureStore(None), n_folds=2)
    names = {row["path"] for row in rows(result, "predictions.csv")}
    assert result.scorecard.n_clips == 8
    assert not {name for name in names if name[-5] in "45"}
    assert sum(fold.n_clips for fold in result.folds) == 8


def test_what_is_read_again_is_what_was_written(done):
    result, *_ = done
    again = crossval.read_cross_validation(result.folder.path)
    assert again == result
    assert again.training_s > 0


def test_what_is_no_cross_validation_is_not_read(done, tmp_path):
    with pytest.raises(StorageError):
        crossval.read_cross_validation(tmp_path)
    with pytest.raises(StorageError, match="holds no cross-validation"):
        crossval.read_cross_validation(done[0].folder.fold(1).path)


# ---------------------------------------------------------------- sounds that change, and settings that cannot be

SVM = {"network": {"name": "svm"}, "front_end": {"name": "statistics"}, "segments": {}}


def cut_off_after(monkeypatch, n_folds):
    train_run = crossval.train_run

    def cut_off(one, folder, **rest):
        if one.split.test_fold > n_folds:
            raise KeyboardInterrupt
        return train_run(one, folder, **rest)

    monkeypatch.setattr(crossval, "train_run", cut_off)


@pytest.mark.slow
@pytest.mark.parametrize("change", ["a clip more", "another label", "another content"])
def test_it_is_not_resumed_once_the_sounds_have_changed(
    tmp_path, write_tones, write_tone, configure, monkeypatch, change
):
    data = write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4})
    config, store = configure(data, **SVM), FeatureStore(None)
    cut_off_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(config, tmp_path / "cv", store=store, n_folds=2)
    assert (tmp_path / "cv" / "fold-1" / "scorecard.json").exists()
    if change == "a clip more":
        write_tone(data / "dog" / "a.wav", label=0, number=9)
    elif change == "another label":
        (data / "dog" / "dog1.wav").rename(data / "rain" / "dog1.wav")
    else:
        write_tone(data / "dog" / "dog1.wav", label=0, number=9)
    monkeypatch.setattr(crossval, "train_run", lambda *_, **__: pytest.fail("a fold was trained"))
    with pytest.raises(TrainingError, match="begun with other sounds, labels, groups or folds") as caught:
        cross_validate(config, tmp_path / "cv", store=store, n_folds=2, resume=True)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_folds_of_other_sounds_are_not_pooled_where_nothing_says_what_they_were_begun_with(
    tmp_path, write_tones, write_tone, configure
):
    data = write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4})
    config, store = configure(data, **SVM), FeatureStore(None)
    cv = cross_validate(config, tmp_path / "cv", store=store, n_folds=2).folder
    cv.scorecard_path.unlink()
    (cv.path / "environment.json").unlink()
    assert cross_validate(config, cv.path, store=store, n_folds=2, resume=True).scorecard.n_clips == 8
    for change in (
        lambda: write_tone(data / "dog" / "dog1.wav", label=0, number=9),
        lambda: write_tone(data / "rain" / "a.wav", label=1, number=8),
    ):
        cv.scorecard_path.unlink(missing_ok=True)
        (cv.path / "environment.json").unlink()
        change()
        with pytest.raises(TrainingError, match="begun with other sounds"):
            cross_validate(config, cv.path, store=store, n_folds=2, resume=True)


@pytest.mark.slow
def test_segments_are_of_one_length_in_all_folds_whatever_the_copies(tmp_path, write_tone, configure):
    lines = ["path,label,group,fold,source,steps"]
    for number in range(12):
        label, fold = ("dog", "rain")[number % 2], 1 + number // 2 % 3
        name, copy = f"{number}.wav", f"{number}-copy.wav"
        write_tone(tmp_path / name, label=number % 2, number=number, seconds=0.8 + number / 50)
        write_tone(tmp_path / copy, label=number % 2, number=20 + number, seconds=0.6 if fold == 1 else 1.5)
        lines += [f"{name},{label},{number},{fold},,", f"{copy},{label},{number},{fold},{name},gain"]
    table = tmp_path / "clips.csv"
    table.write_text("\n".join(lines) + "\n")
    config = configure(table, segments={}, network={"name": "mlp"}, train={"max_epochs": 1})
    result = cross_validate(config, tmp_path / "cv", store=FeatureStore(None))
    lengths = {result.folder.fold(number).read_config().segments.segment_s for number in (1, 2, 3)}
    assert len(lengths) == 1
    assert lengths.pop() == pytest.approx(0.8 + 5.5 / 50, abs=1e-3)  # the median of the sounds themselves
    assert result.scorecard.n_clips == 12


@pytest.mark.slow
def test_a_setting_that_cannot_be_leaves_no_folder_behind(tmp_path, write_tones, configure):
    data = write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4})
    short = configure(
        data,
        network={"name": "wave-cnn"},
        front_end={"name": "waveform", "decimation": 1},
        segments={"segment_s": 0.1},
    )
    with pytest.raises(SettingError):
        cross_validate(short, tmp_path / "cv", store=FeatureStore(None), n_folds=2)
    assert not (tmp_path / "cv").exists()
    right = configure(data, **SVM)
    done = cross_validate(right, tmp_path / "cv", store=FeatureStore(None), n_folds=2)
    wrong = replace(right, augment=AugmentConfig(steps=("gain",)))
    with pytest.raises(SettingError, match="does not learn in batches"):
        cross_validate(wrong, tmp_path / "cv", store=FeatureStore(None), n_folds=2, overwrite=True)
    assert crossval.read_cross_validation(tmp_path / "cv") == done  # what is there stays
