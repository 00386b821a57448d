import json
import re
import shutil

import numpy as np
import pytest

from earmark.audio.write import write_sound


def test_json_holds_each_sound_in_the_order_asked(earmark, trained):
    asked = [trained / "sounds" / name for name in ("sea/sea1.wav", "dog/dog1.wav", "rain/rain1.wav")]

    answer = earmark("predict", trained / "run", *asked, "--json")

    predictions = json.loads(answer.out)
    assert answer.status == 0
    assert [prediction["path"] for prediction in predictions] == [str(path) for path in asked]
    for prediction in predictions:
        assert {"path", "label", "best_guess", "probability", "probabilities", "novelty", "labels"} <= set(prediction)
        assert prediction["novelty"] > 0
        assert list(prediction["probabilities"]) == ["dog", "rain", "sea"]
        assert sum(prediction["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
        assert prediction["probability"] == max(prediction["probabilities"].values())
        assert prediction["probabilities"][prediction["label"]] == prediction["probability"]


def test_without_json_there_is_one_line_a_sound(earmark, trained):
    answer = earmark("predict", trained / "run", trained / "sounds" / "dog")

    assert len(answer.out.splitlines()) == 8
    assert all("dog" in line and "%" in line for line in answer.out.splitlines())


def test_the_bundle_alone_answers_too(earmark, trained):
    path = trained / "sounds" / "dog" / "dog1.wav"

    assert (
        earmark("predict", trained / "run" / "bundle", path, "--json").out
        == earmark("predict", trained / "run", path, "--json").out
    )


def test_bad_files_are_named_and_the_rest_is_answered(earmark, trained, sounds):
    broken = sounds.root / "broken.wav"
    broken.write_text("this is no sound")

    answer = earmark("predict", trained / "run", broken, trained / "sounds" / "dog" / "dog1.wav", "--json")

    assert answer.status == 0
    assert len(json.loads(answer.out)) == 1
    assert "1 of 2 files could not be read" in answer.told[-1]
    assert "broken.wav" in answer.told[-1]


def test_strict_answers_with_status_2(earmark, trained, sounds):
    broken = sounds.root / "broken.wav"
    broken.write_text("this is no sound")

    answer = earmark("predict", trained / "run", broken, trained / "sounds" / "dog" / "dog1.wav", "--strict")

    assert answer.status == 2
    assert answer.out == ""


@pytest.mark.parametrize("run", ["nowhere", "."])
def test_a_folder_without_a_classifier_is_one_line(earmark, trained, tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)

    answer = earmark("predict", run, trained / "sounds" / "dog" / "dog1.wav")

    assert answer.status == 2
    assert len(answer.told) == 1


def test_a_sound_that_is_not_there_is_named(earmark, trained):
    answer = earmark("predict", trained / "run", "bark.ogg")

    assert answer.status == 2
    assert "bark.ogg" in answer.told[-1]


# ---------------------------------------------------------------- when not to answer


def test_what_is_not_sure_enough_is_uncertain_with_the_best_guess_beside_it(earmark, trained):
    path = trained / "sounds" / "dog" / "dog1.wav"

    answer = earmark("predict", trained / "run", path, "--min-confidence", "1")
    value = json.loads(earmark("predict", trained / "run", path, "--min-confidence", "1", "--json").out)

    assert re.search(r"dog1\.wav +uncertain +\d+\.\d% +best guess \w+", answer.out)
    assert value[0]["label"] is None
    assert value[0]["best_guess"] in {"dog", "rain", "sea"}


def test_a_set_of_labels_is_named(earmark, trained):
    path = trained / "sounds" / "dog" / "dog1.wav"

    value = json.loads(earmark("predict", trained / "run", path, "--coverage", "0.5", "--json").out)
    said = earmark("predict", trained / "run", path, "--coverage", "0.5").out

    assert set(value[0]["labels"]) <= {"dog", "rain", "sea"}
    assert (f"one of: {', '.join(value[0]['labels'])}" if value[0]["labels"] else "no label is likely enough") in said


def test_too_few_validation_clips_for_a_coverage_are_said_and_every_label_is_given(earmark, trained):
    answer = earmark(
        "predict", trained / "run", trained / "sounds" / "dog" / "dog1.wav", "--coverage", "0.99", "--json"
    )

    assert len(json.loads(answer.out)[0]["labels"]) == 3
    assert any("needs 99 groups of validation clips" in line for line in answer.told)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--min-confidence", "often"], "min-confidence is 'often'"),
        (["--min-confidence", "70"], "min_confidence is 70"),
        (["--coverage", "90"], "coverage is 90"),
    ],
)
def test_a_number_that_cannot_be_is_one_line(earmark, trained, options, told):
    answer = earmark("predict", trained / "run", trained / "sounds" / "dog" / "dog1.wav", *options)

    assert answer.status == 2
    assert told in answer.told[-1]


def test_a_background_class_is_said_as_none_of_these_and_what_is_odd_is_said(earmark, trained, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(trained / "run" / "bundle", bundle)
    description = json.loads((bundle / "classifier.json").read_text())
    (bundle / "classifier.json").write_text(json.dumps({**description, "background": ["dog", "rain", "sea"]}))
    rng = np.random.default_rng(0)
    odd = tmp_path / "odd.wav"
    write_sound(odd, (0.3 * rng.standard_normal(22050)).astype(np.float32), 22050)

    answer = earmark("predict", bundle, odd)

    assert re.search(r"none of these \((dog|rain|sea)\)", answer.out)
    assert re.search(r"unlike what was learnt \(novelty \d+\.\d\d\)", answer.out)
