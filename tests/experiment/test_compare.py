import csv
import json
import tomllib
from dataclasses import replace

import pytest

from earmark.errors import DataError, SettingError, StorageError, TrainingError
from earmark.evaluate.paired import holm, paired_accuracy
from earmark.experiment import compare as module
from earmark.experiment.compare import compare, compare_predictions, pair_up, read_asked
from earmark.experiment.crossval import cross_validate
from earmark.experiment.folder import RunFolder
from earmark.features.store import FeatureStore

SVM = {"network": {"name": "svm"}, "front_end": {"name": "statistics"}, "segments": {}}
MLP = {"network": {"name": "mlp"}}


@pytest.fixture(scope="module")
def sounds_of(tmp_path_factory, write_tones):
    return write_tones(tmp_path_factory.mktemp("compared") / "sounds", {"dog": 5, "rain": 5, "sea": 5})


@pytest.fixture(scope="module")
def configs(sounds_of, configure):
    return {"mlp": configure(sounds_of, **MLP), "svm": configure(sounds_of, **SVM)}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FeatureStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def done(tmp_path_factory, configs, store):
    """A finished comparison; nobody may write into its folder."""
    return compare(configs, tmp_path_factory.mktemp("done") / "which", store=store, n_folds=2)


def answers(folder):
    with (folder / "predictions.csv").open(newline="") as stream:
        return [row[:3] for row in csv.reader(stream)][1:]


# ---------------------------------------------------------------- which candidates


def test_each_network_goes_with_each_front_end_or_with_its_own():
    assert pair_up(["svm", "cnn"]) == {"svm": ("svm", None), "cnn": ("cnn", None)}
    assert list(pair_up(["mlp", "cnn"], ["mfcc", "log-mel"])) == ["mlp-mfcc", "mlp-log-mel", "cnn-mfcc", "cnn-log-mel"]
    assert list(pair_up(["cnn"], ["mfcc", "mel"])) == ["cnn-mfcc", "cnn-mel"]


@pytest.mark.parametrize(
    ("networks", "front_ends", "message"),
    [
        ([], [], "two candidates at least, and nothing is named"),
        (["cnn"], [], "two candidates at least, and cnn alone is named"),
        (["cnn"], ["mfcc"], "and cnn-mfcc alone"),
        (["cnn", "svm", "cnn"], [], "the network 'cnn' is named twice"),
        (["cnn"], ["mfcc", "mfcc"], "the front end 'mfcc' is named twice"),
        (["cnn", "ltsm"], [], "no network called 'ltsm': did you mean 'lstm'"),
        (["cnn", "svm"], ["mffc"], "no front end called 'mffc': did you mean 'mfcc'"),
    ],
)
def test_what_is_no_comparison_is_one_line(networks, front_ends, message):
    with pytest.raises(SettingError, match=message) as caught:
        pair_up(networks, front_ends)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- what comes out


@pytest.mark.slow
def test_all_are_tested_on_the_same_clips_in_the_same_folds(done, configs):
    folds = [(done.folder / name / "folds.csv").read_bytes() for name in configs]
    assert folds[0] == folds[1]
    assert (done.n_clips, done.n_groups) == (15, 15)
    assert [candidate.name for candidate in done.candidates] == ["mlp", "svm"]
    assert [row[:2] for row in answers(done.folder / "mlp")] == [row[:2] for row in answers(done.folder / "svm")]


def test_the_numbers_are_those_of_each_cross_validation(done):
    for candidate in done.candidates:
        content = json.loads((done.folder / candidate.name / "scorecard.json").read_text())
        assert candidate.accuracy.value == content["clip"]["accuracy"]["value"]
        assert candidate.macro_f1.value == content["clip"]["macro_f1"]["value"]
        assert list(candidate.folds) == [fold["accuracy"] for fold in content["folds"]]
        assert (candidate.mean, candidate.deviation) == (content["mean"], content["deviation"])
        assert candidate.training_s > 0


@pytest.mark.slow
def test_the_one_without_epochs_is_the_simplest_whatever_the_order(done):
    assert done.simplest == "svm"
    assert done["svm"].n_weights == 0
    assert done["mlp"].n_weights > 1000
    assert done["svm"].against_simplest is done["svm"].p is None


def test_the_paired_test_is_that_of_the_predictions(done):
    mlp, svm = answers(done.folder / "mlp"), answers(done.folder / "svm")
    right = [[label == predicted for _, label, predicted in rows] for rows in (mlp, svm)]
    expected = paired_accuracy(*right, [path for path, *_ in mlp], seed=0)
    assert done["mlp"].against_simplest == expected
    assert done["mlp"].p == expected.p  # of one comparison


def test_what_is_written_is_what_is_returned(done):
    content = json.loads((done.folder / "comparison.json").read_text())
    assert content == json.loads(json.dumps(done.to_json()))
    assert content["sentence"] == done.sentence()
    with (done.folder / "comparison.csv").open(newline="") as stream:
        assert [row["name"] for row in csv.DictReader(stream)] == ["mlp", "svm"]


def test_the_baseline_of_a_run_is_no_candidate(done):
    assert (done.folder / "mlp" / "fold-1" / "baseline").is_dir()
    assert "baseline" not in str(done)
    assert len(done.candidates) == 2


@pytest.mark.slow
def test_two_finished_runs_are_compared_by_their_predictions(done, trained, tmp_path):
    assert compare_predictions(done.folder / "mlp", done.folder / "svm") == done["mlp"].against_simplest
    itself = compare_predictions(trained.folder, trained.folder)  # runs of `train`, tested on a part
    assert itself.difference == 0
    assert itself.n_clips == sum(row["part"] == "test" for row in RunFolder(trained.folder).read_table("split.csv"))
    with pytest.raises(DataError, match="tested on other clips"):
        compare_predictions(done.folder / "mlp", trained.folder)
    with pytest.raises(StorageError, match="not a run folder"):
        compare_predictions(done.folder / "mlp", tmp_path)


def test_groups_and_stretches_of_one_file_are_kept_apart(tmp_path):
    config = 'seed = 0\n[front_end]\nname = "mfcc"\n[network]\nname = "{}"\n'
    for name, predicted in (("one", "ddr"), ("other", "drd")):
        run = RunFolder(tmp_path / name)
        run.write_text("config.toml", config.format("cnn"))
        run.write_table(
            "split.csv",
            ("path", "label", "group", "part"),
            [("x.wav", "r", "g0", "train"), *(("x.wav", "d", f"g{n}", "test") for n in (1, 2, 3))],
        )
        # A class called "path" has a column of its own.
        table = [("x.wav", "d", answer, "0.5", "0.5") for answer in predicted]
        run.write_table("predictions.csv", ("path", "label", "predicted", "path", "d"), table)
    result = compare_predictions(tmp_path / "one", tmp_path / "other")
    assert (result.n_clips, result.n_groups) == (3, 3)
    assert (result.n_only_first, result.n_only_second) == (1, 1)
    clips = module._read_tested(RunFolder(tmp_path / "one")).clips
    assert [group for *_, group in clips] == ["g1", "g2", "g3"]


# ---------------------------------------------------------------- what is found before any work


@pytest.fixture
def no_training(monkeypatch):
    monkeypatch.setattr(module, "cross_validate", lambda *_, **__: pytest.fail("something was trained"))


@pytest.mark.slow
@pytest.mark.usefixtures("no_training")
def test_a_network_that_does_not_fit_its_features_is_found_before_anything_is_trained(
    configs, store, tmp_path, sounds_of, configure
):
    short = configure(
        sounds_of,
        network={"name": "wave-cnn"},
        front_end={"name": "waveform", "decimation": 1},
        segments={"segment_s": 0.1},
    )
    with pytest.raises(SettingError, match=r"^wave-cnn: ") as caught:
        compare({**configs, "wave-cnn": short}, tmp_path / "which", store=store, n_folds=2)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "which").exists()


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda configs: dict(list(configs.items())[:1]), "two candidates at least"),
        (lambda configs: configs | {"svm": replace(configs["svm"], seed=7)}, "same seed"),
        (lambda configs: {"a/b": configs["mlp"], "svm": configs["svm"]}, "'a/b' cannot"),
    ],
)
def test_what_cannot_be_compared_is_refused(configs, store, tmp_path, change, message):
    with pytest.raises(SettingError, match=message):
        compare(change(configs), tmp_path / "which", store=store, n_folds=2)
    assert not (tmp_path / "which").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("no_training")
def test_a_folder_with_something_else_is_left_alone(configs, store, tmp_path, done, trained):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("words")
    for overwrite in (False, True):
        with pytest.raises(StorageError, match="not a comparison's"):
            compare(configs, tmp_path / "mine", store=store, overwrite=overwrite)
    with pytest.raises(StorageError, match="not a comparison's"):
        compare(configs, trained.folder, store=store, overwrite=True)
    with pytest.raises(StorageError, match="is a file"):
        compare(configs, tmp_path / "mine" / "thesis.txt", store=store)
    with pytest.raises(StorageError, match="holds a comparison already"):
        compare(configs, done.folder, store=store)
    with pytest.raises(StorageError, match="nothing to resume"):
        compare(configs, done.folder, store=store, n_folds=2, resume=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "words"


# ---------------------------------------------------------------- resuming and replacing


@pytest.mark.slow
def test_what_was_cut_off_is_finished_and_nothing_is_done_twice(configs, store, tmp_path, done, monkeypatch):
    folder = tmp_path / "which"
    trained = []

    def cut_off(config, place, **rest):
        trained.append(place.name)
        if place.name == "svm" and trained.count("svm") == 1:
            raise KeyboardInterrupt
        return cross_validate(config, place, **rest)

    monkeypatch.setattr(module, "cross_validate", cut_off)
    with pytest.raises(KeyboardInterrupt):
        compare(configs, folder, store=store, n_folds=2)
    assert not (folder / "comparison.json").exists()
    again, n_folds = read_asked(folder)
    assert n_folds == 2
    other = {**again, "mlp": replace(again["mlp"], train=replace(again["mlp"].train, max_epochs=2))}
    with pytest.raises(TrainingError, match="begun with other settings"):
        compare(other, folder, store=store, n_folds=2, resume=True)
    with pytest.raises(TrainingError, match="begun with svm too"):
        compare({"mlp": again["mlp"], "b": again["mlp"]}, folder, store=store, n_folds=2, resume=True)
    result = compare(again, folder, store=store, n_folds=n_folds, resume=True)
    assert trained == ["mlp", "svm", "svm"]
    assert [replace(one, training_s=0) for one in result.candidates] == [
        replace(one, training_s=0) for one in done.candidates
    ]
    # Another may join: the others are not trained again, and probabilities are corrected for both.
    more = {**again, "mlp-mel": replace(again["mlp"], train=replace(again["mlp"].train, max_epochs=1))}
    joined = compare(more, folder, store=store, n_folds=2, resume=True)
    assert trained[3:] == ["mlp-mel"]
    names = ["mlp", "mlp-mel"]
    assert [joined[name].p for name in names] == list(holm([joined[name].against_simplest.p for name in names]))
    assert len(tomllib.loads((folder / "comparison.toml").read_text())["candidates"]) == 3


@pytest.mark.slow
def test_a_comparison_is_not_resumed_once_the_sounds_have_changed(
    tmp_path, write_tones, write_tone, configure, monkeypatch
):
    data = write_tones(tmp_path / "sounds", {"dog": 4, "rain": 4})
    svm, store, folder = configure(data, **SVM), FeatureStore(None), tmp_path / "which"
    compare({"one": svm, "other": svm}, folder, store=store, n_folds=2)
    (folder / "comparison.json").unlink()
    write_tone(data / "dog" / "dog1.wav", label=0, number=9)
    monkeypatch.setattr(module, "cross_validate", lambda *_, **__: pytest.fail("something was trained"))
    for configs in ({"one": svm, "other": svm}, {"one": svm, "other": svm, "third": svm}):
        with pytest.raises(TrainingError, match="begun with other sounds"):
            compare(configs, folder, store=store, n_folds=2, resume=True)


@pytest.mark.slow
def test_a_candidate_that_was_asked_for_and_not_begun_keeps_its_settings(sounds_of, configure, store, tmp_path):
    svm, folder = configure(sounds_of, **SVM), tmp_path / "which"
    compare({"one": svm, "other": svm}, folder, store=store, n_folds=2)
    (folder / "comparison.json").unlink()
    RunFolder(folder / "other").clear()
    changed = replace(svm, train=replace(svm.train, max_epochs=9))
    with pytest.raises(TrainingError, match=r"^other in .* begun with other settings: train.max_epochs is 3 there"):
        compare({"one": svm, "other": changed}, folder, store=store, n_folds=2, resume=True)


@pytest.mark.slow
def test_replacing_throws_the_old_one_away_and_nothing_else(configs, store, tmp_path):
    folder = tmp_path / "which"
    svm = configs["svm"]
    compare({"mlp": svm, "svm": svm}, folder, store=store, n_folds=2)
    (folder / "mlp" / "notes.txt").write_text("words")
    (folder / "mine.txt").write_text("words")
    (folder / "svm" / "fold-2").rename(folder / "svm" / "fold-3")
    compare({"svm": svm, "svm-too": svm}, folder, store=store, n_folds=2, overwrite=True)
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["mlp", "svm", "svm-too"]
    assert [path.name for path in (folder / "mlp").iterdir()] == ["notes.txt"]
    assert (folder / "mine.txt").exists()
    assert sorted(path.name for path in (folder / "svm").glob("fold-*")) == ["fold-1", "fold-2"]


def test_a_comparison_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(StorageError, match="holds no comparison"):
        read_asked(tmp_path)
    for text in ("x = [", "n_folds = 2"):
        (tmp_path / "comparison.toml").write_text(text)
        with pytest.raises(StorageError, match="cannot be read"):
            read_asked(tmp_path)


@pytest.mark.slow
def test_progress_names_the_candidate_and_the_fold(configs, tmp_path, store):
    told = []

    class Listener:
        def start(self, title, n_steps):
            told.append(title)

        def advance(self, note=""):
            pass

    svm = configs["svm"]
    compare({"one": svm, "other": svm}, tmp_path / "which", store=store, n_folds=2, progress=Listener())
    assert any(title.startswith("one (1 of 2): fold 2 of 2: ") for title in told)
    assert any(title.startswith("other (2 of 2): fold 1 of 2: ") for title in told)
