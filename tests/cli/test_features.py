import json

import pytest


def test_the_place_is_printed_and_the_rest_is_talk(earmark, trained, tmp_path):
    answer = earmark("features", trained / "sounds", "-o", tmp_path / "data.json", "--segments", "2")

    assert answer.status == 0
    assert answer.out == f"{tmp_path / 'data.json'}\n"
    assert [line for line in answer.told if not line.startswith("note: ")] == ["24 clips of 3 labels"]
    assert any("groups and folds are not in it" in line for line in answer.told)
    assert json.loads((tmp_path / "data.json").read_text())["mapping"] == ["dog", "rain", "sea"]


@pytest.mark.slow
def test_the_result_is_given_as_json(earmark, trained, tmp_path):
    answer = earmark("features", trained / "sounds", "-o", tmp_path / "store", "--files-per-class", "2", "--json")

    told = json.loads(answer.out)
    assert (told["format"], told["clips"], told["labels"]) == ("store", 6, ["dog", "rain", "sea"])


@pytest.mark.slow
def test_the_notebooks_file_is_trained_on_with_one_warning(earmark, trained, tmp_path):
    earmark("features", trained / "sounds", "-o", tmp_path / "data.json", "--segments", "2")
    answer = earmark("train", tmp_path / "data.json", "-o", tmp_path / "run", "--epochs", "2", "--network", "cnn")

    assert answer.status == 0
    assert len([line for line in answer.told if "inflated" in line]) == 1
    assert (tmp_path / "run" / "report.html").exists()
    scored = earmark("evaluate", tmp_path / "run", tmp_path / "data.json", "--json")
    assert json.loads(scored.out)["clip"]["n"] == 48
    heard = earmark("predict", tmp_path / "run", trained / "sounds" / "dog" / "dog0.wav")
    assert heard.status == 2
    assert "cannot hear sound" in heard.told[-1]


@pytest.mark.slow
def test_pictures_are_trained_on_and_predicted(earmark, trained, tmp_path):
    earmark(
        "features", trained / "sounds", "-o", tmp_path / "pictures", "--format", "pictures", "--picture", "waveform"
    )
    answer = earmark("train", tmp_path / "pictures", "-o", tmp_path / "run", "--epochs", "1", "--network", "cnn")
    assert answer.status == 0
    seen = earmark("predict", tmp_path / "run", tmp_path / "pictures" / "dog", "--json")
    assert len(json.loads(seen.out)) == 8
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    seen = earmark("predict", tmp_path / "run", tmp_path / "broken.png")
    assert seen.status == 2
    assert "broken.png" in seen.told[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--front-end", "mffc"], "did you mean 'mfcc'"),
        (["--front-end", "mfcc", "--set", "front_end.n_mfcc=999"], "front_end.n_mfcc must be"),
        (["--set", "front_end.hop_samples=0"], "front_end.hop_samples must be"),
        (["--set", "front_end.fmax_hz=30000.0"], "front_end.fmax_hz must be"),
        (["--set", "front_end.n_mels"], "--set wants KEY=VALUE"),
        (["--set", "front_end.n_melz=4"], "did you mean 'n_mels'"),
        (["--format", "tfrecords"], "did you mean 'tfrecord'"),
        (["--workers", "0"], "n_workers must be at least 1"),
        (["--files-per-class", "0"], "at least 1 clip of each class"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing_behind(earmark, trained, tmp_path, options, message):
    answer = earmark("features", trained / "sounds", "-o", tmp_path / "out", *options)

    assert answer.status == 2
    assert len(answer.told) == 1
    assert message in answer.told[0]
    assert not (tmp_path / "out").exists()


def test_a_suffix_of_no_format_is_named(earmark, trained, tmp_path):
    answer = earmark("features", trained / "sounds", "-o", tmp_path / "data.csv")
    assert answer.status == 2
    assert "--format" in answer.told[0]


def test_what_is_there_stays_unless_told(earmark, trained, tmp_path):
    (tmp_path / "data.json").write_text("{}")
    answer = earmark("features", trained / "sounds", "-o", tmp_path / "data.json")
    assert answer.status == 2
    assert "--overwrite" in answer.told[0]
    assert (tmp_path / "data.json").read_text() == "{}"


@pytest.mark.slow
def test_another_front_end_than_that_of_the_features_is_refused_where_it_was_typed(earmark, trained, tmp_path):
    earmark("features", trained / "sounds", "-o", tmp_path / "data.json", "--segments", "2")

    answer = earmark("train", tmp_path / "data.json", "-o", tmp_path / "run", "--front-end", "log-mel")

    assert answer.status == 2
    assert len(answer.told) == 1
    assert "log-mel" in answer.told[0]
    assert not (tmp_path / "run").exists()
