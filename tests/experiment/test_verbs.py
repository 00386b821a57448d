import json

import pytest
import torch
from sklearn.ensemble import ExtraTreesClassifier
from torch import nn

from earmark.cli.app import main
from earmark.data.open import open_dataset
from earmark.errors import SettingError, StorageError, TrainingError
from earmark.experiment import compare as comparing
from earmark.experiment import tune as tuning
from earmark.experiment.compare import read_asked
from earmark.experiment.config import load_config, make_config
from earmark.experiment.estimator import SoundClassifier
from earmark.experiment.folder import RunFolder
from earmark.experiment.run import train_run as train_by_config
from earmark.experiment.search_folder import read_search
from earmark.experiment.verbs import compare, cross_validate, train_run, tune
from earmark.features.store import FeatureStore
from earmark.train.settings import TrainSettings

SHORT = TrainSettings(max_epochs=2, batch_size=4, learning_rate=3e-3)


class Wide(nn.Module):
    """A network of a user's own."""

    def __init__(self, n_bins, n_frames, n_classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(n_bins * n_frames, n_classes))

    def forward(self, features):
        return self.layers(features)


class Narrow(Wide):
    """Another."""


@pytest.fixture(scope="module")
def sounds(tmp_path_factory, write_tones):
    return write_tones(tmp_path_factory.mktemp("verbs") / "sounds", {"dog": 5, "rain": 5})


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache") / "store"


def classifier(network=Wide, **settings):
    return SoundClassifier(
        network=network, **{"front_end": "mfcc", "segments": 2, "train": SHORT, "device": "cpu", **settings}
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory, sounds, cache):
    """A comparison of a module, an estimator and a name; nobody may write into its folder."""
    them = {"mine": classifier(), "trees": ExtraTreesClassifier(n_estimators=10), "svm": "svm"}
    return compare(them, sounds, tmp_path_factory.mktemp("done") / "which", n_folds=2, cache=cache)


# ---------------------------------------------------------------- comparing


@pytest.mark.slow
def test_a_module_an_estimator_and_a_name_are_compared_on_the_same_clips(done):
    assert [(one.name, one.network) for one in done.candidates] == [
        ("mine", "Wide"),
        ("trees", "ExtraTreesClassifier"),
        ("svm", "svm"),
    ]
    assert (done.n_clips, done.simplest) == (10, "trees")
    assert [one.n_weights for one in done.candidates] == [13 * 22 * 2 + 2, 0, 0]
    assert all(one.against_simplest for one in done.candidates if one.name != done.simplest)


@pytest.mark.slow
def test_the_file_of_a_comparison_says_which_networks_it_does_not_hold(done):
    first = (done.folder / "comparison.toml").read_text().splitlines()[0]
    assert first.startswith(f"# {__name__}.Wide, sklearn.ensemble._forest.ExtraTreesClassifier are no networks that")
    configs, n_folds = read_asked(done.folder)
    assert n_folds == 2
    assert not configs["mine"].network.settings.is_given


@pytest.mark.slow
def test_a_comparison_goes_on_with_its_networks_given_again(tmp_path, sounds, cache, monkeypatch):
    cross_validate_one = comparing.cross_validate

    def cut_off(config, place, **rest):
        if place.name == "svm":
            raise KeyboardInterrupt
        return cross_validate_one(config, place, **rest)

    monkeypatch.setattr(comparing, "cross_validate", cut_off)
    with pytest.raises(KeyboardInterrupt):
        compare({"mine": classifier(), "svm": "svm"}, sounds, tmp_path / "which", n_folds=2, cache=cache)
    monkeypatch.setattr(comparing, "cross_validate", cross_validate_one)
    with pytest.raises(SettingError, match=r"Wide is no shipped one, and no file can hold it"):
        comparing.compare(read_asked(tmp_path / "which")[0], tmp_path / "which", store=FeatureStore(None), resume=True)
    other = {"mine": classifier(lambda n_classes: nn.Sequential(nn.LazyLinear(n_classes))), "svm": "svm"}
    with pytest.raises(TrainingError, match=r"mine .* other settings: network.path is .*Wide there and .*lambda"):
        compare(other, sounds, tmp_path / "which", n_folds=2, cache=cache, resume=True)

    result = compare(
        {"mine": classifier(), "svm": "svm"}, sounds, tmp_path / "which", n_folds=2, cache=cache, resume=True
    )

    assert json.loads((tmp_path / "which" / "comparison.json").read_text())["n_clips"] == result.n_clips == 10


@pytest.mark.slow
def test_a_candidate_that_knows_no_batches_learns_without_the_steps(tmp_path, sounds, cache):
    steps = {"augment": ("time-mask",)}
    trees = classifier(ExtraTreesClassifier(n_estimators=5), **steps)
    result = compare({"mine": classifier(**steps), "trees": trees}, sounds, tmp_path / "which", n_folds=2, cache=cache)
    assert "trees learns without --augment: steps are for what learns in batches" in result.notes
    with pytest.raises(SettingError, match=r"one: augment\.steps: 'ExtraTreesClassifier' does not learn in batches"):
        compare({"one": trees, "other": trees}, sounds, tmp_path / "no", n_folds=2, cache=cache)
    assert not (tmp_path / "no").exists()


@pytest.mark.slow
def test_a_candidate_that_cannot_be_is_named_before_any_work(tmp_path, sounds):
    for them, match in (
        ({"a": "cnn", "b": "cnnn"}, "^b: there is no network called 'cnnn': did you mean 'cnn'"),
        ({"a": "svm", "b": nn.Flatten}, "^b: the network 'Flatten' gives"),
        ({"a": "svm"}, "two candidates at least, not 1"),
        ({"a": "svm", "b": SoundClassifier(network="svm", seed=3)}, "same seed"),
    ):
        with pytest.raises(SettingError, match=match):
            compare(them, sounds, tmp_path / "which", n_folds=2, cache=tmp_path / "store")
        assert not (tmp_path / "which").exists()


# ---------------------------------------------------------------- one classifier


@pytest.mark.parametrize("classifiers", [["cnn", "svm"], {1: "cnn", 2: "svm"}])
def test_classifiers_without_names_are_refused(tmp_path, sounds, classifiers):
    with pytest.raises(SettingError, match="classifiers are wanted by their names"):
        compare(classifiers, sounds, tmp_path / "which")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "comparison.json"])
def test_a_name_that_no_folder_inside_can_have_is_refused(tmp_path, sounds, name):
    with pytest.raises(SettingError, match="a candidate's name names its folder"):
        compare({name: "svm", "cnn": "cnn"}, sounds, tmp_path / "which")


@pytest.mark.slow
def test_what_was_begun_goes_on_with_its_number_of_folds(tmp_path, sounds, cache):
    settings = {"front_end": "mfcc", "segments": 2}
    one, other = (SoundClassifier(network=name, **settings) for name in ("svm", "logistic"))
    done = compare({"one": one, "other": other}, sounds, tmp_path / "which", n_folds=2, cache=cache)
    (done.folder / "comparison.json").unlink()
    (done.folder / "one" / "scorecard.json").unlink()
    (done.folder / "other" / "scorecard.json").unlink()

    again = cross_validate(one, sounds, done.folder / "one", resume=True, cache=cache)
    both = compare({"one": one, "other": other}, sounds, done.folder, resume=True, cache=cache)

    assert len(again.folds) == 2
    assert [len(candidate.folds) for candidate in both.candidates] == [2, 2]


@pytest.mark.slow
def test_a_network_that_does_not_fit_leaves_the_cross_validation_that_it_was_to_replace(tmp_path, sounds, cache):
    here = tmp_path / "cv"
    one = SoundClassifier(network="svm", front_end="mfcc", segments=2)
    cross_validate(one, sounds, here, n_folds=2, cache=cache)
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}

    with pytest.raises(SettingError, match="does not fit the features"):
        cross_validate(classifier(nn.Linear(3, 2)), sounds, here, n_folds=2, overwrite=True, cache=cache)

    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_cross_validation_is_that_of_its_configuration(done, tmp_path, sounds, cache):
    result = cross_validate("svm", sounds, tmp_path / "cv", n_folds=2, cache=cache)
    assert result.scorecard.clip.accuracy == done["svm"].accuracy
    assert result.folds[0].accuracy == done["svm"].folds[0]


@pytest.mark.slow
def test_a_run_is_that_of_its_configuration_and_goes_on_with_its_network_given_again(
    tmp_path, sounds, cache, monkeypatch
):
    whole = train_run(classifier(), sounds, tmp_path / "whole", test_fraction=0.4, cache=cache)
    assert whole.scorecard.n_clips == 4
    assert whole.folder.read_config().split.test_fraction == 0.4

    def cut_off(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("earmark.experiment.run.save_bundle", cut_off)
        with pytest.raises(KeyboardInterrupt):
            train_run(classifier(), sounds, tmp_path / "cut", test_fraction=0.4, cache=cache)
    with pytest.raises(SettingError, match="no file can hold it"):
        train_by_config(whole.folder.read_config(), tmp_path / "cut", store=FeatureStore(None), resume=True)
    with pytest.raises(TrainingError, match=r"network\.path is .*Wide there and .*Flatten"):
        train_run(nn.Flatten(), sounds, tmp_path / "cut", test_fraction=0.4, cache=cache, resume=True)
    again = train_run(classifier(), sounds, tmp_path / "cut", test_fraction=0.4, cache=cache, resume=True)
    assert again.scorecard == whole.scorecard
    for name, weight in again.fitted.graph.state_dict().items():
        assert torch.equal(weight, whole.fitted.graph.state_dict()[name])


@pytest.mark.slow
def test_groups_and_folds_are_said_beside_the_sounds(tmp_path, sounds, cache):
    table = tmp_path / "clips.csv"
    lines = [f"{sounds}/{label}/{label}{n}.wav,{label},{n},{1 + n % 2}" for label in ("dog", "rain") for n in range(5)]
    table.write_text("\n".join(["path,label,artist,fold", *lines]) + "\n")
    result = cross_validate("svm", table, tmp_path / "cv", group_column="artist", cache=cache)
    assert [fold.fold for fold in result.folds] == [1, 2]
    assert result.scorecard.n_groups == 5
    assert result.folder.read_config().data.group_column == "artist"


def test_sounds_in_memory_are_not_for_a_folder(tmp_path, sounds):
    with pytest.raises(SettingError, match="as a path that the folder can write down, not a Dataset"):
        cross_validate("svm", open_dataset(sounds), tmp_path / "cv")
    with pytest.raises(StorageError, match="is a file"):
        cross_validate("svm", sounds, sounds / "dog" / "dog0.wav")


def test_a_command_line_cannot_name_one():
    with pytest.raises(SettingError, match="no network called 'own'"):
        make_config({"data": {"path": "x"}, "network": {"name": "own"}})


# ---------------------------------------------------------------- a search


SPACE = ("train.batch_size=2|4",)


@pytest.fixture(scope="module")
def searched(tmp_path_factory, sounds, cache):
    folder = tmp_path_factory.mktemp("searched") / "search"
    return tune(classifier(), sounds, folder, n_trials=2, search=SPACE, n_inner=2, cache=cache)


@pytest.mark.slow
def test_a_search_trains_a_module_of_ones_own(searched):
    config = RunFolder(searched.folder / "best").read_config()
    assert [trial.state for trial in searched.trials] == ["complete", "complete"]
    assert searched.scorecard.clip.n == 2
    assert (config.network.settings.name, config.train.max_epochs) == ("Wide", SHORT.max_epochs)
    assert (searched.folder / "best.toml").read_text().startswith(f"# {__name__}.Wide is no network that ships")


@pytest.mark.slow
def test_a_search_goes_on_with_its_network_given_again_and_with_no_other(searched, sounds, cache):
    asked = {"n_trials": 3, "search": SPACE, "n_inner": 2, "cache": cache, "resume": True}
    tables, *_ = read_search(searched.folder)
    assert tables["network"] == {"name": "own", "path": f"{__name__}.Wide"}
    with pytest.raises(SettingError, match="Wide is no shipped one, and no file can hold it"):
        tuning.tune(tables, searched.folder, n_trials=3, search=SPACE, store=FeatureStore(cache), resume=True)
    with pytest.raises(TrainingError, match=r"other settings: network.path is .*Wide there and .*Narrow here"):
        tune(classifier(Narrow), sounds, searched.folder, **asked)

    result = tune(classifier(), sounds, searched.folder, **asked)

    assert result.trials[:2] == searched.trials
    assert len(result.trials) == 3


@pytest.mark.slow
def test_an_estimator_of_ones_own_is_searched_around(tmp_path, sounds, cache):
    trees = SoundClassifier(network=ExtraTreesClassifier(n_estimators=5, random_state=0))
    found = tune(trees, sounds, tmp_path / "search", n_trials=2, search=["segments.count=1|2"], n_inner=2, cache=cache)
    assert [found.values(trial) for trial in found.trials] != []
    assert found.is_finished
    with pytest.raises(SettingError, match="nothing is searched by itself for the network 'ExtraTreesClassifier'"):
        tune(trees, sounds, tmp_path / "other", n_trials=1, cache=cache)


@pytest.mark.slow
def test_a_search_around_an_estimator_goes_on_with_no_other_front_end(tmp_path, sounds, cache):
    asked = {"search": ["segments.count=1|2"], "n_inner": 2, "cache": cache}
    one, other = ExtraTreesClassifier(n_estimators=5), {"front_end": "log-mel", "segments": 1}
    tune(SoundClassifier(network=one, **other), sounds, tmp_path / "search", n_trials=1, **asked)
    with pytest.raises(TrainingError, match=r"front_end\.name is log-mel there and statistics here"):
        tune(SoundClassifier(network=one, segments=1), sounds, tmp_path / "search", n_trials=2, resume=True, **asked)
    again = tune(SoundClassifier(network=one, **other), sounds, tmp_path / "search", n_trials=2, resume=True, **asked)
    assert len(again.trials) == 2


@pytest.mark.slow
def test_a_search_on_features_trains_a_module_of_ones_own(tmp_path, sounds, cache):
    assert main(["features", str(sounds), "-o", str(tmp_path / "data.json"), "--front-end", "mfcc"]) == 0
    mine = SoundClassifier(network=Wide, train=SHORT, device="cpu")
    found = tune(mine, tmp_path / "data.json", tmp_path / "search", n_trials=1, search=SPACE[0], n_inner=2, cache=cache)
    assert found.is_finished
    assert load_config(tmp_path / "search" / "best.toml")["front_end"]["name"] == "given"


def test_what_cannot_be_searched_is_named_before_any_work(tmp_path, sounds):
    for network, match in (
        (Wide, "^network.width: nothing of Wide, a network of your own, is known to be searched"),
        (Wide(13, 22, 2), "^network.width: nothing of Wide"),
        ("cnn", "^network.width: there is no such setting"),
    ):
        with pytest.raises(SettingError, match=match):
            tune(network, sounds, tmp_path / "search", search=["network.width=1..8"], cache=tmp_path / "store")
        assert not (tmp_path / "search").exists()


@pytest.mark.slow
def test_another_network_of_a_search_gets_what_it_likes(tmp_path, sounds, cache):
    around = SoundClassifier(network="svm", front_end="mfcc", device="cpu")
    found = tune(
        around, sounds, tmp_path / "search", n_trials=2, search=["network.name=svm|logistic"], n_inner=2, cache=cache
    )
    tables, *_ = read_search(found.folder)
    assert tables["network"] == {"name": "svm"}
    assert "train" not in tables
