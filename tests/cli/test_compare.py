import json

import pytest

from earmark.cli.compare import _candidates

SMALL = ("--folds", "2", "--epochs", "1", "--segments", "1")


@pytest.mark.slow
def test_candidates_are_compared_and_the_answer_is_one_sentence(earmark, trained, tmp_path):
    folder = tmp_path / "which"
    answer = earmark("compare", trained / "sounds", "-o", folder, "--network", "mlp,svm", *SMALL, "--json")

    assert answer.status == 0, answer.err
    told = json.loads(answer.out)
    assert told == json.loads((folder / "comparison.json").read_text())
    assert [candidate["name"] for candidate in told["candidates"]] == ["mlp", "svm"]
    assert told["simplest"] == "svm"
    assert answer.told[-1] == told["sentence"]
    pictures = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))
    assert pictures == ["comparison.png", "mlp/confusion.png", "mlp/epochs.png", "svm/confusion.png"]
    again = earmark("compare", "-o", folder, "--resume")
    assert again.status == 2
    assert "nothing to resume" in again.told[-1]
    (folder / "comparison.json").unlink()
    for typed in (("--epochs", 9), ("--seed", 5), ("--folds", 3), ("--set", "train.batch_size=2")):
        other = earmark("compare", "-o", folder, "--resume", *typed)
        assert (other.status, len(other.told)) == (2, 1), typed
        assert "begun with other settings" in other.told[0]
    again = earmark("compare", trained / "sounds", "-o", folder, "--resume", "--epochs", 1)
    assert again.status == 0, again.err
    assert "points over svm" in again.out.splitlines()[0]
    assert json.loads((folder / "comparison.json").read_text()) == told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing is named: give --network a,b"),
        (["--network", "svm"], "and svm alone is named"),
        (["--network", "svm,svm"], "named twice"),
        (["--network", "svm,cnm"], "did you mean 'cnn'"),
        (["--network", "svm,cnn", "--features", "mfc"], "did you mean 'mfcc'"),
        (["--network", "lstm,cnn", "--folds", "100"], "100 folds need as many groups"),
        (["--network", "lstm,mlp", "--set", "network.n_channels=3"], "lstm: network.n_channels: there is no such"),
        (["--network", "svm,mlp", "--set", "network.penalty=3"], "mlp: network.penalty: there is no such setting"),
        (["--network", "svm,cnn", "--set", "network.name=lstm"], "candidates are named with --network"),
        (["--network", "svm,cnn", "--set", "front_end.name=mfcc"], "candidates are named with --features"),
        (["--network", "svm,cnn", "--set", "split.test_fold=1"], "tests on every fold"),
        (["--network", "svm,cnn", "--overwrite", "--resume"], "not both"),
    ],
)
def test_a_mistake_is_one_line(earmark, trained, tmp_path, options, message):
    answer = earmark("compare", trained / "sounds", "-o", tmp_path / "which", *options)

    assert answer.status == 2
    assert len(answer.told) == 1, answer.told
    assert message in answer.told[0]
    assert not (tmp_path / "which").exists()


@pytest.mark.slow
def test_a_combination_that_cannot_be_is_one_line_that_names_it(earmark, trained, tmp_path):
    answer = earmark(
        "compare", trained / "sounds", "-o", tmp_path / "which", "--network", "cnn,alexnet", "--features", "statistics"
    )
    assert answer.status == 2
    assert len(answer.told) == 1, answer.told
    assert answer.told[0].startswith("earmark: cnn-statistics: ")
    assert not (tmp_path / "which").exists()


def test_without_sounds_it_asks_for_them(earmark, tmp_path):
    answer = earmark("compare", "-o", tmp_path / "which", "--network", "svm,cnn")
    assert answer.status == 2
    assert answer.told[0].startswith("earmark: which sounds?")


def test_resuming_what_is_no_comparison_is_one_line(earmark, tmp_path):
    answer = earmark("compare", "-o", tmp_path, "--resume")
    assert (answer.status, len(answer.told)) == (2, 1)
    assert "holds no comparison" in answer.told[0]


@pytest.fixture
def tables():
    """Return a configuration file's."""
    return {
        "seed": 4,
        "data": {"path": "sounds"},
        "front_end": {"name": "mfcc", "n_mfcc": 20},
        "network": {"name": "mlp"},
        "train": {"max_epochs": 7},
    }


def test_settings_hold_for_all_and_those_of_a_front_end_for_the_network_that_a_file_names(tables):
    found = _candidates(["mlp", "svm", "cnn"], [], tables, {"train.batch_size": 8})
    assert list(found) == ["mlp", "svm", "cnn"]
    assert {one.seed for one in found.values()} == {4}
    assert {(one.train.max_epochs, one.train.batch_size) for one in found.values()} == {(7, 8)}
    assert [one.front_end.name for one in found.values()] == ["mfcc", "statistics", "log-mel"]
    assert found["mlp"].front_end.settings.n_mfcc == 20


def test_each_network_goes_with_each_front_end_that_is_named(tables):
    crossed = _candidates(["mlp", "cnn"], ["mfcc", "mel"], tables, {"data.path": "other"})
    assert [(one.network.name, one.front_end.name) for one in crossed.values()] == [
        ("mlp", "mfcc"),
        ("mlp", "mel"),
        ("cnn", "mfcc"),
        ("cnn", "mel"),
    ]
    assert crossed["mlp-mfcc"].front_end.settings.n_mfcc == 20
    assert {one.data.path for one in crossed.values()} == {"other"}


@pytest.mark.slow
def test_of_a_files_split_only_the_number_of_folds_counts(earmark, trained, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text("[split]\ntest_fold = 2\nn_folds = 3\n")
    answer = earmark(
        "compare", trained / "sounds", "-o", tmp_path / "w", "--config", config, "--network", "svm,mlp", "--epochs", "1"
    )
    assert answer.status == 0, answer.err
    assert sorted(path.name for path in (tmp_path / "w" / "svm").glob("fold-*")) == ["fold-1", "fold-2", "fold-3"]


@pytest.mark.slow
def test_the_split_that_a_file_names_is_kept(earmark, trained, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('[split]\nplan = "each-group"\n')
    answer = earmark(
        *("compare", trained / "sounds", "-o", tmp_path / "w", "--config", config, "--network", "svm,k-nearest"),
        *("--group-pattern", r"\d"),
    )
    assert answer.status == 0, answer.err
    assert len(list((tmp_path / "w" / "svm").glob("fold-*"))) == 8


@pytest.mark.slow
def test_what_does_not_learn_in_batches_learns_without_the_steps_and_says_so(earmark, trained, tmp_path):
    options = ("--network", "svm,mlp", "--augment", "time-mask", *SMALL)
    answer = earmark("compare", trained / "sounds", "-o", tmp_path / "w", *options)
    assert answer.status == 0, answer.err
    assert "note: svm learns without --augment: steps are for what learns in batches" in answer.told
    assert "time-mask" in (tmp_path / "w" / "mlp" / "config.toml").read_text()
    none = earmark(
        "compare", trained / "sounds", "-o", tmp_path / "n", "--network", "svm,logistic", "--augment", "gain"
    )
    assert (none.status, len(none.told)) == (2, 1)
    assert "does not learn in batches" in none.told[0]
