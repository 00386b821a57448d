import json
import shutil

import pytest


def test_other_sounds_get_a_scorecard(earmark, trained, sounds, tmp_path):
    other = sounds.folder({"dog": 3, "rain": 3, "sea": 3})

    answer = earmark("evaluate", trained / "run", other, "--json", "-o", tmp_path / "scores.json")

    assert answer.status == 0
    assert json.loads(answer.out) == json.loads((tmp_path / "scores.json").read_text())
    assert json.loads(answer.out)["clip"]["n"] == 9
    assert not [line for line in answer.told if "learnt from" in line]


def test_sounds_that_were_learnt_from_are_noted_also_under_another_name(earmark, trained, tmp_path):
    shutil.copytree(trained / "sounds", tmp_path / "copy")
    for path in sorted((tmp_path / "copy").rglob("*.wav")):
        path.rename(path.with_name(f"renamed {path.name}"))

    answer = earmark("evaluate", trained / "run", tmp_path / "copy")

    (told,) = [line for line in answer.told if "learnt from" in line]
    n_learnt = sum(",test" not in line for line in (trained / "run" / "split.csv").read_text().splitlines()[1:])
    assert told.startswith(f"note: {n_learnt} of 24 sounds were learnt from")


def test_labels_that_the_classifier_does_not_know_are_refused(earmark, trained, sounds):
    answer = earmark("evaluate", trained / "run", sounds.folder({"dog": 3, "cat": 3}))

    assert answer.status == 2
    assert "'cat'" in answer.told[-1]


def test_fewer_labels_than_the_classifier_knows_are_fine(earmark, trained, sounds):
    answer = earmark("evaluate", trained / "run", sounds.folder({"dog": 3, "rain": 3}), "--json")

    assert answer.status == 0
    assert json.loads(answer.out)["labels"] == ["dog", "rain", "sea"]


@pytest.mark.slow
def test_one_class_alone_can_be_scored_with_the_baseline_beside_it(earmark, trained, sounds):
    answer = earmark("evaluate", trained / "run", sounds.folder({"dog": 3}), "--json")

    assert answer.status == 0
    assert json.loads(answer.out)["clip"]["n"] == 3
    assert json.loads(answer.out)["baseline"]["name"] == "svm"


def test_what_was_learnt_from_is_noted_for_the_bundle_too(earmark, trained):
    answer = earmark("evaluate", trained / "run" / "bundle", trained / "sounds")

    assert any("learnt from" in line for line in answer.told)
