import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import DataError, StorageError
from earmark.experiment.explaining import explain_dataset
from earmark.experiment.fold_predictors import FoldPredictors, is_crossval, learnt_notes, load_folds, untested_note


def heard_by(folder):
    with (folder / "split.csv").open(newline="", encoding="utf-8") as stream:
        return {row["path"] for row in csv.DictReader(stream) if row["part"] == "test"}


@pytest.fixture(scope="module")
def crossval(trained, tmp_path_factory):
    """Two folds, made of one run: what is a test clip in the first is learnt from in the second, and the reverse."""
    root = tmp_path_factory.mktemp("crossval") / "cv"
    for number in (1, 2):
        shutil.copytree(trained.folder, root / f"fold-{number}")
    shutil.copy(trained.folder / "config.toml", root)
    table = root / "fold-2" / "split.csv"
    swapped = {"test": "train", "train": "test"}
    with table.open(newline="", encoding="utf-8") as stream:
        rows = [{**row, "part": swapped.get(row["part"], row["part"])} for row in csv.DictReader(stream)]
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return root


@pytest.fixture(scope="module")
def folds(crossval):
    """Its classifiers."""
    return load_folds(crossval)


def test_each_clip_is_of_the_fold_that_tests_it(trained, crossval, folds):
    for clip in open_dataset(trained.data):
        expected = [number for number in (1, 2) if clip.name in heard_by(crossval / f"fold-{number}")]
        assert [folds.fold_of(clip)] == (expected or [None])
        assert folds.fold_of(clip, by_name=True) == folds.fold_of(clip)


def test_a_sound_is_known_under_another_name_and_another_of_that_name_is_not(trained, crossval, folds, tmp_path):
    one, other, *_ = sorted(heard_by(crossval / "fold-1"))
    shutil.copy(trained.data / one, tmp_path / "new name.wav")
    renamed = Clip(name="new name.wav", path=tmp_path / "new name.wav", label="", group="")
    (tmp_path / "changed.wav").write_bytes((trained.data / other).read_bytes() + b"\0")

    assert folds.fold_of(renamed) == 1
    assert folds.for_file(tmp_path / "new name.wav") == (1, folds.predictors[1])
    assert folds.fold_of(Clip(name=other, path=tmp_path / "changed.wav", label="", group="")) is None
    assert folds.fold_of(Clip(name="gone.wav", path=tmp_path / "gone.wav", label="", group="")) is None


def test_a_sound_that_no_fold_or_two_test_is_refused_with_a_way_out(trained, crossval, folds, tmp_path):
    name = min(heard_by(crossval / "fold-1"))
    both = replace(folds, by_content={key: frozenset({1, 2}) for key in folds.by_content})
    (tmp_path / "other.wav").write_bytes(b"another")

    for asked, path in ((folds, tmp_path / "other.wav"), (both, trained.data / name)):
        with pytest.raises(DataError, match=r"name one to explain it by, such as .*fold-1"):
            asked.for_file(path)
    # In a data set the name says which of two copies it is.
    assert both.fold_of(next(clip for clip in open_dataset(trained.data) if clip.name == name)) == 1


def test_stretches_of_one_file_may_lie_in_several_folds(trained):
    path = open_dataset(trained.data)[0].path
    whole = Clip(name="a.wav", path=path, label="", group="")
    one, two = replace(whole, end_s=1.0), replace(whole, start_s=1.0, end_s=2.0)
    folds = FoldPredictors(folder=Path("cv"), predictors={}, by_stretch={("a.wav", "", "1"): 1, ("a.wav", "1", "2"): 2})

    assert [folds.fold_of(clip, by_name=True) for clip in (one, two, whole)] == [1, 2, None]


def test_a_data_set_is_explained_clip_by_clip_by_the_fold_that_tests_it(trained, crossval, folds):
    tested = heard_by(crossval / "fold-1") | heard_by(crossval / "fold-2")
    data = open_dataset(trained.data)

    found = explain_dataset(folds, data, per_class=1)

    assert {one.name for one in found.explained} <= tested
    assert len(found.explained) == 3
    n_left = len(data) - len(tested)
    assert found.notes[0].startswith(f"{n_left} clips are left out, since no fold tests them: ")
    assert found.notes[1] == f"3 of {len(tested)} clips were drawn, at most 1 a class"
    strangers = Dataset([replace(clip, path=Path("gone.wav")) for clip in data], root=Path())
    with pytest.raises(DataError, match="tests any of these"):
        explain_dataset(folds, strangers, per_class=1)


def test_a_cross_validation_is_told_from_a_run(trained, crossval, tmp_path):
    assert is_crossval(crossval)
    assert not is_crossval(trained.folder)
    assert not is_crossval(tmp_path)
    with pytest.raises(StorageError, match="no cross-validation"):
        load_folds(trained.folder)


def test_clips_that_a_run_learnt_from_are_named_and_a_bundle_alone_cannot_tell(trained, tmp_path):
    data = open_dataset(trained.data)
    n_learnt = len(data) - len(heard_by(trained.folder))

    for folder in (trained.folder, trained.folder / "bundle", trained.folder / "baseline"):
        (told,) = learnt_notes(folder, data)
        assert told.startswith(f"{n_learnt} of {len(data)} sounds were learnt from in training (")
    tested = [clip for clip in data if clip.name in heard_by(trained.folder)]
    assert learnt_notes(trained.folder, tested) == ()
    shutil.copytree(trained.folder / "bundle", tmp_path / "alone")
    assert learnt_notes(tmp_path / "alone", data) == ()


def test_nothing_is_said_of_no_clips():
    assert untested_note([]) == ()
    assert untested_note(["a.wav"]) == ("1 clips are left out, since no fold tests them: a.wav",)
