import json

import pytest

from earmark.errors import StorageError
from earmark.report.results import read_results


def test_a_finished_run_is_read_whole(small_run):
    results = read_results(small_run)
    assert results.name == "run"
    assert (results.network, results.front_end, results.data_name) == ("cnn", "log-mel", "sounds")
    assert [clip.name for clip in results.scored] == ["dog/dog2.wav", "rain/rain2.wav"]
    mistake = results.scored[0]
    assert (mistake.label, mistake.predicted, mistake.is_right) == ("dog", "rain", False)
    assert (mistake.predicted_probability, mistake.label_probability) == pytest.approx((0.9, 0.1))
    assert results.clips[mistake.place].name == mistake.name
    assert [row.epoch for row in results.epochs] == [1, 2, 3]


def test_a_table_is_named_after_its_folder(runs, tmp_path):
    labels = ("a", "b")
    items = [runs.Item(f"{label}.wav", label, label, "test", runs.sure(labels, label)) for label in labels]
    run = runs.write(tmp_path / "run", items, data_path="/data/genres/tracks.csv")
    assert read_results(run).data_name == "genres"


def test_classes_may_be_called_like_columns(runs, tmp_path):
    labels = ("label", "path", "predicted")
    items = [runs.Item(f"{label}.wav", label, label, "test", runs.sure(labels, label)) for label in labels]
    scored = read_results(runs.write(tmp_path / "run", items, data_path="/data")).scored
    assert [clip.name for clip in scored] == ["label.wav", "path.wav", "predicted.wav"]
    assert all(clip.is_right for clip in scored)


def test_stretches_of_one_file_keep_their_places(runs, tmp_path):
    labels = ("dog", "rain")
    items = [
        runs.Item("long.wav", "dog", "g", "test", runs.sure(labels, "dog")),
        runs.Item("long.wav", "rain", "g", "test", runs.sure(labels, "dog")),
    ]
    scored = read_results(runs.write(tmp_path / "run", items, data_path="/data")).scored
    assert [(clip.place, clip.is_right) for clip in scored] == [(0, True), (1, False)]


def test_an_unfinished_run_is_refused_with_what_finishes_it(small_run):
    (small_run / "scorecard.json").unlink()
    with pytest.raises(StorageError, match=r"not finished.*--resume"):
        read_results(small_run)


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(StorageError, match="not a run folder"):
        read_results(tmp_path)


@pytest.mark.parametrize("name", ["split.csv", "predictions.csv", "sounds.csv", "environment.json"])
def test_a_file_that_is_gone_is_named(small_run, name):
    (small_run / name).unlink()
    with pytest.raises(StorageError, match=name):
        read_results(small_run)


def test_predictions_of_another_split_are_refused(small_run):
    table = small_run / "predictions.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("dog/dog2.wav", "dog/dog1.wav"), encoding="utf-8")
    with pytest.raises(StorageError, match=r"does not fit split\.csv"):
        read_results(small_run)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("predictions.csv", ""),
        ("predictions.csv", "path,label,predicted,dog,rain\ndog/dog2.wav,dog,rain,x,y\nrain/rain2.wav,rain,rain,0,1\n"),
        ("split.csv", "path,label\na,b\n"),
        ("history.jsonl", '{"epoch": 1}\n'),
        ("environment.json", "no json"),
    ],
)
def test_a_broken_file_is_an_error_of_storage(small_run, name, text):
    (small_run / name).write_text(text, encoding="utf-8")
    with pytest.raises(StorageError):
        read_results(small_run)


@pytest.mark.slow
def test_what_the_checks_of_the_data_found_is_read_worst_first(small_run):
    assert read_results(small_run).findings == ()
    found = {"kind": "silent", "severity": "warning", "clips": ["dog/dog1.wav"], "score": 1.0, "message": "silent: <0>"}
    (small_run / "audit.json").write_text(json.dumps({"schema": "earmark-audit/1", "findings": [found]}))
    (row,) = read_results(small_run).findings
    assert (row.severity, row.message, row.clips) == ("warning", "silent: <0>", ("dog/dog1.wav",))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"findings": [{"severity": "note"}]}'])
def test_a_broken_audit_is_one_line(small_run, text):
    (small_run / "audit.json").write_text(text)
    with pytest.raises(StorageError, match="train the run again"):
        read_results(small_run)
