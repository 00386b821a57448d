import csv
import json
import shutil
from functools import partial

import numpy as np
import pytest

from earmark.errors import StorageError
from earmark.evaluate.run_scores import score_tested
from earmark.experiment.answers import Answers
from earmark.experiment.folder import RunFolder
from earmark.experiment.reading import read_tested


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the trained run that may be changed."""
    return RunFolder(shutil.copytree(trained.folder, tmp_path / "run"))


def edit(path, change):
    """Rewrite a table by a function of its rows."""
    with path.open(newline="", encoding="utf-8") as stream:
        rows = change(list(csv.reader(stream)))
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


def below(fold, rows):
    """Return the rows of a table with every path in a folder of its own."""
    return [rows[0], *([f"{fold}/{row[0]}", *row[1:]] for row in rows[1:])]


def without_a_test_clip(rows):
    """Return the rows of a split without the first clip of its test part."""
    place = next(place for place, row in enumerate(rows) if "test" in row)
    return rows[:place] + rows[place + 1 :]


def as_folds(run, folder):
    """Make the folder of a cross-validation: the run as fold 1 and, under other names and groups, as fold 2."""
    for fold in (1, 2):
        place = RunFolder(shutil.copytree(run.path, folder / f"fold-{fold}"))
        edit(place.path / "split.csv", partial(below, fold))
    shutil.copy(run.config_path, folder / "config.toml")
    (folder / "folds.csv").write_text("path,label,group,fold\n")
    content = json.loads(run.scorecard_path.read_text())
    content["clip"]["n"] *= 2
    (folder / "scorecard.json").write_text(json.dumps({**content, "folds": [{"fold": 1}, {"fold": 2}]}))
    return folder


def test_a_run_says_what_its_scorecard_counts(trained):
    read = read_tested(trained.folder)

    card = trained.result.scorecard
    scores = score_tested(read.tested, seed=0)
    assert (read.name, read.notes) == ("run", ())
    assert scores.clip.confusion == card.clip.confusion
    assert scores.level("segment").confusion == card.segment.confusion
    assert scores.clip.scores["accuracy"].value == card.clip.accuracy.value
    assert scores.clip.scores["accuracy"].low == pytest.approx(card.clip.accuracy.low)


def test_clips_stand_under_their_names_with_what_was_learnt_from(trained):
    read = read_tested(trained.folder)

    dataset, split = trained.result.prepared.dataset, trained.result.prepared.split
    assert read.tested.names == tuple(dataset[clip].address for clip in split.test)
    assert read.learnt[0] == {dataset[clip].address for clip in (*split.train, *split.validation)}
    assert not read.learnt[0] & set(read.tested.names)
    assert all(read.contents[name] for name in read.tested.names)
    assert read.groups[read.tested.names[0]] == read.tested.groups[0]


def test_a_cross_validation_is_the_folds_one_after_the_other(run, tmp_path):
    read = read_tested(as_folds(run, tmp_path / "folds"))

    alone = read_tested(run.path).tested
    n = len(alone)
    assert read.name == "folds"
    assert read.tested.folds == (1,) * n + (2,) * n
    assert read.tested.names == tuple(f"{fold}/{name}" for fold in (1, 2) for name in alone.names)
    assert read.tested.clip_index.tolist() == [*alone.clip_index, *(alone.clip_index + n)]
    np.testing.assert_array_equal(read.tested.clip_probabilities[n:], alone.clip_probabilities)
    assert read.learnt[0] != read.learnt[n]


def test_a_class_that_a_fold_does_not_know_gets_nothing_there(run, tmp_path):
    folder = as_folds(run, tmp_path / "folds")
    content = json.loads((folder / "scorecard.json").read_text())
    for part in ("clip", "segment"):
        content[part]["confusion"] = np.pad(content[part]["confusion"], ((1, 0), (1, 0))).tolist()
        content[part]["classes"].insert(0, {"label": "ant", "n": 0, "precision": 0, "recall": 0, "f1": 0})
    content["baseline"] = None
    (folder / "scorecard.json").write_text(json.dumps({**content, "labels": ["ant", *content["labels"]]}))

    read = read_tested(folder).tested

    assert read.labels[0] == "ant"
    assert not read.clip_probabilities[:, 0].any()
    assert read.y.min() == 1


# ---------------------------------------------------------------- older runs


def test_a_run_without_segments_gives_what_it_has_and_says_what_it_lacks(run):
    whole = read_tested(run.path).tested
    run.answers_path.unlink()

    read = read_tested(run.path)

    np.testing.assert_allclose(read.tested.clip_probabilities, whole.clip_probabilities, atol=2e-6)
    assert read.tested.segment_probabilities is None
    assert "an older version of earmark" in read.notes[0]
    assert "per segment, by vote and by log-odds" in read.notes[0]


def test_a_class_may_be_called_path_in_an_old_table(run):
    run.answers_path.unlink()
    rename = {"dog": "path"}
    edit(run.path / "predictions.csv", lambda rows: [[rename.get(cell, cell) for cell in row] for row in rows])
    edit(run.path / "split.csv", lambda rows: [[rename.get(cell, cell) for cell in row] for row in rows])
    content = run.scorecard_path.read_text().replace('"dog"', '"path"')
    run.scorecard_path.write_text(content)
    assert read_tested(run.path).tested.labels == ("path", "rain ü", "sea")


def test_nan_in_an_old_table_is_refused_with_the_clips_named(run):
    run.answers_path.unlink()
    edit(run.path / "predictions.csv", lambda rows: [*rows[:2], [*rows[2][:3], "nan", *rows[2][4:]], *rows[3:]])
    name = read_tested_names(run)[1]
    with pytest.raises(StorageError, match=f"NaN or infinite probabilities for {name}: nothing can be said"):
        read_tested(run.path)


def read_tested_names(run):
    return [row["path"] for row in run.read_table("split.csv") if row["part"] == "test"]


def test_nan_among_segments_is_refused_with_the_run_named(run):
    answers = Answers.load(run.answers_path)
    answers.probabilities[3, 0] = np.nan
    answers.save(run.answers_path)
    with pytest.raises(StorageError, match=r"run in .*run said .* cannot be scored: 1 of \d+ rows .* NaN"):
        read_tested(run.path)


# ---------------------------------------------------------------- broken folders


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda run: run.config_path.unlink(), "is not a run folder"),
        (lambda run: run.scorecard_path.unlink(), "is not finished"),
        (lambda run: run.answers_path.write_bytes(b"\0" * 40), "is damaged"),
        (lambda run: edit(run.path / "split.csv", without_a_test_clip), "holds .* clips, and split.csv"),
        (lambda run: edit(run.path / "split.csv", lambda rows: [["path"], *rows[1:]]), "is broken"),
        (lambda run: (run.path / "sounds.csv").unlink(), "no sounds.csv"),
        (
            lambda run: edit(run.path / "split.csv", lambda rows: [[*row[:1], "wolf", *row[2:]] for row in rows]),
            "is broken",
        ),
        (lambda run: (run.path / "folds.csv").write_text("path\n"), "names no folds"),
    ],
)
def test_a_broken_run_is_refused(run, fault, message):
    fault(run)
    with pytest.raises(StorageError, match=message):
        read_tested(run.path)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda path: path.unlink(), "missing or broken"),
        (lambda path: path.write_text(""), "missing or broken"),
        (lambda path: edit(path, lambda rows: rows[:-1]), "does not fit"),
        (lambda path: edit(path, lambda rows: [[*row[:3], *row[:2:-1]] for row in rows]), "does not fit"),
        (lambda path: edit(path, lambda rows: [rows[0], *([*row[:3], "x", *row[4:]] for row in rows[1:])]), "broken"),
    ],
)
def test_a_broken_old_table_is_refused(run, fault, message):
    run.answers_path.unlink()
    fault(run.path / "predictions.csv")
    with pytest.raises(StorageError, match=message):
        read_tested(run.path)


def test_a_label_that_the_classifier_does_not_know_is_named(run):
    edit(run.path / "split.csv", lambda rows: [rows[0], *([row[0], "wolf", *row[2:]] for row in rows[1:])])
    with pytest.raises(StorageError, match="labels that its classifier does not know: wolf"):
        read_tested(run.path)


def test_folds_that_do_not_fit_their_scorecard_are_refused(run, tmp_path):
    folder = as_folds(run, tmp_path / "folds")
    content = json.loads((folder / "scorecard.json").read_text())
    (folder / "scorecard.json").write_text(json.dumps({**content, "folds": [{"fold": 1}]}))
    with pytest.raises(StorageError, match="others than those of its scorecard"):
        read_tested(folder)
