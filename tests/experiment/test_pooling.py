import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from torch import nn

from earmark.errors import SettingError, StorageError, TrainingError
from earmark.experiment import crossval
from earmark.experiment.answers import Answers
from earmark.experiment.crossval import cross_validate, read_cross_validation
from earmark.experiment.networks import configure
from earmark.features.store import FeatureStore
from earmark.inference.bundle import load_bundle
from earmark.inference.predictor import Predictor


class Wide(nn.Module):
    """A network of a user's own."""

    def __init__(self, n_bins, n_frames, n_classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(n_bins * n_frames, n_classes))

    def forward(self, features):
        return self.layers(features)


class Other(Wide):
    """Another one."""


@pytest.fixture(scope="module")
def sounds(tmp_path_factory, write_tones):
    return write_tones(tmp_path_factory.mktemp("pooled") / "sounds", {"dog": 4, "rain": 4, "sea": 4})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FeatureStore(tmp_path_factory.mktemp("store"))


def mine(path, network, **tables):
    small = {
        "data": {"path": str(path)},
        "segments": {"count": 2},
        "front_end": {"name": "mfcc"},
        "train": {"max_epochs": 3, "batch_size": 4, "learning_rate": 3e-3},
        "device": "cpu",
    }
    return configure({**small, **tables}, network)


def forest():
    return ExtraTreesClassifier(n_estimators=10)


@pytest.fixture(scope="module")
def of_module(tmp_path_factory, sounds, store):
    """Cross-validated with a class of the user's; nobody may write into its folder."""
    return cross_validate(mine(sounds, Wide), tmp_path_factory.mktemp("m") / "cv", store=store, n_folds=2)


@pytest.fixture(scope="module")
def of_estimator(tmp_path_factory, sounds, store):
    """The same with an estimator of scikit-learn."""
    config = mine(sounds, forest(), segments={}, front_end={})
    return cross_validate(config, tmp_path_factory.mktemp("e") / "cv", store=store, n_folds=2)


# ---------------------------------------------------------------- what comes out


@pytest.mark.slow
@pytest.mark.parametrize("which", ["of_module", "of_estimator"])
def test_networks_of_the_users_own_are_pooled_over_all_clips(which, request):
    result = request.getfixturevalue(which)
    right = sum(fold.accuracy * fold.n_clips for fold in result.folds)
    assert result.scorecard.n_clips == 12
    assert result.scorecard.clip.accuracy.value == pytest.approx(right / 12)
    assert result.scorecard.baseline.clip.n == 12
    assert read_cross_validation(result.folder.path) == result


@pytest.mark.slow
def test_what_is_pooled_is_what_the_bundle_of_each_fold_says(of_module, sounds):
    own = mine(sounds, Wide).network.settings
    fold_of = {row["path"]: int(row["fold"]) for row in of_module.folder.read_table("folds.csv")}
    for row in of_module.folder.read_table("predictions.csv")[::3]:
        bundle = of_module.folder.fold(fold_of[row["path"]]).bundle_path
        said = Predictor(*load_bundle(bundle, own=own)).predict_file(sounds / row["path"])
        assert {name: float(row[name]) for name in said.probabilities} == pytest.approx(said.probabilities, abs=1e-4)


@pytest.mark.slow
def test_the_pooled_predictions_are_those_of_the_folds(of_estimator):
    folds = [of_estimator.folder.fold(number).read_table("predictions.csv") for number in (1, 2)]
    assert of_estimator.folder.read_table("predictions.csv") == [*folds[0], *folds[1]]


@pytest.mark.slow
def test_an_estimator_leaves_no_bundle_and_the_notes_say_so(of_estimator):
    assert not of_estimator.folder.fold(1).bundle_path.exists()
    assert of_estimator.folder.fold(1).baseline_path.exists()
    assert [note for note in of_estimator.notes if "bundle" in note] == [
        "there is no bundle: without pickle none can keep the estimator ExtraTreesClassifier"
    ]


# ---------------------------------------------------------------- fresh weights


def weights(bundle, own):
    return [weight.clone() for weight in load_bundle(bundle, own=own)[0].network.parameters()]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["the module itself", "one that is made once", "a part that is made once"])
def test_no_weights_go_from_fold_to_fold(tmp_path, sounds, store, kind):
    first = nn.Linear(13 * 22, 4)
    module = nn.Sequential(nn.Flatten(), first, nn.Linear(4, 3))
    network = {
        "the module itself": module,
        "one that is made once": lambda: module,
        "a part that is made once": lambda: nn.Sequential(nn.Flatten(), first, nn.Linear(4, 3)),
    }[kind]
    before = first.weight.detach().clone()
    config = mine(sounds, network)
    result = cross_validate(config, tmp_path / "cv", store=store, n_folds=2)
    alone = crossval.train_run(
        result.folder.fold(2).read_config(network=network), tmp_path / "alone", store=FeatureStore(None)
    )
    own = config.network.settings
    one, other = weights(alone.folder.bundle_path, own), weights(result.folder.fold(2).bundle_path, own)
    assert all(bool((a == b).all()) for a, b in zip(one, other, strict=True))
    assert bool((first.weight == before).all())  # the user's own is as it was


# ---------------------------------------------------------------- going on


def cut_off_after(monkeypatch, n_folds):
    train_run = crossval.train_run

    def cut_off(one, folder, **rest):
        if one.split.test_fold > n_folds:
            raise KeyboardInterrupt
        return train_run(one, folder, **rest)

    monkeypatch.setattr(crossval, "train_run", cut_off)
    return train_run


@pytest.mark.slow
@pytest.mark.parametrize("which", ["of_module", "of_estimator"])
def test_what_was_cut_off_is_finished_with_the_network_given_again(
    which, request, tmp_path, sounds, store, monkeypatch
):
    done = request.getfixturevalue(which)
    network, tables = (Wide, {}) if which == "of_module" else (forest(), {"segments": {}, "front_end": {}})
    config, train_run = mine(sounds, network, **tables), cut_off_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(config, tmp_path / "cv", store=store, n_folds=2)
    monkeypatch.setattr(crossval, "train_run", train_run)
    begun = crossval.RunFolder(tmp_path / "cv")
    with pytest.raises(SettingError, match=r"no file can hold it: give it again .*network=") as caught:
        cross_validate(begun.read_config(), begun.path, store=store, resume=True)
    assert "\n" not in str(caught.value)
    with pytest.raises(TrainingError, match=r"network.path is .*(Wide|ExtraTreesClassifier) there and .*Other here"):
        cross_validate(mine(sounds, Other, **tables), begun.path, store=store, n_folds=2, resume=True)

    result = cross_validate(mine(sounds, network, **tables), begun.path, store=store, n_folds=2, resume=True)

    assert result.scorecard == done.scorecard


def damaged(folder, kind):
    path = folder.fold(2).answers_path
    if kind == "gone":
        path.unlink()
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        answers = Answers.load(path)
        n_last = int(answers.n_segments[-1])
        Answers(
            labels=answers.labels,
            probabilities=answers.probabilities[:-n_last],
            n_segments=answers.n_segments[:-1],
        ).save(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "match"),
    [("gone", "holds no answers.safetensors: .* --overwrite"), ("cut", "is damaged"), ("short", "11 clips for 12")],
)
def test_answers_that_are_no_longer_whole_are_not_pooled(tmp_path, sounds, store, kind, match):
    config = mine(sounds, forest(), segments={}, front_end={})
    cv = cross_validate(config, tmp_path / "cv", store=store, n_folds=2).folder
    cv.scorecard_path.unlink()
    damaged(cv, kind)
    with pytest.raises(StorageError, match=match) as caught:
        cross_validate(config, cv.path, store=store, n_folds=2, resume=True)
    assert "\n" not in str(caught.value)


def test_steps_in_batches_are_refused_for_an_estimator_by_its_name(tmp_path, sounds, store):
    config = mine(sounds, forest(), augment={"steps": ["gain"]})
    with pytest.raises(SettingError, match="'ExtraTreesClassifier' does not learn in batches"):
        cross_validate(config, tmp_path / "cv", store=store, n_folds=2)
    assert not (tmp_path / "cv").exists()


def test_scores_are_those_of_answers_put_into_the_order_of_the_labels():
    one = Answers(labels=("b", "a"), probabilities=np.array([[0.75, 0.25]]), n_segments=np.array([1]))
    assert one.for_labels(("a", "c", "b")).tolist() == [[0.25, 0.0, 0.75]]
