import json

import numpy as np
import pytest
import soundfile
import torch

from earmark.audio.resample import resample
from earmark.audio.segments import Segments
from earmark.data.clip import Clip
from earmark.errors import AudioError, SettingError, StorageError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.inference.predictor import Predictor
from earmark.models.blueprint import Blueprint
from earmark.models.catalogue import NETWORKS
from earmark.models.graph import ClassifierGraph
from earmark.train.svm import fit_svm

LABELS = ("dog", "rain", "Möwe")
SEGMENTS = Segments(length_samples=11025, hop_samples=11025)


def build(network="cnn", front_end="mfcc", segments=SEGMENTS):
    n_bins, n_frames = (100, 1) if front_end == "statistics" else (13, 22)
    blueprint = Blueprint(
        labels=LABELS,
        recipe=Recipe(front_end=front_end, settings=FRONT_ENDS[front_end].settings(), segments=segments),
        network=network,
        network_settings=NETWORKS[network].settings(),
        n_bins=n_bins,
        n_frames=n_frames,
    )
    with torch.random.fork_rng():
        torch.manual_seed(4)
        graph = ClassifierGraph(blueprint)
        graph.standardiser.deviation.fill_(20.0)
        graph.temperature.fill_(0.1)  # so that sounds differ in what is said of them
        if network == "svm":
            fit_svm(graph.network, torch.randn(12, n_bins, n_frames), torch.arange(12).numpy() % 3)
    return Predictor(graph, blueprint)


@pytest.fixture(scope="module")
def predictor():
    return build()


def write(path, waveform, sample_rate=22050):
    """Write samples as they are, so that what is read is what was meant."""
    soundfile.write(path, waveform, sample_rate, subtype="FLOAT")
    return path


def noise(seconds, seed=0, sample_rate=22050):
    rng = np.random.default_rng(seed)
    tone = np.sin(np.arange(round(seconds * sample_rate)) * rng.uniform(0.05, 0.5))
    return (0.3 * tone + 0.05 * rng.standard_normal(len(tone))).astype(np.float32)


def by_hand(predictor, waveform):
    """Return the probabilities of each segment, one at a time."""
    starts = range(0, len(waveform) - 11025 + 1, 11025)
    with torch.inference_mode():
        rows = [predictor.graph(torch.tensor(waveform[start : start + 11025]).unsqueeze(0)) for start in starts]
    return torch.cat(rows).double().numpy()


# ---------------------------------------------------------------- one sound


def test_the_probabilities_are_named_and_sum_to_one(predictor, sounds):
    prediction = predictor.predict_file(sounds.write("a.wav"))

    assert tuple(prediction.probabilities) == LABELS == predictor.labels
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert prediction.probability == max(prediction.probabilities.values())
    assert prediction.probabilities[prediction.label] == prediction.probability


def test_a_sound_of_several_segments_gives_the_mean_of_their_probabilities(predictor, tmp_path):
    waveform = np.concatenate([noise(0.5, seed) for seed in range(5)])
    segments = by_hand(predictor, waveform)
    assert np.ptp(segments, axis=0).max() > 0.01

    prediction = predictor.predict_file(write(tmp_path / "a.wav", waveform))

    np.testing.assert_allclose(list(prediction.probabilities.values()), segments.mean(axis=0), atol=1e-5)


def test_more_segments_than_fit_a_batch_are_all_in_the_mean(predictor, tmp_path):
    waveform = np.concatenate([noise(0.5, seed) for seed in range(70)])

    prediction = predictor.predict_file(write(tmp_path / "a.wav", waveform))

    expected = by_hand(predictor, waveform)
    assert len(expected) == 70
    np.testing.assert_allclose(list(prediction.probabilities.values()), expected.mean(axis=0), atol=1e-5)


def test_overlapping_segments_are_cut_as_the_blueprint_says(tmp_path):
    predictor = build(segments=Segments(length_samples=11025, hop_samples=5512))

    assert predictor.segment_probabilities(noise(1.0)).shape == (3, 3)


@pytest.mark.parametrize("n_samples", [1, 100, 5000, 11024])
def test_a_sound_shorter_than_a_segment_is_predicted_with_zeros_behind_it(predictor, tmp_path, n_samples):
    waveform = noise(1.0)[:n_samples]

    prediction = predictor.predict_file(write(tmp_path / "a.wav", waveform))

    padded = np.concatenate([waveform, np.zeros(11025 - n_samples, dtype=np.float32)])
    np.testing.assert_allclose(list(prediction.probabilities.values()), by_hand(predictor, padded)[0], atol=1e-5)


@pytest.mark.parametrize("seconds", [1 / 22050, 0.01, 1.0, 3.3])
def test_a_classifier_of_whole_clips_takes_any_length(tmp_path, seconds):
    predictor = build("svm", "statistics", None)

    prediction = predictor.predict_file(write(tmp_path / "a.wav", noise(seconds)))

    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("sample_rate", [8000, 44100, 192000])
def test_another_sample_rate_is_resampled(predictor, tmp_path, sample_rate):
    waveform = noise(1.0, sample_rate=sample_rate)

    prediction = predictor.predict_file(write(tmp_path / "a.wav", waveform, sample_rate))

    expected = predictor.segment_probabilities(resample(waveform, from_rate=sample_rate, to_rate=22050)).mean(axis=0)
    np.testing.assert_allclose(list(prediction.probabilities.values()), expected, atol=1e-5)


def test_channels_are_mixed_to_one(predictor, tmp_path):
    waveform = noise(1.0)
    stereo = np.stack([waveform, -0.5 * waveform], axis=1)

    prediction = predictor.predict_file(write(tmp_path / "stereo.wav", stereo))

    expected = predictor.predict_file(write(tmp_path / "mono.wav", 0.25 * waveform))
    assert prediction.probabilities == pytest.approx(expected.probabilities, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.flac", {}),
        ("a.ogg", {}),
        ("eight bits.wav", {"subtype": "PCM_U8"}),
        ("vierundzwanzig ü.wav", {"subtype": "PCM_24"}),
        ("six.wav", {"n_channels": 6}),
        ("silence.wav", {"kind": "silence"}),
    ],
)
def test_every_kind_of_sound_is_predicted(predictor, sounds, name, options):
    prediction = predictor.predict_file(sounds.write(name, **options))

    assert prediction.path.endswith(name)
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-6)


def test_a_stretch_is_predicted_as_if_it_were_a_file(predictor, tmp_path):
    waveform = np.concatenate([noise(1.0, seed) for seed in range(3)])
    whole = write(tmp_path / "whole.wav", waveform)
    alone = write(tmp_path / "alone.wav", waveform[22050:44100])

    stretch = predictor.predict_file(whole, start_s=1.0, duration_s=1.0)

    assert stretch.probabilities == predictor.predict_file(alone).probabilities
    assert stretch.probabilities != predictor.predict_file(whole).probabilities
    rest = predictor.predict_file(whole, start_s=2.0)
    assert rest.probabilities == predictor.predict_file(write(tmp_path / "r.wav", waveform[44100:])).probabilities


def test_a_stretch_outside_the_file_is_an_audio_error(predictor, sounds):
    with pytest.raises(AudioError):
        predictor.predict_file(sounds.write("a.wav", seconds=1.0), start_s=5.0)


def test_the_same_sound_gives_the_same_bits_twice_and_draws_no_random_numbers(predictor, sounds):
    path = sounds.write("a.wav", seconds=2.0)
    torch.manual_seed(3)
    before = torch.get_rng_state()

    assert predictor.predict_file(path) == predictor.predict_file(path)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_graph_left_in_training_mode_predicts_without_dropout():
    waveform = noise(1.0)
    predictor = build()
    graph = build().graph.train()

    again = Predictor(graph, predictor.blueprint)

    np.testing.assert_array_equal(again.segment_probabilities(waveform), predictor.segment_probabilities(waveform))


def test_features_in_are_as_good_as_sound_in(predictor):
    waveform = noise(1.0)
    with torch.inference_mode():
        features = predictor.graph.front_end(torch.tensor(waveform).reshape(2, 11025)).numpy()

    np.testing.assert_allclose(
        predictor.feature_probabilities(features), predictor.segment_probabilities(waveform), atol=1e-6
    )


def test_read_only_features_are_taken_without_a_warning(predictor):
    features = np.random.default_rng(0).standard_normal((2, 13, 22)).astype(np.float32)
    features.flags.writeable = False

    assert predictor.feature_probabilities(features).shape == (2, 3)


# ---------------------------------------------------------------- many sounds


@pytest.fixture
def asked(sounds):
    """Three good files and three bad ones, in no order at all."""
    text = sounds.write("text.wav")
    text.write_text("this is no sound")
    empty = sounds.write("empty.wav")
    empty.write_bytes(b"")
    good = [
        sounds.write(name, frequency_hz=hz, seed=hz) for name, hz in (("z.wav", 300), ("a.wav", 900), ("m.wav", 99))
    ]
    return [good[0], text, good[1], sounds.root / "missing.wav", good[2], empty]


def test_the_order_asked_is_kept_and_bad_files_are_handed_back(predictor, asked):
    predictions, bad = predictor.predict_files(asked)

    assert [prediction.path for prediction in predictions] == [str(asked[index]) for index in (0, 2, 4)]
    assert [error.path for error in bad] == [str(asked[index]) for index in (1, 3, 5)]
    assert all(isinstance(error, AudioError) and "\n" not in str(error) for error in bad)
    assert predictions == [predictor.predict_file(asked[index]) for index in (0, 2, 4)]


def test_a_file_asked_twice_is_answered_twice(predictor, sounds):
    path = sounds.write("a.wav")

    predictions, _ = predictor.predict_files([path, path])

    assert len(predictions) == 2


def test_progress_is_told_of_every_file_good_or_bad(predictor, asked):
    told = []

    class Listener:
        def start(self, title, n_steps):
            told.append((title, n_steps))

        def advance(self, note=""):
            told.append("one more")

    predictor.predict_files(iter(asked), progress=Listener())

    assert told == [("predicting", 6)] + 6 * ["one more"]


def test_a_folder_among_the_files_is_a_bad_file(predictor, tmp_path):
    (tmp_path / "folder.wav").mkdir()

    predictions, bad = predictor.predict_files([tmp_path / "folder.wav"])

    assert (predictions, len(bad)) == ([], 1)


@pytest.mark.parametrize("samples", [[0.1, np.nan] * 500, [0.1, np.inf] * 500, [1e30, -1e30] * 6000])
def test_samples_that_give_no_probabilities_are_a_bad_file(predictor, tmp_path, samples):
    predictions, bad = predictor.predict_files([write(tmp_path / "a.wav", np.array(samples, dtype=np.float32))])

    assert (predictions, len(bad)) == ([], 1)


@pytest.mark.parametrize("verb", ["predict", "predict_proba"])
def test_scikit_learns_verbs_raise_at_a_bad_file_and_name_it(predictor, asked, verb):
    with pytest.raises(AudioError, match=r"text\.wav"):
        getattr(predictor, verb)(asked)


def test_scikit_learns_verbs_agree_with_predict_file(predictor, asked):
    good = [asked[index] for index in (0, 2, 4)]
    predictions = [predictor.predict_file(path) for path in good]

    probabilities = predictor.predict_proba(good)

    assert predictor.predict(good) == [prediction.label for prediction in predictions]
    assert probabilities.dtype == np.float64
    assert probabilities.tolist() == [list(prediction.probabilities.values()) for prediction in predictions]


def test_nothing_asked_is_nothing_answered(predictor):
    assert predictor.predict([]) == []
    assert predictor.predict_proba([]).shape == (0, 3)
    assert predictor.predict_files([]) == ([], [])


def test_it_can_be_told_as_json(predictor, sounds):
    path = sounds.write("a.wav")

    value = json.loads(json.dumps(predictor.predict_file(path).to_json(), allow_nan=False))

    assert list(value) == [
        "path",
        "label",
        "best_guess",
        "probability",
        "probabilities",
        "is_background",
        "novelty",
        "is_novel",
        "labels",
    ]
    assert value["path"] == str(path)
    assert (value["novelty"], value["is_novel"], value["labels"]) == (None, None, None)
    assert list(value["probabilities"]) == list(LABELS)


# ---------------------------------------------------------------- on disk


@pytest.mark.parametrize("kind", [("cnn", "mfcc", SEGMENTS), ("mlp", "mfcc", SEGMENTS), ("svm", "statistics", None)])
def test_saved_and_loaded_it_predicts_the_same_bits(tmp_path, sounds, kind):
    predictor, path = build(*kind), sounds.write("a.wav", seconds=1.7)
    predictor.save(str(tmp_path / "run" / "bundle"))

    for folder in (tmp_path / "run" / "bundle", str(tmp_path / "run")):
        assert Predictor.load(folder).predict_file(path) == predictor.predict_file(path)


def test_loading_what_is_not_there_is_one_line(tmp_path):
    with pytest.raises(StorageError, match="there is no bundle or run folder"):
        Predictor.load(tmp_path / "nowhere")


def test_an_unknown_device_is_refused(predictor):
    with pytest.raises(SettingError, match="there is no device called 'gpu'"):
        Predictor(predictor.graph, predictor.blueprint, device="gpu")


def test_one_path_in_place_of_a_list_is_refused(predictor):
    with pytest.raises(SettingError, match=r"write \[path\]"):
        predictor.predict("dog.wav")


def test_clips_are_predicted_by_their_stretch(predictor, tmp_path):
    path = write(tmp_path / "two.wav", np.concatenate([noise(1.0, seed=1), noise(1.0, seed=2)]))
    clip = Clip(name="two.wav", path=path, label="dog", group="two", start_s=1.0, end_s=2.0)

    (row,) = predictor.predict_proba([clip])

    assert row.tolist() == list(predictor.predict_file(path, start_s=1.0, duration_s=1.0).probabilities.values())
    assert row.tolist() != list(predictor.predict_file(path).probabilities.values())


# ---------------------------------------------------------------- when not to answer


@pytest.fixture(scope="module")
def careful():
    """Return a predictor that has learnt what three segments of tones are like, and twenty validation clips."""
    predictor = build()
    segments = torch.tensor(np.stack([noise(0.5, seed) for seed in range(12)]))
    with torch.inference_mode():
        _, views = predictor.graph.embed(predictor.graph.front_end(segments))
        predictor.graph.doubt.learn(views)
    predictor.graph.doubt.fill(
        novelties=torch.linspace(0.1, 1.0, 20),
        scores=torch.linspace(0.0, 0.95, 20),
        weights=torch.ones(20),
        thresholds=torch.tensor([0.0, 1.0, 0.0]),
    )
    return Predictor(predictor.graph, predictor.blueprint)


def test_what_is_not_likely_enough_has_no_label_but_a_best_guess(careful, sounds):
    path = sounds.write("a.wav")
    plain = careful.predict_file(path)

    above, below = (careful.cautious(min_confidence=plain.probability + step) for step in (1e-6, -1e-6))

    assert above.predict_file(path).label is None
    assert above.predict_file(path).said == "uncertain"
    assert above.predict_file(path).best_guess == plain.label == below.predict_file(path).label
    assert above.predict([path]) == [None]
    np.testing.assert_array_equal(above.predict_proba([path]), careful.predict_proba([path]))
    assert careful.predict([path]) == [plain.label]


def test_the_distance_is_the_mean_over_segments_and_noise_is_further_than_what_was_learnt(careful, tmp_path):
    known = careful.predict_file(write(tmp_path / "known.wav", np.concatenate([noise(0.5, 3), noise(0.5, 4)])))
    hiss = np.random.default_rng(0).standard_normal(22050).astype(np.float32)
    odd = careful.predict_file(write(tmp_path / "odd.wav", 0.2 * hiss))

    with torch.inference_mode():
        batch = torch.tensor(np.stack([noise(0.5, 3), noise(0.5, 4)]))
        distances = careful.graph.doubt.distances(careful.graph.embed(careful.graph.front_end(batch))[1])
    cutoff = 0.1 + 18.95 * 0.9 / 19  # the 19.95th of twenty from 0.1 to 1.0
    assert known.novelty == pytest.approx(float(distances.mean()) / cutoff, rel=1e-3)
    assert odd.novelty > known.novelty
    assert odd.is_novel == (odd.novelty > 1)


def test_looking_for_novelty_changes_no_probability(careful, sounds):
    path = sounds.write("a.wav", seconds=1.7)

    assert careful.predict_file(path).probabilities == build().predict_file(path).probabilities


def test_a_saved_one_doubts_as_before(careful, sounds, tmp_path):
    path = sounds.write("a.wav")
    careful.save(tmp_path / "bundle")

    loaded = Predictor.load(tmp_path / "bundle").cautious(coverage=0.8, min_confidence="per-class")

    assert loaded.predict_file(path) == careful.cautious(coverage=0.8, min_confidence="per-class").predict_file(path)
    assert loaded.predict_file(path).novelty is not None


def test_a_coverage_without_validation_clips_gives_every_label_and_says_so(predictor, sounds):
    cautious = predictor.cautious(coverage=0.9)

    assert set(cautious.predict_file(sounds.write("a.wav")).labels) == set(LABELS)
    assert "keeps no validation clips" in cautious.note
    assert "all labels are given" in cautious.note
    assert predictor.note == ""


def test_thresholds_that_a_bundle_does_not_have_are_named(predictor):
    with pytest.raises(SettingError, match=r"no thresholds per class.* give min_confidence as a number"):
        predictor.cautious(min_confidence="per-class")
