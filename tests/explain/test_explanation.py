import numpy as np
import pytest
import torch

from earmark.audio.segments import Segments
from earmark.errors import SettingError
from earmark.explain.attribution import METHODS
from earmark.explain.explanation import explain_features, explain_waveform
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.features.standardise import Standardiser
from earmark.models.blueprint import Blueprint
from earmark.models.catalogue import NETWORKS
from earmark.models.graph import ClassifierGraph

RATE = 8000


def noise(seconds, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def test_an_explanation_says_what_the_classifier_says(make, segments):
    graph, blueprint = make(segments=segments)
    waveform = noise(1.5)

    found = explain_waveform(graph, blueprint, waveform, n_orders=0)

    with torch.inference_mode():
        expected = graph(torch.from_numpy(waveform).reshape(3, 4000)).mean(dim=0)
    assert found.label == found.decided == blueprint.labels[int(expected.argmax())]
    assert found.probability == pytest.approx(float(expected.max()), abs=1e-6)
    assert list(found.probabilities.values()) == pytest.approx(expected.tolist(), abs=1e-6)
    assert found.relevance.shape == found.features.shape == (3, 16, 32)
    assert found.starts_s.tolist() == [0.0, 0.5, 1.0]
    assert found.faithfulness is None


def test_another_class_can_be_explained_than_the_one_decided_for(make, features):
    graph, blueprint = make()
    decided = explain_features(graph, blueprint, features, n_orders=0)
    other = next(label for label in blueprint.labels if label != decided.label)

    found = explain_features(graph, blueprint, features, label=other, n_orders=0)

    assert (found.label, found.decided) == (other, decided.label)
    assert not np.array_equal(found.relevance, decided.relevance)


@pytest.mark.slow
def test_faithfulness_is_measured_and_the_seed_repeats_it(make, features):
    first, again = (explain_features(*make(), features, n_orders=2, seed=5) for _ in range(2))

    assert first.faithfulness.n_orders == 2
    assert first.faithfulness.replaced_by == "blur"
    assert np.array_equal(first.faithfulness.random_deletion, again.faithfulness.random_deletion)


def test_segments_are_joined_on_the_time_of_the_clip_and_overlaps_averaged(listener):
    segments = Segments(length_samples=4096, hop_samples=2048)
    graph, blueprint = listener(np.ones((16, 33)), n_frames=33, segments=segments)

    found = explain_waveform(graph, blueprint, noise(1.024), n_orders=0)  # 8192 samples: three segments
    joined = found.joined()

    assert joined.relevance.shape == (16, 2 * 16 + 33)
    assert joined.times_s[16] == pytest.approx(2048 / RATE)
    np.testing.assert_allclose(joined.features[:, :16], found.features[0, :, :16], rtol=1e-5)
    both = (found.relevance[0, :, 20] + found.relevance[1, :, 4]) / 2
    np.testing.assert_allclose(joined.relevance[:, 20], both, rtol=1e-5)


def test_times_and_frequencies_say_where_it_is(listener):
    graph, blueprint = listener(np.ones((16, 32)))
    loud = np.zeros((1, 16, 32), dtype=np.float32)
    loud[0, 6, 20] = 10.0

    found = explain_features(graph, blueprint, loud, n_orders=0)

    assert found.spread_hz()[1] == pytest.approx(float(found.axes.frequencies_hz[6]), abs=0.001)
    assert found.spread_s()[1] == pytest.approx(20 * 128 / RATE, abs=0.001)
    assert next(iter(found.by_group())) == found.axes.bin_names[6]
    assert sum(found.by_group().values()) == pytest.approx(1.0)


def test_silence_is_told_and_nothing_breaks(make, segments):
    found = explain_waveform(*make(segments=segments), np.zeros(4000, dtype=np.float32))

    assert any("silence has nothing to explain" in note for note in found.notes)
    assert np.isfinite(found.relevance).all()
    found.to_json()


@pytest.mark.slow
def test_a_class_for_which_nothing_speaks_is_told(listener):
    graph, blueprint = listener(np.zeros((16, 32)))

    found = explain_features(graph, blueprint, np.ones((1, 16, 32), dtype=np.float32), label="sea")

    assert found.is_empty
    assert found.faithfulness is None
    assert found.spread_hz() is None
    assert found.notes == ("nothing in it speaks for 'sea' by this method",)
    assert set(found.by_group().values()) == {0.0}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"label": "dogs"}, r"no class called 'dogs': did you mean 'dog'\?"),
        ({"method": "grad-cam"}, r"no method called 'grad-cam': did you mean 'gradcam'\?"),
        ({"method": "occlusion", "layer": "maps.0"}, "a layer belongs to the method gradcam, not to occlusion"),
        ({"method": "gradcam", "layer": "maps.9"}, r"no layer called 'maps.9'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(make, features, asked, message):
    with pytest.raises(SettingError, match=message):
        explain_features(*make(), features, **asked)


def test_what_is_not_finite_is_refused(make, features, segments):
    features[1, 3, 4] = np.nan
    with pytest.raises(SettingError, match="not finite"):
        explain_features(*make(), features)
    with pytest.raises(SettingError, match="not finite"):
        explain_waveform(*make(segments=segments), np.array([0.0, np.inf], dtype=np.float32))
    with pytest.raises(SettingError, match="are none"):
        explain_features(*make(), features[:0])


def planted(seed, *, tone):
    rng = np.random.default_rng(seed)
    time_s = np.arange(RATE // 2) / RATE
    wave = 0.1 * rng.standard_normal(len(time_s))
    if tone:
        wave += rng.uniform(0.05, 0.2) * np.sin(2 * np.pi * rng.uniform(1900, 2100) * time_s + rng.uniform(0, 6))
    return (wave * rng.uniform(0.3, 1.0)).astype(np.float32)


@pytest.fixture(scope="module")
def tone_classifier():
    """A network that has learnt to tell noise with a tone at 2 kHz from noise."""
    settings = FRONT_ENDS["log-mel"].settings(sample_rate=RATE, n_fft=512, hop_samples=128, n_mels=32)
    blueprint = Blueprint(
        labels=("plain", "tone"),
        recipe=Recipe(front_end="log-mel", settings=settings),
        network="cnn-small",
        network_settings=NETWORKS["cnn-small"].settings(n_channels=16),
        n_bins=32,
        n_frames=32,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        graph = ClassifierGraph(blueprint)
        features = graph.front_end(torch.tensor(np.stack([planted(i, tone=i % 2 == 1) for i in range(96)]))).detach()
        graph.standardiser = Standardiser.fit(features)
        y = torch.arange(96) % 2
        optimiser = torch.optim.Adam(graph.parameters(), 2e-3)
        for _ in range(12):
            for batch in torch.split(torch.randperm(96), 16):
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(graph.logits(features[batch]), y[batch]).backward()
                optimiser.step()
    return graph.eval(), blueprint


@pytest.mark.slow
@pytest.mark.parametrize(("method", "least"), [("integrated-gradients", 0.8), ("occlusion", 0.7), ("gradcam", 0.5)])
def test_the_band_of_a_planted_tone_has_the_mass_of_the_explanation(tone_classifier, method, least):
    graph, blueprint = tone_classifier
    shares, beats = [], []

    for seed in range(1000, 1006):
        waveform = planted(seed, tone=True)
        found = explain_waveform(graph, blueprint, waveform, method=method, label="tone", n_orders=2)
        assert found.decided == "tone"
        middle_hz = found.axes.frequencies_hz
        in_band = (middle_hz > 2000 / 2**0.5) & (middle_hz < 2000 * 2**0.5)  # an octave
        shares.append(found.relevance[:, in_band].sum() / found.relevance.sum())
        beats.append(found.faithfulness.beats_random)

    assert np.mean(shares) >= least
    assert min(shares) >= least - 0.1
    assert all(beats)
    assert in_band.mean() < 0.4  # chance would give that much
    assert method in METHODS


def test_relevance_in_the_silence_behind_a_short_clip_is_noted(listener):
    segments = Segments(length_samples=4096, hop_samples=4096)
    silence = np.zeros((16, 33))
    silence[:, 9:] = -1.0
    graph, blueprint = listener(silence, n_frames=33, segments=segments)

    short = explain_waveform(graph, blueprint, noise(0.1), n_orders=0)
    whole = explain_waveform(graph, blueprint, noise(0.512), n_orders=0)

    (note,) = [note for note in short.notes if "silence behind its end" in note]
    late = short.relevance[0, :, short.axes.times_s > 0.1].sum() / short.relevance.sum()
    assert f"and {late:.0%} of what speaks for" in note
    assert not [note for note in whole.notes if "silence behind its end" in note]


def test_a_negative_number_of_random_orders_is_refused(make, features):
    with pytest.raises(SettingError, match="no -1 random orders"):
        explain_features(*make(), features, n_orders=-1)
