import json
import shutil

import pytest
import soundfile


@pytest.mark.slow
def test_other_sounds_get_a_scorecard(earmark, trained, sounds, tmp_path):
    other = sounds.folder({"dog": 3, "rain": 3, "sea": 3})

    answer = earmark("evaluate", trained / "run", other, "--json", "-o", tmp_path / "scores.json")

    assert answer.status == 0
    assert json.loads(answer.out) == json.loads((tmp_path / "scores.json").read_text())
    assert json.loads(answer.out)["clip"]["n"] == 9
    assert not [line for line in answer.told if "learnt from" in line]


@pytest.mark.slow
def test_sounds_that_were_learnt_from_are_noted_also_under_another_name(earmark, trained, tmp_path):
    shutil.copytree(trained / "sounds", tmp_path / "copy")
    for path in sorted((tmp_path / "copy").rglob("*.wav")):
        path.rename(path.with_name(f"renamed {path.name}"))

    answer = earmark("evaluate", trained / "run", tmp_path / "copy")

    (told,) = [line for line in answer.told if "learnt from" in line]
    n_learnt = sum(",test" not in line for line in (trained / "run" / "split.csv").read_text().splitlines()[1:])
    assert told.startswith(f"note: {n_learnt} of 24 sounds were learnt from")


@pytest.mark.slow
def test_a_tag_may_say_what_a_group_is(earmark, trained, tmp_path):
    for label in ("dog", "rain", "sea"):
        for number in range(2):
            samples, rate = soundfile.read(trained / "sounds" / label / f"{label}{number}.wav")
            (tmp_path / label).mkdir(exist_ok=True)
            with soundfile.SoundFile(tmp_path / label / f"{number}.flac", "w", rate, 1) as sound:
                sound.artist = f"artist {number}"
                sound.write(samples[::-1])

    grouped = earmark("evaluate", trained / "run", tmp_path, "--group-tag", "artist", "--json")
    assert grouped.status == 0
    assert json.loads(grouped.out)["n_groups"] == 2
    for more, line in (
        (("--group-tag", "title"), "the tag 'title' cannot name the groups"),
        (("--group-tag", "artist", "--group-pattern", "."), "the group comes from one place"),
    ):
        refused = earmark("evaluate", trained / "run", tmp_path, *more)
        assert (refused.status, len(refused.told)) == (2, 1)
        assert line in refused.err


def test_features_have_no_tags_to_group_by(earmark, trained, tmp_path):
    table = {"mapping": ["dog", "rain"], "mfcc": [[[float(n), 1.0]] * 3 for n in range(4)], "labels": [0, 0, 1, 1]}
    (tmp_path / "data.json").write_text(json.dumps(table))
    refused = earmark("evaluate", trained / "run", tmp_path / "data.json", "--group-tag", "artist")
    assert (refused.status, "features have no tags" in refused.err) == (2, True)


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


@pytest.mark.slow
def test_what_was_learnt_from_is_noted_for_the_bundle_too(earmark, trained):
    answer = earmark("evaluate", trained / "run" / "bundle", trained / "sounds")

    assert any("learnt from" in line for line in answer.told)


@pytest.mark.slow
def test_every_score_is_shown_and_in_the_json_too(earmark, trained, sounds, tmp_path):
    other = sounds.folder({"dog": 3, "rain": 3})

    shown = earmark("evaluate", trained / "run", other)
    whole = json.loads(earmark("evaluate", trained / "run", other, "--json", "-o", tmp_path / "scores.json").out)

    assert all(word in shown.out for word in ("balanced accuracy", "ROC AUC", "calibration error", "per class"))
    assert any("no clip is of sea" in line for line in shown.told)
    assert whole["scores"]["levels"]["clip"]["scores"]["accuracy"]["value"] == whole["clip"]["accuracy"]["value"]
    assert "log_loss" in whole["scores"]["levels"]["clip"]["scores"]
