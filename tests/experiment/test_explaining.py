import numpy as np
import pytest
import soundfile

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.open import open_dataset
from earmark.errors import AudioError, DataError, SettingError
from earmark.experiment.explaining import explain_dataset, explain_sound, importance_of, some_of_each
from earmark.inference.predictor import Predictor


@pytest.fixture(scope="module")
def predictor(trained):
    """The network of the small run."""
    return Predictor.load(trained.folder)


@pytest.fixture(scope="module")
def baseline(trained):
    """The support-vector machine beside it."""
    return Predictor.load(trained.result.folder.baseline_path)


@pytest.fixture
def clip(trained):
    """A clip of the small run."""
    return open_dataset(trained.data)[0]


def test_a_file_and_its_clip_are_explained_alike(predictor, clip):
    from_path = explain_sound(predictor, clip.path, n_orders=0)
    from_clip = explain_sound(predictor, clip, n_orders=0)

    assert from_path.label == predictor.predict_clip(clip).label
    assert from_path.probability == pytest.approx(predictor.predict_clip(clip).probability)
    assert np.array_equal(from_path.relevance, from_clip.relevance)


def test_of_a_stretch_only_that_is_explained(predictor, clip):
    stretch = Clip(name="x", path=clip.path, label="dog", group="x", start_s=0.5, end_s=1.0)

    assert len(explain_sound(predictor, stretch, n_orders=0).relevance) == 1
    assert len(explain_sound(predictor, clip, n_orders=0).relevance) == 2


def test_the_support_vector_machine_is_explained_by_hiding_coefficients(baseline, clip):
    found = explain_sound(baseline, clip, n_orders=2)

    assert found.method == "occlusion"
    assert found.relevance.shape == (1, 100, 1)
    assert all(name.startswith("mfcc_") for name in found.by_group())
    with pytest.raises(SettingError, match="has no gradient"):
        explain_sound(baseline, clip, method="integrated-gradients")


def test_a_clip_that_is_gone_or_damaged_is_named(predictor, tmp_path):
    with pytest.raises(AudioError, match=r"gone\.wav"):
        explain_sound(predictor, tmp_path / "gone.wav")
    soundfile.write(tmp_path / "nan.wav", np.full(22050, np.nan), 22050, subtype="FLOAT")
    with pytest.raises(AudioError, match="not finite"):
        explain_sound(predictor, tmp_path / "nan.wav")


def test_permutation_of_one_file_is_refused_with_what_to_take(predictor, clip):
    with pytest.raises(SettingError, match="give a data set, or take the method occlusion"):
        explain_sound(predictor, clip, method="permutation")


@pytest.mark.slow
def test_a_data_set_is_summed_up_class_by_class(trained, predictor):
    dataset = open_dataset(trained.data)

    found = explain_dataset(predictor, dataset, per_class=2, seed=3)

    assert len(found.explained) == 6
    assert sum(profile.n_clips for profile in found.profiles) == 6
    assert found.notes == ("6 of 18 clips were drawn, at most 2 a class",)
    for one in found.explained:
        assert one.is_right == (one.explanation.decided == one.label)


def test_the_clips_are_drawn_by_the_seed_and_bounded(trained):
    dataset = open_dataset(trained.data)

    assert some_of_each(dataset, 2, 0) == some_of_each(dataset, 2, 0)
    assert len({tuple(some_of_each(dataset, 2, seed)) for seed in range(8)}) > 1
    assert some_of_each(dataset, 100, 0) == list(range(18))
    assert [dataset[index].label for index in some_of_each(dataset, 1, 0)] == list(dataset.labels)
    with pytest.raises(SettingError, match="at least 1 clip of each class"):
        some_of_each(dataset, 0, 0)


def test_clips_that_cannot_be_used_are_left_out_and_named_or_stop_it(trained, predictor, tmp_path):
    good = open_dataset(trained.data)[0]
    gone = Clip(name="gone.wav", path=tmp_path / "gone.wav", label="dog", group="x")
    some = Dataset([good, gone], root=tmp_path)

    found = explain_dataset(predictor, some)

    assert [name for name, _ in found.left_out] == ["gone.wav"]
    assert len(found.explained) == 1
    with pytest.raises(AudioError, match=r"gone\.wav"):
        explain_dataset(predictor, some, strict=True)
    with pytest.raises(DataError, match=r"none of 1 clips could be used: gone\.wav"):
        explain_dataset(predictor, Dataset([gone], root=tmp_path))


def test_labels_that_the_classifier_does_not_know_are_refused(predictor, tmp_path):
    cat = Clip(name="c.wav", path=tmp_path / "c.wav", label="cat", group="x")

    for ask in (explain_dataset, importance_of):
        with pytest.raises(DataError, match="does not know the label 'cat'"):
            ask(predictor, Dataset([cat], root=tmp_path))


def test_shuffling_statistics_costs_something(trained, baseline):
    found = importance_of(baseline, open_dataset(trained.data), n_repeats=2)

    assert found.accuracy > 0.9
    assert len(found.groups) == 20
    assert max(group.probability_lost for group in found.groups) > 0


def test_a_clip_too_loud_for_features_is_named_and_the_others_are_explained(predictor, clip, tmp_path):
    loud = np.full(22050, 1e30, dtype=np.float32)
    loud[::2] = -1e30
    soundfile.write(tmp_path / "loud.wav", loud, 22050, subtype="FLOAT")

    with pytest.raises(AudioError, match=r"loud\.wav: its samples are too large"):
        explain_sound(predictor, tmp_path / "loud.wav", n_orders=0)
    strange = Clip(name="loud.wav", path=tmp_path / "loud.wav", label=clip.label, group="loud")
    found = explain_dataset(predictor, Dataset([clip, strange], root=tmp_path))
    assert [one.name for one in found.explained] == [clip.address]
    assert found.left_out == (("loud.wav", "its samples are too large for features: scale them to [-1, 1]"),)
