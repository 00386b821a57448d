from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from earmark.errors import SettingError, TrainingError
from earmark.evaluate.calibration import held_out_probabilities
from earmark.experiment.calibrating import calibrate, keep_neighbours
from earmark.models.graph import predict_logits, predict_views


@pytest.fixture
def prepared(trained):
    return trained.result.prepared


@pytest.fixture
def graph(trained):
    return deepcopy(trained.result.fitted.graph)


def with_parts(prepared, **parts):
    return replace(prepared, split=replace(prepared.split, **parts))


def validation(prepared):
    clips = list(prepared.split.validation)
    parts = [prepared.features[clip] for clip in clips]
    return torch.from_numpy(np.concatenate(parts)), np.repeat(np.arange(len(clips)), [len(part) for part in parts])


def test_the_graph_says_of_validation_clips_what_was_fitted(graph, prepared):
    calibration = calibrate(graph, prepared, method="per-class")
    features, _ = validation(prepared)

    with torch.inference_mode():
        said = graph.probabilities(features)

    np.testing.assert_allclose(said, calibration.apply(predict_logits(graph, features).numpy()), atol=1e-6)
    assert calibration.n_clips == len(prepared.split.validation)


def test_the_kept_scores_are_of_clips_that_the_calibration_was_not_fitted_to(graph, prepared):
    calibration = calibrate(graph, prepared)
    features, clip_index = validation(prepared)
    y = prepared.dataset.y[list(prepared.split.validation)]
    groups = [prepared.dataset.groups[clip] for clip in prepared.split.validation]

    logits = predict_logits(graph, features).numpy()
    as_new = held_out_probabilities(logits, y, clip_index=clip_index, groups=groups, method=calibration.method)

    np.testing.assert_allclose(graph.doubt.scores, 1 - as_new[np.arange(len(y)), y], atol=1e-6)
    assert graph.doubt.weights.tolist() == [1.0] * len(y)
    assert len(graph.doubt.thresholds) == len(prepared.dataset.labels)


def test_the_distance_of_a_validation_clip_is_the_mean_over_its_segments(graph, prepared):
    keep_neighbours(graph, prepared)
    features, clip_index = validation(prepared)

    distances = graph.doubt.distances(predict_views(graph, features)[1]).numpy()

    expected = [distances[clip_index == clip].mean() for clip in range(clip_index.max() + 1)]
    np.testing.assert_allclose(graph.doubt.novelties, expected, rtol=1e-5)


def test_neither_looks_at_the_test_part(graph, prepared):
    other = deepcopy(graph)
    test = set(prepared.split.test)
    changed = tuple(array + 50 if clip in test else array for clip, array in enumerate(prepared.features))

    for one, data in ((graph, prepared), (other, replace(prepared, features=changed))):
        calibrate(one, data)
        keep_neighbours(one, data)

    state = other.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in graph.state_dict().items())


def test_without_a_validation_part_nothing_is_fitted_and_a_note_says_so(graph, prepared):
    alone = with_parts(prepared, validation=())
    graph.doubt.novelties = torch.zeros(0)
    before = float(graph.temperature)

    calibration = calibrate(graph, alone)
    keep_neighbours(graph, alone)

    assert "no validation clips" in calibration.notes[0]
    assert float(graph.temperature) == before
    assert not graph.doubt.knows_novelty


def test_a_validation_part_of_one_class_is_said(graph, prepared):
    y = prepared.dataset.y
    clips = tuple(clip for clip in (*prepared.split.train, *prepared.split.validation) if y[clip] == 0)

    assert "all of one class" in calibrate(graph, with_parts(prepared, validation=clips)).notes[0]


def test_scores_that_are_no_numbers_are_named(graph, prepared):
    with torch.no_grad():
        next(graph.network.parameters()).fill_(torch.nan)

    with pytest.raises(TrainingError, match=r"the scores of \d+ of \d+ validation clips are NaN .* lower train"):
        calibrate(graph, prepared)


def test_a_method_that_is_none_is_named(graph, prepared):
    with pytest.raises(SettingError, match="no calibration 'platt'"):
        calibrate(graph, prepared, method="platt")
