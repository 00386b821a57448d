import csv
import json

import numpy as np
import pytest
import soundfile


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


@pytest.mark.slow
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


@pytest.mark.slow
def test_folds_are_of_whole_artists_where_the_tags_name_them(earmark, tmp_path):
    for n in range(16):
        path = tmp_path / "sounds" / ("dog", "rain")[n % 2] / f"{n}.ogg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with soundfile.SoundFile(path, "w", 22050, 1) as sound:
            sound.artist = f"artist {n // 2 % 4}"
            sound.write(np.random.default_rng(n).standard_normal(22050) / 10)
    answer = earmark(
        *("crossval", tmp_path / "sounds", "-o", tmp_path / "cv", "--network", "svm", "--folds", 2),
        *("--group-tag", "artist"),
    )

    assert answer.status == 0
    folds_of = {}
    for fold in (1, 2):
        with (tmp_path / "cv" / f"fold-{fold}" / "split.csv").open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                if row["part"] == "test":
                    folds_of.setdefault(row["group"], set()).add(fold)
    assert sorted(folds_of) == [f"artist {n}" for n in range(4)]
    assert all(len(folds) == 1 for folds in folds_of.values())


@pytest.mark.slow
def test_a_split_in_parts_is_refused_and_a_fold_a_group_is_made(earmark, trained, tmp_path):
    parts = tmp_path / "split.csv"
    names = sorted(path.relative_to(trained / "sounds").as_posix() for path in (trained / "sounds").rglob("*.wav"))
    rows = [f"{name},{('train', 'validation', 'test')[number % 3]}" for number, name in enumerate(names)]
    parts.write_text("path,part\n" + "\n".join(rows) + "\n")

    answer = earmark("crossval", trained / "sounds", "-o", tmp_path / "run", "--split", parts)

    assert answer.status == 2
    assert "has parts, and a cross-validation needs folds" in answer.told[0]
    by_group = earmark(
        *("crossval", trained / "sounds", "-o", tmp_path / "groups", "--network", "svm", "--split", "each-group"),
        *("--group-pattern", r"\d"),
    )
    assert by_group.status == 0
    assert len(json.loads((tmp_path / "groups" / "scorecard.json").read_text())["folds"]) == 8
