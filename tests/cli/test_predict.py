import json

import pytest


def test_json_holds_each_sound_in_the_order_asked(earmark, trained):
    asked = [trained / "sounds" / name for name in ("sea/sea1.wav", "dog/dog1.wav", "rain/rain1.wav")]

    answer = earmark("predict", trained / "run", *asked, "--json")

    predictions = json.loads(answer.out)
    assert answer.status == 0
    assert [prediction["path"] for prediction in predictions] == [str(path) for path in asked]
    for prediction in predictions:
        assert set(prediction) == {"path", "label", "probability", "probabilities"}
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
