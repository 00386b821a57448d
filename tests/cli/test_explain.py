import json
import shutil

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.slow  # each draws, or loads torch and captum


@pytest.fixture
def bark(trained):
    """A sound of the trained run."""
    return trained / "sounds" / "dog" / "dog0.wav"


def test_a_sound_is_explained_with_pictures_and_sounds(earmark, trained, bark, tmp_path):
    answer = earmark("explain", trained / "run", bark, "-o", tmp_path / "why", "--random-orders", 2)

    assert answer.status == 0, answer.err
    assert "explained by integrated-gradients" in answer.out
    assert "faithful: the parts named matter" in answer.out
    assert {"relevance.png", "kept.wav", "removed.wav", "filters.png"} <= {p.name for p in (tmp_path / "why").iterdir()}
    assert soundfile.info(tmp_path / "why" / "kept.wav").frames == soundfile.info(bark).frames


def test_json_alone_goes_to_stdout(earmark, trained, bark, tmp_path):
    answer = earmark(
        *("explain", trained / "run", bark, "-o", tmp_path / "why", "--json", "--method", "gradcam"),
        *("--label", "rain", "--layer", "blocks.0", "--random-orders", 0),
    )

    value = json.loads(answer.out)
    assert (value["method"], value["label"], value["layer"]) == ("gradcam", "rain", "blocks.0")
    assert value["faithfulness"] is None
    assert [path.split("/")[-1] for path in value["files"] if "maps" in path] == ["01-blocks.0.png"]


def test_a_data_set_is_summed_up(earmark, trained, tmp_path):
    answer = earmark("explain", trained / "run", trained / "sounds", "-o", tmp_path / "all", "--per-class", 1, "--json")

    assert answer.status == 0, answer.err
    assert len(json.loads(answer.out)["clips"]) == 3
    assert "note: 3 of 24 clips were drawn, at most 1 a class" in answer.told
    assert (tmp_path / "all" / "over_frequency.png").is_file()


def test_a_baseline_is_weighed_by_permutation(earmark, trained, tmp_path):
    answer = earmark("explain", trained / "run" / "baseline", trained / "sounds", "-o", tmp_path / "svm")

    assert answer.status == 0, answer.err
    assert "points lost when shuffled" in answer.out
    assert (tmp_path / "svm" / "importance.png").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--method", "gradcan"), "no method called 'gradcan': did you mean 'gradcam'?"),
        (("--label", "dogs"), "no class called 'dogs': did you mean 'dog'?"),
        (("--layer", "blocks.99"), "no layer called 'blocks.99'"),
        (("--method", "permutation"), "give a data set, or take the method occlusion"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_leaves_nothing(earmark, trained, bark, tmp_path, options, message):
    answer = earmark("explain", trained / "run", bark, "-o", tmp_path / "why", "--random-orders", 0, *options)

    assert answer.status == 2
    assert message in answer.told[-1]
    assert not (tmp_path / "why").exists()


def test_a_clip_that_is_gone_and_a_run_that_is_none_are_named(earmark, trained, bark, tmp_path):
    gone = earmark("explain", trained / "run", tmp_path / "gone.wav", "-o", tmp_path / "why")
    none = earmark("explain", tmp_path, bark, "-o", tmp_path / "why")

    assert (gone.status, none.status) == (2, 2)
    assert "gone.wav" in gone.told[-1]
    assert "neither a bundle nor a run folder" in none.told[-1]


def test_silence_is_said_to_have_nothing_to_explain(earmark, trained, tmp_path):
    soundfile.write(tmp_path / "still.wav", np.zeros(22050), 22050)

    answer = earmark("explain", trained / "run", tmp_path / "still.wav", "-o", tmp_path / "why", "--random-orders", 1)

    assert answer.status == 0
    assert any("silence has nothing to explain" in line for line in answer.told)


def test_options_that_belong_elsewhere_are_refused(earmark, trained, tmp_path):
    layer = earmark("explain", trained / "run", trained / "sounds", "-o", tmp_path / "why", "--layer", "blocks.0")
    label = earmark(
        *("explain", trained / "run", trained / "sounds", "-o", tmp_path / "why"),
        *("--method", "permutation", "--label", "dog"),
    )

    assert "--layer belongs to one sound" in layer.told[-1]
    assert "--label belongs to the other methods" in label.told[-1]


def test_other_files_are_left_alone(earmark, trained, bark, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")

    answer = earmark("explain", trained / "run", bark, "-o", tmp_path, "--overwrite")

    assert answer.status == 2
    assert "not an explanation's (notes.txt)" in answer.told[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_of_a_cross_validation_each_clip_is_explained_by_the_fold_that_tests_it(earmark, trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "cv" / "fold-1")
    shutil.copy(trained / "run" / "config.toml", tmp_path / "cv")
    tested = [
        line.split(",")[0] for line in (trained / "run" / "split.csv").read_text().splitlines() if ",test" in line
    ]

    one = earmark(
        *("explain", tmp_path / "cv", trained / "sounds" / tested[0], "-o", tmp_path / "one", "--random-orders", 0)
    )
    summed = earmark("explain", tmp_path / "cv", trained / "sounds", "-o", tmp_path / "all", "--per-class", 1, "--json")
    shuffled = earmark(
        *("explain", tmp_path / "cv", trained / "sounds", "-o", tmp_path / "no", "--method", "permutation")
    )

    assert "note: explained by fold 1, which tests it" in one.told
    assert {clip["path"] for clip in json.loads(summed.out)["clips"]} <= set(tested)
    assert any("clips are left out, since no fold tests them" in line for line in summed.told)
    assert (shuffled.status, "permutation asks one classifier" in shuffled.err) == (2, True)


def test_clips_that_the_classifier_learnt_from_are_noted(earmark, trained, tmp_path):
    answer = earmark("explain", trained / "run", trained / "sounds", "-o", tmp_path / "all", "--per-class", 1)

    assert any("sounds were learnt from in training" in line for line in answer.told)
