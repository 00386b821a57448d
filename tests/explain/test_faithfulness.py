import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.explain.cells import Cells
from earmark.explain.faithfulness import Faithfulness, area, measure_faithfulness


def measure(weights, relevance, *, features=None, n_orders=4, seed=0, **more):
    """Measure against a probability that grows with the weighted sum of the features."""
    features = torch.ones(1, *weights.shape) if features is None else features
    strength = torch.as_tensor(weights, dtype=torch.float32)

    def probability(changed):
        return ((changed * strength).sum(dim=(-2, -1)) / strength.sum()).flatten()

    return measure_faithfulness(
        probability,
        features,
        torch.zeros_like(features),
        np.asarray(relevance, dtype=np.float32),
        rng=np.random.default_rng(seed),
        n_orders=n_orders,
        **more,
    )


def one_cell(number, shape=(16, 50)):
    return (Cells(*shape).numbers == number).astype(np.float32)


def test_the_one_part_that_matters_is_gone_at_the_first_step():
    weights = one_cell(17)

    found = measure(weights, weights[None], n_steps=200)

    assert found.deletion[0] == pytest.approx(1.0)
    assert found.deletion[1:] == pytest.approx(np.zeros(len(found.deletion) - 1))
    assert found.insertion[0] == 0.0
    assert found.insertion[1:] == pytest.approx(np.ones(len(found.insertion) - 1))
    assert found.beats_random
    assert found.insertion_beats_random


def test_a_wrong_explanation_does_worse_than_chance():
    weights = one_cell(17)

    found = measure(weights, 1 - weights[None], n_orders=8)

    assert found.deletion_area > 0.9
    assert not found.beats_random
    assert not found.insertion_beats_random
    assert "do not trust it" in found.sentence()


def test_an_explanation_of_nothing_is_as_good_as_chance():
    rng = np.random.default_rng(1)
    weights = rng.random((16, 50)).astype(np.float32)

    found = measure(weights, np.zeros((1, 16, 50)), n_orders=20)

    assert found.deletion_area == pytest.approx(found.random_deletion_area, abs=0.03)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_of_a_sum_no_order_is_better_than_that_of_its_weights(seed):
    weights = np.random.default_rng(seed).random((8, 25)).astype(np.float32)

    found = measure(weights, weights[None], n_orders=3, seed=seed)

    assert found.deletion_area < found.random_deletion_area
    assert found.deletion_area + found.insertion_area == pytest.approx(1.0, abs=0.2)
    assert np.all(np.diff(found.deletion) <= 1e-6)
    assert found.deletion[-1] == pytest.approx(0.0, abs=1e-6)


def test_the_parts_of_all_segments_are_ranked_together():
    weights = np.ones((16, 50), dtype=np.float32)
    relevance = np.stack([np.full((16, 50), 2.0), np.ones((16, 50))])
    features = torch.stack([torch.ones(16, 50), torch.zeros(16, 50)])

    found = measure(weights, relevance, features=features, n_steps=10)

    assert found.n_parts == 2 * Cells(16, 50).n
    assert found.deletion[0] == pytest.approx(0.5)
    assert found.deletion[5] == pytest.approx(0.0, abs=1e-6)  # half of all parts: the whole of the first segment


def test_channels_are_deleted_together():
    features = torch.ones(1, 4, 16, 50)

    found = measure_faithfulness(
        lambda changed: changed.std(dim=1).amax(dim=(-2, -1)),
        features,
        torch.zeros_like(features),
        np.ones((1, 16, 50), dtype=np.float32),
        rng=np.random.default_rng(0),
        n_orders=1,
    )

    assert found.deletion.max() == 0.0  # at no step do the channels of a place differ


def test_the_same_seed_gives_the_same_figures_and_another_gives_others():
    weights = np.random.default_rng(0).random((16, 50)).astype(np.float32)
    first, again, other = (measure(weights, weights[None], n_orders=1, seed=seed) for seed in (0, 0, 1))

    assert np.array_equal(first.random_deletion, again.random_deletion)
    assert not np.array_equal(first.random_deletion, other.random_deletion)


def test_how_features_are_batched_changes_nothing(monkeypatch):
    weights = np.random.default_rng(0).random((16, 50)).astype(np.float32)
    at_once = measure(weights, weights[None])
    monkeypatch.setattr("earmark.explain.faithfulness._AT_ONCE", 16 * 50 * 3)

    assert measure(weights, weights[None]).deletion == pytest.approx(at_once.deletion)


@pytest.mark.parametrize("wrong", [{"n_orders": 0}, {"n_steps": 0}])
def test_nothing_to_measure_is_refused(wrong):
    with pytest.raises(SettingError, match=f"{next(iter(wrong))} must be at least 1, not 0"):
        measure(np.ones((16, 50)), np.ones((1, 16, 50)), **wrong)


def test_json_has_the_areas_of_its_curves():
    curve = np.array([1.0, 0.5, 0.0])
    found = Faithfulness(
        deletion=curve, insertion=1 - curve, random_deletion=curve, random_insertion=curve, n_orders=3, n_parts=200
    ).to_json()

    assert found["deletion_area"] == area(curve) == 0.5
    assert found["beats_random"] is False
    assert found["curves"]["insertion"] == [0.0, 0.5, 1.0]
