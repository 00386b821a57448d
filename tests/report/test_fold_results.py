import csv
import json
import shutil

import pytest

from earmark.errors import StorageError
from earmark.report.fold_results import read_any_results, read_fold_results


def test_every_clip_is_there_once_with_the_fold_that_tested_it(crossval):
    results = read_any_results(crossval)
    assert [fold.fold for fold in results.folds] == [1, 2]
    assert len(results.clips) == len(results.scored) == 12
    assert {clip.part for clip in results.clips} == {"fold 1", "fold 2"}
    for clip in results.scored:
        assert results.clips[clip.place].name == clip.name
        assert results.clips[clip.place].part == f"fold {clip.fold}"
    groups = {fold: {clip.group for clip in results.clips if clip.part == f"fold {fold}"} for fold in (1, 2)}
    assert not groups[1] & groups[2]


def test_a_run_is_read_as_a_run(small_run):
    assert read_any_results(small_run).folds == ()


def test_the_time_of_the_folds_adds_up(crossval):
    seconds = read_any_results(crossval).environment["seconds"]
    assert seconds["training"] == pytest.approx(2 * 65.0)
    assert seconds["data_and_features"] == pytest.approx(2 * 12.3)


def test_stretches_of_one_file_are_told_apart(runs, tmp_path):
    labels = ("dog", "rain")
    items = [
        runs.Item("long.wav", label, f"{label}{n}", "", runs.sure(labels, "rain", 0.6 + n / 10))
        for label in labels
        for n in range(2)
    ]
    folder = runs.crossval(tmp_path / "cv", items, data_path="/nowhere")
    for fold in (1, 2):
        path = folder / f"fold-{fold}" / "split.csv"
        rows = list(csv.reader(path.read_text().splitlines()))
        stretched = [[*row, str(n), str(n + 1)] for n, row in enumerate(rows[1:])]
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([[*rows[0], "start_s", "end_s"], *stretched])
    results = read_fold_results(folder)
    assert sorted((clip.start_s, clip.end_s) for clip in results.clips) == [(n, n + 1) for n in range(4)]
    assert sorted(clip.place for clip in results.scored) == [0, 1, 2, 3]
    for clip in results.scored:
        assert (results.clips[clip.place].label, results.clips[clip.place].group) == (clip.label, clip.group)


def test_what_is_not_finished_says_how_to_finish_it(crossval):
    (crossval / "scorecard.json").unlink()
    with pytest.raises(StorageError, match=r"earmark crossval -o .* --resume"):
        read_any_results(crossval)


@pytest.mark.parametrize("break_it", ["no folds", "a fold is gone", "a table is cut", "no number"])
def test_what_is_broken_is_named(crossval, break_it):
    card = crossval / "scorecard.json"
    if break_it == "no folds":
        content = json.loads(card.read_text())
        del content["folds"]
        card.write_text(json.dumps(content))
    elif break_it == "a fold is gone":
        shutil.rmtree(crossval / "fold-2")
    elif break_it == "a table is cut":
        path = crossval / "fold-1" / "predictions.csv"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    else:
        path = crossval / "fold-1" / "predictions.csv"
        path.write_text(path.read_text().replace("0.9", "many"))
    with pytest.raises(StorageError):
        read_any_results(crossval)
