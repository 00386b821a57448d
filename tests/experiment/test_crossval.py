import json
from dataclasses import replace

import numpy as np
import pytest

from earmark.data.open import open_dataset
from earmark.errors import SettingError, SplitError, StorageError, TrainingError
from earmark.experiment import crossval
from earmark.experiment.crossval import cross_validate
from earmark.experiment.folder import RunFolder
from earmark.features.store import FeatureStore
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
def test_each_fold_begins_with_fresh_weights_of_the_same_seed(done):
    result, *_ = done
    histories = [result.folder.fold(number).read_history() for number in (1, 2, 3)]
    assert all(len(history) == 3 for history in histories)
    assert len({history[0].train_loss for history in histories}) == 3


def test_a_fold_run_by_itself_gives_the_same_scores(done, tmp_path):
    result, _, _, store = done
    fold = result.folder.fold(2)
    again = crossval.train_run(fold.read_config(), tmp_path / "again", store=store)
    assert again.scorecard == fold.read_scorecard()


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


def test_it_is_not_resumed_with_other_settings(done, tmp_path, monkeypatch):
    _, _, config, store = done
    monkeypatch.setattr(crossval, "train_run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        cross_validate(config, tmp_path / "cv", store=store, n_folds=3)
    with pytest.raises(TrainingError, match="begun with other settings"):
        cross_validate(replace(config, seed=5), tmp_path / "cv", store=store, n_folds=3, resume=True)


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


def test_settling_says_where_the_folds_come_from(done, tmp_path, write_tones, configure):
    folds, config = crossval.settle_folds(done[2], 3)
    assert folds == (1, 2, 3)
    assert (config.split.n_folds, config.split.test_fold) == (3, 1)
    write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4})
    table = write_table(tmp_path, [(label, n, 4 + 3 * (n % 2)) for label in ("dog", "rain") for n in range(4)])
    folds, config = crossval.settle_folds(configure(table))
    assert folds == (4, 7)
    assert (config.split.n_folds, config.split.test_fold) == (None, 4)
