import numpy as np
import pytest
import torch

from earmark.experiment.scoring import score_clips


@pytest.fixture(scope="module")
def prepared(trained):
    return trained.result.prepared


@pytest.fixture(scope="module")
def graph(trained):
    return trained.result.fitted.graph


def by_hand(graph, features):
    with torch.inference_mode():
        logits = graph.network(graph.standardiser(torch.tensor(features))).double().numpy() / float(graph.temperature)
    exponents = np.exp(logits - logits.max(1, keepdims=True))
    return exponents / exponents.sum(1, keepdims=True)


def score(graph, prepared, clips, seed=0):
    return score_clips(graph, prepared.dataset, prepared.features, clips, seed=seed)


def test_the_probabilities_of_a_clip_are_the_mean_of_its_segments(graph, prepared):
    clips = (5, 0, 11)

    scored = score(graph, prepared, clips)

    expected = [by_hand(graph, prepared.features[clip]).mean(axis=0) for clip in clips]
    np.testing.assert_allclose(scored.clip_probabilities, expected, atol=1e-6)
    np.testing.assert_allclose(scored.clip_probabilities.sum(axis=1), 1, atol=1e-12)


def test_the_scorecard_counts_clips_and_segments_by_their_own_labels(graph, prepared):
    clips = tuple(range(len(prepared.dataset)))

    scored = score(graph, prepared, clips)

    y = prepared.dataset.y
    expected = np.zeros((3, 3), dtype=int)
    np.add.at(expected, (y, scored.clip_probabilities.argmax(axis=1)), 1)
    assert np.array(scored.scorecard.clip.confusion).tolist() == expected.tolist()
    segments = np.concatenate([by_hand(graph, array).argmax(axis=1) for array in prepared.features])
    right = segments == np.repeat(y, [len(array) for array in prepared.features])
    assert scored.scorecard.segment.accuracy.value == pytest.approx(right.mean())
    assert scored.scorecard.segment.n == 36
    assert scored.scorecard.labels == prepared.dataset.labels


def test_each_clip_is_compared_with_its_own_label(graph, prepared):
    clips = (17, 8, 0, 1)
    scored = score(graph, prepared, clips)
    answers = scored.clip_probabilities.argmax(axis=1)
    assert len(set(answers.tolist())) > 1

    expected = np.zeros((3, 3), dtype=int)
    np.add.at(expected, (prepared.dataset.y[list(clips)], answers), 1)

    assert np.array(scored.scorecard.clip.confusion).tolist() == expected.tolist()


def test_the_order_of_the_clips_changes_no_score(graph, prepared):
    clips = tuple(range(len(prepared.dataset)))

    assert score(graph, prepared, clips).scorecard == score(graph, prepared, clips[::-1]).scorecard


def test_the_seed_is_for_the_intervals_alone(graph, prepared):
    one, other = (score(graph, prepared, (0, 1, 6, 7, 12, 13), seed) for seed in (0, 1))

    np.testing.assert_array_equal(one.clip_probabilities, other.clip_probabilities)
    assert one.scorecard.clip.confusion == other.scorecard.clip.confusion


def test_the_temperature_counts(graph, prepared):
    before = float(graph.temperature)
    sure = score(graph, prepared, (0, 6, 12)).clip_probabilities.max()
    try:
        graph.temperature.fill_(20.0)
        unsure = score(graph, prepared, (0, 6, 12)).clip_probabilities.max()
    finally:
        graph.temperature.fill_(before)

    assert unsure < sure


def test_clips_of_one_group_have_no_interval(graph, prepared):
    assert score(graph, prepared, (3,)).scorecard.clip.accuracy.low is None
