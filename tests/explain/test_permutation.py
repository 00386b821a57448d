import numpy as np
import pytest

from earmark.errors import DataError, SettingError
from earmark.explain.permutation import permutation_importance


@pytest.fixture
def listening(listener):
    """A classifier that decides by the first bin, and clips whose classes follow from it."""
    weights = np.zeros((13, 8))
    weights[0] = 1.0
    graph, blueprint = listener(weights, network="mlp", front_end="mfcc", n_bins=13, n_frames=8)
    rng = np.random.default_rng(0)
    arrays, labels = [], []
    for number in range(30):
        array = rng.standard_normal((1 + number % 2, 13, 8)).astype(np.float32)
        array[:, 0] = 2.0 if number % 2 else -2.0
        arrays.append(array)
        labels.append("dog" if number % 2 else "rain")
    return graph, blueprint, arrays, labels


def test_only_the_bin_that_decides_is_missed(listening):
    graph, blueprint, arrays, labels = listening

    found = permutation_importance(graph, blueprint, arrays, labels, rng=np.random.default_rng(1), n_repeats=3)

    assert found.accuracy == 1.0
    assert found.groups[0].name == "mfcc_00"
    assert found.groups[0].accuracy_lost > 0.2
    assert all(group.accuracy_lost == group.probability_lost == 0.0 for group in found.groups[1:])
    assert (found.n_clips, found.n_repeats, len(found.groups)) == (30, 3, 13)


def test_the_same_generator_gives_the_same_figures(listening):
    first, again = (
        permutation_importance(*listening, rng=np.random.default_rng(1), n_repeats=2).to_json() for _ in range(2)
    )

    assert first == again


def test_the_features_are_left_as_they_were(listening):
    before = [array.copy() for array in listening[2]]

    permutation_importance(*listening, rng=np.random.default_rng(1), n_repeats=1)

    assert all(np.array_equal(one, other) for one, other in zip(before, listening[2], strict=True))


def test_one_clip_and_pictures_are_refused(listening):
    graph, blueprint, arrays, labels = listening
    with pytest.raises(DataError, match="at least 2 clips, not 1"):
        permutation_importance(graph, blueprint, arrays[:1], labels[:1], rng=np.random.default_rng(0))
    with pytest.raises(SettingError, match="not pictures"):
        permutation_importance(
            graph, blueprint, [array[:, None] for array in arrays], labels, rng=np.random.default_rng(0)
        )
    with pytest.raises(SettingError, match="at least 1 repeat"):
        permutation_importance(graph, blueprint, arrays, labels, rng=np.random.default_rng(0), n_repeats=0)
