import json
import shutil

import pytest

from earmark.report.build import render_report, write_report
from earmark.report.fold_results import read_any_results
from earmark.report.results import read_results
from earmark.report.sections import MOST_CLIPS, Parts, listed_clips, shown_config


def page_of(run):
    return write_report(run, explain=False).read_text(encoding="utf-8")


def one_class(runs, tmp_path, *, said="dog"):
    labels = ("dog", "owl", "rain")
    items = [runs.Item(f"dog/{n}.wav", "dog", f"{n}", "test", runs.sure(labels, said)) for n in range(4)]
    items += [runs.Item(f"{label}/t.wav", label, label, "train") for label in labels]
    return runs.write(tmp_path / "run", items, data_path="/nowhere", labels=labels)


def replace_row(run, place, cells):
    table = run / "predictions.csv"
    lines = table.read_text().splitlines()
    lines[place] = ",".join([*lines[place].split(",")[:3], *cells])
    table.write_text("\n".join(lines) + "\n")


@pytest.mark.slow
def test_every_part_of_a_healthy_cross_validation_is_made(crossval):
    page = page_of(crossval)
    assert "could not be made" not in page
    assert "Each of 12 clips was tested once, by the one of 2 classifiers" in page
    assert 'id="folds"' in page
    assert 'id="training"' not in page
    assert "fold 2" in page


@pytest.mark.slow
def test_a_test_part_of_one_class_is_named_and_the_rest_is_made(runs, tmp_path):
    page = page_of(one_class(runs, tmp_path))
    assert "Every clip of the test part is dog" in page
    assert "no clip of it: owl, rain" in page
    assert "could not be made" not in page


def test_nothing_right_at_all_is_a_page_too(runs, tmp_path):
    page = page_of(one_class(runs, tmp_path, said="rain"))
    assert "There are none: no clip of the test part is right." in page
    assert "could not be made" not in page


def test_without_a_validation_part_the_page_says_what_that_means(runs, tmp_path):
    labels = ("dog", "rain")
    items = [
        runs.Item(f"{label}{n}.wav", label, f"{label}{n}", ("train", "test")[n], runs.sure(labels, label))
        for label in labels
        for n in range(2)
    ]
    page = page_of(runs.write(tmp_path / "run", items, data_path="/nowhere"))
    assert "There was no validation part" in page
    assert "could not be made" not in page


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_probabilities_that_are_none_are_named_and_the_rest_is_made(small_run, value):
    replace_row(small_run, 1, [value, value])
    page = page_of(small_run)
    assert "1 clip of the test part has NaN or infinite probabilities" in page
    assert "no number" in page  # in the list of clips
    assert "The part \u201cEvery score\u201d could not be made" in page
    assert "The part \u201cThe data\u201d" not in page
    assert "Precision, recall and F1 of each class" in page
    assert "dog/<wbr>dog2.wav" in page


def test_clips_that_are_gone_are_counted(small_run, tmp_path):
    (tmp_path / "sounds" / "dog" / "dog2.wav").unlink()
    page = page_of(small_run)
    assert "1 of 6 clips are no longer where they were, such as dog/dog2.wav" in page
    shutil.rmtree(tmp_path / "sounds")
    assert "6 of 6 clips are no longer where they were" in page_of(small_run)


@pytest.mark.slow
def test_labels_that_have_changed_since_are_named(runs, tmp_path, sounds):
    sounds.folder({"dog": 2, "rain": 2})
    table = tmp_path / "sounds" / "clips.csv"
    rows = [f"{label}/{label}{n}.wav,{label}" for label in ("dog", "rain") for n in range(2)]
    table.write_text("\n".join(["path,label", *rows]))
    labels = ("dog", "rain")
    items = [
        runs.Item(f"{label}/{label}{n}.wav", label, f"{label}{n}", "test", runs.sure(labels, label))
        for label in labels
        for n in range(2)
    ]
    run = runs.write(tmp_path / "run", items, data_path=table)
    assert "another label now" not in page_of(run)
    table.write_text(table.read_text().replace("dog1.wav,dog", "dog1.wav,wolf"))
    assert "1 of 4 clips have another label now, such as dog/dog1.wav" in page_of(run)


def test_a_label_that_the_classifier_does_not_know_is_named(small_run):
    for name in ("split.csv", "predictions.csv"):
        path = small_run / name
        path.write_text(path.read_text().replace("dog/dog2.wav,dog", "dog/dog2.wav,wolf"))
    page = page_of(small_run)
    assert "unknown to the classifier, so never right: wolf" in page
    assert "could not be made" in page  # the scores, which need to know it
    assert 'id="clip-2"' in page


@pytest.mark.parametrize("name", ["answers.safetensors", "baseline-answers.safetensors"])
def test_a_damaged_file_takes_its_own_part_away_alone(small_run, name):
    (small_run / name).write_bytes(b"no tensors")
    page = page_of(small_run)
    assert ("could not be made" in page) == (name == "answers.safetensors")
    assert "Precision, recall and F1 of each class" in page
    assert "Confusion matrix of the clips" in page


def test_a_broken_environment_is_named(small_run):
    path = small_run / "environment.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "seconds": {"all": "long"}}))
    page = page_of(small_run)
    assert "The part \u201cHow it was made\u201d could not be made" in page
    assert "Confusion matrix of the clips" in page


@pytest.mark.slow
def test_groups_are_listed_where_they_are_of_several_clips(crossval):
    content = Parts(read_any_results(crossval)).groups()
    assert (content["n_rows"], content["n_none"], content["n_perfect"]) == (6, 2, 4)
    assert "6 groups: 4 are all right, 2 all wrong" in render_report(read_any_results(crossval), explain=False)


def test_of_very_many_clips_the_wrong_ones_are_listed_first(small_run):
    scored = read_results(small_run).scored * MOST_CLIPS
    listed = listed_clips(scored)
    assert len(listed) == MOST_CLIPS
    assert not any(clip.is_right for clip in listed)


def test_the_configuration_names_no_folder_above():
    assert "ann" not in shown_config({"data": {"path": "/home/ann/sounds"}, "seed": 1})


def test_no_path_of_the_configuration_names_the_folders_above():
    shown = shown_config(
        {
            "augment": {"noise": {"path": "/home/ann/secret/noise"}},
            "network": {"path": "mine.Wide"},
            "data": {"path": "a"},
        }
    )
    assert "ann" not in shown
    assert 'path = ".../noise"' in shown
    assert 'path = "mine.Wide"' in shown
    assert 'path = "a"' in shown
