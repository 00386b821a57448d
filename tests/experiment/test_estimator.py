import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from torch import nn

from earmark.audio.read import read_sound
from earmark.audio.write import write_sound
from earmark.data.open import open_dataset
from earmark.errors import AudioError, DataError, EarmarkError, SettingError, SplitError, StorageError
from earmark.experiment.estimator import SoundClassifier
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.mfcc import MfccSettings
from earmark.models.catalogue import NETWORKS
from earmark.models.cnn import CnnSettings
from earmark.train.settings import TrainSettings

SHORT = TrainSettings(max_epochs=3)


class Wide(nn.Module):
    """A network of a user's own."""

    def __init__(self, n_bins, n_frames, n_classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(n_bins * n_frames, n_classes))

    def forward(self, features):
        return self.layers(features)


class Twisted(Wide):
    """Gives the classes of all segments where those of each are wanted."""

    def forward(self, features):
        return super().forward(features).T


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, write_tones):
    return open_dataset(write_tones(tmp_path_factory.mktemp("fit") / "sounds", {"dog": 5, "rain": 5, "sea": 5}))


@pytest.fixture(scope="module")
def others(tmp_path_factory, write_tone):
    root = tmp_path_factory.mktemp("others")
    for label, name in enumerate(("dog", "rain", "sea")):
        for number in (50, 51):
            write_tone(root / name / f"{name}{number}.wav", label=label, number=number)
    return open_dataset(root)


def classifier(**changes):
    return SoundClassifier(
        **{"front_end": "mfcc", "network": "cnn", "segments": 2, "train": SHORT, "device": "cpu"} | changes
    )


@pytest.fixture(scope="module")
def fitted(dataset):
    return classifier().fit(dataset)


@pytest.fixture
def paths(others):
    return [clip.path for clip in others]


# ---------------------------------------------------------------- scikit-learn's verbs


@pytest.mark.slow
def test_fit_returns_the_classifier_itself(dataset):
    one = classifier()

    assert one.fit(dataset) is one
    assert len(one.history) == 3
    assert one.labels == ("dog", "rain", "sea")


def test_the_verbs_agree_with_each_other(fitted, paths):
    probabilities = fitted.predict_proba(paths)

    assert probabilities.shape == (6, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert fitted.predict(paths) == [fitted.labels[index] for index in probabilities.argmax(axis=1)]
    assert fitted.predict_file(paths[0]).label == fitted.predict(paths)[0]


def test_the_score_is_the_accuracy_over_clips(fitted, others, paths):
    right = [label == clip.label for label, clip in zip(fitted.predict(paths), others, strict=True)]

    assert fitted.score(others) == fitted.evaluate(others).clip.accuracy.value == pytest.approx(np.mean(right))


@pytest.mark.slow
def test_the_score_counts_clips_and_not_their_segments(dataset, others, tmp_path):
    long = classifier(train=TrainSettings(max_epochs=30)).fit(dataset)
    for clip in others:  # the first half of each clip says one class, the second another
        first, _ = read_sound(clip.path, duration_s=0.5)
        second, _ = read_sound(others[(others.clips.index(clip) + 2) % 6].path, duration_s=0.5)
        write_sound(tmp_path / clip.name, np.concatenate([first, second]), 22050)
    halves = open_dataset(tmp_path)

    scorecard = long.evaluate(halves)

    assert scorecard.segment.accuracy.value == 0.5
    right = [label == clip.label for label, clip in zip(long.predict([c.path for c in halves]), halves, strict=True)]
    assert long.score(halves) == scorecard.clip.accuracy.value == pytest.approx(np.mean(right)) != 0.5


@pytest.mark.slow
def test_a_longer_training_learns_the_pitches(dataset, others):
    long = classifier(train=TrainSettings(max_epochs=30)).fit(dataset)

    assert long.score(others) == 1.0


def test_evaluating_after_fitting_shows_the_baseline_on_the_same_clips(fitted, others):
    scorecard = fitted.evaluate(others)

    assert scorecard.baseline.name == "svm"
    assert scorecard.baseline.clip.n == scorecard.clip.n == 6


@pytest.mark.slow
def test_the_same_seed_gives_the_same_classifier_and_another_does_not(fitted, dataset, paths):
    again, other = classifier().fit(dataset), classifier(seed=1).fit(dataset)

    assert np.array_equal(fitted.predict_proba(paths), again.predict_proba(paths))
    assert not np.array_equal(fitted.predict_proba(paths), other.predict_proba(paths))


@pytest.mark.slow
def test_fitting_again_begins_anew(fitted, dataset, paths):
    twice = classifier().fit(dataset).fit(dataset)

    assert np.array_equal(twice.predict_proba(paths), fitted.predict_proba(paths))


@pytest.mark.slow
def test_nothing_global_is_touched(dataset):
    torch.manual_seed(3)
    before = torch.get_rng_state()

    classifier().fit(dataset)

    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["mlp", "svm", "random-forest", "k-nearest", "logistic"])
def test_every_network_does_it(dataset, others, network):
    one = classifier(network=network, front_end=None, segments=None).fit(dataset)

    assert 0 <= one.score(others) <= 1


@pytest.mark.slow
def test_features_are_kept_from_fit_to_fit_if_asked(dataset, tmp_path, monkeypatch):
    classifier(cache=tmp_path / "cache").fit(dataset)
    monkeypatch.setattr("earmark.features.extract.read_sound", lambda *_, **__: pytest.fail("a sound was read"))

    classifier(cache=str(tmp_path / "cache")).fit(dataset)


# ---------------------------------------------------------------- on disk


def test_saved_and_loaded_it_says_the_same(fitted, tmp_path, others, paths):
    fitted.save(str(tmp_path / "bundle"))

    loaded = SoundClassifier.load(str(tmp_path / "bundle"))

    assert loaded.labels == fitted.labels
    assert np.array_equal(loaded.predict_proba(paths), fitted.predict_proba(paths))
    assert loaded.score(others) == fitted.score(others)
    assert loaded.evaluate(others).baseline is None


def test_the_bundle_of_a_run_can_be_loaded(trained):
    assert SoundClassifier.load(trained.folder).labels == ("dog", "rain ü", "sea")


def test_loading_from_nowhere_is_one_line(tmp_path):
    with pytest.raises(StorageError) as caught:
        SoundClassifier.load(tmp_path / "nowhere")

    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    "call",
    [
        lambda one, data, path: one.predict([path]),
        lambda one, data, path: one.predict_proba([path]),
        lambda one, data, path: one.predict_file(path),
        lambda one, data, path: one.score(data),
        lambda one, data, path: one.evaluate(data),
        lambda one, data, path: one.save("anywhere"),
        lambda one, data, path: one.labels,
    ],
)
def test_what_needs_a_fit_says_so_before_it(dataset, paths, call):
    with pytest.raises(SettingError, match=r"not fitted yet: call fit\(dataset\), or load a bundle"):
        call(classifier(), dataset, paths[0])


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"network": "cn"}, "did you mean 'cnn'"),
        ({"front_end": "mfc"}, "did you mean 'mfcc'"),
        ({"segments": 2, "segment_s": 1.0}, "not both"),
        ({"segments": None, "hop_s": 1.0}, "hop_s needs segment_s"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(settings, match):
    with pytest.raises(SettingError, match=match):
        classifier(**settings)


@pytest.mark.parametrize("settings", [{"segments": 0}, {"device": "gpu"}, {"validation_fraction": 1.5}])
def test_settings_that_the_data_shows_to_be_wrong_are_refused_when_fitting(dataset, settings):
    with pytest.raises(SettingError):
        classifier(**settings).fit(dataset)


def test_a_failed_fit_leaves_it_unfitted(dataset):
    one = classifier()
    with pytest.raises(DataError):
        one.fit(dataset.subset([0, 1, 2]))

    with pytest.raises(SettingError, match="not fitted"):
        one.predict([])


def test_an_unknown_label_in_the_score_is_refused(fitted, trained):
    with pytest.raises(DataError, match="'rain ü': did you mean 'rain'"):
        fitted.score(trained.result.prepared.dataset)


def test_too_few_groups_for_a_validation_part_are_a_split_error(dataset):
    with pytest.raises(SplitError):
        classifier().fit(dataset.subset([0, 5, 10]))


@pytest.mark.slow
def test_a_bad_file_is_left_out_of_the_fit_and_raised_in_a_prediction(tmp_path, write_tones):
    root = write_tones(tmp_path / "sounds", {"dog": 4, "sea": 4})
    (root / "dog" / "broken.wav").write_text("this is no sound")
    dataset = open_dataset(root)

    one = classifier().fit(dataset)

    assert [file.name for file in one.bad] == ["dog/broken.wav"]
    assert one.evaluate(dataset).clip.n == 8
    with pytest.raises(AudioError, match=r"broken\.wav"):
        one.predict([clip.path for clip in dataset])


@pytest.mark.slow
def test_no_error_of_it_is_a_surprise(dataset):
    for settings in ({"segments": 500}, {"segment_s": 0.001, "segments": None}, {"network": "svm", "segments": 0}):
        with pytest.raises(EarmarkError):
            classifier(**settings).fit(dataset)


def test_settings_stand_for_what_they_are_of():
    classifier = SoundClassifier(front_end=MfccSettings(n_mfcc=20), network=CnnSettings(dropout=0.5))

    assert classifier.config.front_end.name == "mfcc"
    assert classifier.config.front_end.settings.n_mfcc == 20
    assert classifier.config.network.settings == CnnSettings(dropout=0.5)


def test_what_is_neither_name_nor_settings_is_refused():
    with pytest.raises(SettingError, match="neither a name nor settings"):
        SoundClassifier(network=object())


def test_the_settings_of_every_network_and_front_end_say_which_they_are_of():
    for catalogue, key in ((NETWORKS, "network"), (FRONT_ENDS, "front_end")):
        for name, kind in catalogue.items():
            assert getattr(SoundClassifier(**{key: kind.settings()}).config, key).name == name


def test_the_class_of_settings_is_no_settings():
    with pytest.raises(SettingError, match=r"CnnSettings is the class of settings: give some, CnnSettings\(\)"):
        SoundClassifier(network=CnnSettings)


def test_what_is_not_said_is_left_to_the_network():
    own, other = SoundClassifier(network="resnet-mel").config, SoundClassifier(network="cnn").config

    assert own.train.schedule == "cosine"
    assert own.split.validation_fraction == NETWORKS["resnet-mel"].defaults["split"]["validation_fraction"]
    assert other.train == TrainSettings()
    assert other.split.validation_fraction == 0.15
    assert SoundClassifier(network="resnet-mel", train=SHORT, validation_fraction=0.3).config.train == SHORT


def test_how_the_training_part_is_changed_can_be_said():
    assert SoundClassifier(augment=("time-mask",)).config.augment.steps == ("time-mask",)
    assert SoundClassifier(network="resnet-mel", augment=()).config.augment.steps == ()


# ---------------------------------------------------------------- networks of the user's own


@pytest.mark.slow
def test_a_module_is_trained_as_a_copy_from_its_own_weights_each_time(dataset, others):
    module = nn.Sequential(nn.Flatten(), nn.Linear(13 * 22, 3))
    before = {name: weight.clone() for name, weight in module.state_dict().items()}
    one = classifier(network=module)
    first = one.fit(dataset).predict_proba(others)

    again = one.fit(dataset).predict_proba(others)

    assert np.array_equal(first, again)
    assert len(one.history) == 3
    assert all(torch.equal(before[name], weight) for name, weight in module.state_dict().items())
    assert module.training
    with torch.no_grad():
        module[1].weight.mul_(-2)
    assert not np.array_equal(classifier(network=module).fit(dataset).predict_proba(others), first)


@pytest.mark.slow
@pytest.mark.parametrize("network", [Wide, lambda n_classes: nn.Sequential(nn.Flatten(), nn.LazyLinear(n_classes))])
def test_what_makes_a_network_does_for_a_network(dataset, others, network):
    one, same = (classifier(network=network).fit(dataset).predict_proba(others) for _ in range(2))
    other = classifier(network=network, seed=1).fit(dataset).predict_proba(others)

    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.slow
def test_an_estimator_learns_from_statistics_of_whole_clips(dataset, others):
    estimator = RandomForestClassifier(n_estimators=30)
    one = classifier(network=estimator, front_end=None, segments=None).fit(dataset)

    assert one.config.front_end.name == "statistics"
    assert one.score(others) == one.evaluate(others).clip.accuracy.value == 1.0
    assert (one.history, one.ended) == ((), "solved")
    assert np.array_equal(one.fit(dataset).predict_proba(others), one.predict_proba(others))
    assert not hasattr(estimator, "classes_")


@pytest.mark.slow
def test_an_estimator_takes_other_features_and_scores_that_are_no_probabilities(dataset, others):
    probabilities = classifier(network=LinearSVC()).fit(dataset).predict_proba(others)

    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("as_module", [False, True])
def test_own_weights_are_saved_and_loaded_with_the_network_from_the_user(dataset, others, tmp_path, as_module):
    one = classifier(network=Wide).fit(dataset)
    one.save(tmp_path / "bundle")
    network = Wide(13, 22, 3) if as_module else Wide

    loaded = SoundClassifier.load(tmp_path / "bundle", network=network)

    assert np.array_equal(loaded.predict_proba(others), one.predict_proba(others))
    loaded.fit(dataset.subset(range(len(dataset))))
    assert loaded.config.network.settings.name == "Wide"


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (None, r"is not one that ships but .*test_estimator\.Wide: give that, .* network=\.\.\."),
        (lambda: nn.Linear(1, 1), "does not fit the bundle"),
        (lambda: 3, "does not fit the bundle .* not a torch"),
        ("cnn", "network: a module, or what makes one, is wanted, not 'cnn'"),
        (3, "is wanted, not 3"),
    ],
)
def test_own_weights_need_their_network(dataset, tmp_path, network, match):
    classifier(network=Wide).fit(dataset).save(tmp_path / "bundle")

    with pytest.raises(SettingError, match=match) as caught:
        SoundClassifier.load(tmp_path / "bundle", network=network)

    assert "\n" not in str(caught.value)


def test_a_bundle_of_what_ships_wants_no_network(fitted, tmp_path):
    fitted.save(tmp_path / "bundle")

    with pytest.raises(SettingError, match="ships, 'cnn': load it without Wide"):
        SoundClassifier.load(tmp_path / "bundle", network=Wide)


def test_an_estimator_of_the_users_own_is_not_saved(dataset, tmp_path):
    one = classifier(network=RandomForestClassifier(n_estimators=2), front_end=None, segments=None).fit(dataset)

    with pytest.raises(SettingError, match="cannot keep a RandomForestClassifier: take a classical network that ships"):
        one.save(tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (nn.Linear(5, 3), "'Linear' does not fit the features, of shape 2 x 13 x 22"),
        (nn.Sequential(nn.Flatten(), nn.Linear(286, 4)), "'Sequential' gives 2 x 4 .* 2 x 3 for 2 segments of 3"),
        (Twisted, "'Twisted' gives 3 x 2 .* 2 x 3"),
        (nn.Flatten(), "'Flatten' gives 2 x 286"),
        (lambda: nn.Linear(-1, 3), "cannot be built"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_before_any_training(dataset, monkeypatch, network, match):
    monkeypatch.setattr("earmark.experiment.fitting.train_network", lambda *_, **__: pytest.fail("it was trained"))

    with pytest.raises(SettingError, match=match):
        classifier(network=network).fit(dataset)


def test_an_estimator_that_is_no_classifier_is_refused_at_once():
    with pytest.raises(SettingError, match="StandardScaler has neither predict_proba nor decision_function"):
        SoundClassifier(network=StandardScaler())
