import json
import shutil

import numpy as np
import pytest

from earmark.errors import SettingError, StorageError
from earmark.experiment.answers import Answers
from earmark.experiment.folder import RunFolder
from earmark.experiment.scores import compare_runs, compare_with_baseline, members, read_run_scores


@pytest.fixture
def other(trained, tmp_path):
    """A copy of the trained run that is wrong about every clip."""
    run = RunFolder(shutil.copytree(trained.folder, tmp_path / "other"))
    said = Answers.load(run.answers_path)
    scorecard = trained.result.scorecard
    y = [scorecard.labels.index(row["label"]) for row in run.read_table("split.csv") if row["part"] == "test"]
    wrong = np.full_like(said.probabilities, 0.05)
    wrong[np.arange(len(wrong)), (np.repeat(y, said.n_segments) + 1) % 3] = 0.9
    Answers(labels=said.labels, probabilities=wrong, n_segments=said.n_segments).save(run.answers_path)
    return run.path


def test_the_scores_of_a_run_are_read_from_its_folder(trained):
    found = read_run_scores(trained.folder, n_resamples=100)
    assert found.name == "run"
    assert found.clip.scores["accuracy"].value == trained.result.scorecard.clip.accuracy.value
    assert [level.level for level in found.levels] == ["clip", "vote", "log-odds", "segment"]


def test_the_baseline_is_compared_on_the_same_clips(trained, tmp_path):
    found = compare_with_baseline(trained.folder, n_resamples=100)

    card = trained.result.scorecard
    assert (found.first, found.second, found.notes) == ("run", "the SVM baseline", ())
    assert found.accuracy.first == card.clip.accuracy.value
    assert found.accuracy.second == card.baseline.clip.accuracy.value
    run = RunFolder(shutil.copytree(trained.folder, tmp_path / "old"))
    run.baseline_answers_path.unlink()
    assert compare_with_baseline(run.path) is None
    run.baseline_answers_path.write_bytes(b"damaged")
    with pytest.raises(StorageError, match="is damaged"):
        compare_with_baseline(run.path)


def test_what_an_old_run_lacks_is_noted_first(trained, tmp_path):
    run = RunFolder(shutil.copytree(trained.folder, tmp_path / "old"))
    run.answers_path.unlink()
    found = read_run_scores(run.path, n_resamples=100)
    assert [level.level for level in found.levels] == ["clip"]
    assert found.notes[0].startswith("an older version")


def test_runs_are_compared_with_the_first(trained, other, tmp_path):
    third = shutil.copytree(trained.folder, tmp_path / "third")
    found = compare_runs([trained.folder, other, third], n_resamples=100)

    assert [run.name for run in found.runs] == ["run", "other", "third"]
    assert [(pair.first, pair.second) for pair in found.pairs] == [("run", "other"), ("run", "third")]
    assert found.pairs[0].accuracy.second == 0
    assert found.pairs[1].accuracy.difference == 0
    assert found.p[0] == min(1, 2 * found.pairs[0].accuracy.p)
    content = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [pair["p"] for pair in content["pairs"]] == list(found.p)
    assert len(content["runs"]) == 3


def test_runs_of_one_name_are_told_apart_by_their_places(trained, tmp_path):
    twin = shutil.copytree(trained.folder, tmp_path / "run")
    found = compare_runs([trained.folder, twin], n_resamples=100)
    assert [run.name for run in found.runs] == [str(trained.folder), str(twin)]


def test_one_run_or_one_twice_is_no_comparison(trained):
    with pytest.raises(SettingError, match="two runs at least, not 1"):
        compare_runs([trained.folder])
    with pytest.raises(SettingError, match="named twice"):
        compare_runs([trained.folder, trained.folder / ".." / trained.folder.name])


def test_a_comparison_has_members_and_a_run_is_one(tmp_path):
    assert members(tmp_path) == [tmp_path]
    (tmp_path / "comparison.json").write_text(json.dumps({"candidates": [{"name": "svm"}, {"name": "cnn"}]}))
    assert members(tmp_path) == [tmp_path / "svm", tmp_path / "cnn"]
    (tmp_path / "comparison.json").write_text("[]")
    with pytest.raises(StorageError, match="cannot be read"):
        members(tmp_path)
