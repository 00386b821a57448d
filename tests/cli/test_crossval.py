import json

import pytest


@pytest.mark.slow
def test_folds_are_made_and_scored_together(earmark, trained, tmp_path):
    answer = earmark(
        "crossval",
        trained / "sounds",
        "-o",
        tmp_path / "cv",
        "--folds",
        "2",
        "--epochs",
        "1",
        "--segments",
        "1",
        "--json",
    )

    assert answer.status == 0
    told = json.loads(answer.out)
    assert told["clip"]["n"] == 24
    assert [fold["fold"] for fold in told["folds"]] == [1, 2]
    assert answer.told[-1].startswith(f"{100 * told['clip']['accuracy']['value']:.1f} % of 24 clips are right")
    assert (tmp_path / "cv" / "fold-1" / "bundle").is_dir()
    assert (tmp_path / "cv" / "epochs.png").is_file()
    assert (tmp_path / "cv" / "confusion.png").is_file()
    again = earmark("crossval", "-o", tmp_path / "cv", "--resume")
    assert again.status == 2
    assert "is finished" in again.told[-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--folds", "1"], "n_folds must be at least 2"),
        (["--folds", "100"], "100 folds need as many groups"),
        (["--overwrite", "--resume"], "not both"),
        (["--set", "split.test_fraction=0.2"], "tests on every fold"),
    ],
)
def test_a_mistake_is_one_line(earmark, trained, tmp_path, options, message):
    answer = earmark("crossval", trained / "sounds", "-o", tmp_path / "cv", *options)

    assert answer.status == 2
    assert len(answer.told) == 1
    assert message in answer.told[0]
    assert not (tmp_path / "cv").exists()
